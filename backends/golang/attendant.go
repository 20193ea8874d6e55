package golang

import (
	"slices"

	"github.com/dave/jennifer/jen"

	"github.com/flowc-dev/flowc/backends/gocode"
	"github.com/flowc-dev/flowc/ir"
)

// attendant quotes what main does first where a component is a container that is talked to by
// lines: deployments run the program in its container too, where it starts the command.
func attendant(w gocode.Writer, programs ...*ir.Program) []jen.Code {
	attended := func(n *ir.Node) bool { return n.Foreign() != nil && n.Foreign().Attended() }
	if !slices.ContainsFunc(programs, func(p *ir.Program) bool { return slices.ContainsFunc(p.Nodes, attended) }) {
		return nil
	}
	return []jen.Code{w.Go("if code, done := @supervise.Attendant(@os.Args, @os.Stderr); done {\n@os.Exit(code)\n}")}
}
