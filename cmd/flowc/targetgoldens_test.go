package main

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/flowc-dev/flowc/backends"
	"github.com/flowc-dev/flowc/backends/backendtest"
	"github.com/flowc-dev/flowc/compiler/driver"
	"github.com/flowc-dev/flowc/ir"
	"github.com/flowc-dev/flowc/ir/diag"
)

// A case has goldens of a target where there is an overlay targets.TARGET.yaml with the
// options for it: the files are in TARGET/, and its warnings, with what `flowc explain` says of it, in
// TARGET.explain.txt.
const (
	targetOverlay = "targets."
	targetExplain = ".explain.txt"
)

// ofTarget tells whether a file or folder of a case belongs to a target's goldens.
func ofTarget(top string) bool {
	for _, b := range targets {
		if top == b.Name() || top == targetOverlay+b.Name()+".yaml" || top == b.Name()+targetExplain {
			return true
		}
	}
	return false
}

// compileForTarget compiles a case with the options for a target, nil where it has none.
func compileForTarget(t *testing.T, dir string, b backends.Backend) *ir.Program {
	t.Helper()
	overlay := filepath.Join(dir, targetOverlay+b.Name()+".yaml")
	if _, err := os.Stat(overlay); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	pipelines, err := filepath.Glob(filepath.Join(dir, "pipeline.*"))
	if err != nil || len(pipelines) != 1 {
		t.Fatalf("%s: %v, %v", dir, pipelines, err)
	}
	r, err := driver.Compile(context.Background(), driver.Options{File: pipelines[0], Overlays: []string{overlay}, Verify: true, Targets: targetSchemas(), CacheDir: compilerCache})
	if err != nil {
		t.Fatal(err)
	}
	if r.Program == nil || r.Diagnostics.HasErrors() {
		t.Fatalf("%v", r.Diagnostics)
	}
	return r.Program
}

// TestTargetGoldens compares what targets emit, and say of it, with the files of the cases.
func TestTargetGoldens(t *testing.T) {
	t.Parallel()
	for _, path := range cases(t) {
		dir := filepath.Dir(path)
		for _, b := range targets {
			if b.Name() == "go" || b.Name() == "types" {
				continue
			}
			t.Run(filepath.Base(dir)+"/"+b.Name(), func(t *testing.T) {
				t.Parallel()
				p := compileForTarget(t, dir, b)
				if p == nil {
					if _, err := os.Stat(filepath.Join(dir, b.Name())); err == nil {
						t.Errorf("%s has files of %s, and no %s%s.yaml", dir, b.Name(), targetOverlay, b.Name())
					}
					return
				}
				var text strings.Builder
				for _, d := range targetsOf(p) {
					if d.Severity == diag.Error {
						t.Fatal(d)
					}
					text.WriteString(d.Error() + "\n")
				}
				backendtest.Tree(t, filepath.Join(dir, b.Name()), emitForTarget(t, p, b))
				for _, target := range targetReasons(p) {
					for _, r := range target.Reasons {
						text.WriteString(r.Subject + ": " + r.Says + "\n")
					}
				}
				backendtest.File(t, filepath.Join(dir, b.Name()+targetExplain), []byte(text.String()))
			})
		}
	}
}

// emitForTarget emits a program 20 times, and gives the files that all of them are.
func emitForTarget(t *testing.T, p *ir.Program, b backends.Backend) []backends.File {
	t.Helper()
	l := layout(p)
	l.Version = ""
	var first []backends.File
	for i := range 20 {
		files, err := b.Emit(p, backends.Options(p.Targets[b.Name()]), l)
		if err != nil {
			t.Fatal(err)
		}
		if i == 0 {
			first = files
		} else if where := difference(first, files); where != "" {
			t.Fatalf("time %d differs in %s", i+1, where)
		}
	}
	return first
}

// TestTargetDefaults emits a pipeline that has an empty block for a target, and one that
// has none: the defaults that a schema fills in are those that a backend takes without it.
func TestTargetDefaults(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "pipeline.yaml", "pipeline: plain\ntypes: {N: {n: int}}\nsources: {ns: {use: generate, config: {count: 3}, out: N}}\nsinks: {out: {from: ns, use: stdout}}\n")
	for _, b := range targets {
		if b.Name() == "go" || b.Name() == "types" {
			continue
		}
		write(t, dir, targetOverlay+b.Name()+".yaml", "targets: {"+b.Name()+": {}}\n")
		p := compileForTarget(t, dir, b)
		l := layout(p)
		l.Version = ""
		without, err := b.Emit(p, nil, l)
		if err != nil {
			t.Fatal(err)
		}
		if where := difference(emitForTarget(t, p, b), without); where != "" {
			t.Errorf("%s: %s differs without options", b.Name(), where)
		}
	}
}
