package foreign

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

func TestCommand(t *testing.T) {
	for _, c := range []struct {
		folder      string
		given, want []string
	}{
		{"", []string{"./a", "x"}, []string{"./a", "x"}},
		{"/components", []string{"./a", "x"}, []string{"/components/a", "x"}},
		{"/components", []string{"bin/a"}, []string{"/components/bin/a"}},
		{"/components", []string{"/usr/bin/a"}, []string{"/usr/bin/a"}},
		{"/components", []string{"sh", "-c", "./a"}, []string{"sh", "-c", "./a"}},
		{"/components", nil, nil},
	} {
		t.Setenv(folderVariable, c.folder)
		if got := Command(c.given); !slices.Equal(got, c.want) {
			t.Errorf("%q in %q: %q", c.given, c.folder, got)
		}
	}
}

// A component that flowc has brought is where the environment says, or beside the program.
func TestBroughtCommand(t *testing.T) {
	run, image := t.TempDir(), t.TempDir()
	for _, file := range []string{filepath.Join(run, "a-1"), filepath.Join(image, "a-1"), filepath.Join(image, "b-1")} {
		if err := os.WriteFile(file, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	beside := filepath.Join(filepath.Dir(program), "components")
	for _, c := range []struct{ run, image, given, want string }{
		{run, image, "@components/a-1", filepath.Join(run, "a-1")},
		{run, image, "@components/b-1", filepath.Join(image, "b-1")},
		{"", image, "@components/a-1", filepath.Join(image, "a-1")},
		{run, "", "@components/b-1", filepath.Join(beside, "b-1")},
		{"", "", "@components/a-1", filepath.Join(beside, "a-1")},
	} {
		t.Setenv(broughtVariable, c.run)
		t.Setenv(folderVariable, c.image)
		if got := Command([]string{c.given, "x"}); !slices.Equal(got, []string{c.want, "x"}) {
			t.Errorf("%+v: %q", c, got)
		}
	}
}

// A file that was installed beside the program comes before that of the folder it runs in.
func TestInstalledCommand(t *testing.T) {
	t.Setenv(folderVariable, "")
	folder := besideFolder()
	file := filepath.Join(folder, "bin", "installed")
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(folder) })
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for given, want := range map[string]string{"./bin/installed": file, "bin/other": "bin/other", "installed": "installed", "/bin/installed": "/bin/installed"} {
		if got := Command([]string{given}); !slices.Equal(got, []string{want}) {
			t.Errorf("%s: %q", given, got)
		}
	}
}
