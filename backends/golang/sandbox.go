package golang

import (
	"slices"

	"github.com/dave/jennifer/jen"

	"github.com/flowc-dev/flowc/backends"
	"github.com/flowc-dev/flowc/backends/gocode"
	"github.com/flowc-dev/flowc/ir"
)

// SandboxKinds are the kinds of services that a sandbox can serve itself: each is a package
// of the runtime's.
var SandboxKinds = []string{"kafka", "nats", "postgres", "redis", "s3"}

// EmitSandbox returns the files of a program that serves a sandbox, with the kinds of
// services that are named and no others: what it links is what it has to download.
func EmitSandbox(l backends.Layout, kinds []string) ([]backends.File, error) {
	w := gocode.NewWriter(&ir.Program{Name: "sandbox"}, l)
	f := w.File()
	f.PackageComment("Command sandbox is the infrastructure of a pipeline, on the machine of who writes it.")
	has := jen.Dict{}
	for _, kind := range SandboxKinds {
		if slices.Contains(kinds, kind) {
			has[jen.Lit(kind)] = jen.Qual(l.Runtime()+"/sandbox/"+kind, "Start")
		}
	}
	starts := jen.Map(jen.String()).Qual(l.Runtime()+"/sandbox", "Kind").Values(has)
	f.Func().Id("main").Params().Block(
		jen.If(jen.Err().Op(":=").Qual(l.Runtime()+"/sandbox", "Run").Call(w.Go("@os.Args[1:]"), starts), jen.Err().Op("!=").Nil()).Block(
			w.Go(`@fmt.Fprintln(@os.Stderr, "sandbox:", err)`), w.Go("@os.Exit(1)")))
	main, err := w.Render("main.go", f)
	if err != nil {
		return nil, err
	}
	return complete([]backends.File{main}, l)
}
