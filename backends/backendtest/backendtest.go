// Package backendtest compares what a backend emits with the golden tree of a
// case. A file that differs, is missing or is there without being emitted fails
// the test; FLOWC_UPDATE=1 writes the tree anew instead.
//
// The copy of the runtime is left out: its own tests cover it.
package backendtest

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/flowc-dev/flowc/backends"
	"github.com/flowc-dev/flowc/ir"
)

// Update tells whether goldens are to be written.
func Update() bool { return os.Getenv("FLOWC_UPDATE") == "1" }

// Program reads the IR of a case of testdata/pipelines, for tests of a package in a
// folder of backends.
func Program(t *testing.T, name string) *ir.Program {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("../../testdata/pipelines", name, "ir.txt"))
	if err != nil {
		t.Fatal(err)
	}
	p, err := ir.Read(string(text))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// Tree compares files with the golden tree in dir.
func Tree(t *testing.T, dir string, files []backends.File) {
	t.Helper()
	want := map[string][]byte{}
	for _, f := range files {
		if strings.HasPrefix(f.Path, "runtime/") {
			continue
		}
		want[f.Path] = f.Data
	}
	if Update() {
		if err := os.RemoveAll(dir); err != nil {
			t.Fatal(err)
		}
		for path, data := range want {
			write(t, filepath.Join(dir, filepath.FromSlash(goldenName(path))), data)
		}
		return
	}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		rel, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		name := strings.TrimSuffix(filepath.ToSlash(rel), ".golden")
		if _, ok := want[name]; !ok {
			t.Errorf("%s: no backend emits this file any more (FLOWC_UPDATE=1 deletes it)", path)
		}
		return nil
	})
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	for path, data := range want {
		File(t, filepath.Join(dir, filepath.FromSlash(goldenName(path))), data)
	}
}

// goldenName keeps the go command away from goldens: a go.mod would begin a
// module of its own.
func goldenName(path string) string {
	if filepath.Base(path) == "go.mod" {
		return path + ".golden"
	}
	return path
}

// File compares one text with its golden file.
func File(t *testing.T, path string, got []byte) {
	t.Helper()
	if Update() {
		write(t, path, got)
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Errorf("%v (FLOWC_UPDATE=1 writes it); the text is:\n%s", err, got)
		return
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s differs (FLOWC_UPDATE=1 updates it):\n%s", path, firstDifference(want, got))
	}
}

func write(t *testing.T, path string, data []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
}

// firstDifference shows the lines around the first one that differs.
func firstDifference(want, got []byte) string {
	w, g := strings.Split(string(want), "\n"), strings.Split(string(got), "\n")
	i := 0
	for i < len(w) && i < len(g) && w[i] == g[i] {
		i++
	}
	part := func(lines []string) string { return strings.Join(lines[max(0, i-2):min(len(lines), i+4)], "\n") }
	return "--- want\n" + part(w) + "\n--- got\n" + part(g)
}
