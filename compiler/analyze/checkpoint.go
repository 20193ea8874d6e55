package analyze

import (
	"fmt"
	"slices"
	"time"

	"github.com/flowc-dev/flowc/ir"
)

// checkpointOf says where a program keeps its checkpoint.
func checkpointOf(p *ir.Program) Checkpoint {
	if !slices.ContainsFunc(p.Nodes, func(n *ir.Node) bool {
		op, ok := n.Op.(*ir.Source)
		return ok && op.Facts.Replayable
	}) {
		return Checkpoint{Where: "There is none: no source can go back to it."}
	}
	c := Checkpoint{Store: p.Delivery.Store, Every: time.Duration(p.Delivery.CheckpointEvery).String()}
	where := fmt.Sprintf("in `%s`, with all else that must not be lost: the program needs no folder that lasts", c.Store)
	switch c.Store {
	case "file", "":
		c.Store = "file"
		where = fmt.Sprintf("in the folder `.flowc/state/%s`, or below FLOWC_STATE", p.Name)
	case "sink":
		for _, n := range p.Nodes {
			if op, ok := n.Op.(*ir.Sink); ok && op.Checkpoint {
				c.Sink = n.YAML
			}
		}
		where = fmt.Sprintf("in the transaction of the records of `%s`", c.Sink)
	}
	c.Where = fmt.Sprintf("Written every %s %s.", c.Every, where)
	return c
}
