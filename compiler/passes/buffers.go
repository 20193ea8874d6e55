package passes

import (
	"fmt"

	"github.com/flowc-dev/flowc/ir"
	"github.com/flowc-dev/flowc/runtime/catalog"
)

// buffers bounds what waits between loops, and adds up what the program may
// hold at once.
//
// The parts of the sum, L being the lanes of a region (AutoLanes where there is
// one a processor):
//
//	the program itself     BaseBytes
//	a source               (BlocksPerLane × L + SpareBlocks) × BlockBytes, as blocks or batches
//	its longest record     RecordBytes (its `max_record` where set), for sources of bytes
//	packets being filled   L × BlockBytes for each queue out of a region
//	a queue                Bytes of the edge, and one packet of BlockBytes at its consumer
//	a batch of a sink      its bytes, else SinkBatchBytes, where the pipeline asks for batches
//	a flatmap              L × FlatmapBytes
//	a connector            what it says that it needs
//
// The runtime keeps to the same sizes; they are in ir/limits.go.
func buffers(p *ir.Program) {
	g := newGraph(p)
	bound := ir.Bound{}
	add := func(bytes int64, format string, args ...any) {
		if bytes > 0 {
			bound.Parts = append(bound.Parts, ir.BoundPart{What: fmt.Sprintf(format, args...), Bytes: bytes})
			bound.Total += bytes
		}
	}
	add(ir.BaseBytes, "the program itself: code, stacks, metrics")
	lanes := map[string]int64{}
	for _, r := range p.Regions {
		lanes[r.Name] = int64(r.Lanes)
		if r.Lanes == 0 {
			lanes[r.Name] = ir.AutoLanes
		}
	}
	for _, n := range p.Nodes {
		switch op := n.Op.(type) {
		case *ir.Source:
			blocks := ir.BlocksPerLane*lanes[n.Region] + ir.SpareBlocks
			if op.Facts.Answers {
				blocks = max(blocks, ir.AnswerBlocks)
			}
			kind := "blocks"
			if makesRecords(op) {
				kind = "batches"
			}
			add(blocks*ir.BlockBytes, "`%s`: %d %s in flight", n.YAML, blocks, kind)
			if !makesRecords(op) {
				add(longestRecord(op), "`%s`: one record longer than a block", n.YAML)
			}
			add(op.Facts.Memory, "`%s`: the connector's own", n.YAML)
		case *ir.Apply:
			if op.Verb == ir.VerbFlatmap || op.Go != nil && spreads(op.Go.Shape) {
				add(lanes[n.Region]*ir.FlatmapBytes, "`%s`: what one record becomes, in each lane", n.YAML)
			}
			add(gathers(op.Batch, takesBatches(n)), "`%s`: the batch that it gathers", n.YAML)
		case *ir.Sink:
			add(gathers(op.Batch, op.Batch != nil), "`%s`: the batch that it gathers", n.YAML)
			add(op.Facts.Memory, "`%s`: the connector's own", n.YAML)
		}
	}
	for _, e := range p.Edges {
		if e.Via == ir.Call {
			continue
		}
		g.bound(e)
	}
	for _, q := range g.queues() {
		add(lanes[q.region]*ir.BlockBytes, "`%s` to `%s`: packets being filled", g.nodes[q.region].YAML, g.nodes[q.to].YAML)
	}
	for _, n := range p.Nodes {
		if e := g.queueInto(n); e != nil {
			add(e.Bytes+ir.BlockBytes, "`%s`: its queue, and the packet that it works on", n.YAML)
		}
	}
	p.Memory = bound
}

// bound sets the bounds of an edge that is a queue.
func (g *graph) bound(e *ir.Edge) {
	to := g.nodes[e.To]
	e.Depth, e.Bytes, e.Batch = ir.QueueDepth, ir.QueueBytes, 0
	var batch *ir.Batch
	switch op := to.Op.(type) {
	case *ir.Sink:
		batch = op.Batch
	case *ir.Apply:
		batch = op.Batch
	}
	if batch != nil && batch.Count > 0 {
		e.Batch = batch.Count
	}
}

// A queue is what one region fills for one node; edges of a region to the same
// node share it.
type queue struct{ region, to string }

func (g *graph) queues() []queue {
	var queues []queue
	seen := map[queue]bool{}
	for _, e := range g.p.Edges {
		q := queue{g.nodes[e.From].Region, e.To}
		if e.Via != ir.Call && !seen[q] {
			seen[q] = true
			queues = append(queues, q)
		}
	}
	return queues
}

// queueInto is an edge by which records wait for a node; all such edges share
// one queue. Nil where there is none.
func (g *graph) queueInto(n *ir.Node) *ir.Edge {
	for _, e := range g.in[n.ID] {
		if e.Via != ir.Call {
			return e
		}
	}
	return nil
}

func spreads(s ir.Shape) bool {
	switch s {
	case ir.ShapeSlice, ir.ShapeSeq, ir.ShapeEmit, ir.ShapePorts, ir.ShapeFlowProcess:
		return true
	}
	return false
}

// gathers is what a batch may hold.
func gathers(b *ir.Batch, asked bool) int64 {
	switch {
	case !asked:
		return 0
	case b != nil && b.Bytes > 0:
		return b.Bytes
	}
	return ir.SinkBatchBytes
}

// longestRecord is a source's limit for one record.
func longestRecord(op *ir.Source) int64 {
	for _, s := range op.Config {
		if s.Key == "max_record" && s.Value != nil && s.Value.IsLiteral() {
			if n, ok := catalog.ParseSize(s.Value.Text()); ok && n > 0 {
				return n
			}
		}
	}
	return ir.RecordBytes
}
