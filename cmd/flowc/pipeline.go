package main

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/flowc-dev/flowc/backends"
	"github.com/flowc-dev/flowc/backends/compose"
	"github.com/flowc-dev/flowc/backends/golang"
	"github.com/flowc-dev/flowc/backends/gotypes"
	"github.com/flowc-dev/flowc/backends/kubernetes"
	"github.com/flowc-dev/flowc/backends/local"
	"github.com/flowc-dev/flowc/backends/nomad"
	"github.com/flowc-dev/flowc/compiler/analyze"
	"github.com/flowc-dev/flowc/compiler/driver"
	"github.com/flowc-dev/flowc/ir"
	"github.com/flowc-dev/flowc/ir/diag"
)

// targets are the backends: a list, and no registration.
var targets = []backends.Backend{golang.Backend{}, gotypes.Backend{}, compose.Backend{}, nomad.Backend{}, local.Backend{}, kubernetes.Backend{}}

// aliases are other names that people have for targets.
var aliases = map[string]string{"kubernetes": "k8s", "docker-compose": "compose"}

// targetSchemas are the schemas of the targets' options, by target.
func targetSchemas() map[string]string {
	schemas := map[string]string{}
	for _, b := range targets {
		schemas[b.Name()] = b.OptionsSchema()
	}
	return schemas
}

// target returns the backend that --target names.
func target(name string) (backends.Backend, error) {
	var names []string
	if alias, ok := aliases[name]; ok {
		name = alias
	}
	for _, b := range targets {
		if b.Name() == name {
			return b, nil
		}
		names = append(names, b.Name())
	}
	known := append(slices.Sorted(maps.Keys(aliases)), names...)
	if near := diag.Nearest(name, known); near != "" {
		return nil, usage(fmt.Errorf("no target %q: did you mean %q? There are %s", name, near, strings.Join(names, ", ")))
	}
	return nil, usage(fmt.Errorf("no target %q: there are %s", name, strings.Join(names, ", ")))
}

// A pipelineArg is the FILE of a command, with the flags that go with it.
type pipelineArg struct {
	File    string   `arg:"" optional:"" help:"The pipeline (YAML, JSON or CUE); - is standard input. Without: pipeline.yaml, else the only *.flow.yaml."`
	Overlay []string `help:"Merge this file over the pipeline." placeholder:"FILE"`
	Env     string   `help:"Merge pipeline.NAME.yaml, beside the pipeline, over it." placeholder:"NAME"`

	bringArg `embed:""`

	// pins has references of components pinned that flowc.lock lacks.
	pins bool
	// text, where set, is what the file has: for a second compile of standard input.
	text []byte
	// scale and carrier are those of a trial (see driver.Options).
	scale   map[string]driver.Scale
	carrier string
}

// compile compiles the pipeline and prints its diagnostics; without errors it
// returns the result.
func (p pipelineArg) compile(a *app) (*driver.Result, error) { return p.compileUpTo(a, "") }

// compileUpTo is compile that ends behind a pass; "lower" runs none.
func (p pipelineArg) compileUpTo(a *app, pass string) (*driver.Result, error) {
	o, err := p.options(a)
	if err != nil {
		return nil, err
	}
	o.StopAfter = pass
	r, err := driver.Compile(a.ctx, o)
	if err == nil && p.pins && !o.Frozen && !r.Diagnostics.HasErrors() && len(unpinned(r)) > 0 {
		if err := p.pin(a, r); err != nil {
			return nil, err
		}
		if p.File == "-" { // which is read
			o.Text = r.Files[0].Text
		}
		r, err = driver.Compile(a.ctx, o)
	}
	if err != nil {
		return nil, compileError(err)
	}
	if err := a.report(r.Diagnostics); err != nil {
		return nil, err
	}
	return r, nil
}

// options are those of a compile of the pipeline.
func (p pipelineArg) options(a *app) (driver.Options, error) {
	cache, err := a.cacheDir()
	return driver.Options{
		File: p.File, Text: p.text, Overlays: p.Overlay, Env: p.Env, Stdin: a.stdin, Targets: targetSchemas(), CacheDir: cache,
		MinGo: golang.GoVersion, Scale: p.scale, Carrier: p.carrier, Frozen: p.frozen(a),
	}, err
}

// compileError gives an error of the driver its exit code.
func compileError(err error) error {
	var panicked *driver.BugError
	if errors.As(err, &panicked) {
		return bug(err)
	}
	if errors.Is(err, driver.ErrUsage) {
		return usage(errors.New(strings.TrimSuffix(err.Error(), ": "+driver.ErrUsage.Error())))
	}
	return environment(err)
}

// layout is where a built or run program lies: a module of its own, or, with Go
// of the user's, an internal package of theirs that is never written there. The
// module has the same path for all pipelines, so that the go command compiles
// the runtime once for all of them.
func layout(p *ir.Program) backends.Layout {
	l := backends.Layout{Package: "main", Path: "flowc.local/program", Hash: analyze.Hash(p), Version: version()}
	if p.Module != nil {
		l.Inside = true
		l.Path = p.Module.Folder + "/internal/flowc_" + strings.ReplaceAll(p.Name, "-", "_")
	}
	return l
}

// layoutAt is the layout of files that are emitted into dir.
func layoutAt(p *ir.Program, dir, pkg string) (backends.Layout, error) {
	l := backends.Layout{Package: "main", Path: "flowc.local/" + p.Name, Hash: analyze.Hash(p), Version: version()}
	if pkg != "" {
		l.Package = pkg
	}
	if p.Module == nil && pkg == "" {
		return l, nil
	}
	abs, err := filepath.Abs(dir)
	if err != nil {
		return l, environment(err)
	}
	root, module, err := moduleAbove(abs)
	if err != nil {
		return l, environment(err)
	}
	switch {
	case module == "" && p.Module != nil:
		return l, usage(fmt.Errorf("%s is in no Go module, but the pipeline uses Go of %s: emit to a folder inside that module", dir, p.Module.Path))
	case module == "":
		l.Path = "flowc.local/" + pkg
		return l, nil
	case p.Module != nil && module != p.Module.Path:
		return l, usage(fmt.Errorf("%s is in module %s, but the pipeline uses Go of %s: emit to a folder inside that module", dir, module, p.Module.Path))
	}
	rel, err := filepath.Rel(root, abs)
	if err != nil {
		return l, environment(err)
	}
	l.Inside, l.Path = true, path.Join(module, filepath.ToSlash(rel))
	return l, nil
}

// moduleAbove finds the go.mod in or above dir, an absolute path that need not
// exist yet, and returns its folder and module path; "" where there is none.
func moduleAbove(dir string) (root, module string, err error) {
	for ; ; dir = filepath.Dir(dir) {
		text, err := os.ReadFile(filepath.Join(dir, "go.mod"))
		if err == nil && !strings.Contains(firstLine(string(text)), backends.Header) {
			for line := range strings.Lines(string(text)) {
				if rest, ok := strings.CutPrefix(strings.TrimSpace(line), "module "); ok {
					return dir, strings.Trim(strings.TrimSpace(rest), `"`), nil
				}
			}
			return "", "", fmt.Errorf("%s has no module line", filepath.Join(dir, "go.mod"))
		}
		if dir == filepath.Dir(dir) {
			return "", "", nil
		}
	}
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	return line
}

// packageName is the name of a Go package that lies in dir.
func packageName(dir string) string {
	abs, err := filepath.Abs(dir)
	if err != nil {
		abs = dir
	}
	var b strings.Builder
	for _, r := range strings.ToLower(filepath.Base(abs)) {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' && b.Len() > 0 {
			b.WriteRune(r)
		}
	}
	if b.Len() == 0 {
		return "events"
	}
	return b.String()
}
