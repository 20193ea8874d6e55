package build

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/flowc-dev/flowc/backends"
)

// The copy of a workspace uses the same modules from where it lies, and one more
// with what the program needs.
func TestWorkspace(t *testing.T) {
	goTool, err := exec.LookPath("go")
	if err != nil {
		t.Fatal(err)
	}
	root, cache := t.TempDir(), t.TempDir()
	write(t, root, "go.work.sum", "example.com/x v1.0.0 h1:x=")
	r := Request{Modules: []backends.Module{{Path: "example.com/m", Version: "v1.2.3", Sum: "h1:a=", GoModSum: "h1:b="}}}
	beside := filepath.Join(cache, "src")
	write(t, root, "go.work", "go 1.25.0\n\ntoolchain go1.26.0\n\ngodebug panicnil=1\n\ngodebug (\n\thttp2client=0 // why\n)\n\nuse (\n\t.\n\t\"./lib dir\"\n)\n\nreplace example.com/a => ./a\n\nreplace example.com/b v1.0.0 => example.com/c v1.2.0\n")
	gowork, err := r.workspace(context.Background(), goTool, filepath.Join(root, "go.work"), beside)
	if err != nil {
		t.Fatal(err)
	}
	slashed := filepath.ToSlash(root)
	for name, want := range map[string]string{
		gowork: "go 1.26\ngodebug panicnil=1\ngodebug http2client=0\nuse ./needs\nuse \"" + slashed + "\"\nuse \"" + slashed + "/lib dir\"\n" +
			"replace example.com/a  => \"" + slashed + "/a\"\nreplace example.com/b v1.0.0 => example.com/c v1.2.0\n",
		gowork + ".sum": "example.com/x v1.0.0 h1:x=\nexample.com/m v1.2.3 h1:a=\nexample.com/m v1.2.3/go.mod h1:b=\n",
		filepath.Join(filepath.Dir(gowork), "needs", "go.mod"): "module flowc.local/needs\n\ngo 1.26\n\nrequire example.com/m v1.2.3\n",
		filepath.Join(filepath.Dir(gowork), "needs", "go.sum"): "example.com/m v1.2.3 h1:a=\nexample.com/m v1.2.3/go.mod h1:b=\n",
	} {
		got, err := os.ReadFile(name)
		if err != nil || string(got) != want {
			t.Errorf("%s: %v\n%s\nwant\n%s", name, err, got, want)
		}
	}
	// The go command reads the copy.
	if out, err := exec.Command(goTool, "work", "edit", "-json", gowork).CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	if _, err := r.workspace(context.Background(), goTool, filepath.Join(root, "none"), beside); err == nil {
		t.Error("a file that is not there is no error")
	}
}
