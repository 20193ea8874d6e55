package flow

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// tableSink is a table with a checkpoint beside it, as a database has them. fault,
// if set, is asked before each call.
type tableSink struct {
	mu         sync.Mutex
	rows       []string // committed
	generation uint64
	checkpoint []byte

	kept    string
	pending []string
	fault   func(call string) tableFault
	commits int
	done    bool
}

type tableFault uint8

const (
	noFault    tableFault = iota
	gone                  // the connection is lost, and the transaction with it
	unknown               // it is lost in the commit, which had its effect
	constraint            // the call is refused
)

type goneError struct{}

func (goneError) Error() string     { return "the connection is lost" }
func (goneError) Unavailable() bool { return true }

func (s *tableSink) Keep(pipeline string)       { s.kept = pipeline }
func (s *tableSink) Open(context.Context) error { s.pending = nil; return nil }

func (s *tableSink) ask(call string) tableFault {
	if s.fault == nil {
		return noFault
	}
	return s.fault(call)
}

func (s *tableSink) Write(_ context.Context, o *Out) error {
	switch s.ask("write") {
	case gone:
		if len(s.pending) == 0 {
			return goneError{} // nothing went with it
		}
		s.pending = nil
		return &RolledBackError{goneError{}}
	case constraint:
		return errBad
	}
	s.pending = append(s.pending, strings.Split(strings.TrimSuffix(string(o.Data), "\n"), "\n")...)
	if s.kept == "" {
		return s.commit()
	}
	return nil
}

func (s *tableSink) commit() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rows = append(s.rows, s.pending...)
	s.pending = nil
	s.commits++
	return nil
}

func (s *tableSink) Sync(context.Context) error { return s.commit() }

func (s *tableSink) Load(context.Context) (uint64, []byte, error) {
	if s.ask("load") == gone {
		return 0, nil, goneError{}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.generation, s.checkpoint, nil
}

func (s *tableSink) Commit(_ context.Context, generation, previous uint64, checkpoint []byte) error {
	fault := s.ask("commit")
	if fault == gone {
		s.pending = nil
		return goneError{}
	}
	s.mu.Lock()
	if s.generation != previous {
		s.mu.Unlock()
		s.pending = nil
		return ErrFenced
	}
	s.generation, s.checkpoint = generation, slices.Clone(checkpoint)
	s.mu.Unlock()
	_ = s.commit()
	if fault == unknown {
		return goneError{}
	}
	return nil
}

func (s *tableSink) Forget(context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.generation, s.checkpoint = 0, nil
	return nil
}

func (s *tableSink) Close(_ context.Context, done bool) error {
	s.pending, s.done = nil, done
	return nil
}

// transfer wires a source that goes into a table and, beside it, into a file.
func transfer(lines []string, table *tableSink, file *statefulSink) *Program {
	p := New(testInfo(nil))
	p.info.CheckpointEvery = time.Millisecond
	source := newLines(5, lines...)
	source.wait = func(_ context.Context, n int) error {
		if n%16 == 15 {
			time.Sleep(20 * time.Microsecond)
		}
		return nil
	}
	in := p.Source(nodeIn, &seekLines{linesSource: source}, SourceOptions{Lines: true})
	to := []*Target{p.Sink(nodeOut, file, SinkOptions{}), p.Sink(nodeOut2, table, SinkOptions{KeepsCheckpoint: true, Depth: 2})}
	p.Region("r", RegionOptions{From: []*Input{in}, To: to, Lanes: 2}, plain(func(l *lineLoop) { l.wide = true }))
	return p
}

// Whatever happens, and whatever nobody knows about a commit: in the table is each
// record once, and in a sink that goes by the same checkpoint as well.
func TestTransactionalSink(t *testing.T) {
	noLeaks(t)
	lines := numbers(0, 4000)
	dir := t.TempDir()
	table, file := &tableSink{}, &statefulSink{}
	crashes, rolledBack := 0, 0
	for n := range 400 {
		table.fault = func(string) tableFault {
			if n < 300 && rand.IntN(40) == 0 {
				return []tableFault{gone, unknown}[rand.IntN(2)]
			}
			return noFault
		}
		p := transfer(lines, table, file)
		crash := time.AfterFunc(time.Duration(rand.IntN(12_000))*time.Microsecond, func() {
			if p.state.Load() == stateRunning {
				p.crash()
			}
		})
		_, err := p.Run(t.Context(), RunOptions{StateDir: dir})
		crash.Stop()
		var back *RolledBackError
		switch {
		case errors.Is(err, errCrash):
			crashes++
			continue
		case errors.As(err, &back):
			rolledBack++
			continue
		case err != nil:
			t.Fatal(err)
		}
		equalLines(t, table.rows, lines)
		equalLines(t, file.lines(), lines)
		t.Logf("%d crashes, %d transactions lost, %d commits", crashes, rolledBack, table.commits)
		if crashes+rolledBack == 0 {
			t.Error("nothing happened")
		}
		return
	}
	t.Fatal("it never came to its end")
}

// A run that came to its end leaves its checkpoint where the records are: the next
// one finds nothing new, and what has come since; --fresh begins anew.
func TestTransactionalGoesOn(t *testing.T) {
	noLeaks(t)
	table := &tableSink{}
	step := func(lines []string, fresh bool) {
		t.Helper()
		p := transfer(lines, table, &statefulSink{})
		// The file is another one each time: what the checkpoint says of it is
		// not what this is about.
		p.sinks = p.sinks[1:]
		p.regions[0].o.To = p.regions[0].o.To[1:]
		r, err := run(t, p, RunOptions{StateDir: t.TempDir(), Fresh: fresh})
		if err != nil || r.Ending != Complete || !table.done {
			t.Fatal(r, err)
		}
		if kept := p.Kept(); kept != (Kept{Sink: "out2"}) {
			t.Errorf("kept in %+v", kept)
		}
	}
	step(numbers(0, 100), false)
	equalLines(t, table.rows, numbers(0, 100))
	step(numbers(0, 100), false)
	equalLines(t, table.rows, numbers(0, 100))
	step(numbers(0, 150), false)
	equalLines(t, table.rows, numbers(0, 150))
	step(numbers(0, 10), true)
	equalLines(t, table.rows[150:], numbers(0, 10))
}

// A second copy, on another machine, can't commit once the first one has.
func TestTransactionalFence(t *testing.T) {
	noLeaks(t)
	table := &tableSink{}
	p := transfer(numbers(0, 3000), table, &statefulSink{})
	p.sinks, p.regions[0].o.To = p.sinks[1:], p.regions[0].o.To[1:]
	commits := 0
	table.fault = func(call string) tableFault {
		if call == "commit" {
			if commits++; commits == 2 {
				table.generation += 7
			}
		}
		return noFault
	}
	_, err := p.Run(t.Context(), RunOptions{StateDir: t.TempDir()})
	var state *StateError
	if !errors.As(err, &state) || !errors.Is(err, ErrFenced) {
		t.Fatal(err)
	}
	if len(table.rows) >= 3000 {
		t.Error("it wrote on")
	}
}

// A sink that is not to keep the checkpoint commits what it gets, and the folder
// has the checkpoint.
func TestTransactionalNotAsked(t *testing.T) {
	table := &tableSink{}
	k := newOne(&seekLines{linesSource: newLines(3, numbers(0, 30)...)}, table, oneOptions{})
	if _, err := run(t, k.p, RunOptions{StateDir: t.TempDir()}); err != nil {
		t.Fatal(err)
	}
	if table.kept != "" || table.generation != 0 {
		t.Errorf("it was to keep the checkpoint of %q", table.kept)
	}
	equalLines(t, table.rows, numbers(0, 30))
}

// Wirings that can't be.
func TestKeeperWiring(t *testing.T) {
	for want, sinks := range map[string][]Sink{
		"not transactional": {&memorySink{}},
		"and one can":       {&tableSink{}, &tableSink{}},
	} {
		p := New(testInfo(nil))
		in := p.Source(nodeIn, &seekLines{linesSource: newLines(1, "a")}, SourceOptions{Lines: true})
		var to []*Target
		for i, s := range sinks {
			to = append(to, p.Sink(nodeOut+i, s, SinkOptions{KeepsCheckpoint: true}))
		}
		p.Region("r", RegionOptions{From: []*Input{in}, To: to}, plain(nil))
		if _, err := p.Run(t.Context(), RunOptions{StateDir: t.TempDir()}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

// claimingSink is a table whose server knows of copies of the program.
type claimingSink struct {
	tableSink
	calls  []string
	claims []error // what Claim returns, one after the other
}

func (s *claimingSink) Pace(every time.Duration) { s.calls = append(s.calls, "pace "+every.String()) }

func (s *claimingSink) Open(ctx context.Context) error {
	s.calls = append(s.calls, "open")
	return s.tableSink.Open(ctx)
}

func (s *claimingSink) Claim(context.Context) (err error) {
	s.calls = append(s.calls, "claim")
	if len(s.claims) > 0 {
		err, s.claims = s.claims[0], s.claims[1:]
	}
	return err
}

func (s *claimingSink) Load(ctx context.Context) (uint64, []byte, error) {
	s.calls = append(s.calls, "load")
	return s.tableSink.Load(ctx)
}

// A run shuts other copies out before it looks where to go on, and waits for a
// server that is away; who only looks shuts nobody out.
func TestClaim(t *testing.T) {
	wired := func(s Sink) *Program {
		p := New(testInfo(nil))
		p.info.CheckpointEvery = time.Minute
		in := p.Source(nodeIn, &seekLines{linesSource: newLines(3, numbers(0, 30)...)}, SourceOptions{Lines: true})
		p.Region("r", RegionOptions{From: []*Input{in}, To: []*Target{p.Sink(nodeOut, s, SinkOptions{KeepsCheckpoint: true})}}, plain(nil))
		return p
	}
	s := &claimingSink{claims: []error{goneError{}}}
	if _, err := run(t, wired(s), RunOptions{StateDir: t.TempDir()}); err != nil {
		t.Fatal(err)
	}
	equalLines(t, s.calls, []string{"pace 1m0s", "open", "claim", "claim", "load"})
	equalLines(t, s.rows, numbers(0, 30))

	s.calls = nil
	state, err := wired(s).OpenState(t.Context(), RunOptions{StateDir: t.TempDir()}, true)
	if err != nil {
		t.Fatal(err)
	}
	if c, err := state.Load(t.Context()); err != nil || c == nil {
		t.Errorf("%v %v", c, err)
	}
	if err := state.Close(t.Context()); err != nil {
		t.Error(err)
	}
	equalLines(t, s.calls, []string{"pace 1m0s", "open", "load"})

	s.claims = []error{errors.New("not allowed")}
	_, err = wired(s).Run(t.Context(), RunOptions{StateDir: t.TempDir()})
	var node *NodeError
	if !errors.As(err, &node) || !node.Starting() || !strings.Contains(err.Error(), "not allowed") {
		t.Errorf("got %v", err)
	}
}
