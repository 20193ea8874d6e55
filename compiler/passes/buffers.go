package passes

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/flowc-dev/flowc/ir"
	"github.com/flowc-dev/flowc/runtime/catalog"
)

// buffers bounds what waits between loops, and adds up what the program may
// hold at once.
//
// The parts of the sum, L being the lanes of a region (AutoLanes where there is
// one a processor) and R the longest record that a source of bytes takes
// (RecordBytes, its `max_record` or `max_body` where set):
//
//	the program itself     BaseBytes
//	a source               (BlocksPerLane × L + SpareBlocks) × BlockBytes, as blocks or batches
//	its long records       3 × R and LongBytes: one as it is read or handled, what becomes of it, and what the collector has not freed yet
//	a queue                Bytes of the edge, and one packet of BlockBytes at its consumer
//	packets being filled   L × BlockBytes for each queue out of a region
//	long ones              LongBytes and the longest R of the sources before it; twice that R where they are gathered or
//	                       wait for a loop, three times before lanes by key
//	a queue into a loop    the blocks and long records of a source once more
//	dead letters           as any queue; a letter holds twice its record at most
//	a batch of a sink      its bytes, else SinkBatchBytes, where the pipeline asks for batches
//	a flatmap              L × FlatmapBytes
//	a connector            what it says that it needs
//	a range                for each chunk that is read at once a BlockBytes and R that are read ahead, and what the connector needs
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
	longest, answers := g.longest(), g.answers()
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
			add(long(longest[n.ID]), "`%s`: records longer than a block", n.YAML)
			if op.Range == nil {
				add(op.Facts.Memory+held(op, longest[n.ID]), "`%s`: the connector's own", n.YAML)
				break
			}
			readers := int64(max(1, op.Range.Parallel))
			add(readers*(ir.BlockBytes+longest[n.ID]), "`%s`: what is read ahead, a batch for each of %d chunks", n.YAML, readers)
			add(readers*(op.Facts.Memory+held(op, longest[n.ID])), "`%s`: the connector's own, for each of them", n.YAML)
		case *ir.Apply:
			if op.Verb == ir.VerbFlatmap || op.Go != nil && spreads(op.Go.Shape) {
				add(lanes[n.Region]*ir.FlatmapBytes, "`%s`: what one record becomes, in each lane", n.YAML)
			}
			add(gathers(op.Batch, takesBatches(n)), "`%s`: the batch that it gathers", n.YAML)
		case *ir.Sink:
			add(gathers(op.Batch, op.Batch != nil), "`%s`: the batch that it gathers", n.YAML)
			if op.Batch == nil && op.Facts.Gathers > 0 {
				add(op.Facts.Gathers, "`%s`: small packets that are written as one", n.YAML)
			}
			add(op.Facts.Memory, "`%s`: the connector's own", n.YAML)
		}
	}
	if c, ok := catalog.Lookup(p.Delivery.Store); ok && c.Store != nil {
		add(c.Store.Facts.Memory, "the store `%s` of the checkpoint", c.Name)
	}
	for _, e := range p.Edges {
		if e.Via == ir.Call {
			continue
		}
		g.bound(e, answers[e.To])
	}
	for _, q := range g.queues() {
		add(lanes[q.region]*ir.BlockBytes, "`%s` to `%s`: packets being filled", g.nodes[q.region].YAML, g.nodes[q.to].YAML)
	}
	for _, n := range p.Nodes {
		e := g.queueInto(n)
		if e == nil {
			continue
		}
		add(e.Bytes+ir.BlockBytes, "`%s`: its queue, and the packet that it works on", n.YAML)
		packet := longest[n.ID]
		switch op := n.Op.(type) {
		case *ir.Sink:
			if op.DeadLetter || op.Batch != nil {
				packet *= 2
			}
		default:
			blocks := ir.BlocksPerLane*lanes[n.Region] + ir.SpareBlocks
			add(blocks*ir.BlockBytes, "`%s`: %d packets in flight", n.YAML, blocks)
			add(long(longest[n.ID]), "`%s`: records longer than a block", n.YAML)
			packet *= 2 // one that waits, and one that is decoded for it
			if n.Key != nil {
				packet += longest[n.ID] // what lanes made is put in order in another one
			}
		}
		if packet > 0 {
			add(packet+ir.LongBytes, "`%s`: packets longer than a block", n.YAML)
		}
	}
	p.Memory = bound
}

// long is what records that are longer than a block may hold between where they
// are read and where what became of them goes on; 0 where there are none.
func long(longest int64) int64 {
	if longest == 0 {
		return 0
	}
	return 3*longest + ir.LongBytes
}

// longest is, by node, the longest record of the sources whose records reach it;
// 0 where none of them reads bytes.
func (g *graph) longest() map[string]int64 {
	longest := map[string]int64{}
	for _, n := range g.forward() {
		if op, ok := n.Op.(*ir.Source); ok && !makesRecords(op) {
			longest[n.ID] = longestRecord(op)
		}
		for _, e := range g.in[n.ID] {
			longest[n.ID] = max(longest[n.ID], longest[e.From])
		}
	}
	return longest
}

// answers tells, by node, whether records reach it whose sender waits for the
// answer.
func (g *graph) answers() map[string]bool {
	answers := map[string]bool{}
	for _, n := range g.forward() {
		op, ok := n.Op.(*ir.Source)
		answers[n.ID] = ok && op.Facts.Answers
		for _, e := range g.in[n.ID] {
			answers[n.ID] = answers[n.ID] || answers[e.From]
		}
	}
	return answers
}

// bound sets the bounds of an edge that is a queue. Requests are packets of their
// own: those that wait together share one write and one fsync, so as many may
// wait as are on their way, in the same number of bytes.
func (g *graph) bound(e *ir.Edge, answers bool) {
	to := g.nodes[e.To]
	e.Depth, e.Bytes, e.Batch = ir.QueueDepth, ir.QueueBytes, 0
	if answers {
		e.Depth = ir.AnswerBlocks
	}
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
	for _, key := range sourceKeys(op) {
		if isLongest(key) {
			if n := amount(op, key); n > 0 {
				return n
			}
		}
	}
	return ir.RecordBytes
}

// isLongest tells that a key of a source limits one record.
func isLongest(key catalog.Key) bool { return key.Name == "max_record" || key.Name == "max_body" }

// held is what a connector holds by what its config allows: the keys that say so
// in the catalog. Whatever they say, a body of the longest records and the lines
// that are made of it find room.
func held(op *ir.Source, longest int64) int64 {
	var bytes, fixed int64
	for _, key := range sourceKeys(op) {
		switch {
		case key.Holds == 0, key.Needs != "" && !has(op, key.Needs):
		case key.Type == "size":
			bytes += amount(op, key) * key.Holds
		default:
			fixed += amount(op, key) * key.Holds
		}
	}
	if readsBodies(op) {
		bytes = max(bytes, 5*longest/2+ir.BlockBytes)
	}
	return bytes + fixed
}

// readsBodies tells that a source has a whole body before it gives records of it.
func readsBodies(op *ir.Source) bool {
	return slices.ContainsFunc(sourceKeys(op), func(k catalog.Key) bool { return k.Name == "max_body" })
}

// has tells whether a source's config has a key.
func has(op *ir.Source, key string) bool {
	return slices.ContainsFunc(op.Config, func(s ir.Setting) bool { return s.Key == key })
}

func sourceKeys(op *ir.Source) []catalog.Key {
	if c, ok := catalog.Lookup(op.Connector); ok && c.Source != nil {
		return c.Source.Keys
	}
	return nil
}

// amount is a number or a size of a source's config: what the pipeline says, or
// the default, also where it comes from outside.
func amount(op *ir.Source, key catalog.Key) int64 {
	text := key.Default
	for _, s := range op.Config {
		if s.Key == key.Name && s.Value != nil && s.Value.IsLiteral() {
			text = s.Value.Text()
		}
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if size, ok := catalog.ParseSize(text); ok {
		n, err = size, nil
	}
	if err != nil {
		return 0
	}
	return min(n, mostOfAnything)
}

// mostOfAnything keeps sums from overflowing, whatever a config says.
const mostOfAnything = 1 << 40
