// Package ocitest has small programs for tests of images.
package ocitest

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/flowc-dev/flowc/backends/oci"
)

// Programs builds a program for each platform: one that does nothing, and knows
// how it was built.
func Programs(t testing.TB, platforms ...string) []oci.Program {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{"go.mod": "module flowc.local/program\n\ngo 1.26\n", "main.go": "package main\n\nfunc main() {}\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var all []oci.Program
	for _, name := range platforms {
		p, err := oci.ParsePlatform(name)
		if err != nil {
			t.Fatal(err)
		}
		out := filepath.Join(dir, p.Arch)
		cmd := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-ldflags=-s -w -buildid=", "-o", out, ".")
		cmd.Dir = dir
		cmd.Env = append(cmd.Environ(), "CGO_ENABLED=0", "GOWORK=off", "GOFLAGS=", "GOOS="+p.OS, "GOARCH="+p.Arch)
		if text, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		binary, err := os.ReadFile(out)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, oci.Program{Platform: p, Binary: binary})
	}
	return all
}

// Spec is a spec of an image with programs for the platforms.
func Spec(t testing.TB, platforms ...string) oci.Spec {
	t.Helper()
	return oci.Spec{Pipeline: "orders", Hash: "0123456789abcdef", Version: "v1.2.3", Programs: Programs(t, platforms...)}
}
