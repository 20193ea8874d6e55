// Package edge is what the carriers of edges between the processes of a pipeline have
// in common: which partition a record goes to, how records are numbered and put into
// envelopes, and how they are taken out again and told from those that came before.
//
// A carrier stores messages in partitions, one for each copy of the reader, and gives
// those of a partition in their order. All else is here:
//
//	begin.go      what the engine gets as the begin of an edge
//	packing.go    how records get into envelopes
//	unpacking.go  the end of an edge: how they are taken out again
package edge

// An Envelope is one on its way into a partition.
type Envelope struct {
	Partition int
	// Data is the whole of it. It is the carrier's to keep.
	Data []byte
	// Records are those in it, by their place in the packet.
	Records []int
}

// An Error is one about an edge that does not go away by itself.
type Error struct{ Err error }

func (e *Error) Error() string { return e.Err.Error() }

// Unwrap returns the reason.
func (e *Error) Unwrap() error { return e.Err }

// Fatal tells the engine that trying again is of no use.
func (e *Error) Fatal() bool { return true }
