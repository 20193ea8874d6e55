package golang

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/dave/jennifer/jen"

	"github.com/flowc-dev/flowc/backends"
	"github.com/flowc-dev/flowc/backends/gocode"
	"github.com/flowc-dev/flowc/ir"
)

// EmitPieces returns the files of a pipeline that was cut: a package for each of its
// processes, all over one runtime, and a main that runs the one that is asked for.
func EmitPieces(pipeline string, pieces []*ir.Piece, l backends.Layout) ([]backends.File, error) {
	var files []backends.File
	names := packageNames(pieces)
	for i, piece := range pieces {
		own := l
		own.Package, own.Path, own.Shared = names[i], l.Path+"/"+names[i], l.Runtime()
		own.Inside, own.Piece = true, true
		emitted, err := Backend{}.Emit(piece.Program, nil, own)
		if err != nil {
			return nil, fmt.Errorf("process %s: %w", piece.Name, err)
		}
		for _, f := range emitted {
			f.Path = path.Join(names[i], f.Path)
			files = append(files, f)
		}
	}
	main, err := mainOf(pipeline, pieces, names, l)
	if err != nil {
		return nil, err
	}
	return complete(append(files, main), l)
}

// packageNames are the names of the pieces' packages: letters and digits of theirs.
func packageNames(pieces []*ir.Piece) []string {
	var names []string
	for _, piece := range pieces {
		name := strings.Map(func(r rune) rune {
			switch {
			case 'a' <= r && r <= 'z', '0' <= r && r <= '9':
				return r
			case 'A' <= r && r <= 'Z':
				return r - 'A' + 'a'
			}
			return -1
		}, piece.Name)
		name = "p" + name // no word of Go, and no package of the runtime
		for plain, n := name, 2; slices.Contains(names, name); n++ {
			name = fmt.Sprintf("%sx%d", plain, n)
		}
		names = append(names, name)
	}
	return names
}

// mainOf is the way in: it lists the processes.
func mainOf(pipeline string, pieces []*ir.Piece, names []string, l backends.Layout) (backends.File, error) {
	w := gocode.NewWriter(&ir.Program{Name: pipeline}, l)
	f := w.File()
	f.PackageComment("Command " + pipeline + " runs one of the processes of the pipeline: --process says which.")
	var list []jen.Code
	var programs []*ir.Program
	for i, piece := range pieces {
		programs = append(programs, piece.Program)
		f.ImportName(l.Path+"/"+names[i], names[i])
		d := jen.Dict{
			jen.Id("Name"):     jen.Lit(piece.Name),
			jen.Id("Replicas"): jen.Lit(piece.Replicas),
			jen.Id("Spec"):     jen.Qual(l.Path+"/"+names[i], "Run"),
		}
		if piece.Elastic != nil {
			d[jen.Id("Elastic")] = w.Gof("@program.Hosts(%d)", piece.Elastic.Min)
		}
		for key, edges := range map[string][]ir.CutEdge{"Inputs": piece.Inputs, "Outputs": piece.Outputs} {
			if len(edges) > 0 {
				var nodes []jen.Code
				for _, e := range edges {
					nodes = append(nodes, jen.Lit(e.Node))
				}
				d[jen.Id(key)] = jen.Index().String().Values(nodes...)
			}
		}
		list = append(list, w.Go("@program.Process").Values(d).Op(","))
	}
	run := w.Go("@program.MainOf").Call(jen.Lit(pipeline), jen.Id("processes").Op("..."))
	f.Func().Id("main").Params().Block(append(attendant(w, programs...), run)...)
	f.Line().Comment("processes are those of the pipeline, each behind those that feed it.")
	f.Var().Id("processes").Op("=").Add(w.Go("[]@program.Process")).Values(lines(list)...)
	return w.Render("main.go", f)
}
