//go:build unix

package shop

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// compiler is a stand-in for flowc: it refuses one pipeline, and builds a program that
// prints its overlays of any other.
const compiler = `package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

func main() {
	file, out := os.Args[2], os.Args[4]
	name := strings.TrimSuffix(filepath.Base(file), ".yaml")
	if name == "bad" {
		fmt.Fprintf(os.Stderr, "%s:3:1: error: nothing is right here\nand more\n", file)
		os.Exit(2)
	}
	if name == "nothing" {
		return
	}
	script := "#!/bin/sh\necho " + strings.Join(os.Args[5:], " ") + "\n"
	if err := os.WriteFile(filepath.Join(out, name), []byte(script), 0o755); err != nil {
		panic(err)
	}
}
`

func stand(t *testing.T, files map[string]string) *Shop {
	t.Helper()
	root := t.TempDir()
	for name, text := range files {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	bench := filepath.Join(root, "bench")
	if err := os.MkdirAll(bench, 0o755); err != nil {
		t.Fatal(err)
	}
	return &Shop{Bench: bench, Dir: t.TempDir(), Log: t.Logf, made: map[string]result{}}
}

func reason(t *testing.T, err error) string {
	t.Helper()
	var absent *Absent
	if !errors.As(err, &absent) {
		t.Fatalf("got %v, want a reason to go on without", err)
	}
	return absent.Reason
}

func TestPipelineIsBuiltByFlowc(t *testing.T) {
	s := stand(t, map[string]string{"go.mod": "module flowc\n\ngo 1.26\n", "cmd/flowc/main.go": compiler})
	path, err := s.Pipeline(t.Context(), "good", "full")
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(path).Output()
	if err != nil {
		t.Fatal(err)
	}
	if want := "--overlay " + filepath.Join(s.Bench, "pipelines", "full.yaml"); strings.TrimSpace(string(out)) != want {
		t.Errorf("built with %q, want %q", out, want)
	}
	plain, err := s.Pipeline(t.Context(), "good")
	if err != nil || plain == path {
		t.Errorf("the variants share a program (%v)", err)
	}

	_, err = s.Pipeline(t.Context(), "bad")
	if got, want := reason(t, err), "not built: bench/pipelines/bad.yaml:3:1: error: nothing is right here"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	_, err = s.Pipeline(t.Context(), "nothing")
	if got := reason(t, err); !strings.Contains(got, "no program nothing") {
		t.Errorf("got %q", got)
	}
}

func TestFlowcThatDoesNotBuild(t *testing.T) {
	s := stand(t, map[string]string{"go.mod": "module flowc\n\ngo 1.26\n", "cmd/flowc/main.go": "package main\n\nfunc main() { undefined() }\n"})
	_, err := s.Pipeline(t.Context(), "any")
	if got, want := reason(t, err), "not built: cmd/flowc/main.go:3:15: undefined: undefined"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestToolThatIsNotThere(t *testing.T) {
	s := stand(t, nil)
	_, err := s.Tool(t.Context(), "no-such-program", "")
	if got := reason(t, err); got != "no-such-program is not installed" {
		t.Errorf("got %q", got)
	}
}
