// Package golang emits a pipeline as a standalone Go program, or as an
// importable package: the wiring around what package gocode generates, and the
// slice of the runtime that it uses.
package golang

import (
	"cmp"
	"slices"

	"github.com/dave/jennifer/jen"

	"github.com/flowc-dev/flowc/backends"
	"github.com/flowc-dev/flowc/backends/gocode"
	"github.com/flowc-dev/flowc/ir"
	"github.com/flowc-dev/flowc/ir/diag"
)

// GoVersion is the oldest Go that builds generated programs.
const GoVersion = "1.26"

// Backend emits Go.
type Backend struct{}

// Name is "go".
func (Backend) Name() string { return "go" }

// OptionsSchema has one option: the name of an importable package.
func (Backend) OptionsSchema() string {
	return `
// The name of an importable package to emit instead of a program.
package?: =~"^[a-z][a-z0-9_]*$"
`
}

// Check warns of what has no place where a program starts its components itself.
func (Backend) Check(p *ir.Program, _ backends.Options) diag.List {
	return backends.AsProcess(p, "a host that runs it (`run`, `build`)")
}

// Emit returns the program's files.
func (b Backend) Emit(p *ir.Program, _ backends.Options, l backends.Layout) ([]backends.File, error) {
	unit, err := gocode.Generate(p, l)
	if err != nil {
		return nil, err
	}
	w := newWiring(p, l, unit)
	files := unit.Files
	for _, part := range []struct {
		name string
		file *jen.File
	}{{"nodes.go", w.nodesFile()}, {"settings.go", w.settingsFile()}, {"wiring.go", w.wiringFile()}, {w.entryName(), w.entryFile()}} {
		f, err := w.Render(part.name, part.file)
		if err != nil {
			return nil, err
		}
		files = append(files, f)
	}
	var texts []backends.File
	for _, f := range p.Files { // what //line names lies beside the code
		if f.Name != "" && f.Path != "" {
			texts = append(texts, backends.File{Path: f.Name, Data: f.Text, Verbatim: true})
		}
	}
	return complete(files, l, texts...)
}

// complete adds what files of Go need to be built: the slice of the runtime, where they
// share none, and go.mod, where they lie in no module. others are files that are no Go.
func complete(files []backends.File, l backends.Layout, others ...backends.File) ([]backends.File, error) {
	if l.Shared == "" {
		slice, err := RuntimeSlice(files, l)
		if err != nil {
			return nil, err
		}
		files = append(files, slice...)
	}
	if !l.Inside {
		mod, err := goMod(files, l)
		if err != nil {
			return nil, err
		}
		files = append(files, mod...)
	}
	files = append(files, others...)
	slices.SortFunc(files, func(a, b backends.File) int { return cmp.Compare(a.Path, b.Path) })
	return files, nil
}
