package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
)

// A pipeline of flowctl's with its own components runs as it stands. Each component gets
// the event types that it takes and no others, though its input gives several, and the
// server whose address the file names is not there.
func TestFlowctlComponents(t *testing.T) {
	if testing.Short() {
		t.Skip("it builds programs")
	}
	t.Parallel()
	dir := t.TempDir()
	if out, err := exec.Command("go", "build", "-o", filepath.Join(dir, "part"), "./testdata/flowctl").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	pipeline := `apiVersion: flowctl/v1
kind: Pipeline
metadata: {name: chain}
spec:
  driver: process
  sinks:
    - {id: blocks, type: sink, command: [./part, consumer, blocks.txt], inputs: [chain], input_event_types: [chain.block.v1]}
    - id: tallies
      type: sink
      command: [./part, consumer, tallies.txt]
      inputs: [votes, chain]
      input_event_types: [chain.tally.v1, chain.block.v1]
    - {id: all, type: sink, command: [./part, consumer, all.txt], inputs: [chain]}
  processors:
    - id: votes
      type: processor
      command: [./part, processor, chain.tally.v1]
      inputs: [chain]
      input_event_types: [chain.vote.v1]
      output_event_types: [chain.tally.v1]
      env: {FLOWCTL_ENDPOINT: "127.0.0.1:1"}
  sources:
    - id: chain
      type: source
      command: [./part, source]
      args: [4]
      output_event_types: [chain.block.v1, chain.vote.v1]
`
	if err := os.WriteFile(filepath.Join(dir, "pipeline.yaml"), []byte(pipeline), 0o666); err != nil {
		t.Fatal(err)
	}
	want := map[string][]string{
		"blocks.txt":  {"chain.block.v1 0", "chain.block.v1 2"},
		"tallies.txt": {"chain.block.v1 0", "chain.block.v1 2", "chain.tally.v1 of chain.vote.v1 1", "chain.tally.v1 of chain.vote.v1 3"},
		"all.txt":     {"chain.block.v1 0", "chain.block.v1 2", "chain.vote.v1 1", "chain.vote.v1 3"},
	}
	for _, file := range []string{"pipeline.yaml", "short.yaml"} { // as it stands, and what it becomes
		if out, err := command(dir, compilerCache, "flowc", "run", file).CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", file, err, out)
		}
		for name, lines := range want {
			got := linesOf(t, filepath.Join(dir, name))
			if slices.Sort(got); !slices.Equal(got, lines) {
				t.Errorf("%s: %s has %q, and not %q", file, name, got, lines)
			}
			if err := os.Remove(filepath.Join(dir, name)); err != nil {
				t.Fatal(err)
			}
		}
		if out, err := command(dir, compilerCache, "flowc", "migrate", "pipeline.yaml", "-o", "short.yaml").CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
	}
}
