package plan_test

import (
	"strings"
	"testing"

	"github.com/flowc-dev/flowc/compiler/plan"
	"github.com/flowc-dev/flowc/ir"
)

// A program that is measured reads the samples, and touches nothing else.
func TestForSample(t *testing.T) {
	r := compile(t, `types: {Order: {id: string, n: int}}
delivery: {checkpoint: {store: sink}}
telemetry: {http: "127.0.0.1:9090"}
sources: {orders: {use: kafka, config: {brokers: ["${env:BROKERS}"], topics: [orders]}, out: Order}}
sinks:
  out: {from: orders, use: postgres, config: {dsn: "${env:DB}", table: orders}, depends_on: setup}
jobs: {setup: {command: [make-tables]}}
`)
	if err := plan.ForSample(r.Program, map[string]string{"orders": "sample.ndjson"}); err != nil {
		t.Fatal(err)
	}
	text := ir.Print(r.Program)
	for _, gone := range []string{"source kafka", "sink postgres", "env BROKERS", "DB", "9090", "store sink", "setup", "make-tables"} {
		if strings.Contains(text, gone) {
			t.Errorf("it still has %q:\n%s", gone, text)
		}
	}
	if !strings.Contains(text, `path: string = "sample.ndjson"`) {
		t.Errorf("it does not read the sample:\n%s", text)
	}
	if err := ir.Verify(r.Program); err != nil {
		t.Error(err)
	}
}

func TestNotSampleable(t *testing.T) {
	for want, text := range map[string]string{
		"gives records that are no bytes": "types: {R: {id: int64}}\nsources: {in: {use: generate, config: {count: 5, fields: {id: i}}, out: R}}\nsinks: {out: {from: in, use: drop}}\n",
		"gives changes of rows":           "types: {R: {id: int64}}\nsources: {in: {use: postgres, config: {dsn: \"postgres://localhost/d\", table: t}, out: change of R}}\nsinks: {out: {from: in, use: drop}}\n",
		"reads `meta`, which kafka gives": "types: {R: {id: string}}\nsources: {in: {use: kafka, config: {brokers: [\"localhost:9092\"], topics: [t]}, out: R}}\nprocessors: {p: {from: in, filter: meta.Partition > 0}}\nsinks: {out: {from: p, use: drop}}\n",
	} {
		r := compile(t, text)
		if err := plan.Sampleable(r.Program, "in"); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}

func TestLines(t *testing.T) {
	for want, config := range map[string]string{
		"true 0":  "path: a.ndjson}, out: R",
		"true 1":  "path: a.csv}, out: R",
		"false 0": "path: a.json, format: json}, out: R",
	} {
		r := compile(t, "types: {R: {id: string}}\nsources: {in: {use: file, config: {"+config+"}}\nsinks: {out: {from: in, use: drop}}\n")
		lines, skip := plan.Lines(r.Program, "in")
		if got := strings.TrimSpace(strings.Join([]string{map[bool]string{true: "true", false: "false"}[lines], string(rune('0' + skip))}, " ")); got != want {
			t.Errorf("%s: got %s, want %s", config, got, want)
		}
	}
}
