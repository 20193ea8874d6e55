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
		if a.YAML() != b.YAML() || len(a.Files()) != len(b.Files()) {
			t.Fatalf("seed %d gives two pipelines:\n%s\n%s", seed, a.YAML(), b.YAML())
		}
		for i, f := range a.Files() {
			if g := b.Files()[i]; f.Path != g.Path || !bytes.Equal(f.Bytes(), g.Bytes()) {
				t.Fatalf("seed %d gives two files %s", seed, f.Path)
			}
		}
		if other, ok := seen[a.YAML()]; ok {
			t.Errorf("seeds %d and %d give one pipeline", seed, other)
		}
		seen[a.YAML()] = seed
	}
}

// Every case has an answer, in which each record went somewhere.
func TestCasesAddUp(t *testing.T) {
	for seed := range uint64(120) {
		c := New(seed)
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
}

// What makes a case smaller must leave a case.
func TestSmallerCases(t *testing.T) {
	for seed := range uint64(20) {
		c := New(seed)
		for less := range c.FewerNodes() {
			if _, err := interpret(less.p, less.files); err != nil {
				t.Fatalf("seed %d: %v\n%s", seed, err, less.YAML())
			}
			if len(less.p.all()) > len(c.p.all()) || less.YAML() == c.YAML() {
				t.Fatalf("seed %d is no smaller:\n%s", seed, less.YAML())
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
