//go:build unix

package flowtest_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/flowc-dev/flowc/runtime/flowtest"
)

// copying is the variable that makes this test a program that copies lines, as its
// value says.
const copying = "FLOWTEST_COPIES"

func TestMain(m *testing.M) {
	if how := os.Getenv(copying); how != "" {
		os.Exit(copyLines(how))
	}
	os.Exit(m.Run())
}

func isEndless(how string) bool { return strings.HasPrefix(how, "endless") }

// copyLines copies in to out, a line at a time, and goes on where it was. right does
// it well; endless does too, and waits for more lines until it is asked to stop; one that is
// cut short says so the first time.
func copyLines(how string) int {
	lock, err := os.OpenFile("lock", os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return 1
	}
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil && how != "has no lock" {
		return 6
	}
	var state struct{ In, Out int64 }
	if text, err := os.ReadFile("state"); err == nil {
		if json.Unmarshal(text, &state) != nil {
			return 1
		}
	}
	out, err := os.OpenFile("out", os.O_CREATE|os.O_RDWR|os.O_APPEND, 0o644)
	if err == nil && how != "does not go back" {
		err = out.Truncate(state.Out)
	}
	if err != nil {
		return 1
	}
	save := func(ahead int64) {
		at, _ := out.Seek(0, 2)
		if how == "saves what it will have done" {
			at = 0
		}
		_ = os.WriteFile("state.new", fmt.Appendf(nil, `{"In":%d,"Out":%d}`, state.In+ahead, at), 0o644)
		_ = os.Rename("state.new", "state")
	}
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM)
	for n := 0; ; n++ {
		in, err := os.ReadFile("in")
		if err != nil {
			return 1
		}
		line, _, more := bytes.Cut(in[state.In:], []byte{'\n'})
		switch {
		case how == "crashes" && n > 20:
			fmt.Fprintln(os.Stderr, "something is wrong")
			return 7
		case how == "hangs" && n > 20:
			select {}
		case !more && !isEndless(how):
			save(0)
			return 0
		}
		select {
		case <-stop:
			if how != "forgets what it has when it stops" {
				save(0)
			} else {
				state.In = int64(len(in))
				save(0)
			}
			if isEndless(how) && (how == "endless" || os.Mkdir("cut", 0o755) != nil) {
				return 0
			}
			return 143
		case <-time.After(200 * time.Microsecond):
		}
		if !more {
			continue
		}
		if how == "saves what it will have done" && n%10 == 0 {
			ahead := int64(0)
			for i := 0; i < 10; i++ {
				l, _, _ := bytes.Cut(in[state.In+ahead:], []byte{'\n'})
				if ahead += int64(len(l)) + 1; state.In+ahead >= int64(len(in)) {
					ahead = int64(len(in)) - state.In
					break
				}
			}
			save(ahead)
		} else if n%10 == 0 {
			save(0)
		}
		_, _ = out.Write(append(line, '\n'))
		state.In += int64(len(line)) + 1
	}
}

// chaos runs a copying program through faults and judges what it left.
func chaos(t *testing.T, how string, seed uint64, faults ...flowtest.Fault) (*flowtest.Result, *flowtest.Verdict, error) {
	t.Helper()
	dir, ledger := t.TempDir(), flowtest.NewLedger()
	in := filepath.Join(dir, "in")
	must(t, os.WriteFile(in, nil, 0o644))
	c := &flowtest.Chaos{
		Program: flowtest.Program{Binary: os.Args[0], Dir: dir, Env: []string{copying + "=" + how}},
		Seed:    seed, Most: 12, Between: 30 * time.Millisecond, Faults: faults, Patience: 20 * time.Second,
	}
	if len(faults) > 1 { // in a hurry, so that copies meet while they start
		c.Between, c.Most = 2*time.Millisecond, 100
	}
	if isEndless(how) {
		c.More = map[flowtest.Fault]func(time.Duration) error{"no input": func(pause time.Duration) error {
			time.Sleep(pause)
			return nil
		}}
	}
	if how == "hangs" {
		c.Patience, c.Most = 300*time.Millisecond, 1
	}
	record := func(i int) flowtest.Record {
		return flowtest.Record{ID: strconv.Itoa(i), Key: strconv.Itoa(i % 3), Data: fmt.Appendf(nil, "%d line", i)}
	}
	if isEndless(how) {
		n, fails := [2]int{}, 0
		var mu sync.Mutex
		c.Produce = (&flowtest.Producer{
			Ledger: ledger, Lanes: 2, Pause: time.Millisecond,
			Next: func(lane int) (out []flowtest.Record) {
				if n[lane]++; n[lane] > 100 {
					return nil
				}
				r := record(n[lane]*2 + lane)
				r.Key = strconv.Itoa(lane)
				return []flowtest.Record{r}
			},
			Send: func(_ context.Context, records []flowtest.Record) error {
				mu.Lock()
				defer mu.Unlock()
				if fails++; fails%10 == 0 {
					return errors.New("nobody answers")
				}
				f, err := os.OpenFile(in, os.O_APPEND|os.O_WRONLY, 0o644)
				if err != nil {
					return err
				}
				defer f.Close()
				for _, r := range records {
					if _, err := f.Write(append(r.Data, '\n')); err != nil {
						return err
					}
				}
				return nil
			},
		}).Run
		c.Done = func() (bool, error) {
			sent, err := os.ReadFile(in)
			if err != nil {
				return false, err
			}
			got, err := os.ReadFile(filepath.Join(dir, "out"))
			return len(got) >= len(sent), err
		}
	} else {
		var text []byte
		for i := range 1500 {
			r := record(i)
			must(t, ledger.Promise(r))
			text = append(append(text, r.Data...), '\n')
		}
		must(t, os.WriteFile(in, text, 0o644))
	}
	result, err := c.Run(t.Context())
	place, lerr := flowtest.Lines("out", func(line []byte) string { id, _, _ := strings.Cut(string(line), " "); return id }, filepath.Join(dir, "out"))
	must(t, lerr)
	return result, flowtest.Judge(ledger, flowtest.Branch{Name: how, Guarantee: flowtest.EffectivelyOnce, Sinks: []flowtest.Place{place}}), err
}

// A program that keeps its promises comes through, and one that does not is found.
func TestChaos(t *testing.T) {
	for _, c := range []struct {
		how    string
		faults []flowtest.Fault
		class  flowtest.Class // what it breaks
		err    string         // what the driver itself finds
	}{
		{how: "right"},
		{how: "right", faults: []flowtest.Fault{flowtest.Twice, flowtest.Kill}},
		{how: "endless"},
		{how: "endless, cut short", faults: []flowtest.Fault{flowtest.Freeze}},
		{how: "saves what it will have done", faults: []flowtest.Fault{flowtest.Kill}, class: flowtest.Lost},
		{how: "does not go back", faults: []flowtest.Fault{flowtest.Kill}, class: flowtest.Repeated},
		{how: "forgets what it has when it stops", faults: []flowtest.Fault{flowtest.Terminate}, class: flowtest.Lost},
		{how: "has no lock", faults: []flowtest.Fault{flowtest.Twice}, class: flowtest.Repeated},
		{how: "crashes", err: "with exit code 7; at the end it said:\nsomething is wrong"},
		{how: "hangs", faults: []flowtest.Fault{flowtest.Freeze}, err: "does not come to its end"},
		{how: "right", faults: []flowtest.Fault{"earthquake"}, err: "earthquake: there is no such fault"},
	} {
		t.Run(fmt.Sprint(c.how, c.faults), func(t *testing.T) {
			t.Parallel()
			result, verdict, err := chaos(t, c.how, 1, c.faults...)
			if c.err != "" {
				if err == nil || !strings.Contains(err.Error(), c.err) {
					t.Errorf("not %q: %v", c.err, err)
				}
				return
			}
			must(t, err)
			t.Logf("%+v: %s", *result, verdict)
			if c.class == "" && !verdict.OK() || c.class != "" && verdict.Count(c.class) == 0 {
				t.Errorf("not %s: %s", c.class, verdict)
			}
			if c.how == "endless, cut short" && result.Starts != 2 {
				t.Errorf("%d starts: not once more when it had been cut short", result.Starts)
			}
			if result.Starts < 2 || len(result.Faults) == 0 {
				t.Errorf("nothing happened to it: %+v", *result)
			}
		})
	}
}
