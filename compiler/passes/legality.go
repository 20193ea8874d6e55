package passes

import (
	"fmt"
	"slices"
	"strings"

	"github.com/flowc-dev/flowc/ir"
)

// The rules of what may run in one loop, and in how many loops at once, are
// here and nowhere else. Each answer is a reason, in the words of `flowc
// explain`.

// ownLoop says why a node starts a loop of its own, "" where it can run in the
// one that feeds it.
//
// The rules, in the order of the reasons that tell most: sources and sinks are
// loops; what the pipeline asks for; components that take several records; a
// node that would keep state across lanes which do not see all records; several
// feeders. A node that several loops feed could instead run in each of them
// where it is pure, but its code would be there twice and its order depend on
// which; a queue is the simple rule.
func (g *graph) ownLoop(n *ir.Node) string {
	feeders := g.feeders(n)
	switch n.Op.(type) {
	case *ir.Source:
		return "a source begins a loop"
	case *ir.Sink:
		return fmt.Sprintf("`%s` writes in a goroutine of its own, so that a slow write does not hold up the loop before it", n.YAML)
	}
	if len(feeders) != 1 {
		return fmt.Sprintf("`%s` gets records from the loops of %s, and takes them one after the other", n.YAML, g.yamlNames(feeders))
	}
	several, _ := g.lanesOf(g.nodes[feeders[0]])
	switch {
	case n.Key != nil:
		return fmt.Sprintf("`%s` keeps the records of a key in one lane", n.YAML)
	case n.Parallel > 1:
		return fmt.Sprintf("the pipeline asks for %d lanes of `%s`", n.Parallel, n.YAML)
	case n.Parallel == 1 && several != 1:
		return fmt.Sprintf("the pipeline asks for one lane of `%s`, and the loop of `%s` runs in several", n.YAML, g.nodes[feeders[0]].YAML)
	case isForeign(n):
		return fmt.Sprintf("`%s` is a process of its own, which is given what waits for it at once", n.YAML)
	case takesBatches(n):
		return fmt.Sprintf("`%s` takes records by the batch, which no loop of single records has", n.YAML)
	case !n.Pure && several != 1:
		return fmt.Sprintf("`%s` may keep state or touch the world, so it sees all records in one place, and the loop of `%s` runs in several lanes", n.YAML, g.nodes[feeders[0]].YAML)
	}
	return ""
}

// lanesOf says how many loops of a region run at once and why, by its head: 0
// for one a processor. What would not bear it never joins such a region.
func (g *graph) lanesOf(head *ir.Node) (lanes int, why string) {
	if head.Parallel > 0 {
		why = fmt.Sprintf("the pipeline asks for it on `%s`", head.YAML)
		if head.Key != nil {
			why += ", and a key stays in its lane"
		}
		return head.Parallel, why
	}
	switch op := head.Op.(type) {
	case *ir.Source:
		return sourceLanes(head, op)
	case *ir.Sink:
		return 1, "a sink writes in the order of what it gets"
	}
	switch {
	case head.Key != nil:
		return 0, "a key stays in its lane"
	case isForeign(head):
		return 1, fmt.Sprintf("`%s` is one process", head.YAML)
	case takesBatches(head):
		return 1, fmt.Sprintf("`%s` takes records by the batch", head.YAML)
	case !head.Pure:
		return 1, fmt.Sprintf("`%s` may keep state or touch the world", head.YAML)
	}
	return 0, "its nodes keep no state, so that batches can be worked on at once and put back in order"
}

func sourceLanes(head *ir.Node, op *ir.Source) (int, string) {
	switch {
	case op.Go != nil:
		return 1, fmt.Sprintf("`%s` gives records that are made already, and a second loop would only add a hop", head.YAML)
	case slices.ContainsFunc(op.Fields, func(a ir.Assign) bool { return a.Expr.Effect == ir.Unknown || a.Expr.Effect == ir.IO }):
		return 1, fmt.Sprintf("the fields of `%s` may keep state or touch the world", head.YAML)
	case makesRecords(op):
		return 0, "a record can be made without the one before it, so that ranges of them are made at once and put back in order"
	case op.Facts.Answers:
		return 0, "every request is a block of its own"
	}
	return 0, "a block of input can be decoded without the one before it, so that blocks are worked on at once and put back in order"
}

// makesRecords tells whether a source gives typed records and not bytes.
func makesRecords(op *ir.Source) bool { return op.Go != nil || op.Connector == "generate" }

// takesBatches tells whether a node works on several records at once.
func takesBatches(n *ir.Node) bool {
	op, ok := n.Op.(*ir.Apply)
	return ok && (op.Verb == ir.VerbForeign || op.Verb == ir.VerbGo && (op.Go.Shape == ir.ShapeBatch || op.Batch != nil))
}

// why is the reason for how records cross an edge.
func (g *graph) why(e *ir.Edge) string {
	from, to := g.nodes[e.From], g.nodes[e.To]
	if e.Via != ir.Call {
		return g.ownLoop(to)
	}
	switch op := to.Op.(type) {
	case *ir.Decode:
		if op.Input == nil {
			return fmt.Sprintf("the loop of `%s` decodes what it reads", from.YAML)
		}
	case *ir.Encode:
		if e.Kind == ir.Error {
			return "dead letters are encoded where records fail"
		}
		return fmt.Sprintf("records are encoded where they are made, and bytes cross to `%s`", to.YAML)
	}
	return fmt.Sprintf("`%s` runs in the loop of `%s`, as a call", to.YAML, g.nodes[to.Region].YAML)
}

// yamlNames lists the pipeline's names of nodes, each once.
func (g *graph) yamlNames(ids []string) string {
	var names []string
	for _, id := range ids {
		names = append(names, "`"+g.nodes[id].YAML+"`")
	}
	slices.Sort(names)
	names = slices.Compact(names)
	switch n := len(names); n {
	case 0:
		return "nothing"
	case 1:
		return names[0]
	default:
		return strings.Join(names[:n-1], ", ") + " and " + names[n-1]
	}
}
