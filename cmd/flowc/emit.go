package main

import (
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/flowc-dev/flowc/backends"
	"github.com/flowc-dev/flowc/backends/golang"
	"github.com/flowc-dev/flowc/backends/kubernetes"
	"github.com/flowc-dev/flowc/compiler/driver"
	"github.com/flowc-dev/flowc/ir"
)

type emitCmd struct {
	pipelineArg `embed:""`
	Target      string `short:"t" help:"What to emit: go, types, compose, k8s, nomad, local. A folder in place of FILE is all pipelines in it, for targets other than go and types." default:"go" placeholder:"TARGET"`
	Output      string `short:"o" help:"The folder to write to." required:"" placeholder:"DIR"`
	Package     string `help:"Emit an importable Go package of this name instead of a program." placeholder:"NAME"`
	Image       string `help:"The image that a deployment runs, instead of NAME:HASH." placeholder:"REF"`
	Kustomize   bool   `help:"For k8s: a base of kustomize." xor:"form"`
	Helm        bool   `help:"For k8s: a chart, whose values are what differs between clusters." xor:"form"`
	Check       bool   `help:"Write nothing; exit with 8 when the files on disk differ."`
}

type emitResult struct {
	Target  string            `json:"target"`
	Dir     string            `json:"dir"`
	Files   int               `json:"files"`
	Changes []backends.Change `json:"changes"`
	// Needs is what must be there before the files are used.
	Needs []string `json:"needs,omitempty"`
}

// write writes files, or compares them; a folder that pipelines can share keeps those of
// others, and one that they can't is left to whose it is.
func (c *emitCmd) write(b backends.Backend, r *driver.Result, l backends.Layout, files []backends.File) ([]backends.Change, error) {
	owner := backends.Owner{Pipeline: r.Program.Name, Source: c.source(r)}
	_, shared := b.(backends.Sharer)
	shared = shared && l.Form == ""
	switch {
	case isGo(b) && c.Check:
		return backends.Diff(c.Output, files)
	case isGo(b):
		return backends.Write(c.Output, files)
	case shared && c.Check:
		return backends.DiffShared(c.Output, owner, files)
	case shared:
		return backends.WriteShared(c.Output, owner, files)
	case c.Check:
		return backends.DiffOwned(c.Output, owner, files)
	}
	return backends.WriteOwned(c.Output, owner, files)
}

// isGo tells whether a target is Go, which lies in the module of the pipeline's
// components, and not a place to run at.
func isGo(b backends.Backend) bool { return b.Name() == "go" || b.Name() == "types" }

// form is how the files of a target are laid out.
func (c *emitCmd) form() string {
	switch {
	case c.Kustomize:
		return kubernetes.FormKustomize
	case c.Helm:
		return kubernetes.FormHelm
	}
	return ""
}

// source is the pipeline's file, as the output folder sees it; "" for standard input.
func (c *emitCmd) source(r *driver.Result) string {
	if len(r.Program.Files) == 0 || r.Program.Files[0].Path == "" {
		return ""
	}
	return c.seen(r.Program.Files[0].Path)
}

// needs is what a target says must be there before its files are used.
func needs(b backends.Backend, p *ir.Program, o backends.Options) []string {
	var all []string
	if e, ok := b.(backends.Explainer); ok {
		for _, r := range e.Explain(p, o) {
			if r.Subject == backends.Needs {
				all = append(all, r.Says)
			}
		}
	}
	return all
}

// Run writes the files of a target, or compares them.
func (c *emitCmd) Run(a *app) error {
	b, err := target(c.Target)
	if err != nil {
		return err
	}
	if c.form() != "" && b.Name() != "k8s" {
		return usage(fmt.Errorf("--%s is a form of the target k8s, and not of %s", c.form(), b.Name()))
	}
	c.pins = true
	if isFolder(c.File) {
		return c.folder(a, b)
	}
	r, err := c.compile(a)
	if err != nil {
		return err
	}
	options := backends.Options(r.Program.Targets[b.Name()])
	if err := a.checkFor(b, r); err != nil {
		return err
	}
	pkg := c.Package
	if pkg == "" && b.Name() == "types" {
		pkg = packageName(c.Output)
	}
	l := layout(r.Program)
	if isGo(b) {
		if l, err = layoutAt(r.Program, c.Output, pkg); err != nil {
			return err
		}
	}
	l.Image, l.Form = c.Image, c.form()
	files, err := c.emit(b, r, options, l)
	if err != nil {
		return bug(err)
	}
	changes, err := c.write(b, r, l, files)
	if err != nil {
		return environment(err)
	}
	return c.tell(a, emitResult{Target: b.Name(), Dir: c.Output, Files: len(files), Changes: changes, Needs: needs(b, r.Program, options)})
}

// tell says what was written, or would be.
func (c *emitCmd) tell(a *app, res emitResult) error {
	summary := fmt.Sprintf("%s in %s, %d changed", plural(res.Files, "file"), c.Output, len(res.Changes))
	if c.Check && len(res.Changes) > 0 {
		summary = fmt.Sprintf("%s differs from the pipeline in %s: run the same command without --check", c.Output, plural(len(res.Changes), "file"))
	}
	show := func(w io.Writer) {
		carried := map[string]int{} // the runtime's files are many, and nobody's own
		for _, ch := range res.Changes {
			if strings.HasPrefix(ch.Path, "runtime/") {
				carried[ch.Kind]++
				continue
			}
			fmt.Fprintf(w, "%-7s %s\n", ch.Kind, filepath.Join(c.Output, filepath.FromSlash(ch.Path)))
		}
		for _, kind := range []string{"create", "change", "delete"} {
			if n := carried[kind]; n > 0 {
				fmt.Fprintf(w, "%-7s %s (%s)\n", kind, filepath.Join(c.Output, "runtime"), plural(n, "file"))
			}
		}
		for _, need := range res.Needs {
			fmt.Fprintf(w, "%-7s %s\n", backends.Needs, need)
		}
		fmt.Fprintln(w, summary)
	}
	if c.Check && len(res.Changes) > 0 {
		if a.format == "json" {
			if err := a.envelope(envelope{Summary: summary, Result: res}); err != nil {
				return environment(err)
			}
		} else {
			show(a.stderr)
		}
		return exit(exitDrift)
	}
	return a.answer(summary, res, show)
}

// emit returns the files of a target. A program of Go has all processes of a pipeline
// that is cut.
func (c *emitCmd) emit(b backends.Backend, r *driver.Result, o backends.Options, l backends.Layout) ([]backends.File, error) {
	if b.Name() == "go" && r.Program.Pieces != nil && c.Package == "" {
		return golang.EmitPieces(r.Program.Name, r.Program.Pieces, l)
	}
	return b.Emit(r.Program, o, l)
}
