package main

import (
	"bytes"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"
)

// TestExampleAnswering runs the example whose component is made with runtime/component.
func TestExampleAnswering(t *testing.T) {
	if testing.Short() {
		t.Skip("builds and runs a program")
	}
	if runtime.GOOS == "windows" {
		t.Skip("its command is that of a system with slashes")
	}
	t.Parallel()
	work := t.TempDir()
	dir := copyExample(t, "answering", work)
	build := exec.Command("go", "build", "-o", filepath.Join(dir, "bin", "risk"), "./examples/answering/risk")
	build.Dir = root
	if text, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	cmd := command(work, t.TempDir(), "flowc", "run", "examples/answering/answering.flow.yaml")
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v\n%s", err, errs.String())
	}
	wanted(t, "answering", dir, out.Bytes())
}
