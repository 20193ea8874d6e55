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
	// Counts are the counters by node of the current batch: zero when Run
	// begins, raised by Fail and Again, completed by Loop.Settle, which can
	// derive what a node passed on from Count.Lost.
	Counts []Count
	// Record is the record being handled, Next the position in Batch.Data (or
	// the index in Batch.Rows) behind it.
	Record Record
	Next   int
	// Blank counts the blank lines that the loop skipped in this batch; with
	// the records they give the line numbers of later batches.
	Blank int
	// Node is the node whose user code is running, for panics: loops set it
	// where a stage can panic and the stack does not tell.
	Node int

	engine laneState
}

// Fail applies node's policy to the current record (lane.Record of the batch
// being run), whose final error is err, and counts it. It returns true when the
// loop must return now (stop or reject), false when it goes on with the next
// record. What the record left in the packets is cut off where Mark was called.
func (l *Lane) Fail(node int, err error) (stop bool) { return l.FailInput(node, err, nil) }

// FailInput is Fail with the JSON of what the failing node got, where that is
// not the source's record.
func (l *Lane) FailInput(node int, err error, input []byte) (stop bool) {
	return l.fail(node, err, input)
}

// InputOf is the input for FailInput as an encoder gives it: none where the
// record has no form as JSON.
func InputOf(encoded []byte, err error) []byte {
	if err != nil {
		return nil
	}
	return encoded
}

// TextInput is the input for FailInput where the node got a text.
func TextInput(s string) []byte {
	b, _ := encode(validText(s)) // a string always has a form as JSON
	return b
}

// Again tells whether a call of node's that failed for the attempt-th time (0
// first) is to be tried again. It waits the backoff before.
func (l *Lane) Again(node, attempt int, err error) bool { return l.again(node, attempt, err) }

// Mark remembers the lengths of all packets as the state before the current
// record; a failed record is cut back to it. Loops with one packet, written
// last, need not call it.
func (l *Lane) Mark() { l.mark() }

// Room returns buffer, emptied, with room for what becomes of n bytes where these
// are many. For other buffers of a loop it is buffer[:0].
func (l *Lane) Room(buffer []byte, n int) []byte {
	if n < spareBytes {
		return buffer[:0]
	}
	return l.engine.p.spares.room(buffer[:0], n+BlockSize/8)
}

// Spare returns a buffer that a loop uses again, or nil where it is so long that
// all lanes together would hold too much: the program uses that memory otherwise.
// Loops call it when they settle.
func (l *Lane) Spare(buffer []byte) []byte {
	if cap(buffer) < spareBytes {
		return buffer
	}
	l.engine.p.spares.put(buffer)
	return nil
}

// Long tells that the batch has records so long that a loop is to hold nothing of
// the last one when it settles.
func (l *Lane) Long() bool { return l.engine.long }

// Origin notes that the record appended last to the packet of a target (its
// index in Outs) is the current one, or a part of it. Loops call it once for
// each record they append, for targets that ask for it.
func (l *Lane) Origin(target int) { l.origin(l.Outs[target]) }
