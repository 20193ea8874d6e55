package flow

import "context"

// A Lane is one of the goroutines that run a region's loop, and what the loop
// sees of the engine. The compiler's loops embed a *Lane.
type Lane struct {
	// Ctx ends when the program must stop at once.
	Ctx context.Context
	// Index is the lane's number in its region, from 0.
	Index int
	// Outs are the packets being filled, one a target in the order of
	// RegionOptions.To. The engine sends and replaces them after each batch, so
	// loops read them anew in each Run.
	Outs []*Out
	// Counts are this lane's counters by node, written in Loop.Settle and by
	// the methods below.
	Counts []Count
	// Record is the record being handled, Next the position in Batch.Data (or
	// the index in Batch.Rows) behind it.
	Record Record
	Next   int
	// Node is the node whose user code is running, for panics: loops set it
	// where a stage can panic and the stack does not tell.
	Node int

	engine laneState
}
