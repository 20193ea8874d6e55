package passes

import "github.com/flowc-dev/flowc/ir"

// place says which nodes share a process: all of them, in one that bears the
// pipeline's name.
func place(p *ir.Program) {
	process := &ir.Process{Name: p.Name}
	for _, n := range p.Nodes {
		n.Process = process.Name
		process.Nodes = append(process.Nodes, n.ID)
	}
	p.Processes = []*ir.Process{process}
	if len(p.Nodes) == 0 {
		p.Processes = nil
	}
}
