package flow

import (
	"context"
	"runtime"
	"slices"
	"sync"
)

// maxAutoLanes bounds the lanes that nobody asked for: one reader does not feed
// more of them.
const maxAutoLanes = 8

// A region is fused stages: a loop in each lane.
type region struct {
	p       *Program
	name    string
	o       RegionOptions
	newLoop func(*Lane) (Loop, error)

	// nodes are those whose counters the loops keep: the region's, and the sinks
	// for which they encode.
	nodes []int

	lanes  []*Lane
	idle   chan *Lane // where several inputs share the lanes
	holder bool
	// deads are the dead-letter sinks that nodes of the region may feed, deadOf
	// tells by node which of them.
	deads  []*Target
	deadOf map[int]int

	mu   sync.Mutex
	open int // inputs that have not ended
}

// laneCount is how many loops run at once.
func (r *region) laneCount() int {
	if r.o.Lanes > 0 {
		return r.o.Lanes
	}
	answering := true
	for _, in := range r.o.From {
		answering = answering && in.source != nil && in.options.Answers
	}
	if answering {
		// Requests are small: a second lane would cost each of them the waking
		// of another goroutine.
		return 1
	}
	return min(runtime.GOMAXPROCS(0), maxAutoLanes)
}

// findNodes lists the nodes whose counters the loops keep: their own, and those
// that they make something for, a sink's encoding or the key of a queue, which may
// fail.
func (r *region) findNodes() {
	r.nodes = append(r.nodes, r.o.Nodes...)
	if len(r.o.Nodes) == 0 {
		for n := range r.p.info.Nodes {
			r.nodes = append(r.nodes, n)
		}
	}
	for _, t := range r.o.To {
		node := -1
		switch {
		case t.sink != nil:
			node = t.sink.node
		case t.input.region != nil && len(t.input.region.o.Nodes) > 0:
			node = t.input.region.o.Nodes[0]
		}
		if node >= 0 && !slices.Contains(r.nodes, node) {
			r.nodes = append(r.nodes, node)
		}
	}
}

// feeds tells whether the loops encode for the sink of a node.
func (r *region) feeds(node int) bool {
	for _, t := range r.o.To {
		if t.sink != nil && t.sink.node == node {
			return true
		}
	}
	return false
}

// makeLanes makes the loops and opens them.
func (r *region) makeLanes(ctx context.Context) error {
	for i := range r.laneCount() {
		l := &Lane{Ctx: r.p.hard, Index: i}
		l.engine.p, l.engine.region = r.p, r
		loop, err := r.newLoop(l)
		if err != nil {
			return err
		}
		l.engine.loop = loop
		r.lanes = append(r.lanes, l)
		if opener, ok := loop.(Opener); ok {
			if err := opener.Open(ctx); err != nil {
				return err
			}
		}
		if holder, ok := loop.(Holder); ok {
			l.engine.holder = holder
			r.holder = true
		}
	}
	if r.holder && len(r.o.From) > 1 {
		return &WiringError{"region " + r.name + " holds records back and must have one input"}
	}
	r.open = len(r.o.From)
	if len(r.o.From) > 1 {
		r.idle = make(chan *Lane, len(r.lanes))
		for _, l := range r.lanes {
			r.idle <- l
		}
	}
	return nil
}

// close closes the loops; it returns the first error.
func (r *region) close(ctx context.Context) error {
	var first error
	for _, l := range r.lanes {
		if closer, ok := l.engine.loop.(Closer); ok {
			if err := closer.Close(ctx); err != nil && first == nil {
				first = err
			}
		}
	}
	return first
}

// ended is called by an input when all its batches have been handed on; it
// tells whether it was the last one.
func (r *region) ended() (last bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.open--
	return r.open == 0
}

// node is a node of the region for errors that belong to no record.
func (r *region) node() int {
	if len(r.o.Nodes) > 0 {
		return r.o.Nodes[0]
	}
	return -1
}
