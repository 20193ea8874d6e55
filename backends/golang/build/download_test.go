package build

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/flowc-dev/flowc/backends"
)

func TestCached(t *testing.T) {
	cache := t.TempDir()
	m := backends.Module{Path: "example.com/Big/mod", Version: "v1.0.0-RC1"}
	if cached(cache, m) {
		t.Error("it is in an empty cache")
	}
	if err := os.MkdirAll(filepath.Join(cache, "example.com", "!big", "mod@v1.0.0-!r!c1"), 0o755); err != nil {
		t.Fatal(err)
	}
	if !cached(cache, m) {
		t.Error("an unpacked module is not found")
	}
	m.Version = "v1.1.0"
	write(t, cache, "zip", "")
	zips := filepath.Join(cache, "cache", "download", "example.com", "!big", "mod", "@v")
	if err := os.MkdirAll(zips, 0o755); err != nil {
		t.Fatal(err)
	}
	write(t, zips, "v1.1.0.zip", "")
	if !cached(cache, m) {
		t.Error("a zip is not found")
	}
}

// What is missing is said before it is downloaded; what can't be had is an error
// of its own and not a program that does not build.
func TestDownload(t *testing.T) {
	goTool, err := exec.LookPath("go")
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("GOPROXY", "off")
	src := t.TempDir()
	write(t, src, "go.mod", "module example.com/program\n\ngo 1.26\n\nrequire example.com/gone v1.2.3\n")
	var told []backends.Module
	r := Request{
		Modules:     []backends.Module{{Path: "example.com/gone", Version: "v1.2.3", Sum: "h1:a=", GoModSum: "h1:b="}},
		Downloading: func(m []backends.Module) { told = m },
	}
	err = r.download(context.Background(), goTool, src, nil, src, os.Environ())
	failed, ok := errors.AsType[*Error](err)
	if !ok || !failed.Download || !strings.Contains(err.Error(), "example.com/gone@v1.2.3") {
		t.Errorf("got %v", err)
	}
	if len(told) != 1 || told[0].Path != "example.com/gone" {
		t.Errorf("told %v", told)
	}
	// Without modules the go command is not even asked.
	if err := (Request{}).download(context.Background(), "no such command", src, nil, src, nil); err != nil {
		t.Error(err)
	}
}
