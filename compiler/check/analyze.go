package check

import "github.com/flowc-dev/flowc/ir"

// analyze says what the passes want to know of a lowered snippet.
func (j *job) analyze(e *ir.Expr) {
	j.reads(e)
	j.effects(e)
	e.Writes = j.writesDeep()
	e.Panics = j.panics()
	if j.expr != nil && !j.tuple {
		e.Eq = j.fieldEq(j.expr)
	}
}
