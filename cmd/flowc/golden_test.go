package main

import (
	"bytes"
	"context"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/flowc-dev/flowc/backends"
	"github.com/flowc-dev/flowc/backends/backendtest"
	"github.com/flowc-dev/flowc/backends/golang"
	"github.com/flowc-dev/flowc/backends/golang/build"
	"github.com/flowc-dev/flowc/compiler/driver"
	"github.com/flowc-dev/flowc/ir"
	"github.com/flowc-dev/flowc/runtime/connect/postgres/pgtest"
)

// The cases of testdata/pipelines: pipeline.yaml with its input, compiled,
// emitted for each target, built and run. What the program writes is compared
// with stdout and with the files in want/.
const casesDir = "../../testdata/pipelines"

func cases(t *testing.T) []string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(casesDir, "*", "pipeline.*"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("no cases in %s: %v", casesDir, err)
	}
	return paths
}

func compileCase(t *testing.T, path string) *driver.Result {
	t.Helper()
	r, err := driver.Compile(context.Background(), driver.Options{File: path, Verify: true, Targets: targetSchemas(), CacheDir: compilerCache})
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range r.Diagnostics {
		t.Errorf("%v", d)
	}
	if r.Program == nil {
		t.FailNow()
	}
	return r
}

// emitCase emits a case as a program of its own.
func emitCase(t *testing.T, p *ir.Program) ([]backends.File, backends.Layout) {
	t.Helper()
	l := layout(p)
	l.Version = ""
	files, err := golang.Backend{}.Emit(p, nil, l)
	if err != nil {
		t.Fatal(err)
	}
	return files, l
}

func TestGoldens(t *testing.T) {
	t.Parallel()
	cache := t.TempDir()
	for _, path := range cases(t) {
		dir := filepath.Dir(path)
		t.Run(filepath.Base(dir), func(t *testing.T) {
			t.Parallel()
			r := compileCase(t, path)
			files, l := emitCase(t, r.Program)
			if !testing.Short() {
				// Built and run before it is stored, so that no golden is a program
				// that does not work.
				runCase(t, dir, r.Program, files, l, cache)
			}
			pieces := emitPieces(t, r.Program, cache)
			if t.Failed() {
				return
			}
			backendtest.File(t, filepath.Join(dir, "ir.txt"), []byte(ir.Print(r.Program)))
			backendtest.Tree(t, filepath.Join(dir, "go"), files)
			backendtest.Tree(t, filepath.Join(dir, "pieces"), pieces)
		})
	}
}

// emitPieces emits the processes of a case that is cut, and builds them; none for others.
func emitPieces(t *testing.T, p *ir.Program, cache string) []backends.File {
	t.Helper()
	if p.Pieces == nil {
		return nil
	}
	l := layout(p)
	l.Version = ""
	files, err := golang.EmitPieces(p.Name, p.Pieces, l)
	if err != nil {
		t.Fatal(err)
	}
	if testing.Short() {
		return files
	}
	modules, err := golang.ModulesOf(files)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := build.Binary(context.Background(), build.Request{Name: p.Name, Files: files, Layout: l, CacheDir: cache, Modules: modules}); err != nil {
		t.Fatalf("the processes do not build: %v", err)
	}
	return files
}

// runCase builds the program of a case and runs it on the case's input.
func runCase(t *testing.T, dir string, p *ir.Program, files []backends.File, l backends.Layout, cache string) {
	t.Helper()
	req := build.Request{Name: p.Name, Files: files, Layout: l, CacheDir: cache}
	if p.Module != nil {
		req.ModuleDir, req.ModulePath, req.Flags, req.Compiled = p.Module.Dir, p.Module.Path, p.Module.Flags, p.Module.Compiled
	}
	binary, _, err := build.Binary(context.Background(), req)
	if err != nil {
		t.Fatalf("the generated program does not build: %v", err)
	}
	if readsBroker(p) {
		return // it has no end, and runs in the test of its broker
	}
	work := t.TempDir()
	copyInput(t, dir, work)
	makeDatabases(t, work)
	server, there := caseServer(t, dir)
	if !there {
		t.Logf("not run: %s", pgtest.NotHere)
		return
	}
	cmd := exec.Command(binary, "--log-level", "error")
	cmd.Dir = work
	cmd.Env = append(os.Environ(), "FLOWC_STATE="+t.TempDir())
	if server != nil {
		cmd.Env = append(cmd.Env, "DATABASE_URL="+server.DSN())
	}
	if in, err := os.ReadFile(filepath.Join(dir, "stdin")); err == nil {
		cmd.Stdin = bytes.NewReader(in)
	}
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		t.Fatalf("the program failed: %v\n%s", err, stderr.Bytes())
	}
	if _, err := os.Stat(filepath.Join(dir, "stdout")); err == nil || stdout.Len() > 0 {
		backendtest.File(t, filepath.Join(dir, "stdout"), stdout.Bytes())
	}
	if server != nil {
		if err := os.WriteFile(filepath.Join(work, "postgres.txt"), dumpPostgres(server), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	compareOutput(t, dir, work)
}

// readsBroker tells whether a program needs a server with messages, or with answers, or
// the changes of one with tables, or never ends.
func readsBroker(p *ir.Program) bool {
	return slices.ContainsFunc(p.Nodes, func(n *ir.Node) bool {
		source, ok := n.Op.(*ir.Source)
		return ok && (source.Connector == "http" || source.Connector == "foreign-component" || source.Connector == "file" && !source.Bounded || source.Connector == "nats" || source.Connector == "kafka" || source.Connector == "postgres" && !source.Bounded)
	})
}

// input tells whether a file of a case is given to the program, and not what a
// test compares.
func input(rel string) bool {
	top, _, _ := strings.Cut(filepath.ToSlash(rel), "/")
	switch top {
	case "go", "pieces", "types", "want", "ir.txt", "stdout", "stdin":
		return false
	}
	return !ofTarget(top)
}

func copyInput(t *testing.T, from, to string) {
	t.Helper()
	each(t, from, func(rel string, data []byte) {
		if !input(rel) {
			return
		}
		path := filepath.Join(to, rel)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, data, 0o644); err != nil {
			t.Fatal(err)
		}
	})
}

// failedAt is the time in a dead letter, which no two runs share.
var failedAt = regexp.MustCompile(`("attempts":\d+,"time":)"[^"]*"`)

func timeless(data []byte) []byte { return failedAt.ReplaceAll(data, []byte(`$1"-"`)) }

// compareOutput compares the files that the program wrote with want/.
func compareOutput(t *testing.T, dir, work string) {
	t.Helper()
	want := filepath.Join(dir, "want")
	wrote := map[string]bool{}
	each(t, work, func(rel string, data []byte) {
		if _, err := os.Stat(filepath.Join(dir, rel)); err == nil {
			return // input
		}
		switch filepath.Ext(rel) {
		case ".parquet":
			rel, data = rel+".txt", dumpParquet(t, filepath.Join(work, rel))
		case ".db":
			rel, data = rel+".txt", dumpSQLite(t, filepath.Join(work, rel))
			if _, err := os.Stat(filepath.Join(dir, strings.TrimSuffix(rel, ".txt")+".sql")); err == nil {
				return // input as well
			}
		case ".db-wal", ".db-shm":
			t.Errorf("%s is left over", rel)
			return
		}
		wrote[rel] = true
		backendtest.File(t, filepath.Join(want, rel), timeless(data))
	})
	if _, err := os.Stat(want); err != nil {
		return
	}
	each(t, want, func(rel string, _ []byte) {
		if !wrote[rel] {
			t.Errorf("%s was not written", rel)
		}
	})
}

func each(t *testing.T, dir string, f func(rel string, data []byte)) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		f(rel, data)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
