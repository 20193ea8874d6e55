package analyze

import "github.com/flowc-dev/flowc/ir"

// Hash is the pipeline hash that `--version` shows and by which a program is
// told from another of its name; see [ir.Hash].
func Hash(p *ir.Program) string { return ir.Hash(p) }
