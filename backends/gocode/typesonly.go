package gocode

import (
	"github.com/flowc-dev/flowc/backends"
	"github.com/flowc-dev/flowc/ir"
)

// Types returns types.go with all event types of a program that the compiler
// generates, for packages that want nothing else of it.
func Types(p *ir.Program, l backends.Layout) (backends.File, error) {
	g := newGenerator(p, l)
	for _, t := range p.Types {
		if t.Kind == ir.Struct && t.Go == nil {
			g.declare(t)
		}
	}
	g.declareTypes()
	for _, t := range p.Types {
		if t.Kind == ir.Enum {
			g.enumConstants(t)
		}
	}
	return g.render("types.go", g.types.file)
}
