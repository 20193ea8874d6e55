package flow

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"
)

// oneByOne writes records singly and stops at one that may succeed later.
type oneByOne struct {
	memorySink
	fail  map[string][]error // what the next tries of a record give
	tries map[string]int
}

func (s *oneByOne) write(o *Out) error {
	failed := map[int]error{}
	start := uint32(0)
	for i, end := range o.Ends {
		record := string(o.Data[start : end-1])
		start = end
		s.tries[record]++
		if errs := s.fail[record]; len(errs) > 0 {
			s.fail[record] = errs[1:]
			failed[i] = errs[0]
			if MayBeRetried(errs[0]) {
				for j := i + 1; j < o.Count; j++ {
					failed[j] = ErrNotTried
				}
				break
			}
		}
	}
	if len(failed) == 0 {
		return nil
	}
	return &PartialError{Failed: failed}
}

type permanent struct{ error }

func (permanent) Permanent() bool { return true }

// Records behind one that is tried again keep their order, use up none of its
// tries, and are written also when it fails for good.
func TestNotTried(t *testing.T) {
	again := func(n int) []error { return slices.Repeat([]error{&wait{time.Nanosecond}}, n) }
	for _, tc := range []struct {
		name  string
		fail  map[string][]error
		then  Then
		want  []string
		tries map[string]int
		count Count
		stops bool
	}{
		{"comes right", map[string][]error{"2": again(2)}, Dead, []string{"1", "2", "3", "4"}, map[string]int{"1": 1, "2": 3, "3": 1, "4": 1}, Count{In: 4, Out: 4, Retried: 2}, false},
		{"each has its own tries", map[string][]error{"2": again(3), "3": again(3)}, Dead, []string{"1", "2", "3", "4"}, map[string]int{"1": 1, "2": 4, "3": 4, "4": 1}, Count{In: 4, Out: 4, Retried: 6}, false},
		{"fails for good", map[string][]error{"2": again(9)}, Dead, []string{"1", "3", "4"}, map[string]int{"1": 1, "2": 4, "3": 1, "4": 1}, Count{In: 4, Out: 3, Dead: 1, Retried: 3}, false},
		{"permanent", map[string][]error{"2": {permanent{errBad}}, "4": {permanent{errBad}}}, Drop, []string{"1", "3"}, map[string]int{"1": 1, "2": 1, "3": 1, "4": 1}, Count{In: 4, Out: 2, Dropped: 2}, false},
		{"stops", map[string][]error{"2": again(9)}, Stop, []string{"1"}, map[string]int{"1": 1, "2": 4}, Count{In: 4, Out: 1, Failed: 1, Pending: 2, Retried: 3}, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			noLeaks(t)
			sink := &oneByOne{fail: tc.fail, tries: map[string]int{}}
			sink.before = sink.write
			nodes := then(nodeOut, tc.then)
			k := newOne(newLines(4, "1", "2", "3", "4"), sink, oneOptions{sink: SinkOptions{Ends: true}, nodes: func(n []Node) {
				nodes(n)
				n[nodeOut].Policy.Written, n[nodeOut].Policy.Retry, n[nodeOut].Policy.Backoff = true, 3, time.Nanosecond
			}})
			r, err := run(t, k.p, RunOptions{})
			if (err != nil) != tc.stops {
				t.Fatal(err)
			}
			equalLines(t, sink.lines(), tc.want)
			if fmt.Sprint(sink.tries) != fmt.Sprint(tc.tries) {
				t.Errorf("tries %v, want %v", sink.tries, tc.tries)
			}
			if r.Nodes["out"] != tc.count {
				t.Errorf("%+v, want %+v", r.Nodes["out"], tc.count)
			}
		})
	}
}

// wait is an error that may go away.
type wait struct{ d time.Duration }

func (*wait) Error() string   { return "not now" }
func (*wait) Temporary() bool { return true }

func TestMayBeRetried(t *testing.T) {
	for err, want := range map[error]bool{errBad: true, &wait{}: true, permanent{errBad}: false, error(headerError{}): false, error(&PanicError{}): false, fmt.Errorf("x: %w", errors.ErrUnsupported): true} {
		if MayBeRetried(err) != want {
			t.Errorf("%v: %v", err, !want)
		}
	}
}
