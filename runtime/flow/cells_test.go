package flow

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// A cellServer is what cells of several programs are in.
type cellServer struct {
	mu       sync.Mutex
	values   map[string][]byte
	versions map[string]uint64
	puts     int
	// file is what its programs write to.
	file *statefulSink
}

func newCellServer() *cellServer {
	return &cellServer{values: map[string][]byte{}, versions: map[string]uint64{}, file: &statefulSink{}}
}

func (s *cellServer) put(cell string, value []byte, previous uint64) (uint64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.versions[cell] != previous {
		return 0, ErrFenced
	}
	s.puts++
	s.values[cell] = bytes.Clone(value)
	s.versions[cell]++
	return s.versions[cell], nil
}

func (s *cellServer) value(cell string) (value []byte, version uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.values[cell], s.versions[cell]
}

func (s *cellServer) checkpoint(t *testing.T) *Checkpoint {
	t.Helper()
	value, version := s.value(CheckpointCell)
	if version == 0 {
		return nil
	}
	c, err := decodeCheckpoint(value)
	if err != nil {
		t.Fatal(err)
	}
	if c.Generation != version {
		t.Errorf("generation %d is version %d", c.Generation, version)
	}
	return c
}

// testCells are the cells of one program. fault, if set, is asked before each call.
type testCells struct {
	server *cellServer
	fault  func(call, cell string) tableFault
	dead   atomic.Bool // its process is
	late   sync.WaitGroup
	opened string
}

var errDead = errors.New("this process is dead")

func (c *testCells) ask(call, cell string) tableFault {
	if c.fault == nil {
		return noFault
	}
	return c.fault(call, cell)
}

func (c *testCells) Where() string { return "cells of the test" }

func (c *testCells) Open(_ context.Context, pipeline string) error {
	c.opened = pipeline
	if c.ask("open", "") == gone {
		return goneError{}
	}
	return nil
}

func (c *testCells) Get(_ context.Context, cell string) ([]byte, uint64, error) {
	switch {
	case c.dead.Load():
		return nil, 0, errDead
	case c.ask("get", cell) != noFault:
		return nil, 0, goneError{}
	}
	value, version := c.server.value(cell)
	return bytes.Clone(value), version, nil
}

func (c *testCells) Put(_ context.Context, cell string, value []byte, previous uint64) (uint64, error) {
	fault := c.ask("put", cell)
	switch {
	case c.dead.Load():
		if fault == unknown { // it was on its way when the process died
			c.late.Go(func() {
				time.Sleep(time.Duration(rand.IntN(40)) * time.Millisecond)
				_, _ = c.server.put(cell, value, previous)
			})
		}
		return 0, errDead
	case fault == gone:
		return 0, goneError{}
	case fault == constraint:
		return 0, errBad
	}
	version, err := c.server.put(cell, value, previous)
	if fault == unknown {
		return 0, goneError{}
	}
	return version, err
}

func (c *testCells) Close(context.Context) error { return nil }

// inCells wires a source that goes into a file, with the state in cells.
func inCells(lines []string, cells *testCells) (*Program, *seekLines) {
	p := New(testInfo(nil))
	p.info.CheckpointEvery = time.Millisecond
	source := newLines(5, lines...)
	source.wait = func(_ context.Context, n int) error {
		if n%16 == 15 {
			time.Sleep(20 * time.Microsecond)
		}
		return nil
	}
	seeking := &seekLines{linesSource: source}
	in := p.Source(nodeIn, seeking, SourceOptions{Lines: true})
	p.Region("r", RegionOptions{From: []*Input{in}, To: []*Target{p.Sink(nodeOut, cells.server.file, SinkOptions{})}, Lanes: 2}, plain(nil))
	p.KeepIn(cells, "p.yaml:2")
	return p, seeking
}

// Whatever happens, and whatever nobody knows about a write to the store: the program
// goes on where it was, also without its folder, and what a dead copy had under way
// does no harm.
func TestCellsThroughCrashes(t *testing.T) {
	noLeaks(t)
	lines := numbers(0, 4000)
	server := newCellServer()
	crashes, dir := 0, ""
	for n := range 200 {
		if n%2 == 0 {
			dir = t.TempDir() // every second run loses the folder
		}
		cells := &testCells{server: server}
		cells.fault = func(call, _ string) tableFault {
			if rand.IntN(20) == 0 {
				return []tableFault{gone, unknown}[rand.IntN(2)]
			}
			return noFault
		}
		p, source := inCells(lines, cells)
		var crash *time.Timer
		source.wait = func(_ context.Context, n int) error {
			if n == 0 && crashes < 20 { // the process dies some time from now
				within := 20_000
				if crashes == 0 { // one of them at the least, also on a fast machine
					within = 2_000
				}
				crash = time.AfterFunc(time.Duration(rand.IntN(within))*time.Microsecond, func() {
					cells.dead.Store(true)
					p.crash()
				})
			}
			if n%4 == 3 {
				time.Sleep(20 * time.Microsecond)
			}
			return nil
		}
		r, err := p.Run(t.Context(), RunOptions{StateDir: dir})
		if crash != nil {
			crash.Stop()
		}
		defer cells.late.Wait()
		var locked *LockedError
		if c := server.checkpoint(t); c != nil && c.Forgotten && len(server.file.lines()) == len(lines) {
			err = nil // it had come to its end when it died
		}
		switch {
		case errors.Is(err, errCrash), errors.Is(err, errDead):
			crashes++
			continue
		case errors.As(err, &locked): // the last beat of the one before came late
			continue
		case err != nil:
			t.Fatal(err)
		}
		equalLines(t, server.file.lines(), lines)
		if c := server.checkpoint(t); c == nil || !c.Forgotten || !cells.dead.Load() && (r.Ending != Complete || p.Kept() != Kept{}) {
			t.Errorf("a complete run leaves %+v, %v, %+v", c, r.Ending, p.Kept())
		}
		if held, _ := server.value(holderCell); !bytes.Contains(held, []byte(`"run":""`)) && !cells.dead.Load() {
			t.Errorf("the claim is still held: %s", held)
		}
		t.Logf("%d crashes, %d writes", crashes, server.puts)
		if crashes == 0 {
			t.Error("nothing happened")
		}
		return
	}
	t.Fatal("it never came to its end")
}

// endlessIn runs an endless program in cells; end stops it in order and gives its error.
func endlessIn(t *testing.T, cells *testCells, o RunOptions, change ...func(*Program)) (p *Program, source *seekLines, end func() error) {
	t.Helper()
	p, source = inCells(numbers(0, 50), cells)
	source.endless = true
	for _, c := range change {
		c(p)
	}
	if o.StateDir == "" {
		o.StateDir = t.TempDir()
	}
	ctx, cancel := context.WithCancel(context.Background())
	result := make(chan error, 1)
	go func() {
		_, err := p.Run(ctx, o)
		result <- err
	}()
	end = sync.OnceValue(func() error {
		cancel()
		return <-result
	})
	t.Cleanup(func() { _ = end() })
	return p, source, end
}

func until(t *testing.T, what string, is func() bool) {
	t.Helper()
	for !is() {
		select {
		case <-t.Context().Done():
			t.Fatal("it never happened that", what)
		case <-time.After(time.Millisecond):
		}
	}
}

func running(p *Program) func() bool {
	return func() bool { return p.Ready(context.Background()) == nil }
}

// A second copy from another folder is told who the first is, and the first does not
// notice; one that waits goes on when the first has ended.
func TestSecondCopyInCells(t *testing.T) {
	noLeaks(t)
	server := newCellServer()
	first, _, end := endlessIn(t, &testCells{server: server}, RunOptions{})
	until(t, "it runs", running(first))
	until(t, "there is a checkpoint", func() bool { _, v := server.value(CheckpointCell); return v > 0 })
	second, _ := inCells(numbers(0, 50), &testCells{server: server})
	_, err := second.Run(t.Context(), RunOptions{StateDir: t.TempDir()})
	var locked *LockedError
	if !errors.As(err, &locked) || locked.Path != "cells of the test" || !strings.HasPrefix(locked.Holder, fmt.Sprintf("process %d on ", os.Getpid())) {
		t.Fatal(err)
	}
	waiting, _, endWaiting := endlessIn(t, &testCells{server: server}, RunOptions{Wait: true})
	if err := first.Ready(t.Context()); err != nil {
		t.Error(err)
	}
	if err := end(); err != nil {
		t.Fatal(err)
	}
	until(t, "the one that waited runs", running(waiting))
	if kept := waiting.Kept(); kept.Cells != "cells of the test" {
		t.Errorf("kept in %+v", kept)
	}
	if err := endWaiting(); err != nil {
		t.Fatal(err)
	}
}

// One that was thought dead and is not can't write any more, and says who has taken
// over. It does not let go of the other's claim.
func TestFrozenCopyInCells(t *testing.T) {
	noLeaks(t)
	server := newCellServer()
	var frozen sync.RWMutex
	cells := &testCells{server: server, fault: func(string, string) tableFault {
		frozen.RLock()
		defer frozen.RUnlock()
		return noFault
	}}
	first, _, endFirst := endlessIn(t, cells, RunOptions{})
	until(t, "it runs", running(first))
	frozen.Lock()
	second, _, endSecond := endlessIn(t, &testCells{server: server}, RunOptions{})
	until(t, "the second has taken over", running(second))
	frozen.Unlock()
	until(t, "the first has noticed", func() bool { return first.stopError() != nil })
	err := endFirst()
	var state *StateError
	if !errors.As(err, &state) || !errors.Is(err, ErrFenced) || !strings.Contains(err.Error(), "taken over by process ") {
		t.Error(err)
	}
	third, _ := inCells(nil, &testCells{server: server})
	var locked *LockedError
	if _, err := third.Run(t.Context(), RunOptions{StateDir: t.TempDir()}); !errors.As(err, &locked) {
		t.Errorf("the claim is free: %v", err)
	}
	if err := endSecond(); err != nil {
		t.Error(err)
	}
}

// A start in the folder of a run that died, at whatever moment, takes its claim at
// once; it never takes that of a living one for dead.
func TestClaimOfTheFolder(t *testing.T) {
	server := newCellServer()
	open := func(dir string, fault func(call, cell string) tableFault) (*store, *testCells, error) {
		cells := &testCells{server: server, fault: fault}
		p, _ := inCells(nil, cells)
		p.health.nodes, p.health.logger = p.patients(), p.log
		s, err := p.openElsewhere(t.Context(), RunOptions{StateDir: dir})
		return s, cells, err
	}
	die := func(s *store, c *testCells) {
		c.dead.Store(true)
		s.close()
	}
	looks := 0
	count := func(call, cell string) tableFault {
		if call == "get" && cell == holderCell {
			looks++
		}
		return noFault
	}
	dir := t.TempDir()
	for range 3 {
		s, cells, err := open(dir, count)
		if err != nil || looks != 1 {
			t.Fatalf("%d looks, %v", looks, err)
		}
		looks = 0
		die(s, cells)
	}
	// It dies when it puts the claim: that of the one before is still known.
	dying := &testCells{server: server}
	dying.fault = func(call, _ string) tableFault {
		if call == "put" {
			dying.dead.Store(true)
		}
		return noFault
	}
	p, _ := inCells(nil, dying)
	p.health.nodes, p.health.logger = p.patients(), p.log
	s, err := p.openElsewhere(t.Context(), RunOptions{StateDir: dir})
	if !errors.Is(err, errDead) {
		t.Fatal(err)
	}
	s.close()
	if s, cells, err := open(dir, count); err != nil || looks != 1 {
		t.Fatalf("%d looks, %v", looks, err)
	} else {
		die(s, cells)
	}
	// From another folder it is looked for; that it lives after all is seen also where
	// the claim could have been taken.
	late := 0
	s, cells, err := open(t.TempDir(), func(call, cell string) tableFault {
		if call == "put" && cell == holderCell && late == 0 {
			late++ // the last beat, just before
			value, version := server.value(holderCell)
			if _, err := server.put(holderCell, append(bytes.TrimSuffix(value, []byte("}")), `,"beat":9}`...), version); err != nil {
				t.Error(err)
			}
			looks = 0
		}
		return count(call, cell)
	})
	if err != nil || looks < silentLooks {
		t.Errorf("%d looks after it was seen to live, %v", looks, err)
	}
	die(s, cells)
}

// A write of a dead copy that comes when the new one has read the checkpoint changes
// nothing, and one that comes just before is gone on from.
func TestLateWriteOfADeadCopy(t *testing.T) {
	server := newCellServer()
	save := func(e *elsewhere, generation uint64, line string) error {
		c := someCheckpoint()
		c.Generation, c.Hash = generation, line
		return cellKeeper{e}.save(t.Context(), c, 0)
	}
	open := func(dir string) (*store, *testCells) {
		cells := &testCells{server: server}
		p, _ := inCells(nil, cells)
		p.hard, p.stopHard = context.WithCancel(t.Context())
		p.reading, p.stopReading = p.hard, p.stopHard
		p.health.nodes, p.health.logger = p.patients(), p.log
		s, err := p.openElsewhere(t.Context(), RunOptions{StateDir: dir})
		if err != nil {
			t.Fatal(err)
		}
		return s, cells
	}
	die := func(s *store, c *testCells) {
		c.dead.Store(true)
		s.close()
		c.dead.Store(false)
	}
	dir := t.TempDir()
	dead, cells := open(dir)
	if c, err := dead.load(t.Context()); c != nil || err != nil {
		t.Fatal(c, err)
	}
	if err := save(dead.elsewhere, 1, "one"); err != nil {
		t.Fatal(err)
	}
	die(dead, cells)

	// Just before: between what the next one reads and what it writes.
	s, cells := open(dir)
	once := true
	cells.fault = func(call, cell string) tableFault {
		if call == "put" && cell == CheckpointCell && once {
			once = false
			if err := save(dead.elsewhere, 2, "two"); err != nil {
				t.Error(err)
			}
		}
		return noFault
	}
	c, err := s.load(t.Context())
	if err != nil || c.Hash != "two" || c.Generation != 3 || s.found != 2 {
		t.Fatalf("%+v, %d, %v", c, s.found, err)
	}
	// Afterwards.
	if err := save(dead.elsewhere, 3, "three"); !errors.Is(err, ErrFenced) {
		t.Errorf("the late write lands: %v", err)
	}
	if err := s.write(t.Context(), c); err != nil || c.Generation != 4 {
		t.Error(c.Generation, err)
	}
	// --fresh does not give the numbers to others once more.
	if err := s.remove(t.Context()); err != nil {
		t.Fatal(err)
	}
	if c := server.checkpoint(t); !c.Forgotten || c.Generation != 5 {
		t.Errorf("%+v", c)
	}
	s.close()
	s, _ = open(dir)
	defer s.close()
	if c, err := s.load(t.Context()); c != nil || err != nil || s.generation != 5 {
		t.Error(c, s.generation, err)
	}
	if err := s.write(t.Context(), someCheckpoint()); err != nil || s.generation != 6 {
		t.Error(s.generation, err)
	}
}

// A server that is away is said once, makes the program not ready, and is waited for,
// at the start and later; nothing is acknowledged meanwhile.
func TestCellsAway(t *testing.T) {
	noLeaks(t)
	server := newCellServer()
	var away atomic.Bool
	away.Store(true)
	cells := &testCells{server: server, fault: func(string, string) tableFault {
		if away.Load() {
			return gone
		}
		return noFault
	}}
	var log lockedBuffer
	begun := make(chan struct{})
	p, source, end := endlessIn(t, cells, RunOptions{
		Logger: slog.New(slog.NewTextHandler(&log, nil)),
		Begin:  func() error { close(begun); return nil },
	})
	<-begun // so that /readyz can say it
	until(t, "it is not ready", func() bool {
		err := p.Ready(context.Background())
		return err != nil && strings.Contains(err.Error(), "`delivery.checkpoint`: the connection is lost")
	})
	away.Store(false)
	until(t, "it runs", running(p))
	until(t, "all is acknowledged", func() bool { source.mu.Lock(); defer source.mu.Unlock(); return slices.Contains(source.acked, 50) })

	away.Store(true)
	until(t, "it is not ready again, and has said so", func() bool {
		return p.Ready(context.Background()) != nil && strings.Count(log.String(), "connection lost") > 1
	})
	if text := log.String(); strings.Count(text, "connection lost") != 2 || strings.Count(text, "connection is back") != 1 || !strings.Contains(text, "p.yaml:2") {
		t.Errorf("it says\n%s", text)
	}
	away.Store(false)
	until(t, "it is ready again", running(p))
	if err := end(); err != nil {
		t.Fatal(err)
	}
}

// A program that is told to stop at any of its first calls to the store, whether that
// call succeeds or not, ends as one that was told to stop, and lets go of the store.
func TestStopWhileCellsOpen(t *testing.T) {
	noLeaks(t)
	for at := range 12 {
		for _, fault := range []tableFault{noFault, gone, unknown} {
			server := newCellServer()
			ctx, cancel := context.WithCancel(t.Context())
			var calls atomic.Int32
			cells := &testCells{server: server, fault: func(string, string) tableFault {
				if int(calls.Add(1)) == at+1 {
					cancel()
					return fault
				}
				return noFault
			}}
			p, source := inCells(numbers(0, 50), cells)
			source.endless = true
			source.wait = func(ctx context.Context, n int) error {
				if n == 3 {
					cancel() // it was not told before
				}
				return nil
			}
			r, err := p.Run(ctx, RunOptions{StateDir: t.TempDir()})
			if err != nil || r.Ending != Drained {
				t.Errorf("told at call %d (fault %d): %v, %v", at, fault, r.Ending, err)
			}
			if held, _ := server.value(holderCell); len(held) > 0 && !bytes.Contains(held, []byte(`"run":""`)) {
				t.Errorf("told at call %d (fault %d): the claim is held: %s", at, fault, held)
			}
			if note, _ := server.value(careFile); len(note) > 0 {
				t.Errorf("told at call %d (fault %d): it leaves the note %s", at, fault, note)
			}
			cancel()
		}
	}
}

// What is not in the store is not acknowledged.
func TestNoAckBeforeCells(t *testing.T) {
	noLeaks(t)
	server := newCellServer()
	cells := &testCells{server: server, fault: func(call, cell string) tableFault {
		if call == "put" && cell == CheckpointCell {
			return gone
		}
		return noFault
	}}
	p, source, end := endlessIn(t, cells, RunOptions{}, func(p *Program) {
		p.info.Drain = 100 * time.Millisecond
		p.sinks[0].sink = &memorySink{} // it has no state that is saved at the start
	})
	until(t, "a checkpoint was tried", func() bool { return p.state.Load() == stateRunning && p.health.err() != nil })
	err := end()
	if !errors.Is(err, ErrDrain) || !strings.Contains(err.Error(), "`delivery.checkpoint`: the connection is lost") {
		t.Error(err)
	}
	if len(source.acked) > 0 {
		t.Errorf("%v are acknowledged", source.acked)
	}
}

// A program that can't make a folder needs none.
func TestCellsWithoutFolder(t *testing.T) {
	if os.Getuid() == 0 {
		// Root may write anywhere: a file in the place of a folder is no lack of rights.
		for _, err := range []error{&StateError{Err: fs.ErrPermission}, &StateError{Err: &fs.PathError{Err: fs.ErrPermission}}} {
			if !noFolder(err) {
				t.Error(err)
			}
		}
		return
	}
	dir := filepath.Join(t.TempDir(), "closed")
	if err := os.Mkdir(dir, 0o500); err != nil {
		t.Fatal(err)
	}
	server := newCellServer()
	p, _ := inCells(numbers(0, 50), &testCells{server: server})
	if _, err := run(t, p, RunOptions{StateDir: dir}); err != nil {
		t.Fatal(err)
	}
	equalLines(t, server.file.lines(), numbers(0, 50))
}

// Deaths are counted in the store, so that a program without a folder finds the record
// that kills it.
func TestCareInCells(t *testing.T) {
	careWait = 0
	t.Cleanup(func() { careWait = time.Second })
	server := newCellServer()
	for death := 1; death <= 3; death++ {
		cells := &testCells{server: server}
		p, _ := inCells(numbers(0, 50), cells)
		p.sinks[0].sink = &memorySink{} // it has no state: no checkpoint at the start
		p.regions[0].newLoop = plain(func(l *lineLoop) {
			l.before = func(*Batch) { cells.dead.Store(true); p.crash() }
		})
		_, _ = p.Run(t.Context(), RunOptions{StateDir: t.TempDir()})
		value, _ := server.value(careFile)
		var note careNote
		if err := json.Unmarshal(value, &note); err != nil {
			t.Fatal(err)
		}
		if steps := []int{0, 0, 0, careStep}; note.Step != steps[death] || death < 3 && note.Deaths != death-1 {
			t.Errorf("after death %d: %+v", death, note)
		}
	}
	p, _ := inCells(numbers(0, 50), &testCells{server: server})
	if _, err := run(t, p, RunOptions{}); err != nil {
		t.Fatal(err)
	}
	if value, version := server.value(careFile); len(value) > 0 || version == 0 {
		t.Errorf("a run that ended in order leaves %q", value)
	}
}

// The index of replayed letters is kept in cells of a size that every store takes.
func TestReplayedInCells(t *testing.T) {
	server := newCellServer()
	p, _ := inCells(nil, &testCells{server: server})
	p.health.nodes, p.health.logger = p.patients(), p.log
	s := &store{elsewhere: p.newElsewhere()}
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	const letters, step = 6000, 500
	for n := 0; n < letters; n += step {
		var ids []string
		for i := range step {
			ids = append(ids, fmt.Sprintf("%032d", n+i))
		}
		if n == letters/2 { // another process goes on
			s = &store{elsewhere: p.newElsewhere()}
		}
		if err := s.noteReplayed(t.Context(), ids, at); err != nil {
			t.Fatal(err)
		}
	}
	got, err := p.ReplayedLetters(t.Context(), t.TempDir())
	if err != nil || len(got) != letters || !got[fmt.Sprintf("%032d", 4321)].Equal(at) {
		t.Errorf("%d letters, %v", len(got), err)
	}
	largest := 0
	for _, value := range server.values {
		largest = max(largest, len(value))
	}
	if len(server.values) < 3 || largest > 2*replayedCellSize {
		t.Errorf("%d cells of up to %d bytes", len(server.values), largest)
	}
}

// What a newer version wrote is refused, with what to do about it.
func TestNewerCells(t *testing.T) {
	for cell, c := range map[string]struct{ value, want string }{
		CheckpointCell: {"flowc-checkpoint 2 anything", "it has version 2, and this program reads up to 1: a newer one wrote it, so build this one with a newer flowc"},
		holderCell:     {`{"version":2,"run":"x"}`, "it has version 2, and this program reads up to 1: a newer one wrote it, so build this one with a newer flowc"},
	} {
		server := newCellServer()
		if _, err := server.put(cell, []byte(c.value), 0); err != nil {
			t.Fatal(err)
		}
		p, _ := inCells(numbers(0, 5), &testCells{server: server})
		_, err := run(t, p, RunOptions{})
		var state *StateError
		if !errors.As(err, &state) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", cell, err)
		}
		if value, _ := server.value(cell); string(value) != c.value {
			t.Errorf("%s was changed to %q", cell, value)
		}
	}
}

// What lies beside a checkpoint in version 1 must be read for ever, in a folder and in
// cells.
func TestNotesVersion1(t *testing.T) {
	read := func(name string) []byte {
		t.Helper()
		data, err := os.ReadFile(filepath.Join("testdata", name+"-v1"))
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	held, err := decodeClaim(read("claim"))
	if err != nil || held != (claim{1, "75c1746892e5ad1674bde5bfda9ba26e", "process 5179 on vm, started 2026-11-26T04:27:58Z", 41}) {
		t.Errorf("%+v, %v", held, err)
	}
	dir, server := t.TempDir(), newCellServer()
	for _, name := range []string{careFile, replayedFile} {
		if err := os.WriteFile(filepath.Join(dir, name), read(name), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := server.put(name, read(name), 0); err != nil {
			t.Fatal(err)
		}
	}
	p, _ := inCells(nil, &testCells{server: server})
	p.health.nodes, p.health.logger = p.patients(), p.log
	for where, s := range map[string]*store{"folder": {dir: dir}, "cells": {elsewhere: p.newElsewhere()}} {
		p.store = s
		note, err := (&care{p: p}).read(t.Context())
		if err != nil || *note != (careNote{Generation: 7, Step: 1, Left: 20, Source: "in", Split: "a.txt", Deaths: 2, Suspect: "in", SuspectSplit: "a.txt"}) {
			t.Errorf("%s: %+v, %v", where, note, err)
		}
		replayed, err := s.readReplayed(t.Context())
		if err != nil || len(replayed) != 2 || !replayed["bb22"].Equal(time.Date(2026, 3, 1, 12, 0, 1, 0, time.UTC)) {
			t.Errorf("%s: %v, %v", where, replayed, err)
		}
	}
}

// Whatever stands in the place of a claim, of a note or of an index is read or
// refused, and what is read is written as it was.
func FuzzNotes(f *testing.F) {
	for _, name := range []string{"claim-v1", "running-v1", "replayed-v1"} {
		data, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if c, err := decodeClaim(data); err == nil {
			if again, err := decodeClaim(c.encode()); err != nil || again != c {
				t.Errorf("%+v is read as %+v, %v", c, again, err)
			}
		}
		var note, next careNote
		if json.Unmarshal(data, &note) == nil {
			next.learn(&note)
		}
		_ = parseReplayed(bytes.NewReader(data), map[string]time.Time{})
	})
}

// An error that does not go away by itself ends the program.
func TestCellsRefuse(t *testing.T) {
	noLeaks(t)
	cells := &testCells{server: newCellServer(), fault: func(call, cell string) tableFault {
		if call == "put" && cell == CheckpointCell {
			return constraint
		}
		return noFault
	}}
	p, _ := inCells(numbers(0, 50), cells)
	_, err := run(t, p, RunOptions{})
	var state *StateError
	if !errors.As(err, &state) || !errors.Is(err, errBad) || state.Path != "cells of the test" {
		t.Error(err)
	}
}

// The commands on a checkpoint see it while the program runs, and change it when it
// does not.
func TestStateInCells(t *testing.T) {
	noLeaks(t)
	server := newCellServer()
	first, _, end := endlessIn(t, &testCells{server: server}, RunOptions{})
	until(t, "it has saved all", func() bool {
		value, version := server.value(CheckpointCell)
		return version > 0 && bytes.Contains(value, []byte(`"records": 50`)) && running(first)()
	})
	open := func(locked bool) (*State, error) {
		p, _ := inCells(numbers(0, 50), &testCells{server: server})
		return p.OpenState(t.Context(), RunOptions{StateDir: t.TempDir()}, locked)
	}
	s, err := open(false)
	if err != nil {
		t.Fatal(err)
	}
	if c, err := s.Load(t.Context()); err != nil || c.Sources["in"].Splits["a.txt"].Records != 50 || s.Where() != "cells of the test" {
		t.Error(c, err)
	}
	if err := s.Close(t.Context()); err != nil {
		t.Error(err)
	}
	var locked *LockedError
	if _, err := open(true); !errors.As(err, &locked) {
		t.Error(err)
	}
	if err := end(); err != nil {
		t.Fatal(err)
	}
	if s, err = open(true); err != nil {
		t.Fatal(err)
	}
	c, err := s.Load(t.Context())
	if err == nil {
		err = s.Rewind(t.Context(), c, "in", RewindTo{})
	}
	if err == nil {
		err = s.Save(t.Context(), c)
	}
	if closed := s.Close(t.Context()); err != nil || closed != nil {
		t.Fatal(err, closed)
	}
	if c := server.checkpoint(t); len(c.Sources["in"].Splits) > 0 {
		t.Errorf("%+v", c)
	}
}

// A lockedBuffer is a buffer that goroutines write to.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(b)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}
