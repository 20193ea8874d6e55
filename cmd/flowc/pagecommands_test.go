//go:build unix

package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// commandsOf are the lines of the blocks of a page that are to be run, without comments.
func commandsOf(t *testing.T, page string) (lines []string) {
	t.Helper()
	for _, b := range blocksOf(t, page) {
		if b.lang != "sh" || b.args != "run" {
			continue
		}
		for line := range strings.Lines(b.text) {
			command, _, _ := strings.Cut(line, " #")
			if command = strings.TrimSpace(command); command != "" {
				lines = append(lines, command)
			}
		}
	}
	if len(lines) == 0 {
		t.Fatalf("%s has no commands that are run", page)
	}
	return lines
}

// The commands of docs/runs.md, one after another, on an endless pipeline.
func TestRunsPage(t *testing.T) {
	if testing.Short() {
		t.Skip("it builds programs")
	}
	t.Parallel()
	dir := t.TempDir()
	writeShop(t, dir)
	for _, line := range commandsOf(t, "docs/runs.md") {
		args := strings.Fields(line)
		cmd := command(dir, compilerCache, args[0], args[1:]...)
		cmd.Env = append(cmd.Env, runsVariable+"="+filepath.Join(dir, "runs"), localVariable+"="+filepath.Join(dir, "local"))
		out, err := cmd.CombinedOutput()
		if err != nil || args[1] != "logs" && !strings.Contains(string(out), "shop") {
			t.Fatalf("%s: %v\n%s", line, err, out)
		}
	}
}

// writeShop writes an endless pipeline.
func writeShop(t *testing.T, dir string) {
	t.Helper()
	text := `pipeline: shop
sources:
  orders: {use: generate, config: {rate: 500}, out: {id: int, amount: decimal}}
processors:
  large: {from: orders, filter: in.Amount > 50}
sinks:
  out: {from: large, use: file, config: {path: out.ndjson}}
`
	if err := os.WriteFile(filepath.Join(dir, "pipeline.yaml"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
