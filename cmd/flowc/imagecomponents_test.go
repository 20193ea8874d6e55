package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/flowc-dev/flowc/backends/oci"
	"github.com/flowc-dev/flowc/compiler/driver"
)

// standinBinary builds the component of the tests, static, into a folder.
func standinBinary(t *testing.T, dir string) string {
	t.Helper()
	binary := filepath.Join(dir, "standin")
	build := exec.Command("go", "build", "-trimpath", "-ldflags=-s -w", "-o", binary, "./runtime/connect/component/testdata/standin")
	build.Dir, build.Env = "../..", append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return binary
}

// What the image of a pipeline has of the programs of its components: static binaries of its
// folder, for the platform, and on a base whatever is there.
func TestImageComponents(t *testing.T) {
	dir := t.TempDir()
	static := standinBinary(t, dir)
	amd64, arm64 := oci.Platform{OS: "linux", Arch: "amd64"}, oci.Platform{OS: "linux", Arch: "arm64"}
	if isArm(t, static) {
		amd64, arm64 = arm64, amd64 // of the machine, and another
	}
	write(t, dir, "script", "#!/bin/sh\n")
	for _, c := range []struct {
		name, command string
		platform      oci.Platform
		based         bool
		path, want    string
	}{
		{"static", "[./standin, processor]", amd64, false, "/components/standin", ""},
		{"another processor", "[./standin, processor]", arm64, false, "", "is for another processor"},
		{"missing", "[./nowhere]", amd64, false, "", "is not in the pipeline's folder"},
		{"a script", "[./script]", amd64, false, "", "is no program of Linux"},
		{"a script on a base", "[./script]", amd64, true, "/components/script", ""},
		{"of the system", "[sh, -c, cat]", amd64, false, "", "`flowc image --base IMAGE`"},
		{"of a base", "[sh, -c, cat]", amd64, true, "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			write(t, dir, "pipeline.yaml", "pipeline: p\nsources: {in: {use: generate, config: {count: 1}, out: N}}\ntypes: {N: {n: int}}\nprocessors: {c: {from: in, command: "+c.command+", protocol: ndjson}}\nsinks: {out: {from: c, use: stdout}}\n")
			r, err := driver.Compile(t.Context(), driver.Options{File: filepath.Join(dir, "pipeline.yaml"), CacheDir: compilerCache})
			if err != nil || r.Program == nil {
				t.Fatal(err, r.Diagnostics)
			}
			files, err := (&app{ctx: t.Context(), getenv: os.Getenv}).componentFiles(r, c.platform, c.based)
			switch {
			case c.want != "":
				if err == nil || !strings.Contains(err.Error(), c.want) {
					t.Errorf("it says %v", err)
				}
			case err != nil:
				t.Error(err)
			case c.path == "" && len(files) > 0, c.path != "" && (len(files) != 1 || files[0].Path != c.path || len(files[0].Data) == 0):
				t.Errorf("it has %d files", len(files))
			}
		})
	}
	if err := os.Rename(static, static+"-linux-"+arm64.Arch); err != nil {
		t.Fatal(err)
	}
	data, name, err := componentFile(dir, "./standin", arm64)
	if err != nil || !strings.HasSuffix(name, arm64.Arch) || len(data) == 0 {
		t.Errorf("for its platform it found %q, %v", name, err)
	}
}

// isArm tells whether a program is for ARM.
func isArm(t *testing.T, program string) bool {
	t.Helper()
	data, err := os.ReadFile(program)
	if err != nil {
		t.Fatal(err)
	}
	return unfit(data, oci.Platform{OS: "linux", Arch: "arm64"}, false) == ""
}
