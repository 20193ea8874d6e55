package judge

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/flowc-dev/flowc/runtime/control"
)

// wrong builds the component that does things wrong, once.
var wrong = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "wrong")
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "wrong")
	if out, err := exec.Command("go", "build", "-o", path, "./testdata/wrong").CombinedOutput(); err != nil {
		return path, fmt.Errorf("%w\n%s", err, out)
	}
	return path, nil
})

func TestMain(m *testing.M) {
	code := m.Run()
	if path, err := wrong(); err == nil {
		os.RemoveAll(filepath.Dir(path))
	}
	os.Exit(code)
}

func target(t *testing.T, args ...string) Target {
	t.Helper()
	path, err := wrong()
	if err != nil {
		t.Fatal(err)
	}
	return Target{Command: append([]string{path}, args...), Patience: 4 * time.Second, Log: io.Discard}
}

// A component that does nothing wrong passes all.
func TestGood(t *testing.T) {
	t.Parallel()
	for _, role := range []string{"source", "processor", "consumer"} {
		t.Run(role, func(t *testing.T) {
			t.Parallel()
			r, err := Run(context.Background(), target(t, role))
			if err != nil || r.Role != role || len(r.Results) < 10 {
				t.Fatalf("%+v %v", r, err)
			}
			for _, one := range r.Results {
				if one.Verdict == Fail || one.Verdict == Skip && one.Check != "frames" {
					t.Errorf("%+v", one)
				}
			}
		})
	}
}

// Each check finds the component that does just that wrong.
func TestWrong(t *testing.T) {
	t.Parallel()
	tried := map[string]bool{}
	for _, c := range []struct{ role, kind, protocol, check string }{
		{"source", "role", "", "says what it is"},
		{"consumer", "unwell", "", "is healthy"},
		{"processor", "unregistered", "", "registers and beats"},
		{"processor", "silent", "", "registers and beats"},
		{"source", "mute", plain, "gives events"},
		{"source", "drops", plain, "a slow reader"},
		{"source", "once", plain, "a second stream"},
		{"processor", "shuffles", plain, "order"},
		{"processor", "cuts", plain, "the end of a stream"},
		{"consumer", "miscounts", plain, "counts"},
		{"processor", "dies", plain, "garbage"},
		{"consumer", "dies", plain, "garbage"},
		{"consumer", "small", plain, "a large event"},
		{"processor", "stuck", plain, "a broken stream"},
		{"processor", "misnumbers", acked, "answers"},
		{"consumer", "narrow", acked, "a slow reader"},
		{"processor", "hangs-up", acked, "the end of a stream"},
		{"consumer", "all-fail", acked, "garbage"},
		{"processor", "dies", acked, "garbage"},
		{"processor", "small", acked, "a large event"},
		{"consumer", "stuck", acked, "a broken stream"},
		{"source", "generous", acked, "grants"},
		{"source", "mute", acked, "grants"},
		{"source", "restarts", acked, "positions"},
		{"source", "once", acked, "a second stream"},
		{"processor", "nowhere", acked, "frames"},
		{"consumer", "abrupt", acked, "SIGTERM at work"},
		{"processor", "stubborn", "", "ends on SIGTERM"},
	} {
		tried[c.protocol+c.check] = true
		t.Run(c.role+"-"+c.kind+"-"+c.protocol, func(t *testing.T) {
			t.Parallel()
			ctx := context.Background()
			plane, err := control.Listen("127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			defer plane.Close()
			j := &judge{Target: target(t, c.role, c.kind), plane: plane}
			defer j.stop()
			if err := j.start(ctx); err != nil {
				t.Fatal(err)
			}
			for _, one := range checks {
				if one.name != c.check || one.protocol != c.protocol || !containsRole(one.roles, c.role) {
					continue
				}
				o := j.try(ctx, one)
				t.Log(o.reason)
				if c.kind == "once" && o.verdict == Pass { // the stream before it
					o = j.try(ctx, one)
				}
				if o.verdict != Fail || o.reason == "" || one.remedy == "" {
					t.Errorf("%+v", o)
				}
				return
			}
			t.Error("there is no such check")
		})
	}
	for _, one := range checks {
		if !tried[one.protocol+one.name] {
			t.Errorf("nothing fails %s %q", one.protocol, one.name)
		}
	}
}

// One that does not serve at all is a verdict, too.
func TestDeaf(t *testing.T) {
	t.Parallel()
	deaf := target(t, "source", "deaf")
	deaf.Patience = 100 * time.Millisecond
	r, err := Run(context.Background(), deaf)
	if err != nil || len(r.Results) != 1 || r.Failed() != 1 || r.Results[0].Remedy == "" {
		t.Errorf("%+v %v", r, err)
	}
	r, err = Run(context.Background(), Target{Command: []string{"/no/such/program"}, Log: io.Discard})
	if err != nil || r.Failed() != 1 {
		t.Errorf("%+v %v", r, err)
	}
}
