package backends_test

import (
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/flowc-dev/flowc/backends"
)

const (
	header = "// " + backends.Header + ". DO NOT EDIT.\n"
	list   = ".flowc-files"
)

// put writes files of a test, by path.
func put(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	for path, text := range files {
		full := filepath.Join(dir, path)
		if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(full, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// tree is what lies in a folder, the list aside.
func tree(t *testing.T, dir string) map[string]string {
	t.Helper()
	got := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() || d.Name() == list {
			return err
		}
		rel, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		data, err := os.ReadFile(path)
		got[filepath.ToSlash(rel)] = string(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func files(pairs ...string) []backends.File {
	var out []backends.File
	for i := 0; i < len(pairs); i += 2 {
		out = append(out, backends.File{Path: pairs[i], Data: []byte(pairs[i+1])})
	}
	return out
}

func kinds(changes []backends.Change) string {
	var out []string
	for _, c := range changes {
		if c.Path != list {
			out = append(out, c.Kind+" "+c.Path)
		}
	}
	return strings.Join(out, ", ")
}

func isForeign(err error) bool {
	_, ok := errors.AsType[*backends.ForeignError](err)
	return ok
}

func TestWrite(t *testing.T) {
	for _, c := range []struct {
		name string
		// before is what lies there before first is written.
		before      map[string]string
		first, then []backends.File
		changes     string
		after       map[string]string
	}{
		{
			name: "new", then: files("a.go", header, "runtime/flow/b.go", header),
			changes: "create a.go, create runtime/flow/b.go",
			after:   map[string]string{"a.go": header, "runtime/flow/b.go": header},
		},
		{
			name: "beside the user's own", before: map[string]string{"mine.go": "package mine\n"},
			first: files("a.go", header+"1", "deep/er/b.go", header), then: files("a.go", header+"2"),
			changes: "change a.go, delete deep/er/b.go",
			after:   map[string]string{"a.go": header + "2", "mine.go": "package mine\n"},
		},
		{
			name: "a folder that holds something else stays", before: map[string]string{"deep/mine.txt": "x"},
			first: files("deep/b.go", header, "a.go", header), then: files("a.go", header),
			changes: "delete deep/b.go",
			after:   map[string]string{"a.go": header, "deep/mine.txt": "x"},
		},
		{
			name: "files without a header, by the list", first: files("go.sum", "1\n", "p.yaml", "x"), then: files("go.sum", "2\n"),
			changes: "change go.sum, delete p.yaml",
			after:   map[string]string{"go.sum": "2\n"},
		},
		{
			name: "a file becomes a folder", first: files("a", header), then: files("a/b.go", header),
			changes: "delete a, create a/b.go",
			after:   map[string]string{"a/b.go": header},
		},
		{
			name: "a file that is ours by its header", before: map[string]string{"a.go": header + "old"}, then: files("a.go", header),
			changes: "change a.go",
			after:   map[string]string{"a.go": header},
		},
		{
			name: "of the runtime's copy all that is ours, listed or not", before: map[string]string{
				"runtime/flow/old.go": header, "runtime/flow/mine.go": "package flow\n", "runtime/flow/note.txt": header, "other.go": header,
			},
			then:    files("runtime/flow/a.go", header),
			changes: "create runtime/flow/a.go, delete runtime/flow/old.go",
			after: map[string]string{
				"runtime/flow/a.go": header, "runtime/flow/mine.go": "package flow\n", "runtime/flow/note.txt": header, "other.go": header,
			},
		},
		{
			name: "nothing to do", first: files("a.go", header), then: files("a.go", header),
			after: map[string]string{"a.go": header},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			put(t, dir, c.before)
			if c.first != nil {
				if _, err := backends.Write(dir, c.first); err != nil {
					t.Fatal(err)
				}
			}
			planned, err := backends.Diff(dir, c.then)
			if err != nil {
				t.Fatal(err)
			}
			done, err := backends.Write(dir, c.then)
			if err != nil {
				t.Fatal(err)
			}
			if kinds(planned) != c.changes || kinds(done) != c.changes {
				t.Errorf("planned %q, did %q, want %q", kinds(planned), kinds(done), c.changes)
			}
			if got := tree(t, dir); !maps.Equal(got, c.after) {
				t.Errorf("got %q, want %q", got, c.after)
			}
			if again, err := backends.Diff(dir, c.then); err != nil || len(again) > 0 {
				t.Errorf("written, there is more to do: %v %v", again, err)
			}
		})
	}
}

// Nothing is written where one file is in the way.
func TestForeign(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, map[string]string{"b.go": "package mine\n"})
	for _, f := range []func(string, []backends.File) ([]backends.Change, error){backends.Diff, backends.Write} {
		_, err := f(dir, files("a.go", header, "b.go", header))
		if !isForeign(err) || !strings.Contains(err.Error(), "b.go") || !strings.Contains(err.Error(), "move it away") {
			t.Errorf("got %v", err)
		}
	}
	if got := tree(t, dir); len(got) != 1 {
		t.Errorf("got %q", got)
	}
}

// A file in the place of a folder is in the way, and so is a folder in that of a
// file: nothing is written, and nothing of the user's goes.
func TestForeignFolder(t *testing.T) {
	for _, before := range []map[string]string{{"runtime": "x"}, {"a.go/mine.txt": "x"}, {"runtime/flow": "x"}} {
		dir := t.TempDir()
		put(t, dir, before)
		if _, err := backends.Write(dir, files("a.go", header, "runtime/flow/b.go", header)); !isForeign(err) {
			t.Errorf("%v: got %v", before, err)
		}
		if got := tree(t, dir); !maps.Equal(got, before) {
			t.Errorf("%v became %v", before, got)
		}
	}
}

// A file is whole or as it was, and nothing else is left beside it.
func TestNoTemporaryFiles(t *testing.T) {
	dir := t.TempDir()
	for _, text := range []string{"1", "2"} {
		if _, err := backends.Write(dir, files("sub/a.go", header+text)); err != nil {
			t.Fatal(err)
		}
	}
	entries, err := os.ReadDir(filepath.Join(dir, "sub"))
	if err != nil || len(entries) != 1 {
		t.Errorf("got %v %v", entries, err)
	}
}

// A file that is called like the list and is not ours is in the way.
func TestForeignList(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, map[string]string{list: "mine.txt\n", "mine.txt": "x"})
	if _, err := backends.Write(dir, files("a.go", header)); !isForeign(err) {
		t.Errorf("got %v", err)
	}
	if got := tree(t, dir); len(got) != 1 {
		t.Errorf("got %q", got)
	}
}

// A list that was tampered with deletes nothing outside of the folder, and no
// folder.
func TestTamperedList(t *testing.T) {
	root := t.TempDir()
	dir := filepath.Join(root, "out")
	put(t, root, map[string]string{"victim.txt": "x", "out/folder/mine.txt": "x"})
	put(t, dir, map[string]string{list: "# " + backends.Header + "\n../victim.txt\n" + filepath.Join(root, "victim.txt") + "\nfolder\n.\n\ngone.go\nfolder/../../victim.txt\n"})
	changes, err := backends.Write(dir, files("a.go", header))
	if err != nil {
		t.Fatal(err)
	}
	if got := kinds(changes); got != "create a.go" {
		t.Errorf("did %q", got)
	}
	want := map[string]string{"victim.txt": "x", "out/folder/mine.txt": "x", "out/a.go": header}
	if got := tree(t, root); !maps.Equal(got, want) {
		t.Errorf("got %q", got)
	}
}

func TestPathsOutside(t *testing.T) {
	for _, path := range []string{"../a.go", "/a.go", "a/../../b.go", ""} {
		if _, err := backends.Write(t.TempDir(), files(path, header)); err == nil {
			t.Errorf("%q was written", path)
		}
	}
}

// The list names all files but the runtime's copy, sorted, for whoever reads it.
func TestList(t *testing.T) {
	dir := t.TempDir()
	if _, err := backends.Write(dir, files("b.go", header, "runtime/flow/x.go", header, "runtime/mine.go", "no header", "a.go", header)); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(dir, list))
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	if !strings.Contains(lines[0], backends.Header) || !slices.Equal(lines[1:], []string{"a.go", "b.go", "runtime/mine.go"}) {
		t.Errorf("got %q", lines)
	}
}
