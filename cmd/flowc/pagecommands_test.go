//go:build unix

package main

import (
	"io"
	"net/http"
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

// The commands of docs/server.md, with ports that are free here.
func TestServerPage(t *testing.T) {
	if testing.Short() {
		t.Skip("it builds programs")
	}
	t.Parallel()
	s := newShell(t)
	var ports *strings.Replacer
	for _, line := range commandsOf(t, "docs/server.md") {
		if line == "flowc server" {
			p := servePlane(t, filepath.Join(s.dir, "control.db"))
			ports = strings.NewReplacer("127.0.0.1:8080", p.grpc, "http://127.0.0.1:8081", p.view)
			continue
		}
		args := strings.Fields(ports.Replace(line))
		if args[0] == "curl" {
			answer, err := http.Get(args[2]) // nobody needs curl for these tests
			if err != nil {
				t.Fatal(err)
			}
			page, err := io.ReadAll(answer.Body)
			_ = answer.Body.Close()
			if err != nil || answer.StatusCode != http.StatusOK || strings.Contains(args[2], "/runs") && !strings.Contains(string(page), `"flowc.run": "shop"`) {
				t.Errorf("%s: %v\n%s", line, err, page)
			}
			continue
		}
		out := ""
		eventually(t, line, func() bool { // that a run is known takes a moment
			cmd := s.command(args[1:]...)
			text, err := cmd.CombinedOutput()
			out = string(text)
			return err == nil
		})
		if !strings.Contains(out, "shop") {
			t.Errorf("%s:\n%s", line, out)
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
