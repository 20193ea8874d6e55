package lower

import (
	"github.com/flowc-dev/flowc/compiler/syntax"
	"github.com/flowc-dev/flowc/ir"
	"github.com/flowc-dev/flowc/ir/diag"
)

// schemaType reads a type from a JSON Schema or a CUE file.
func (w *lowering) schemaType(e *syntax.TypeExpr) *ir.Type {
	w.l.Errorf(diag.NotYet, e.Span, "this version of flowc does not read types from schema files").
		Helpf("write the type out under `types:`, or in Go")
	return nil
}
