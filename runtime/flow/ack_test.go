package flow

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// answers collects what OnDone said, in order.
type answers struct {
	mu    sync.Mutex
	order []int
	errs  map[int]error
	// safe, if set, is asked at each good answer.
	safe func(n int) bool
	t    *testing.T
}

func newAnswers(t *testing.T) *answers { return &answers{errs: map[int]error{}, t: t} }

func (a *answers) done(n int, err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if _, twice := a.errs[n]; twice {
		a.t.Errorf("batch %d is answered twice", n)
	}
	a.order = append(a.order, n)
	a.errs[n] = err
	if err == nil && a.safe != nil && !a.safe(n) {
		a.t.Errorf("batch %d is answered before it is durable", n)
	}
}

func (a *answers) count() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.order)
}

func TestAnswersComeWhenDurable(t *testing.T) {
	noLeaks(t)
	for _, direct := range []bool{false, true} {
		lines := numbers(0, 600)
		lines[3], lines[4], lines[5] = "drop", "drop", "drop" // a batch that leaves nothing
		a := newAnswers(t)
		one, two := &memorySink{}, &memorySink{}
		two.before = func(*Out) error { time.Sleep(50 * time.Microsecond); return nil }
		a.safe = func(n int) bool {
			if n == 1 {
				return true
			}
			for _, s := range []*memorySink{one, two} {
				s.mu.Lock()
				ok := strings.Contains(string(s.data[:s.synced]), lines[3*n+2]+"\n")
				s.mu.Unlock()
				if !ok {
					return false
				}
			}
			return true
		}
		source := newLines(3, lines...)
		source.done = a.done
		p := New(testInfo(nil))
		in := p.Source(nodeIn, source, SourceOptions{Lines: true, Answers: direct})
		to := []*Target{p.Sink(nodeOut, one, SinkOptions{}), p.Sink(nodeOut2, two, SinkOptions{})}
		p.Region("r", RegionOptions{From: []*Input{in}, To: to, Lanes: 3}, plain(func(l *lineLoop) { l.wide = true }))
		if _, err := run(t, p, RunOptions{}); err != nil {
			t.Fatal(err)
		}
		if a.count() != 200 {
			t.Fatalf("%d answers", a.count())
		}
		if !direct && !slices.IsSorted(a.order) {
			t.Errorf("answers out of order: %v", a.order)
		}
		for n, err := range a.errs {
			if err != nil {
				t.Errorf("batch %d: %v", n, err)
			}
		}
	}
}

// Answers do not wait for a source that has nothing more to say.
func TestAnswersWithoutMoreInput(t *testing.T) {
	noLeaks(t)
	for name, options := range map[string]SinkOptions{
		"plain":     {},
		"gathering": {Ends: true, Batch: Gather{Count: 1000, Linger: time.Hour}},
	} {
		t.Run(name, func(t *testing.T) {
			a := newAnswers(t)
			source := newLines(2, numbers(0, 20)...)
			source.done = a.done
			source.wait = func(ctx context.Context, n int) error {
				for a.count() < n {
					if !sleep(ctx, 100*time.Microsecond) {
						return ctx.Err()
					}
				}
				return nil
			}
			k := newOne(source, &memorySink{}, oneOptions{source: SourceOptions{Answers: true}, sink: options})
			if _, err := run(t, k.p, RunOptions{}); err != nil {
				t.Fatal(err)
			}
			if a.count() != 10 {
				t.Fatal(a.order)
			}
		})
	}
}

func TestFanOutOneBranchFails(t *testing.T) {
	noLeaks(t)
	a := newAnswers(t)
	source := newLines(2, numbers(0, 20)...)
	source.done = a.done
	one := &memorySink{}
	two := &memorySink{before: (&failing{times: map[string]int{`{"n":7}`: 1}, err: errBad}).before}
	p := New(testInfo(func(nodes []Node) { nodes[nodeOut2].Policy.Then = Reject }))
	in := p.Source(nodeIn, source, SourceOptions{Lines: true})
	to := []*Target{p.Sink(nodeOut, one, SinkOptions{Ends: true}), p.Sink(nodeOut2, two, SinkOptions{Ends: true})}
	p.Region("r", RegionOptions{From: []*Input{in}, To: to}, plain(func(l *lineLoop) { l.wide, l.ends = true, true }))
	r, err := run(t, p, RunOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for n, err := range a.errs {
		var e *RecordError
		if failed := errors.As(err, &e); failed != (n == 3) {
			t.Errorf("batch %d: %v", n, err)
		} else if failed && (e.Node != "out2" || e.Then != Reject || string(e.Record) != `{"n":7}`) {
			t.Errorf("%+v", e)
		}
	}
	if !slices.IsSorted(a.order) || len(a.order) != 10 {
		t.Errorf("answers %v", a.order)
	}
	if r.Nodes["out2"].Failed != 1 || r.Nodes["out2"].Out != 19 || r.Nodes["out"].Out != 20 {
		t.Errorf("%+v", r.Nodes)
	}
}

// Several requests share one write; only the sender of the bad record hears of
// it.
func TestRejectInGatheredWrite(t *testing.T) {
	noLeaks(t)
	for _, origins := range []bool{false, true} {
		a := newAnswers(t)
		source := newLines(2, numbers(0, 200)...)
		source.done = a.done
		sink := &memorySink{before: (&failing{times: map[string]int{`{"n":77}`: 1, `{"n":120}`: 1}, err: errBad}).before}
		k := newOne(source, sink, oneOptions{
			nodes:  func(nodes []Node) { nodes[nodeOut].Policy.Then = Reject },
			source: SourceOptions{Answers: true, Blocks: 8},
			sink:   SinkOptions{Ends: true, Origins: origins, Batch: Gather{Count: 25, Linger: time.Hour}},
		})
		if _, err := run(t, k.p, RunOptions{}); err != nil {
			t.Fatal(err)
		}
		for n, err := range a.errs {
			var e *RecordError
			if failed := errors.As(err, &e); failed != (n == 38 || n == 60) {
				t.Errorf("batch %d: %v", n, err)
			} else if origins && failed && e.TextLine != 78 && e.TextLine != 121 {
				t.Errorf("the place is %v", e)
			}
		}
		if a.count() != 100 {
			t.Errorf("%d answers", a.count())
		}
	}
}

// Senders are not told why their records are not durable; the log says it, once.
func TestSyncFailureIsLogged(t *testing.T) {
	noLeaks(t)
	a := newAnswers(t)
	source := newLines(2, numbers(0, 20)...)
	source.done = a.done
	var log bytes.Buffer
	k := newOne(source, &memorySink{onSync: func() error { return errBad }}, oneOptions{
		nodes:  func(nodes []Node) { nodes[nodeOut].Policy.Then = Reject },
		source: SourceOptions{Answers: true, Blocks: 2},
	})
	if _, err := run(t, k.p, RunOptions{Logger: slog.New(slog.NewTextHandler(&log, nil))}); err != nil {
		t.Fatal(err)
	}
	for n, err := range a.errs {
		if !errors.Is(err, errBad) {
			t.Errorf("batch %d: %v", n, err)
		}
	}
	if text := log.String(); strings.Count(text, "level=ERROR") != 1 || !strings.Contains(text, "asked to come again") || !strings.Contains(text, "node=out") {
		t.Errorf("the log says %q", text)
	}
}

// Nothing of a request with a bad record goes on.
func TestRejectTakesNothing(t *testing.T) {
	noLeaks(t)
	for _, lanes := range []int{1, 4} {
		a := newAnswers(t)
		lines := numbers(0, 100)
		lines[13], lines[50] = "bad", "panic"
		source := newLines(5, lines...)
		source.done = a.done
		sink := &memorySink{}
		k := newOne(source, sink, oneOptions{
			nodes:  func(nodes []Node) { nodes[nodeWork].Policy.Then = Reject },
			source: SourceOptions{Answers: true},
			region: RegionOptions{Lanes: lanes},
			loop:   func(l *lineLoop) { l.Node = nodeWork },
		})
		r, err := run(t, k.p, RunOptions{})
		if err != nil || !r.OK {
			t.Fatal(err)
		}
		want := append(append(append([]string(nil), lines[:10]...), lines[15:50]...), lines[55:]...)
		equalLines(t, sink.lines(), want)
		var e *RecordError
		if !errors.As(a.errs[2], &e) || e.Then != Reject || e.Node != "work" || !errors.As(a.errs[10], &e) || e.Code != "panic" {
			t.Errorf("%v, %v", a.errs[2], a.errs[10])
		}
		if a.count() != 20 {
			t.Errorf("%d answers", a.count())
		}
		// The bad batches were read up to the bad record.
		if c := r.Nodes["in"]; c.In != 90+4+1 || c.Failed != 3 || c.Out != 92 {
			t.Errorf("in is %+v", c)
		}
		if c := r.Nodes["work"]; c.In != 92 || c.Failed != 2 || c.Out != 90 {
			t.Errorf("work is %+v", c)
		}
	}
}

// Reject without anybody who waits is stop.
func TestRejectWithoutSenderStops(t *testing.T) {
	k := newOne(newLines(5, "1", "bad"), &memorySink{}, oneOptions{nodes: then(nodeWork, Reject)})
	if _, err := run(t, k.p, RunOptions{}); !errors.Is(err, errBad) {
		t.Fatal(err)
	}
}

// Whoever waits when the program stops is told, once.
func TestStopAnswersEverybody(t *testing.T) {
	noLeaks(t)
	for _, direct := range []bool{false, true} {
		a := newAnswers(t)
		lines := numbers(0, 100)
		lines[40] = "bad"
		source := newLines(5, lines...)
		source.done = a.done
		k := newOne(source, &memorySink{}, oneOptions{source: SourceOptions{Answers: direct}, region: RegionOptions{Lanes: 3}})
		if _, err := run(t, k.p, RunOptions{}); !errors.Is(err, errBad) {
			t.Fatal(err)
		}
		if a.count() != source.n {
			t.Errorf("%d answers to %d batches", a.count(), source.n)
		}
		for n, err := range a.errs {
			if n < 8 && err != nil || n == 8 && !errors.Is(err, errBad) || n > 8 && !errors.Is(err, ErrStopped) {
				t.Errorf("batch %d: %v", n, err)
			}
		}
	}
}

func TestDeadLetterIsDurableBeforeTheAnswer(t *testing.T) {
	noLeaks(t)
	a := newAnswers(t)
	source := newLines(2, "1", "bad", "bad", "bad", "5", "6")
	source.done = a.done
	k := newOne(source, &memorySink{}, oneOptions{nodes: then(nodeWork, Dead), source: SourceOptions{Answers: true}})
	a.safe = func(n int) bool {
		k.letters.mu.Lock()
		defer k.letters.mu.Unlock()
		letters := strings.Count(string(k.letters.data[:k.letters.synced]), "\n")
		return letters >= []int{1, 3, 0}[n]
	}
	if _, err := run(t, k.p, RunOptions{}); err != nil {
		t.Fatal(err)
	}
	if a.count() != 3 {
		t.Errorf("%v", a.errs)
	}
}
