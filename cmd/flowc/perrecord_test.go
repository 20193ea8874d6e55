package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// A value of a record that is a sink's key, with nothing around it, is still the
// same when the sink writes: the block that it was read from is used again by
// then.
func TestPerRecordTextStays(t *testing.T) {
	if testing.Short() {
		t.Skip("builds a program")
	}
	dir := t.TempDir()
	file := filepath.Join(dir, "pipeline.yaml")
	writeFile(t, file, "pipeline: p\ntypes: {E: {to: string, n: int}}\nsources: {in: {use: file, config: {path: in.ndjson}, out: E}}\n"+
		"sinks: {out: {from: in, use: file, config: {path: \"${in.To}\", format: ndjson}}}\n")
	const records = 300_000
	var data strings.Builder
	want := map[string]int{}
	for i := range records {
		name := fmt.Sprintf("%s.txt", strings.Repeat(string(rune('a'+i*7%3)), 1+i*7%3))
		want[name]++
		fmt.Fprintf(&data, `{"to":%q,"n":%d}`+"\n", name, i)
	}
	writeFile(t, filepath.Join(dir, "in.ndjson"), data.String())
	binary := buildProgram(t, file)
	work := filepath.Join(dir, "work")
	if err := os.Mkdir(work, 0o755); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(binary, "--set", "in.config.path=../in.ndjson")
	cmd.Dir = work
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	entries, err := os.ReadDir(work)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if e.Name() != ".flowc" && want[e.Name()] == 0 {
			t.Errorf("there is a file %q", e.Name())
		}
	}
	for name, n := range want {
		if got := len(linesOf(t, filepath.Join(work, name))); got != n {
			t.Errorf("%s has %d records, not %d", name, got, n)
		}
	}
}
