//go:build unix

package suite

import (
	"context"
	"os"
	"strings"
	"testing"

	"github.com/flowc-dev/flowc/bench/internal/compare"
	"github.com/flowc-dev/flowc/bench/internal/measure"
	"github.com/flowc-dev/flowc/bench/internal/shop"
	"github.com/flowc-dev/flowc/bench/internal/workload"
)

// by makes a contender of a shell script: $1 is the input, $2 the output.
func by(name, script string) workload.Contender {
	return workload.Contender{Name: name, Plan: func(context.Context, *shop.Shop) (workload.Plan, error) {
		return workload.Plan{Command: func(j workload.Job) measure.Command {
			return measure.Command{Argv: []string{"sh", "-c", script, "sh", j.Input, j.Outputs[0]}}
		}}, nil
	}}
}

func TestOnlyRightResultsGetFigures(t *testing.T) {
	dir := t.TempDir()
	s, err := shop.New(dir, t.Logf)
	if err != nil {
		t.Fatal(err)
	}
	launch, err := s.Go(t.Context(), "internal/launch")
	if err != nil {
		t.Fatal(err)
	}
	loose := by("loose", `sed 's/:/: /' "$1" > "$2"`)
	loose.Rule = compare.Rule{JSON: true}
	left := workload.Contender{Name: "left out", Plan: func(context.Context, *shop.Shop) (workload.Plan, error) {
		return workload.Plan{}, &shop.Absent{Reason: "not installed"}
	}}
	slow := by("slow", `cp "$1" "$2"`)
	slow.Slow = true
	w := workload.Workload{
		ID: "T", Outputs: []string{"out.ndjson"}, InputName: "numbers", Reference: "right",
		Events: func(size int) int { return size },
		Input: func(path string, events int) error {
			return os.WriteFile(path, []byte(strings.Repeat(`{"a":1}`+"\n", events)), 0o600)
		},
		Expected: func(input string, _ int, outputs []string) error { return os.Symlink(input, outputs[0]) },
		Contenders: []workload.Contender{
			by("right", `cp "$1" "$2"`), loose, slow, left,
			by("a line short", `sed 1d "$1" > "$2"`),
			by("no output", `true`),
			by("fails", `cp "$1" "$2"; echo out of luck >&2; exit 3`),
			by("right in one round", `test -e `+dir+`/before && echo oops > "$2" || cp "$1" "$2"; touch `+dir+`/before`),
		},
	}
	one := [][]int{{0}}
	result, err := (&Suite{Shop: s, Launcher: measure.Launcher(launch), Dir: dir, Rounds: 2, Size: 100, Cores: one, Log: t.Logf}).Run(t.Context(), w)
	if err != nil {
		t.Fatal(err)
	}
	wrong := map[string]string{
		"a line short": "line 100 is not there", "no output": "no such file", "fails": "exit code 3: out of luck", "right in one round": "oops",
	}
	for _, row := range result.Rows {
		name := row.Contender.Name
		if want := wrong[name]; want != "" {
			if !strings.Contains(row.Wrong, want) {
				t.Errorf("%s: %q, want %q", name, row.Wrong, want)
			}
			continue
		}
		if row.Wrong != "" {
			t.Errorf("%s is wrong: %s", name, row.Wrong)
		}
		if (row.Absent != "") != (name == "left out") {
			t.Errorf("%s: absent %q", name, row.Absent)
		}
		if row.Absent == "" && len(row.Runs[0]) != 2 {
			t.Errorf("%s has %d runs, want 2", name, len(row.Runs[0]))
		}
		if want := map[bool]int{true: 10, false: 100}[name == "slow"]; row.Events != want {
			t.Errorf("%s got %d events, want %d", name, row.Events, want)
		}
	}
	if !result.Wrong() {
		t.Error("the result as a whole is not wrong")
	}
	u := result.Rows[0].Runs[0][0]
	if u.CPU() <= 0 || u.Wall <= 0 || u.MaxRSS < 1<<18 {
		t.Errorf("usage %+v: nothing was measured", u)
	}
}
