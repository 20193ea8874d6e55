package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The plans in docs/scaling.md are what flowc prints for the pipelines on that page;
// FLOWC_UPDATE=1 writes them anew, after a change of the table of costs.
func TestScalingPage(t *testing.T) {
	const page = "docs/scaling.md"
	dir := t.TempDir()
	path := filepath.Join(root, filepath.FromSlash(page))
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	plans := 0
	for _, b := range blocksOf(t, page) {
		switch b.lang {
		case "yaml":
			name, ok := strings.CutPrefix(b.args, "file=")
			if !ok {
				t.Errorf("%s: a pipeline of this page says its file: ```yaml file=NAME", b.place())
				continue
			}
			if err := os.WriteFile(filepath.Join(dir, name), []byte(b.text), 0o600); err != nil {
				t.Fatal(err)
			}
		case "console":
			command, want, _ := strings.Cut(b.text, "\n")
			args := strings.Fields(strings.TrimPrefix(command, "$ flowc "))
			if len(args) < 2 || args[0] != "plan" {
				t.Errorf("%s: %q is no plan", b.place(), command)
				continue
			}
			plans++
			args[1] = filepath.Join(dir, args[1])
			var stdout, stderr bytes.Buffer
			if code := run(args, strings.NewReader(""), &stdout, &stderr); code != exitOK {
				t.Errorf("%s: exit code %d: %s", b.place(), code, stderr.String())
				continue
			}
			if got := stdout.String(); got != want {
				if os.Getenv("FLOWC_UPDATE") == "" {
					t.Errorf("%s: the page shows another plan than\n%s", b.place(), got)
				}
				text = bytes.Replace(text, []byte(command+"\n"+want), []byte(command+"\n"+got), 1)
			}
		}
	}
	if plans < 3 {
		t.Errorf("the page shows %d plans", plans)
	}
	if os.Getenv("FLOWC_UPDATE") != "" {
		if err := os.WriteFile(path, text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
