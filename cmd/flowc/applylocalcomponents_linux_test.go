package main

import (
	"os"
	"path/filepath"
	"testing"
)

// A component that lies beside the pipeline is installed as the program is: what was applied
// runs whatever becomes of the folder, and another component is another version. A source
// of which nobody but the user knows that it ends may end.
func TestLocalComponents(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	program, err := standin()
	if err != nil {
		t.Fatal(err)
	}
	component := filepath.Join(m.dir, "bin", "standin")
	if err := os.MkdirAll(filepath.Dir(component), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(component, program, 0o755); err != nil {
		t.Fatal(err)
	}
	writeFile(t, filepath.Join(m.dir, "pipeline.yaml"), `pipeline: grist
sources: {ledgers: {command: [./bin/standin, source, -count, "30"]}}
sinks: {out: {from: ledgers, use: file, config: {path: out.ndjson}}}
`)
	apply := []string{"apply", "pipeline.yaml", "--target", "local"}
	m.flowc(0, append(apply, "--yes"), "applied, ended")
	if n := len(linesOf(t, filepath.Join(m.base, "grist", "data", "out.ndjson"))); n != 30 {
		t.Errorf("%d events arrived, not 30", n)
	}
	m.flowc(0, append(apply, "--diff"), "nothing to change")
	if err := os.WriteFile(component, append(program[:len(program):len(program)], '\n'), 0o755); err != nil {
		t.Fatal(err)
	}
	m.flowc(exitDrift, append(apply, "--diff"), "create program grist:")
	m.flowc(0, []string{"delete", "grist", "--target", "local", "--yes", "--state"})
}
