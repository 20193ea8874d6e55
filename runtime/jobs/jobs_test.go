package jobs

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/flowc-dev/flowc/runtime/flow"
)

// A place is a folder in which jobs write down what they do.
type place struct{ dir, state string }

func newPlace(t *testing.T) place { return place{t.TempDir(), t.TempDir()} }

// job is a shell script with the folder of the place as $D.
func (p place) job(name, script string, after ...string) Job {
	return Job{Name: name, Line: "pipeline.yaml:1", Command: []string{"sh", "-c", script}, Env: []string{"D=" + p.dir}, Restart: "no", After: after}
}

// says is a job that writes its name.
func (p place) says(name string, after ...string) Job {
	return p.job(name, "echo "+name+" >> $D/said", after...)
}

func (p place) said() string {
	text, _ := os.ReadFile(filepath.Join(p.dir, "said"))
	return strings.Join(strings.Fields(string(text)), " ")
}

// records are those of a pipeline that says so, too.
func (p place) records(context.Context) error {
	f, err := os.OpenFile(filepath.Join(p.dir, "said"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = f.WriteString("records\n")
	return err
}

func (p place) run(ctx context.Context, plan Plan, records func(context.Context) error) error {
	plan.Pipeline = "test"
	return plan.Run(ctx, flow.RunOptions{StateDir: p.state}, records)
}

func behind(j Job) Job { j.Behind = true; return j }

// Each job waits for all that it names, and so do the records.
func TestOrder(t *testing.T) {
	p := newPlace(t)
	plan := Plan{Before: []string{"c"}, Jobs: []Job{
		behind(p.says("e", "c")), p.says("c", "b"), p.says("b", "a"), p.job("a", "sleep 0.2; echo a >> $D/said"), p.says("f", "e"),
	}}
	if err := p.run(t.Context(), plan, p.records); err != nil {
		t.Fatal(err)
	}
	if got := p.said(); got != "a b c records e f" {
		t.Errorf("they ran in the order %s", got)
	}
	if _, err := os.Stat(filepath.Join(p.state, "test", recordFile)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the record of a run that is complete is there: %v", err)
	}
}

// A job that fails ends the run with what it said last. What has completed does not run again,
// unless the pipeline is another one, or that is asked for.
func TestGoesOn(t *testing.T) {
	p := newPlace(t)
	plan := Plan{Hash: "1", Before: []string{"second"}, Jobs: []Job{
		p.says("first"), p.job("second", "echo it is not there; test -e $D/ready || exit 3; echo second >> $D/said", "first"),
		p.job("beside", "trap 'exit 0' TERM; test -e $D/ready && exit 0; sleep 60 & wait"),
	}}
	err := p.run(t.Context(), plan, p.records)
	var failed *FailedError
	var node *flow.NodeError
	if !errors.As(err, &failed) || !errors.As(err, &node) || node.Node != "second" || node.Line != "pipeline.yaml:1" || node.Starting() {
		t.Fatalf("the error is %v", err)
	}
	for _, want := range []string{"exit status 3", "it is not there", "`restart: no`"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not in %v", want, err)
		}
	}
	if got := p.said(); got != "first" {
		t.Errorf("they did %s", got)
	}
	if err := os.WriteFile(filepath.Join(p.dir, "ready"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"first second records", "first second records first second records"} {
		if err := p.run(t.Context(), plan, p.records); err != nil {
			t.Fatal(err)
		}
		if got := p.said(); got != want { // then the run is over, and the next is another one
			t.Errorf("they did %s", got)
		}
	}
}

// The record is of one text of the pipeline, and --fresh forgets it.
func TestForgets(t *testing.T) {
	for name, change := range map[string]func(*Plan, *flow.RunOptions){
		"another text": func(p *Plan, _ *flow.RunOptions) { p.Hash = "2" },
		"fresh":        func(_ *Plan, o *flow.RunOptions) { o.Fresh = true },
	} {
		t.Run(name, func(t *testing.T) {
			p := newPlace(t)
			plan, o := Plan{Pipeline: "test", Hash: "1", Jobs: []Job{p.says("a"), p.job("b", "exit 1", "a")}}, flow.RunOptions{StateDir: p.state}
			for range 2 {
				if err := plan.Run(t.Context(), o, p.records); err == nil {
					t.Fatal("it did not fail")
				}
				change(&plan, &o)
			}
			if got := strings.Count(p.said(), "a"); got != 2 {
				t.Errorf("the first job ran %d times", got)
			}
		})
	}
}

// A record that can't be read is told of, with what to do about it.
func TestRecordUnreadable(t *testing.T) {
	p := newPlace(t)
	if err := os.MkdirAll(filepath.Join(p.state, "test"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(p.state, "test", recordFile), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	var state *flow.StateError
	if err := p.run(t.Context(), Plan{Jobs: []Job{p.says("a")}}, p.records); !errors.As(err, &state) || !strings.Contains(err.Error(), "--fresh") {
		t.Errorf("the error is %v", err)
	}
	if p.said() != "" {
		t.Error("a job ran")
	}
}

// Where nothing can be written down jobs run all the same, and the log says what that means.
func TestNowhereToKeep(t *testing.T) {
	p := newPlace(t)
	file := filepath.Join(p.dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	o := flow.RunOptions{StateDir: file, Logger: slog.New(slog.NewTextHandler(&log, nil))}
	if err := (Plan{Pipeline: "test", Jobs: []Job{p.says("a")}}).Run(t.Context(), o, p.records); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(log.String(), "runs all of them again") || !strings.Contains(p.said(), "a") {
		t.Errorf("they did %s, and the log is %s", p.said(), log.String())
	}
}

// A second copy waits, or is told of the first.
func TestOneAtATime(t *testing.T) {
	p := newPlace(t)
	plan := Plan{Jobs: []Job{p.job("a", "touch $D/up; until test -e $D/go; do sleep 0.01; done")}}
	var first sync.WaitGroup
	first.Go(func() {
		if err := p.run(t.Context(), plan, p.records); err != nil {
			t.Error(err)
		}
	})
	for !there(p, "up") {
		time.Sleep(time.Millisecond)
	}
	var locked *flow.LockedError
	if err := p.run(t.Context(), plan, p.records); !errors.As(err, &locked) {
		t.Errorf("the error is %v", err)
	}
	if err := os.WriteFile(filepath.Join(p.dir, "go"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	first.Wait()
}

func there(p place, name string) bool {
	_, err := os.Stat(filepath.Join(p.dir, name))
	return err == nil
}

// A job with restart on-failure is tried again; one that succeeds then has completed.
func TestTriesAgain(t *testing.T) {
	p := newPlace(t)
	j := p.job("a", "echo a >> $D/said; test $(wc -l < $D/said) -ge 3")
	j.Restart = "on-failure"
	if err := p.run(t.Context(), Plan{Jobs: []Job{j}}, func(context.Context) error { return nil }); err != nil {
		t.Fatal(err)
	}
	if got := p.said(); got != "a a a" {
		t.Errorf("it did %s", got)
	}
	j.Command = []string{"sh", "-c", "echo b >> $D/said; exit 1"}
	if err := p.run(t.Context(), Plan{Jobs: []Job{j}}, func(context.Context) error { return nil }); err == nil || strings.Count(p.said(), "b") != 5 {
		t.Errorf("it did %s, and the error is %v", p.said(), err)
	}
}

// A run that is told to stop asks its jobs to end, starts no others, and says that it was cut
// short.
func TestStops(t *testing.T) {
	p := newPlace(t)
	ctx, stop := context.WithCancel(t.Context())
	plan := Plan{Jobs: []Job{p.job("a", "trap 'echo ended >> $D/said; exit 0' TERM; touch $D/up; sleep 60 & wait"), p.says("b", "a")}}
	go func() {
		for !there(p, "up") {
			time.Sleep(time.Millisecond)
		}
		stop()
	}()
	if err := p.run(ctx, plan, func(context.Context) error { return nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("the error is %v", err)
	}
	if got := p.said(); got != "ended" {
		t.Errorf("they did %s", got)
	}
}

// Records that fail end the jobs, and none behind them is started.
func TestRecordsFail(t *testing.T) {
	p := newPlace(t)
	broken := errors.New("broken")
	plan := Plan{Jobs: []Job{behind(p.says("behind")), p.job("beside", "sleep 60")}}
	if err := p.run(t.Context(), plan, func(context.Context) error { return broken }); !errors.Is(err, broken) || p.said() != "" {
		t.Errorf("they did %s, and the error is %v", p.said(), err)
	}
}

// What is run elsewhere has completed, as far as the program is concerned.
func TestElsewhere(t *testing.T) {
	p := newPlace(t)
	away := p.says("away")
	away.Elsewhere = true
	if err := p.run(t.Context(), Plan{Before: []string{"away"}, Jobs: []Job{away, p.says("here", "away")}}, func(context.Context) error { return nil }); err != nil {
		t.Fatal(err)
	}
	if got := p.said(); got != "here" {
		t.Errorf("they did %s", got)
	}
}

// A program that there is not is a failure of the surroundings' own, with its name.
func TestNoProgram(t *testing.T) {
	p := newPlace(t)
	j := p.says("a")
	j.Command = []string{"there-is-no-such-program"}
	if err := p.run(t.Context(), Plan{Jobs: []Job{j}}, p.records); err == nil || !strings.Contains(err.Error(), "there is no program `there-is-no-such-program`") {
		t.Errorf("the error is %v", err)
	}
}
