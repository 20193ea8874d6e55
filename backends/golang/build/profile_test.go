package build

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/flowc-dev/flowc/backends"
)

// A program writes a profile where it is told to and was built for it, and only there.
func TestProfile(t *testing.T) {
	files := []backends.File{
		{Path: "main.go", Data: []byte("package main\n\nimport \"flowc.local/program/runtime/program\"\n\nfunc main() { program.Exit() }\n")},
		{Path: "runtime/program/program.go", Data: []byte("package program\n\nvar do func()\n\nfunc OnExit(f func()) { do = f }\n\nfunc Exit() {\n\tif do != nil {\n\t\tdo()\n\t}\n}\n")},
		{Path: "go.mod", Data: []byte("module flowc.local/program\n\ngo 1.26\n")},
	}
	r := Request{Name: "p", Files: files, Layout: backends.Layout{Package: "main", Path: "flowc.local/program"}, CacheDir: t.TempDir()}
	for _, profiled := range []bool{false, true} {
		r.Profile = profiled
		path, _, err := Binary(t.Context(), r)
		if err != nil {
			t.Fatal(err)
		}
		for _, asked := range []bool{false, true} {
			out := filepath.Join(t.TempDir(), "cpu.pprof")
			cmd := exec.Command(path)
			if asked {
				cmd.Env = append(os.Environ(), "FLOWC_PROFILE="+out)
			}
			if text, err := cmd.CombinedOutput(); err != nil {
				t.Fatalf("%v: %s", err, text)
			}
			info, err := os.Stat(out)
			if got := err == nil && info.Size() > 0; got != (profiled && asked) {
				t.Errorf("built for it: %v, asked: %v, written: %v", profiled, asked, got)
			}
		}
	}
	r.Profile = true
	path, _, err := Binary(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(path)
	cmd.Env = append(os.Environ(), "FLOWC_PROFILE="+filepath.Join(t.TempDir(), "none", "cpu.pprof"))
	if err := cmd.Run(); err == nil || cmd.ProcessState.ExitCode() != 6 {
		t.Errorf("a profile that can't be written: got %v, want the exit code 6", err)
	}
}
