package golang

import (
	"cmp"

	"github.com/dave/jennifer/jen"

	"github.com/flowc-dev/flowc/ir"
)

// entryName is the file of the way in: a main, or Run of a package.
func (w *wiring) entryName() string {
	if w.l.Package == "main" {
		return "main.go"
	}
	return "run.go"
}

// entryFile is the way in.
func (w *wiring) entryFile() *jen.File {
	f := w.File()
	root := ""
	if len(w.p.Files) > 0 {
		root = w.p.Files[0].Name
	}
	switch {
	case w.l.Piece:
		f.PackageComment("Package " + w.l.Package + " is the process " + w.p.Name + " of the pipeline in " + root + ".")
		f.Comment("hash identifies the pipeline: what --version shows.")
		f.Const().Id("hash").Op("=").Lit(w.l.Hash)
		f.Line()
		f.Comment("Run is what runs in the process. (No type of a pipeline can have that name.)")
		f.Func().Id("Run").Params().Add(w.Go("@program.Spec")).Block(w.Go("return spec()"))
	case w.l.Package == "main":
		f.PackageComment("Command " + w.p.Name + " runs the pipeline in " + root + ".")
		f.Comment("hash identifies the pipeline: what --version shows.")
		f.Const().Id("hash").Op("=").Lit(w.l.Hash)
		f.Line()
		f.Func().Id("main").Params().Block(append(attendant(w.Writer, w.p), w.Go("@program.Main(spec())"))...)
	default:
		f.PackageComment("Package " + w.l.Package + " runs the pipeline in " + root + ".")
		f.Comment("hash identifies the pipeline.")
		f.Const().Id("hash").Op("=").Lit(w.l.Hash)
		f.Line()
		f.Comment("Run runs the pipeline until its sources end, ctx does, or something fails. The report is there in any case.")
		f.Func().Id("Run").Params(w.Go("ctx @context.Context")).Params(w.Go("@flow.Report"), jen.Error()).Block(
			w.Go("report, err := @program.Embed(ctx, spec(), @flow.RunOptions{})"),
			w.Go("if report == nil").Block(w.Go("return @flow.Report{}, err")),
			w.Go("return *report, err"))
	}
	f.Line()
	f.Comment("spec is what package program needs to know: settings, references and how to make the program.")
	f.Func().Id("spec").Params().Add(w.Go("@program.Spec")).Block(
		w.Go("s := newSettings()"),
		w.Go("return @program.Spec").Values(w.some(jen.Dict{
			jen.Id("Name"):      jen.Lit(w.p.Name),
			jen.Id("Hash"):      jen.Id("hash"),
			jen.Id("Version"):   jen.Lit(cmp.Or(w.l.Version, "devel")),
			jen.Id("File"):      jen.Lit(root),
			jen.Id("Refs"):      w.Go("s.refs()"),
			jen.Id("Settings"):  w.Go("s.tunables()"),
			jen.Id("Telemetry"): w.Go("&s.telemetry"),
			jen.Id("New"):       w.Go("func() (*@flow.Program, error) { return newProgram(s) }"),
		})))
	return f
}

// some adds what only some programs have: configurations that follow files, what
// keeps the checkpoint where that is not the state folder, and what can be left out.
func (w *wiring) some(spec jen.Dict) jen.Dict {
	if w.follows {
		spec[jen.Id("Fresh")] = w.Go("s.fresh()")
	}
	if w.storeConfig() != nil {
		spec[jen.Id("Keeper")] = jen.Lit(w.p.Delivery.Store)
	}
	for _, n := range w.p.Nodes {
		if op, ok := n.Op.(*ir.Sink); ok && op.Checkpoint {
			spec[jen.Id("Keeper")] = jen.Lit(n.YAML)
		}
	}
	if plan := w.jobsPlan(); plan != nil {
		spec[jen.Id("Jobs")] = plan.Op(".Run")
	}
	if len(w.leave) > 0 {
		spec[jen.Id("LeftOut")] = w.Go("s.leftOut")
	}
	return spec
}
