package oracle

import (
	"bytes"
	"strings"
	"testing"
)

// A seed gives one case, in every process; another seed gives another.
func TestSeeds(t *testing.T) {
	seen := map[string]uint64{}
	for seed := range uint64(60) {
		a, b := New(seed), New(seed)
		if a.p.text() != b.p.text() || len(a.Files()) != len(b.Files()) {
			t.Fatalf("seed %d gives two pipelines:\n%s\n%s", seed, a.p.text(), b.p.text())
		}
		for i, f := range a.Files() {
			if g := b.Files()[i]; f.Path != g.Path || !bytes.Equal(f.Bytes(), g.Bytes()) {
				t.Fatalf("seed %d gives two files %s", seed, f.Path)
			}
		}
		if other, ok := seen[a.p.text()]; ok {
			t.Errorf("seeds %d and %d give one pipeline", seed, other)
		}
		seen[a.p.text()] = seed
	}
}

// Every case has an answer, in which each record went somewhere.
func TestCasesAddUp(t *testing.T) {
	seen := map[string]int{}
	for seed := range uint64(120) {
		c := New(seed)
		text := c.p.yaml()
		if file, spelled := c.Pipeline(); file != "pipeline.yaml" {
			text += file + spelled
		}
		for _, file := range c.Code() {
			text += string(file.Text())
		}
		for _, f := range features {
			if strings.Contains(text, f) {
				seen[f]++
			}
		}
		out, err := interpret(c.p, c.files)
		if err != nil {
			t.Errorf("seed %d: %v", seed, err)
			continue
		}
		for n, got := range out.counts {
			if got.In != got.Out+got.Filtered+got.Dead+got.Dropped+got.Failed {
				t.Errorf("seed %d: %s counts %+v", seed, n.name, *got)
			}
		}
		if c.Stops() != (len(out.stops) > 0) {
			t.Errorf("seed %d: Stops says %v", seed, c.Stops())
		}
	}
	for _, f := range features {
		t.Logf("%4d  %s", seen[f], f)
		if seen[f] == 0 {
			t.Errorf("no pipeline has `%s`", f)
		}
	}
}

// features are what pipelines must be made of: each of them is in some.
var features = []string{
	"filter: ", "map:", "set:", "unset: [", "check:", "flatmap: |", "func(yield func(", "route:", "parse:", "regexp: '^(?P<", "logfmt: {}", "csv: {", "json: {}",
	"out: {by: ", "else: json", "out: text", "out: json", "let:", "${env:", "{regexp: ", "{set: [", "meta.Path", "meta.Line", "from: [",
	"parallel: ", "key: ", "order: none", "on_error: {then: drop", "on_error: {then: stop", "retry: ", "defaults:", "validate: full", "validate: needed", "delivery:",
	".ndjson.gz", ".json", ".csv", ".txt", "/*", "compression: gzip", "drop: true", "drop: [", "use: drop", "path: \"sub/", "${in.", "${meta.", "use: http", "idempotency_key: ",
	"?\": ", ": decimal", ": number", ": time", ": duration", ": bytes", ": json", ": any", ": uint64", ": [string]", "map of ", "buy | sell", "list of ", ": [{", "slices.Sort(in.",
	"use: ./", "config: {limit: 3", "batch: {count: ", ") bool {", ") (bool, error) {", ") []", ") iter.Seq[", "emit func(", "big func(", "all []", "ctx context.Context, ", "self.seen++",
	"Process(", "return func(", "omitempty",
	"pipeline.json", "pipeline.cue", "\"from\":\"", "\"from\": \"", "\\u00", "#\"\"\"",
}

// What makes a case smaller must leave a case.
func TestSmallerCases(t *testing.T) {
	for seed := range uint64(20) {
		c := New(seed)
		for less := range c.FewerNodes() {
			if _, err := interpret(less.p, less.files); err != nil {
				t.Fatalf("seed %d: %v\n%s", seed, err, less.p.text())
			}
			if len(less.p.all()) > len(c.p.all()) || less.p.text() == c.p.text() {
				t.Fatalf("seed %d is no smaller:\n%s", seed, less.p.text())
			}
		}
	}
}

// LessData finds the one record that matters.
func TestLessData(t *testing.T) {
	f := &File{Path: "in.txt"}
	for i := range 100 {
		f.records = append(f.records, strings.Repeat("x", i)+"\n")
	}
	c := &Case{files: []*File{f}}
	least := c.LessData(func(c *Case) bool {
		return strings.Contains("\n"+string(c.files[0].Text()), "\n"+strings.Repeat("x", 37)+"\n")
	})
	if got := string(least.files[0].Text()); got != strings.Repeat("x", 37)+"\n" {
		t.Errorf("left are %q", got)
	}
	if f.Records() != 100 {
		t.Errorf("the case itself has %d records left", f.Records())
	}
}
