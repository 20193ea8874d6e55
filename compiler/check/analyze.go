package check

import "github.com/flowc-dev/flowc/ir"

func (j *job) analyze(e *ir.Expr)      { e.Effect = ir.Pure }
func (w *lowering) writesRecord() bool { return false }
