package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/flowc-dev/flowc/backends"
	"github.com/flowc-dev/flowc/backends/components"
	"github.com/flowc-dev/flowc/backends/golang"
	"github.com/flowc-dev/flowc/backends/golang/build"
	"github.com/flowc-dev/flowc/backends/oci"
	"github.com/flowc-dev/flowc/compiler/driver"
)

type buildCmd struct {
	pipelineArg `embed:""`
	Output      string `short:"o" help:"The folder for the binary, which is named after the pipeline." default:"." placeholder:"DIR"`
	GOOS        string `name:"goos" help:"Build for another operating system." placeholder:"OS"`
	GOARCH      string `name:"goarch" help:"Build for another architecture." placeholder:"ARCH"`
	Profile     bool   `help:"The program writes a CPU profile to the file that FLOWC_PROFILE names; go tool pprof shows it."`
}

type buildResult struct {
	Binary string `json:"binary"`
	Bytes  int64  `json:"bytes"`
	Hash   string `json:"hash"`
	Cached bool   `json:"cached"`
	// Components are files that the program starts, beside it.
	Components []string `json:"components,omitempty"`
}

// Run builds one static, reproducible binary.
func (c *buildCmd) Run(a *app) error {
	c.pins = true
	r, err := c.compile(a)
	if err != nil {
		return err
	}
	if err := a.checkFor(golang.Backend{}, r); err != nil {
		return err
	}
	binary, built, err := a.buildPieces(r, build.Request{Release: true, GOOS: c.GOOS, GOARCH: c.GOARCH, Profile: c.Profile})
	if err != nil {
		return err
	}
	out := filepath.Join(c.Output, filepath.Base(binary))
	n, err := install(binary, out)
	if err != nil {
		return environment(err)
	}
	here := components.Here()
	parts, err := a.installBrought(r, oci.Platform{OS: cmp.Or(c.GOOS, here.OS), Arch: cmp.Or(c.GOARCH, here.Arch)}, c.Output)
	if err != nil {
		return err
	}
	res := buildResult{Binary: out, Bytes: n, Hash: layout(r.Program).Hash, Cached: !built, Components: parts}
	return a.answer("built "+out, res, func(w io.Writer) {
		fmt.Fprintf(w, "%s  %.1f MB  %s\n", out, float64(n)/1e6, res.Hash)
		for _, part := range parts {
			fmt.Fprintln(w, part)
		}
	})
}

// build emits the Go of a program and builds it in the cache; it returns the
// binary there, and whether the go command had to run.
func (a *app) build(r *driver.Result, req build.Request) (binary string, built bool, err error) {
	l := layout(r.Program)
	files, err := golang.Backend{}.Emit(r.Program, nil, l)
	if err != nil {
		return "", false, bug(err)
	}
	return a.buildFiles(r, files, l, req)
}

// buildPieces builds a pipeline as it is deployed: cut into its processes, where it has
// several. All of them are one binary.
func (a *app) buildPieces(r *driver.Result, req build.Request) (binary string, built bool, err error) {
	if r.Program.Pieces == nil {
		return a.build(r, req)
	}
	l := layout(r.Program)
	files, err := golang.EmitPieces(r.Program.Name, r.Program.Pieces, l)
	if err != nil {
		return "", false, bug(err)
	}
	return a.buildFiles(r, files, l, req)
}

// buildFiles builds emitted files in the cache.
func (a *app) buildFiles(r *driver.Result, files []backends.File, l backends.Layout, req build.Request) (binary string, built bool, err error) {
	cache, err := a.cacheDir()
	if err != nil {
		return "", false, err
	}
	req.Name, req.Files, req.Layout, req.CacheDir, req.Log = r.Program.Name, files, l, cache, nil
	if req.Modules, err = golang.ModulesOf(files); err != nil {
		return "", false, bug(err)
	}
	if m := r.Program.Module; m != nil {
		req.ModuleDir, req.ModulePath, req.Flags, req.Compiled = m.Dir, m.Path, m.Flags, m.Compiled
	}
	req.Downloading = a.downloading
	binary, built, err = build.Binary(a.ctx, req)
	var failed *build.Error
	switch {
	case errors.As(err, &failed) && failed.Toolchain:
		return "", false, buildFailed(fmt.Errorf("%w\nflowc needs Go %s or newer to build programs (it was built with %s)", err, golang.GoVersion, runtime.Version()))
	case errors.As(err, &failed) && failed.Download:
		return "", false, environment(fmt.Errorf("the modules of the pipeline's connectors can't be downloaded:\n%w\nthey come from the module proxy that GOPROXY names, once: after that, and wherever the module cache holds them, a build needs no network", err))
	case errors.As(err, &failed):
		return "", false, buildFailed(fmt.Errorf("the generated program does not build:\n%w\nif the cause is not in your own Go, %s", err, bugIntroText))
	case err != nil && a.ctx.Err() == nil:
		return "", false, environment(err)
	}
	return binary, built, err
}

// downloading says which modules are about to be downloaded.
func (a *app) downloading(modules []backends.Module) {
	if a.format == "json" || a.format == "sarif" {
		return // one document, and nothing beside it
	}
	var names []string
	for _, m := range modules {
		names = append(names, m.Path+" "+m.Version)
	}
	fmt.Fprintf(a.stderr, "flowc: downloading %s, once: %s\n", plural(len(modules), "module"), strings.Join(names, ", "))
}

// install copies a binary to its place at once, and returns its size.
func install(from, to string) (int64, error) {
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return 0, err
	}
	in, err := os.Open(from)
	if err != nil {
		return 0, err
	}
	defer in.Close()
	tmp, err := os.CreateTemp(filepath.Dir(to), ".flowc-*")
	if err != nil {
		return 0, err
	}
	defer os.Remove(tmp.Name())
	n, err := io.Copy(tmp, in)
	if err == nil {
		err = tmp.Chmod(0o755)
	}
	if cerr := tmp.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return 0, err
	}
	return n, os.Rename(tmp.Name(), to)
}
