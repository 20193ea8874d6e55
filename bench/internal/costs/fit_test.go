package costs

import (
	"go/parser"
	"go/token"
	"math"
	"strings"
	"testing"

	"github.com/flowc-dev/flowc/compiler/plan"
)

// exact are observations of a part that costs exactly so much.
func exact(part string, record, perByte, perField float64) []observation {
	var out []observation
	for _, bytes := range []float64{100, 230, 1000} {
		for _, fields := range []float64{1, 4, 9} {
			out = append(out, observation{part: part, bytes: bytes, fields: fields, nanos: record + perByte*bytes + perField*fields, weight: 3})
		}
	}
	return out
}

func near(a, b float64) bool { return math.Abs(a-b) <= 0.02*max(math.Abs(a), math.Abs(b), 1) }

func TestFit(t *testing.T) {
	for _, c := range []struct{ record, perByte, perField float64 }{{30, 0.2, 8}, {0, 0.5, 0}, {1200, 0, 3}} {
		got := fit(exact("decode/x", c.record, c.perByte, c.perField))
		if len(got) != 1 || !near(got[0].record, c.record) || !near(got[0].byte, c.perByte) || !near(got[0].field, c.perField) {
			t.Errorf("got %+v, want %+v", got, c)
		}
		if got[0].spread != 0.05 {
			t.Errorf("what fits exactly has the spread %g", got[0].spread)
		}
	}
}

// A stage costs by records and fields; that its records are long is no matter.
func TestFitOfStages(t *testing.T) {
	got := fit(exact("stage/x", 10, 0, 2))[0]
	if got.byte != 0 || !near(got.record, 10) || !near(got.field, 2) {
		t.Errorf("got %+v", got)
	}
}

// A cost is never less than nothing, and what does not fit shows as the spread.
func TestFitOfNoise(t *testing.T) {
	seen := exact("decode/x", 30, 0.2, 8)
	for i := range seen {
		seen[i].nanos *= []float64{0.7, 1.3}[i%2]
	}
	got := fit(seen)[0]
	if got.record < 0 || got.byte < 0 || got.field < 0 || got.spread < 0.1 || got.spread > 0.4 {
		t.Errorf("got %+v", got)
	}
	falls := fit([]observation{{part: "sink/x", bytes: 100, nanos: 50, weight: 1}, {part: "sink/x", bytes: 1000, nanos: 20, weight: 1}})[0]
	if falls.byte != 0 || falls.record < 20 || falls.record > 50 {
		t.Errorf("got %+v for a sink that costs less for more", falls)
	}
}

func TestTable(t *testing.T) {
	b := &bench{Options: Options{Machine: `a "machine"`, Rounds: 3}, seen: exact("decode/x", 30, 0.2, 8)}
	taken := plan.Taking{Machine: b.Machine, When: "2026-01-02", Load: "0.5", Rounds: 3}
	text, err := b.table(taken, taken, nil)
	if err != nil {
		t.Fatal(err)
	}
	kept, err := b.table(taken, taken, []plan.Cost{{Part: "decode/x", Record: 1}, {Part: "sink/y", Record: 2, Spread: 0.1}})
	if err != nil || !strings.Contains(kept, `{Part: "sink/y", Record: 2, Spread: 0.1}`) || !strings.Contains(kept, `"decode/x", Record: 30`) {
		t.Errorf("what was not measured is kept, what was is new: %v\n%s", err, kept)
	}
	if _, err := parser.ParseFile(token.NewFileSet(), "costs_gen.go", text, 0); err != nil {
		t.Errorf("%v:\n%s", err, text)
	}
	for _, want := range []string{`Machine: "a \"machine\""`, `"2026-01-02"`, `Load:    "0.5"`, `{Part: "decode/x", Record: 30, Byte: 0.2, Field: 8, Spread: 0.05}`, `"sink/drop"`} {
		if !strings.Contains(text, want) {
			t.Errorf("the table lacks %s:\n%s", want, text)
		}
	}
}

// Each probe has a pipeline of its own, and data.
func TestProbes(t *testing.T) {
	s := dataset{name: "d", ndjson: "d.ndjson", csv: "d.csv", logfmt: "d.log", types: "  E: {id: string}\n", fields: []field{{"id", "ID", "string"}, {"n", "N", "int64"}, {"m", "M", "int64"}, {"o", "O", "int64"}}}
	names, texts := map[string]bool{}, map[string]string{}
	for _, p := range probes([]dataset{s}) {
		if names[p.name] {
			t.Errorf("two probes are called %s", p.name)
		}
		if other := texts[p.text]; other != "" {
			t.Errorf("%s and %s are the same pipeline", p.name, other)
		}
		names[p.name], texts[p.text] = true, p.name
		if p.sample == "" {
			t.Errorf("%s has no data", p.name)
		}
	}
}
