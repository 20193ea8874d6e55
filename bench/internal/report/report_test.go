package report

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/flowc-dev/flowc/bench/internal/compare"
	"github.com/flowc-dev/flowc/bench/internal/suite"
	"github.com/flowc-dev/flowc/bench/internal/usage"
	"github.com/flowc-dev/flowc/bench/internal/workload"
)

func runs(cpu ...time.Duration) []usage.Usage {
	var all []usage.Usage
	for _, d := range cpu {
		all = append(all, usage.Usage{User: d / 2, Sys: d / 2, Wall: d, MaxRSS: 5 << 20})
	}
	return all
}

func TestResult(t *testing.T) {
	const ms = time.Millisecond
	named := func(name string) workload.Contender { return workload.Contender{Name: name} }
	loose := named("loose")
	loose.Rule = compare.Rule{JSON: true}
	got := Result(suite.Result{
		Workload: workload.Workload{ID: "T", Title: "a test", Reference: "reference", Goal: "more"},
		Rows: []*suite.Row{
			{Contender: named("reference"), Events: 1000, Runs: [][]usage.Usage{runs(100*ms, 200*ms, 100*ms), runs(50*ms, 100*ms, 50*ms)}},
			{Contender: loose, Events: 100, Runs: [][]usage.Usage{runs(20*ms, 40*ms, 10*ms), runs(10*ms, 20*ms, 10*ms)}},
			{Contender: named("wrong"), Wrong: "line 3 is x, want y\nand more", Runs: [][]usage.Usage{runs(ms), nil}},
			{Contender: named("one"), Absent: "not installed"},
			{Contender: named("two"), Absent: "not installed"},
		},
	})
	const want = `**T** a test. Goal: more.

|           | events/CPU-s |  ratio (min–max) | wall, 1 core | events/s, 2 cores | 2 cores × 1 | RSS MB |     result |
|-----------|-------------:|-----------------:|-------------:|------------------:|------------:|-------:|-----------:|
| reference |          10k | 1.00 (1.00–1.00) |        100ms |               20k |        2.00 |      5 | same bytes |
| loose     |           5k | 0.50 (0.50–1.00) |         20ms |               10k |        2.00 |      5 |  same JSON |
| wrong     |        WRONG |                  |              |                   |             |        |            |
| one       |       absent |                  |              |                   |             |        |            |
| two       |       absent |                  |              |                   |             |        |            |

wrong is WRONG: line 3 is x, want y

Absent (not installed): one · two.
`
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestCount(t *testing.T) {
	for want, v := range map[string]float64{"12": 12, "82k": 82_000, ".71M": 710_000, "2.40M": 2_400_000, "286M": 286_000_000} {
		if got := count(v); got != want {
			t.Errorf("%v: got %q, want %q", v, got, want)
		}
	}
}

func TestShort(t *testing.T) {
	for want, d := range map[string]time.Duration{"84µs": 84 * time.Microsecond, "1.2ms": 1230 * time.Microsecond, "214ms": 214 * time.Millisecond} {
		if got := short(d); got != want {
			t.Errorf("%v: got %q, want %q", d, got, want)
		}
	}
}

func TestReplacePutsTextInItsPlace(t *testing.T) {
	path := filepath.Join(t.TempDir(), "README.md")
	const before = "# Title\n\n<!-- W1 -->\nold\n<!-- /W1 -->\n\n<!-- W2 -->\n<!-- /W2 -->\nend\n"
	if err := os.WriteFile(path, []byte(before), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"W1": "new\n\n", "W2": "two"} {
		if err := Replace(path, name, text); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if want := "# Title\n\n<!-- W1 -->\nnew\n<!-- /W1 -->\n\n<!-- W2 -->\ntwo\n<!-- /W2 -->\nend\n"; string(got) != want {
		t.Errorf("got\n%s", got)
	}
	if err := Replace(path, "W9", "x"); err == nil || !strings.Contains(err.Error(), "<!-- W9 -->") {
		t.Errorf("a place that is not there: %v", err)
	}
}
