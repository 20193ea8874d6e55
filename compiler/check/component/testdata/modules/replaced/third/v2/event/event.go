// Package event is of a module with a version suffix and dots in its path.
package event

type Ledger struct{ Sequence uint32 }

func Closed(in Ledger) bool { return in.Sequence > 0 }
