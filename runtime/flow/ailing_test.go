package flow

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// A stepper runs a program whose sink rejects, one batch at a time.
type stepper struct {
	t      *testing.T
	p      *Program
	sink   *memorySink
	steps  chan struct{}
	answer chan error
	ended  chan error
}

func newStepper(t *testing.T, policy Policy) *stepper {
	noLeaks(t)
	s := &stepper{t: t, sink: &memorySink{}, steps: make(chan struct{}), answer: make(chan error, 1), ended: make(chan error, 1)}
	source := newLines(1, numbers(0, 20)...)
	source.wait = func(ctx context.Context, _ int) error {
		select {
		case _, more := <-s.steps:
			if !more {
				return io.EOF
			}
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	source.done = func(_ int, err error) { s.answer <- err }
	policy.Then = Reject
	k := newOne(source, s.sink, oneOptions{
		nodes:  func(nodes []Node) { nodes[nodeOut].Policy = policy },
		sink:   SinkOptions{Ends: true},
		region: RegionOptions{Lanes: 1},
	})
	s.p = k.p
	return s
}

func (s *stepper) start() {
	go func() {
		_, err := s.p.Run(context.Background(), RunOptions{StateDir: s.t.TempDir()})
		s.ended <- err
	}()
}

// step sends one record and returns how it was answered, and whether the
// program is ready then.
func (s *stepper) step() (answer, ready error) {
	s.steps <- struct{}{}
	answer = <-s.answer
	return answer, s.p.Ready(s.t.Context())
}

func (s *stepper) end() {
	close(s.steps)
	if err := <-s.ended; err != nil {
		s.t.Error(err)
	}
}

func system(op string, errno syscall.Errno) error {
	return &fs.PathError{Op: op, Path: "out.ndjson", Err: errno}
}

// A sink that fails again and again, through no fault of the records, is not
// ready until it has done what it failed at.
func TestNotReadyWhileASinkFails(t *testing.T) {
	full := fmt.Errorf("%w (%w)", testError{temporary: true}, system("write", syscall.ENOSPC))
	for name, test := range map[string]struct {
		write, sync error
		want        string
	}{
		"disk full":         {write: full, want: "`out`: " + full.Error()},
		"broken disk":       {write: system("write", syscall.EIO), want: "`out`: write out.ndjson: input/output error"},
		"sync":              {sync: system("sync", syscall.EACCES), want: "`out`: sync out.ndjson: permission denied"},
		"some records":      {write: &PartialError{Failed: map[int]error{0: full}}, want: "`out`: " + full.Error()},
		"a bad record":      {write: testError{permanent: true}},
		"an unknown error":  {write: errBad},
		"bad records among": {write: &PartialError{Failed: map[int]error{0: errBad}}},
	} {
		t.Run(name, func(t *testing.T) {
			var fails atomic.Bool
			s := newStepper(t, Policy{Retry: 2, Backoff: 1, MaxBackoff: 1})
			s.sink.before = func(*Out) error {
				if fails.Load() {
					return test.write
				}
				return nil
			}
			s.sink.onSync = func() error {
				if fails.Load() {
					return test.sync
				}
				return nil
			}
			s.start()
			if answer, ready := s.step(); answer != nil || ready != nil {
				t.Errorf("at first: %v, %v", answer, ready)
			}
			fails.Store(true)
			for range 2 {
				answer, ready := s.step()
				if answer == nil {
					t.Error("a failed write was answered with yes")
				}
				if got := fmt.Sprint(ready); got != test.want && (test.want != "" || ready != nil) {
					t.Errorf("readiness is %s, want %s", got, test.want)
				}
			}
			fails.Store(false)
			if answer, ready := s.step(); answer != nil || ready != nil {
				t.Errorf("at last: %v, %v", answer, ready)
			}
			s.end()
		})
	}
}

// While it still tries again, a write counts after a few tries.
func TestNotReadyWhileAWriteIsTriedAgain(t *testing.T) {
	s := newStepper(t, Policy{Retry: 1 << 30, Backoff: 1, MaxBackoff: 1, Written: true})
	tries := 0
	var seen []bool
	s.sink.before = func(*Out) error {
		if tries++; tries <= ailingAfter+1 {
			seen = append(seen, s.p.Ready(context.Background()) == nil)
			return system("write", syscall.EIO)
		}
		return nil
	}
	s.start()
	if answer, ready := s.step(); answer != nil || ready != nil {
		t.Errorf("at last: %v, %v", answer, ready)
	}
	s.end()
	if got, want := fmt.Sprint(seen), "[true true true false]"; got != want {
		t.Errorf("ready before each try: %s, want %s", got, want)
	}
}

// A program that is not ready may be sent nothing: its sink is tried without.
func TestAilingSinkIsProbed(t *testing.T) {
	defer func(before time.Duration) { probeEvery = before }(probeEvery)
	probeEvery = time.Millisecond
	s := newStepper(t, Policy{Written: true})
	var syncs atomic.Int32
	s.sink.onSync = func() error {
		if syncs.Add(1) < 5 {
			return system("sync", syscall.ENOSPC)
		}
		return nil
	}
	s.start()
	s.steps <- struct{}{}
	if err := <-s.answer; err == nil {
		t.Error("a failed write was answered with yes")
	}
	for s.p.Ready(t.Context()) != nil {
		time.Sleep(time.Millisecond)
	}
	if n := syncs.Load(); n != 5 {
		t.Errorf("%d calls of Sync, want 5", n)
	}
	s.end()
}
