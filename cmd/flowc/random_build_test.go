package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/flowc-dev/flowc/backends"
	"github.com/flowc-dev/flowc/backends/golang"
	"github.com/flowc-dev/flowc/cmd/flowc/internal/oracle"
	"github.com/flowc-dev/flowc/compiler/analyze"
	"github.com/flowc-dev/flowc/compiler/driver"
	"github.com/flowc-dev/flowc/ir"
)

// A farm builds many pipelines as packages of one module, which share one copy of
// the runtime, and runs them.
type farm struct {
	t       *testing.T
	cache   string // of the compiler
	schemas map[string]string
	dir     string
	batches int
	// server is what sinks send to.
	server *recorder
}

const farmModule = "flowc.local/random"

func newFarm(t *testing.T) *farm {
	return &farm{t: t, cache: t.TempDir(), dir: t.TempDir(), schemas: targetSchemas(), server: newRecorder(t)}
}

// compile compiles a text in a folder; what the compiler says against it comes
// back as text.
func (f *farm) compile(dir, file, text string) (p *ir.Program, refused string, err error) {
	r, err := driver.Compile(context.Background(), driver.Options{
		File: file, Text: []byte(text), Dir: dir, Targets: f.schemas, CacheDir: f.cache, Verify: true, MinGo: golang.GoVersion,
	})
	var bug *driver.BugError
	switch {
	case errors.As(err, &bug):
		return nil, "", fmt.Errorf("%w\n%s", err, bug.Stack)
	case err != nil:
		return nil, "", err
	case r.Program == nil:
		var s strings.Builder
		for _, d := range r.Diagnostics {
			fmt.Fprintf(&s, "%v\n", d)
		}
		return nil, s.String(), nil
	}
	return r.Program, "", nil
}

// A batch is a program that runs any of its cases.
type batch struct {
	f      *farm
	dir    string
	binary string
	cases  []*oracle.Case
	// wrong says for each case why it is not in the program.
	wrong []string
}

func packageOf(i int) string { return fmt.Sprintf("p%d", i) }

// build compiles and builds cases. One that can't be built is left out.
func (f *farm) build(cases []*oracle.Case) *batch {
	f.t.Helper()
	f.batches++
	b := &batch{f: f, dir: filepath.Join(f.dir, fmt.Sprint(f.batches)), cases: cases, wrong: make([]string, len(cases))}
	all := []backends.File{{Path: "go.mod", Data: []byte("module " + farmModule + "\n\ngo " + golang.GoVersion + "\n")}}
	for i, c := range cases {
		for _, file := range c.Code() {
			all = append(all, backends.File{Path: packageOf(i) + "/" + file.Path, Data: file.Bytes()})
		}
	}
	b.write(all) // where the compiler looks for components
	for i, c := range cases {
		files, wrong := f.emit(i, filepath.Join(b.dir, packageOf(i)), c)
		b.wrong[i] = wrong
		all = append(all, files...)
	}
	if slices.Contains(b.wrong, "") {
		b.link(all)
	}
	return b
}

// emit gives the package of the pipeline in a folder, or says why there is none.
func (f *farm) emit(i int, dir string, c *oracle.Case) (files []backends.File, wrong string) {
	defer func() {
		if v := recover(); v != nil {
			files, wrong = nil, fmt.Sprintf("a panic while code is generated: %.1000v", v)
		}
	}()
	file, text := c.Pipeline()
	p, refused, err := f.compile(dir, file, text)
	switch {
	case err != nil:
		return nil, err.Error()
	case refused != "":
		return nil, "the compiler refuses it:\n" + refused
	}
	l := backends.Layout{Package: packageOf(i), Path: farmModule + "/" + packageOf(i), Inside: true, Shared: farmModule + "/runtime", Hash: analyze.Hash(p)}
	files, err = golang.Backend{}.Emit(p, nil, l)
	if err != nil {
		return nil, "no code: " + err.Error()
	}
	for k := range files {
		files[k].Path = packageOf(i) + "/" + files[k].Path
	}
	return files, ""
}

// brokenPackage is how the go command names a package that does not compile.
var brokenPackage = regexp.MustCompile(`(?m)^# ` + regexp.QuoteMeta(farmModule) + `/p(\d+)(?:/.*)?$`)

// link builds the program. Packages that do not compile are noted, and left out
// of it.
func (b *batch) link(files []backends.File) {
	t := b.f.t
	t.Helper()
	slice, err := golang.RuntimeSlice(files, backends.Layout{Shared: farmModule + "/runtime"})
	if err != nil {
		t.Fatal(err)
	}
	b.write(append(files, slice...))
	b.binary = filepath.Join(b.dir, "program")
	for range 2 {
		if err := os.WriteFile(filepath.Join(b.dir, "main.go"), b.main(), 0o644); err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command("go", "build", "-o", b.binary, "-mod=mod", "-buildvcs=false", "-ldflags=-w", ".")
		cmd.Dir = b.dir
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOWORK=off", "GOFLAGS=", "GOPROXY=off")
		out, err := cmd.CombinedOutput()
		if err == nil {
			return
		}
		if !b.note(out) {
			t.Fatalf("%v\n%s", err, out)
		}
	}
	t.Fatal("the program does not build without the packages that do not compile")
}

// write writes files of the program.
func (b *batch) write(files []backends.File) {
	b.f.t.Helper()
	for _, file := range files {
		path := filepath.Join(b.dir, filepath.FromSlash(file.Path))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			b.f.t.Fatal(err)
		}
		if err := os.WriteFile(path, file.Data, 0o644); err != nil {
			b.f.t.Fatal(err)
		}
	}
}

// note takes apart what the go command says of packages.
func (b *batch) note(out []byte) (any bool) {
	places := brokenPackage.FindAllSubmatchIndex(out, -1)
	for k, at := range places {
		end := len(out)
		if k+1 < len(places) {
			end = places[k+1][0]
		}
		var i int
		fmt.Sscan(string(out[at[2]:at[3]]), &i)
		b.wrong[i] = "the generated code does not compile:\n" + string(out[at[1]:end])
		any = true
	}
	return any
}

// main is the program around the packages: it runs one of them, and writes its
// report.
func (b *batch) main() []byte {
	var s bytes.Buffer
	s.WriteString("package main\n\nimport (\n\t\"context\"\n\t\"encoding/json\"\n\t\"os\"\n\t\"" + farmModule + "/runtime/flow\"\n")
	for i := range b.wrong {
		if b.wrong[i] == "" {
			fmt.Fprintf(&s, "\t\"%s/%s\"\n", farmModule, packageOf(i))
		}
	}
	s.WriteString(")\n\nvar programs = map[string]func(context.Context) (flow.Report, error){\n")
	for i := range b.wrong {
		if b.wrong[i] == "" {
			fmt.Fprintf(&s, "\t%q: %s.Run,\n", packageOf(i), packageOf(i))
		}
	}
	s.WriteString(`}

func main() {
	report, err := programs[os.Args[1]](context.Background())
	if err != nil && report.Error == "" {
		report.Error = err.Error()
	}
	b, _ := json.Marshal(report)
	os.WriteFile(os.Args[2], b, 0o644)
	if err != nil {
		os.Exit(7)
	}
}
`)
	return s.Bytes()
}

func (b *batch) remove() { os.RemoveAll(b.dir) }
