package main

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// A pipeline of components gives the same in several processes as in one: the envelopes of
// events cross with them, and where the source ends all processes do.
func TestForeignScaled(t *testing.T) {
	dir, binary := foreignPipeline(t, numberType+`
sources:
  src: {command: [./standin, source], args: [-count, 60], gives: test.number.v1, out: N}
processors:
  some: {from: src, filter: 'in.N % 2 == 0 && meta.Ledger > 1', key: in.N}
  done: {from: some, command: [./standin, processor, -jitter], out: N}
  marked: {from: done, set: {n: in.N * 10}, key: in.N}
sinks:
  stored: {from: marked, command: [./standin, consumer, -out, got], takes: test.done.v1}
`)
	got := filepath.Join(dir, "got")
	if _, stderr, err := runIn(dir, binary); err != nil {
		t.Fatalf("%v\n%s", err, stderr)
	}
	want := linesOf(t, got)
	if len(want) != 28 {
		t.Fatalf("%d events: %q", len(want), want)
	}
	for _, scale := range [][]string{{"some=1"}, {"some=2", "marked=2"}} {
		if err := os.Remove(got); err != nil {
			t.Fatal(err)
		}
		args := []string{"run", "--fresh"}
		for _, s := range scale {
			args = append(args, "--scale", s)
		}
		var out, errs bytes.Buffer
		if code := run(append(args, filepath.Join(dir, "p.yaml")), nil, &out, &errs); code != 0 {
			t.Fatalf("%v: exit code %d\n%s", scale, code, &errs)
		}
		lines := linesOf(t, got)
		if len(scale) > 1 { // between processes of several keys nothing keeps an order
			slices.Sort(lines)
			slices.Sort(want)
		}
		if !slices.Equal(lines, want) {
			t.Errorf("%v: in several processes\n%q\nand in one\n%q\n%s", scale, lines, want, &errs)
		}
	}
}
