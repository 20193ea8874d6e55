package component

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"
)

// TestErrors loads modules in which something is wrong. testdata/errors/*.txtar
// hold the files of one module each, with the references in the comment and
// what is said about them in the file "want" (FLOWC_UPDATE=1 writes it).
func TestErrors(t *testing.T) {
	files, err := filepath.Glob("testdata/errors/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatal("no cases", err)
	}
	for _, path := range files {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(path)
			if err != nil {
				t.Fatal(err)
			}
			root := unpack(t, archive)
			before := snapshot(t, root)
			refs, dir := strings.Fields(header(archive, "refs")), header(archive, "dir")
			f := openWith(t, Options{}, filepath.Join(root, dir), refs...)
			got := show(f.diags)
			loaded := len(f.diags)
			for _, ref := range refs {
				if r := f.component(ref, Processor); r == nil && !f.diags.HasErrors() {
					t.Errorf("%s is nil without an error", ref)
				}
			}
			if rest := f.diags[min(loaded, len(f.diags)):]; len(rest) > 0 {
				got += "=== components\n" + show(rest)
			}
			got = strings.ReplaceAll(got, "running go "+strings.TrimPrefix(runtime.Version(), "go"), "running go $VERSION")
			if strings.Contains(got, f.dir) {
				t.Errorf("the folder of this machine is in\n%s", got)
			}
			if after := snapshot(t, root); after != before {
				t.Errorf("loading wrote into the user's module:\nbefore\n%s\nafter\n%s", before, after)
			}
			want := ""
			for i, file := range archive.Files {
				if file.Name == "want" {
					want = string(file.Data)
					archive.Files = archive.Files[:i]
				}
			}
			if os.Getenv("FLOWC_UPDATE") != "" {
				archive.Files = append(archive.Files, txtar.File{Name: "want", Data: []byte(got)})
				if err := os.WriteFile(path, txtar.Format(archive), 0o666); err != nil {
					t.Fatal(err)
				}
				return
			}
			if want != got {
				t.Errorf("--- want\n%s--- got\n%s", want, got)
			}
		})
	}
}

// header is the value of a "name: value" line in an archive's comment.
func header(a *txtar.Archive, name string) string {
	for _, line := range strings.Split(string(a.Comment), "\n") {
		if value, ok := strings.CutPrefix(line, name+":"); ok {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

// unpack writes the files of an archive, but for "want", into a new folder.
func unpack(t *testing.T, a *txtar.Archive) string {
	t.Helper()
	root, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range a.Files {
		if file.Name == "want" {
			continue
		}
		path := filepath.Join(root, filepath.FromSlash(file.Name))
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, file.Data, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

// snapshot lists all files below a folder with their content.
func snapshot(t *testing.T, root string) string {
	t.Helper()
	var b strings.Builder
	err := filepath.WalkDir(root, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		b.WriteString(path + "\n" + string(text) + "\n")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// unpackText is unpack for an archive in the test itself.
func unpackText(t *testing.T, text string) string {
	t.Helper()
	return unpack(t, txtar.Parse([]byte(strings.TrimPrefix(text, "\n"))))
}
