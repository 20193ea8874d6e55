package component

import (
	"bytes"
	"context"
	"errors"
	"go/ast"
	"go/parser"
	"go/scanner"
	"go/token"
	"go/types"
	"os/exec"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/tools/go/packages"

	"github.com/flowc-dev/flowc/ir/diag"
	"github.com/flowc-dev/flowc/ir/source"
)

// checkBroken reads the types of all wanted packages. One without export data
// did not compile: it is type-checked from source, for errors with columns.
func (l *Loader) checkBroken(ctx context.Context, dl *diag.List) {
	for _, w := range l.wants {
		p := l.wanted[w.path]
		if p == nil || l.broken[p.PkgPath] {
			continue
		}
		if p.ExportFile != "" {
			_, err := l.fromExport(p)
			if err == nil {
				continue
			}
			l.broken[p.PkgPath] = true
			d := dl.Errorf(codeToolchain, w.at, "the compiled form of `%s` can't be read: %v", w.path, err)
			if newer(l.env.GOVERSION, runtime.Version()) {
				d.Notef("flowc was built with %s, and the `go` command in PATH is %s", runtime.Version(), l.env.GOVERSION)
			}
			d.Helpf("install a flowc that was built with %s or newer", l.env.GOVERSION)
			continue
		}
		if reported := l.explain(p, dl); reported || ctx.Err() != nil {
			continue
		}
		// go/types found nothing: it is the compiler, the assembler or the
		// linker that did. Ask for its words.
		l.broken[p.PkgPath] = true
		l.compilerErrors(ctx, w, p, dl)
	}
}

// newer tells whether one version of Go has a higher minor number than another.
func newer(version, than string) bool {
	v, okV := minor(version)
	t, okT := minor(than)
	return okV && okT && v > t
}

// explain reports why a package does not compile and tells whether it could.
// Its imports come first: what is wrong in a package makes further errors in
// those that import it, which would only repeat it.
func (l *Loader) explain(p *packages.Package, dl *diag.List) bool {
	if l.broken[p.PkgPath] {
		return true
	}
	if l.cycle[p.PkgPath] {
		return false
	}
	l.cycle[p.PkgPath] = true
	defer delete(l.cycle, p.PkgPath)

	reported := false
	for _, e := range p.Errors {
		// "# package\nfile:line: …" is the compiler's output, which go/types
		// says better.
		if e.Kind == packages.ListError && !strings.HasPrefix(e.Msg, "#") {
			reported = l.listError(p, e, dl) || reported
		}
	}
	reported = l.importsCgo(p, dl) || reported
	paths := make([]string, 0, len(p.Imports))
	for path := range p.Imports {
		paths = append(paths, path)
	}
	slices.Sort(paths)
	for _, path := range paths {
		if imp := p.Imports[path]; imp.ExportFile == "" && imp.PkgPath != "unsafe" {
			reported = l.explain(imp, dl) || reported
		}
	}
	if !reported && len(p.CompiledGoFiles) > 0 {
		reported = l.checkSource(p, dl)
	}
	if reported {
		l.broken[p.PkgPath] = true
	}
	return reported
}

// listError reports an error of go list, which has a place where a file is to
// blame.
func (l *Loader) listError(p *packages.Package, e packages.Error, dl *diag.List) bool {
	msg := strings.TrimSpace(e.Msg)
	if _, stack, ok := strings.Cut(msg, "import cycle not allowed: import stack: ["); ok {
		return l.importCycle(strings.Fields(strings.TrimSuffix(stack, "]")), dl)
	}
	span, _, ok := l.places.split(e.Pos+": -", l.dir)
	if !ok {
		if span, msg, ok = l.places.split(msg, l.dir); !ok {
			return false
		}
	}
	first, _, _ := strings.Cut(msg, "\n")
	if strings.HasPrefix(first, "cannot find module providing package ") || strings.HasPrefix(first, "no required module provides package ") {
		if l.module != nil && within(p.PkgPath, l.module.Path) {
			dl.Errorf(codeBuild, span, "there is no package `%s` in this module", p.PkgPath)
			return true
		}
		d := dl.Errorf(codeBuild, span, "no module in go.mod has the package `%s`", p.PkgPath)
		d.Helpf("add it in the folder of go.mod: `go get %s`", p.PkgPath)
		return true
	}
	if strings.HasPrefix(first, "missing go.sum entry") {
		d := dl.Errorf(codeBuild, span, "go.sum has no entry for the module of `%s`", p.PkgPath)
		d.Helpf("run `go mod tidy` in the folder of go.mod: flowc never writes to your module")
		return true
	}
	dl.Errorf(codeBuild, span, "%s", first)
	return true
}

// importCycle reports packages that import each other, hop by hop.
func (l *Loader) importCycle(stack []string, dl *diag.List) bool {
	var d *diag.Diagnostic
	for i := 0; i+1 < len(stack); i++ {
		from, to := stack[i], stack[i+1]
		l.broken[from] = true
		p := l.listed[from]
		if p == nil {
			continue
		}
		span := l.importOf(p, to)
		if span.IsZero() {
			continue
		}
		if d == nil {
			d = dl.Errorf(codeBuild, span, "packages import each other: %s", strings.Join(stack, " imports "))
			continue
		}
		d.NoteAt(span, "%s imports %s here", from, to)
	}
	return d != nil
}

// importOf is the place where a package imports another.
func (l *Loader) importOf(p *packages.Package, path string) source.Span {
	for _, file := range p.CompiledGoFiles {
		tree, f := l.places.tree(file), l.places.file(file)
		if tree == nil || f == nil {
			continue
		}
		for _, spec := range tree.Imports {
			if spec.Path.Value == strconv.Quote(path) {
				start := int(spec.Path.Pos()) - 1
				return source.Span{File: f, Start: start, End: start + len(spec.Path.Value)}
			}
		}
	}
	return source.Span{}
}

// checkSource type-checks a package and reports each error where go/types
// found it.
func (l *Loader) checkSource(p *packages.Package, dl *diag.List) bool {
	reported := false
	report := func(pos token.Position, msg string) {
		if !pos.IsValid() || msg == "" {
			return
		}
		span := l.places.at(pos.Filename, pos.Line, pos.Column)
		if span.IsZero() {
			return
		}
		reported = true
		dl.Errorf(codeBuild, span, "%s", msg)
	}
	var files []*ast.File
	for _, path := range p.CompiledGoFiles {
		f, err := parser.ParseFile(l.fset, path, nil, parser.SkipObjectResolution)
		var list scanner.ErrorList
		if errors.As(err, &list) {
			list.RemoveMultiples()
			for _, e := range list {
				report(e.Pos, e.Msg)
			}
		}
		if f != nil {
			files = append(files, f)
		}
	}
	if reported {
		return true // half a file gives errors that nobody made
	}
	conf := types.Config{
		Importer: importerFunc(func(path string) (*types.Package, error) {
			if path == "unsafe" {
				return types.Unsafe, nil
			}
			imp := p.Imports[path]
			if imp == nil {
				return nil, errors.New("package " + path + " was not found")
			}
			return l.fromExport(imp)
		}),
		Error: func(err error) {
			var e types.Error
			// A soft error after a hard one, and a continuation line that begins
			// with a tab, say nothing new.
			if errors.As(err, &e) && !strings.HasPrefix(e.Msg, "\t") {
				report(e.Fset.Position(e.Pos), e.Msg)
			}
		},
	}
	if p.Module != nil && p.Module.GoVersion != "" {
		conf.GoVersion = "go" + p.Module.GoVersion
	}
	_, _ = conf.Check(p.PkgPath, l.fset, files, nil) // each error went to conf.Error
	return reported
}

// An importerFunc is a types.Importer.
type importerFunc func(path string) (*types.Package, error)

// Import calls f.
func (f importerFunc) Import(path string) (*types.Package, error) { return f(path) }

// compilerErrors builds a package and reports what the compiler says, at its
// places where it gives them.
func (l *Loader) compilerErrors(ctx context.Context, w want, p *packages.Package, dl *diag.List) {
	cmd := exec.CommandContext(ctx, "go", "list", "-export", "-f", "", "--", p.PkgPath)
	cmd.Dir, cmd.Env = l.dir, l.env.environ
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	_ = cmd.Run() // what it prints says more than its exit code
	placed := false
	var rest []string
	for _, line := range strings.Split(strings.TrimSpace(stderr.String()), "\n") {
		if at, msg, ok := l.places.split(line, l.dir); ok {
			dl.Errorf(codeBuild, at, "%s", msg)
			placed = true
		} else if line != "" && !strings.HasPrefix(line, "# ") {
			rest = append(rest, l.relative(line))
		}
	}
	if placed || ctx.Err() != nil {
		return
	}
	d := dl.Errorf(codeBuild, w.at, "package `%s` does not build", w.path)
	for _, line := range rest[:min(len(rest), 5)] {
		d.Notef("%s", line)
	}
	d.Helpf("`go build %s` shows all of it", p.PkgPath)
}
