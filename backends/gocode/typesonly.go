package gocode

import (
	"bytes"

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
	var buf bytes.Buffer
	if err := g.types.file.Render(&buf); err != nil {
		return backends.File{}, err
	}
	return backends.File{Path: "types.go", Data: buf.Bytes()}, nil
}
