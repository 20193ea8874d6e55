package component

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/flowc-dev/flowc/runtime/connect"
)

// tooLong is longer than an event may be.
const tooLong = "70000000"

// use opens a component in a role, gives it events or takes its own, and closes it: the first
// error, and the records that arrived.
func use(t *testing.T, role string, wait time.Duration, flags ...string) (got []string, err error) {
	t.Helper()
	ctx := context.Background()
	args := command(t, append([]string{role}, flags...)...)
	out := filepath.Join(t.TempDir(), "out")
	switch role {
	case "source":
		r := &reader{t: t}
		r.source, err = NewSource(SourceConfig{Command: args, Wait: wait}, connect.Input{Node: "src", Format: "json"})
		if err != nil {
			t.Fatal(err)
		}
		if err = r.source.Open(ctx); err == nil {
			got, _, err = r.all()
		}
		r.source.Close(ctx)
	case "processor":
		p, failed := NewProcessor(SinkConfig{Command: args, Wait: wait, Settle: 10 * time.Second}, "proc")
		if failed != nil {
			t.Fatal(failed)
		}
		if err = p.Open(ctx); err == nil {
			made, failed := p.Process(ctx, events(0, 3))
			for _, e := range made {
				got = append(got, e.ID)
			}
			err = failed
		}
		p.Close()
	case "consumer":
		s, failed := NewSink(SinkConfig{Command: append(args, "-out", out), Wait: wait}, connect.Output{Node: "sink", Format: "json", Keys: []string{"meta.envelope"}})
		if failed != nil {
			t.Fatal(failed)
		}
		if err = s.Open(ctx); err == nil {
			err = s.Write(ctx, packet(events(0, 3)))
		}
		err = errors.Join(err, s.Close(ctx, err == nil))
		if text, failed := os.ReadFile(out); failed == nil {
			got = strings.Split(strings.TrimSpace(string(text)), "\n")
		}
	}
	return got, err
}

// What is hostile ends in an error that says what it was, in each role; it hangs nobody, and
// no process is left.
func TestHostile(t *testing.T) {
	for _, c := range []struct {
		name  string
		flags []string
		wait  time.Duration
		says  map[string]string // by role; without, it ends well
		got   map[string]int    // how many events arrive all the same
	}{
		{"neither registers nor listens", []string{"-deaf"}, 300 * time.Millisecond, each("it neither registered nor served"), nil},
		{"speaks, and no gRPC", []string{"-garbage"}, time.Second, each("it neither registered nor served"), nil},
		{"is of another role by its own words", []string{"-says", "stranger"}, time.Minute, each("it says that it is a"), nil},
		{"hangs when it is asked to end", []string{"-hang"}, time.Minute, nil, map[string]int{"source": 10, "processor": 3, "consumer": 3}},
		{"ends each stream at once", []string{"-closes"}, time.Minute, map[string]string{
			"processor": "the component ended its stream", "consumer": "of 3 events the component says that it received 0",
		}, nil},
		{"sends what is too long", []string{"-huge", tooLong}, time.Minute, each("received message larger than max"), map[string]int{"consumer": 3}},
	} {
		for _, role := range []string{"source", "processor", "consumer"} {
			t.Run(role+" "+c.name, func(t *testing.T) {
				t.Parallel()
				mark := filepath.Join(t.TempDir(), "state")
				flags := append(slices.Clone(c.flags), "-saved", mark)
				if i := slices.Index(flags, "stranger"); i >= 0 {
					flags[i] = map[string]string{"source": "processor", "processor": "consumer", "consumer": "source"}[role]
				}
				got, err := use(t, role, c.wait, flags...)
				says := c.says[role]
				switch {
				case says == "" && err != nil:
					t.Errorf("after %v: %v", got, err)
				case says != "" && (err == nil || !strings.Contains(err.Error(), says)):
					t.Errorf("after %v: %v", got, err)
				}
				if want := c.got[role]; len(got) != want {
					t.Errorf("%d events arrived, and not %d: %v", len(got), want, got)
				}
				if left := processes(t, mark); len(left) > 0 {
					t.Errorf("processes are left: %v", left)
				}
			})
		}
	}
}

// each is the same of all roles.
func each(text string) map[string]string {
	return map[string]string{"source": text, "processor": text, "consumer": text}
}

// processes are those that have an argument.
func processes(t *testing.T, argument string) (all []string) {
	t.Helper()
	files, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		text, _ := os.ReadFile(file) // it may have ended meanwhile
		if args := strings.Split(string(text), "\x00"); slices.Contains(args, argument) {
			all = append(all, strings.Join(args, " "))
		}
	}
	return all
}

// A consumer that ends its stream again and again has lost what it was given and did not
// take: the end of the program says how many that were, over all of its streams.
func TestSinkEndsEarly(t *testing.T) {
	s := newSink(t, SinkConfig{Command: command(t, "consumer", "-closes")})
	tries := 0
	for ; tries < 200; tries++ {
		if err := s.Write(context.Background(), packet(events(tries, tries+1))); err != nil {
			t.Fatal(err)
		}
		if s.(*Sink).earlier.sent > 0 {
			break
		}
		time.Sleep(10 * time.Millisecond) // so that the end of the stream has come
	}
	var short *shortError
	if err := s.Close(context.Background(), true); !errors.As(err, &short) || short.sent != int64(tries)+1 || short.consumed != 0 {
		t.Errorf("of %d events: %v", tries+1, err)
	}
}
