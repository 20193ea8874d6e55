//go:build unix

package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestSandboxPage runs the commands of the page about sandboxes, in their order, over the
// files that it shows.
func TestSandboxPage(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("it builds servers and pipelines (-short)")
	}
	w := newSandboxWorld(t, nil)
	ran := 0
	said := ""
	for _, b := range blocksOf(t, "docs/sandbox.md") {
		if name, ok := strings.CutPrefix(b.args, "file="); ok {
			if err := os.WriteFile(filepath.Join(w.dir, name), []byte(b.text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if b.lang != "console" {
			continue
		}
		for line := range strings.Lines(b.text) {
			line, ok := strings.CutPrefix(strings.TrimSpace(line), "$ ")
			if !ok {
				t.Fatalf("%s: %q is no command", b.place(), line)
			}
			cmd := command(w.dir, compilerCache, "sh", "-c", line)
			out, err := cmd.CombinedOutput()
			if err != nil {
				t.Fatalf("%s: %s: %v\n%s", b.place(), line, err, out)
			}
			said += string(out)
			ran++
		}
	}
	for _, want := range []string{"KAFKA_BROKERS", "for bills.url", "feed: 20 in", "hello\n", "nothing is kept of it"} {
		if !strings.Contains(said, want) {
			t.Errorf("nothing says %q:\n%s", want, said)
		}
	}
	if ran < 10 {
		t.Errorf("the page has %d commands", ran)
	}
}
