package golang

import (
	"github.com/dave/jennifer/jen"

	"github.com/flowc-dev/flowc/backends"
	"github.com/flowc-dev/flowc/backends/gocode"
	"github.com/flowc-dev/flowc/ir"
)

// EmitBroker returns the files of a program that carries records between processes on
// one machine, for trials.
func EmitBroker(l backends.Layout) ([]backends.File, error) {
	w := gocode.NewWriter(&ir.Program{Name: "broker"}, l)
	f := w.File()
	f.PackageComment("Command broker carries records between the processes of a pipeline.")
	f.Func().Id("main").Params().Block(
		jen.If(jen.Err().Op(":=").Qual(l.Runtime()+"/broker", "Run").Call(w.Go("@os.Args[1:]")), jen.Err().Op("!=").Nil()).Block(
			w.Go(`@fmt.Fprintln(@os.Stderr, "broker:", err)`), w.Go("@os.Exit(1)")))
	main, err := w.Render("main.go", f)
	if err != nil {
		return nil, err
	}
	return complete([]backends.File{main}, l)
}
