package flow

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

// letterBox is a sink of dead letters that can be read back.
type letterBox struct{ memorySink }

func (s *letterBox) Letters(_ context.Context, yield func([]byte) error) error {
	for line := range bytes.Lines([]byte(s.text())) {
		if err := yield(line); err != nil {
			return err
		}
	}
	return nil
}

// recordLines are lines of which each can be given again, as a letter has it.
type recordLines struct{ seekLines }

func (s *recordLines) Again(b *Batch, _ *Letter) error {
	b.Data = append(b.Data, '\n')
	return nil
}

// post is a pipeline of which some records become dead letters, until it is mended,
// with what stays from run to run.
type post struct {
	*testing.T
	dir       string
	out, out2 statefulSink
	dead      letterBox
	lines     []string
	mended    bool
	source    *recordLines
}

func newPost(t *testing.T, lines int) *post {
	noLeaks(t)
	return &post{T: t, dir: t.TempDir(), lines: numbers(0, lines)}
}

// program makes the pipeline anew. A record fails whose number ends with 5. Blank lines
// are no records.
func (b *post) program() *Program {
	b.source = &recordLines{seekLines{linesSource: newLines(3, b.lines...)}}
	p := New(testInfo(then(nodeWork, Dead)))
	in := p.Source(nodeIn, b.source, SourceOptions{Lines: true})
	to := []*Target{p.Sink(nodeOut, &b.out, SinkOptions{}), p.Sink(nodeOut2, &b.out2, SinkOptions{})}
	p.Sink(nodeDead, &b.dead, SinkOptions{DeadLetter: true})
	p.Region("r", RegionOptions{From: []*Input{in}, To: to, Lanes: 2, Nodes: []int{nodeIn, nodeWork}}, plain(func(l *lineLoop) {
		l.wide = true
		l.per = func(line []byte) error {
			if !b.mended && fails(string(line)) {
				return errBad
			}
			return nil
		}
	}))
	return p
}

func fails(line string) bool { return strings.HasSuffix(line, "5}") }

// handle runs the pipeline over its lines; an endless one is told to stop behind the
// last, and leaves a checkpoint.
func (b *post) handle(endless bool) {
	b.Helper()
	p := b.program()
	b.source.endless = endless
	ctx, cancel := context.WithCancel(b.Context())
	defer cancel()
	b.source.wait = func(context.Context, int) error {
		if endless && b.source.at == len(b.lines) {
			cancel()
		}
		return nil
	}
	if _, err := runCtx(ctx, b.T, p, RunOptions{StateDir: b.dir}); err != nil {
		b.Fatal(err)
	}
}

// letters are those that are in the box.
func (b *post) letters() (letters []*Letter) {
	b.Helper()
	err := b.program().Letters(b.Context(), func(bad *BadLetterError) { b.Error(bad) }, func(l *Letter) error {
		letters = append(letters, l)
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
	return letters
}

func ids(letters []*Letter) map[string]bool {
	all := map[string]bool{}
	for _, l := range letters {
		all[l.ID] = true
	}
	return all
}

// replay sends letters through the pipeline.
func (b *post) replay(r *Replay) {
	b.Helper()
	p := b.program()
	if err := p.Replay(r); err != nil {
		b.Fatal(err)
	}
	if _, err := run(b.T, p, RunOptions{StateDir: b.dir}); err != nil {
		b.Fatal(err)
	}
	if b.source.opened.Load() || b.source.seeked != nil {
		b.Error("the source was opened for a replay")
	}
}

func (b *post) checkpoint() *Checkpoint {
	b.Helper()
	c, err := ReadCheckpoint(StateDir(b.dir, "test"))
	if err != nil {
		b.Fatal(err)
	}
	return c
}

func (b *post) wantReplayed(want map[string]bool) {
	b.Helper()
	got, err := ReadReplayed(StateDir(b.dir, "test"))
	if err != nil {
		b.Fatal(err)
	}
	if len(got) != len(want) {
		b.Errorf("%d letters are noted, want %d", len(got), len(want))
	}
	for id := range want {
		if got[id].IsZero() {
			b.Errorf("letter %s is not noted", id)
		}
	}
}

// split are the lines that get through at once, and those that fail.
func split(lines []string) (good, bad []string) {
	for _, line := range lines {
		if fails(line) {
			bad = append(bad, line)
		} else {
			good = append(good, line)
		}
	}
	return good, bad
}

// Letters are replayed once, whoever asks for them again, and the sources stay where
// they were.
func TestReplay(t *testing.T) {
	b := newPost(t, 90)
	b.handle(true)
	good, bad := split(b.lines)
	equalLines(t, b.out.lines(), good)
	before, letters := b.checkpoint(), b.letters()
	b.mended = true
	r := &Replay{Letters: ids(letters)}
	b.replay(r)
	if r.Done != len(bad) || len(r.Refused) > 0 {
		t.Errorf("%d letters are done, %v refused", r.Done, r.Refused)
	}
	equalLines(t, b.out.lines(), slices.Concat(good, bad))
	b.wantReplayed(r.Letters)
	after := b.checkpoint()
	if !reflect.DeepEqual(after.Sources, before.Sources) || len(after.Sources) == 0 {
		t.Errorf("the sources were at %v, and are at %v", before.Sources, after.Sources)
	}
	if want := fmt.Sprintf(`{"length":%d}`, len(b.out.text())); string(compact(after.Sinks["out"])) != want {
		t.Errorf("the checkpoint says %s of the sink, not %s", after.Sinks["out"], want)
	}
	// The letters were listed before the other replay took the lock.
	r = &Replay{Letters: ids(letters)}
	b.replay(r)
	if r.Done != 0 || len(r.Refused) > 0 {
		t.Errorf("the second time %d letters are done, %v refused", r.Done, r.Refused)
	}
	equalLines(t, b.out.lines(), slices.Concat(good, bad))
	b.wantReplayed(ids(letters))
	// A run goes on behind what was read before.
	b.lines = numbers(0, 120)
	b.handle(true)
	equalLines(t, b.out.lines(), slices.Concat(good, bad, b.lines[90:]))
}

// Where there is no checkpoint, a replay leaves none, and the next run begins anew.
func TestReplayAlone(t *testing.T) {
	b := newPost(t, 60)
	b.handle(false)
	good, bad := split(b.lines)
	letters := b.letters()
	b.mended = true
	for range 2 {
		b.replay(&Replay{Letters: ids(letters)})
		equalLines(t, b.out.lines(), slices.Concat(good, bad))
		b.wantReplayed(ids(letters))
		if c := b.checkpoint(); c != nil {
			t.Errorf("there is a checkpoint: %+v", c)
		}
	}
	b.handle(false)
	equalLines(t, b.out.lines(), slices.Concat(good, bad, b.lines))
}

// What fails again becomes a new letter, which counts the attempts of the old one; a
// letter in which there is no record is refused, and can be replayed again.
func TestReplayFailsAgain(t *testing.T) {
	b := newPost(t, 30)
	b.handle(true)
	good, bad := split(b.lines)
	letters := b.letters()
	const empty = `{"pipeline":"test","node":"work","time":"2026-03-01T12:00:00Z","source":"in","data":""}` + "\n"
	b.dead.data = append(b.dead.data, empty...)
	all := b.letters()
	blank := all[len(bad)].ID
	for range 2 {
		r := &Replay{Letters: ids(all)}
		b.replay(r)
		if len(r.Refused) != 1 || !errors.Is(r.Refused[blank], errNoRecord) {
			t.Errorf("refused are %v", r.Refused)
		}
		b.wantReplayed(ids(letters))
	}
	equalLines(t, b.out.lines(), good)
	again := b.letters()[len(all):]
	if len(again) != len(letters) {
		t.Fatalf("%d letters fail again, want %d", len(again), len(letters))
	}
	for i, l := range again {
		if was := letters[i]; l.Attempts != 2 || l.ID == was.ID || string(l.Original()) != bad[i] || string(l.Position) != string(was.Position) {
			t.Errorf("%+v becomes %+v", was, l)
		}
	}
}

// A branch that has had a record does not get it again.
func TestReplayIntoOneSink(t *testing.T) {
	b := newPost(t, 30)
	b.handle(true)
	good, bad := split(b.lines)
	letters := b.letters()
	b.mended = true
	b.replay(&Replay{Letters: ids(letters), Sinks: []string{"out2"}})
	equalLines(t, b.out.lines(), good)
	equalLines(t, b.out2.lines(), slices.Concat(good, bad))
	b.lines = numbers(0, 33)
	b.handle(true)
	equalLines(t, b.out.lines(), slices.Concat(good, b.lines[30:]))
	equalLines(t, b.out2.lines(), slices.Concat(good, bad, b.lines[30:]))
}

// However often a replay dies, each letter gets through once.
func TestReplayCrashes(t *testing.T) {
	b := newPost(t, 6000)
	b.handle(true)
	good, bad := split(b.lines)
	letters := b.letters()
	b.mended = true
	for n := range 300 {
		r := &Replay{Letters: ids(letters)}
		p := b.program()
		p.info.CheckpointEvery = time.Millisecond
		if err := p.Replay(r); err != nil {
			t.Fatal(err)
		}
		crash := time.AfterFunc(time.Duration(rand.IntN(6_000))*time.Microsecond, func() {
			if p.state.Load() == stateRunning {
				p.crash()
			}
		})
		_, err := p.Run(t.Context(), RunOptions{StateDir: b.dir})
		crash.Stop()
		if err == nil {
			t.Logf("%d crashes", n)
			break
		}
	}
	equalLines(t, b.out.lines(), slices.Concat(good, bad))
	equalLines(t, b.out2.lines(), slices.Concat(good, bad))
	b.wantReplayed(ids(letters))
}

// A replay that died between its checkpoint and the index is not done again, and what
// replaces the checkpoint notes its letters first.
func TestReplayDiedBeforeTheIndex(t *testing.T) {
	for _, next := range []string{"a replay", "a run"} {
		t.Run(next, func(t *testing.T) {
			b := newPost(t, 60)
			b.handle(true)
			good, bad := split(b.lines)
			letters := b.letters()
			b.mended = true
			p := b.program()
			p.info.CheckpointEvery = time.Hour // the last checkpoint has all letters
			if err := p.Replay(&Replay{Letters: ids(letters)}); err != nil {
				t.Fatal(err)
			}
			if _, err := run(t, p, RunOptions{StateDir: b.dir}); err != nil {
				t.Fatal(err)
			}
			if err := os.Remove(filepath.Join(StateDir(b.dir, "test"), replayedFile)); err != nil {
				t.Fatal(err)
			}
			want := slices.Concat(good, bad)
			if next == "a run" {
				b.lines = numbers(0, 63)
				b.handle(true)
				want = append(want, b.lines[60:]...)
				equalLines(t, b.out.lines(), want)
				b.wantReplayed(ids(letters))
			}
			r := &Replay{Letters: ids(letters)}
			b.replay(r)
			if r.Done != 0 {
				t.Errorf("%d letters are done again", r.Done)
			}
			equalLines(t, b.out.lines(), want)
			b.wantReplayed(ids(letters))
		})
	}
}
