package flow

import (
	"bytes"
	"errors"
	"fmt"
	"sort"
	"strings"
)

// A Class says what is to be done about an error.
type Class uint8

// The classes. Transient errors may go away by themselves, permanent ones
// don't; what is unclassed is treated as permanent unless the user wrote
// `retry`. Poison is a panic of user code, lethal what ends the process without a
// chance to catch it. Fatal errors end the program.
const (
	Unclassed Class = iota
	Transient
	Permanent
	Poison
	Fatal
	Lethal
)

func (c Class) String() string {
	return [...]string{"unclassed", "transient", "permanent", "poison", "fatal", "lethal"}[c]
}

// A RecordError is the failure of one record.
type RecordError struct {
	// Node is the node that failed, Line its "file:line" (that of the
	// expression where a panic told it).
	Node, Line string
	// Code is a short name for the kind of failure.
	Code string
	// Class of Err, and the calls that were made.
	Class    Class
	Attempts int
	// Source is the node that read the record, Split the part of it.
	Source, Split string
	// Number is the record's number in its split from 0, TextLine its line
	// from 1, Offset its byte position; -1 each where it is not known.
	Number, TextLine, Offset int64
	// Position is the connector's own.
	Position any
	// Record is the source's original, Input what the failing node got where
	// that is something else (JSON).
	Record, Input []byte
	// Header is the header row of the table that the record is a row of.
	Header []byte
	// Then is what became of the record.
	Then Then
	// Letter is the ID of its dead letter, of the examples in a Report alone; "" where
	// it has none.
	Letter string
	Err    error

	example bool // of its node
}

func (e *RecordError) Error() string {
	var s strings.Builder
	if e.Line != "" {
		s.WriteString(e.Line)
		s.WriteString(": ")
	}
	fmt.Fprintf(&s, "`%s` failed", e.Node)
	if place := e.Place(); place != "" {
		fmt.Fprintf(&s, " on %s", place)
	}
	fmt.Fprintf(&s, ": %v", e.Err)
	return s.String()
}

func (e *RecordError) Unwrap() error { return e.Err }

// OwnPlace is the record's place as its connector has it ("topic orders, partition 3,
// offset 201"), "" where the connector has no form of its own.
func (e *RecordError) OwnPlace() string {
	if _, plain := e.Position.(plainPlace); plain || e.Position == nil {
		return ""
	}
	position, err := encode(e.Position)
	if err != nil || !bytes.HasPrefix(position, []byte{'{'}) {
		return ""
	}
	return pairs(position)
}

// Place names the record in words a person can follow: "orders.ndjson:18203".
func (e *RecordError) Place() string {
	if own := e.OwnPlace(); own != "" {
		return strings.TrimSpace(e.Source + " " + own)
	}
	name := e.Split
	if name == "" {
		name = e.Source
	}
	switch {
	case name == "":
		return ""
	case e.TextLine > 0:
		return fmt.Sprintf("%s:%d", name, e.TextLine)
	case e.Number >= 0:
		return fmt.Sprintf("record %d of %s", e.Number+1, name)
	case e.Offset >= 0:
		return fmt.Sprintf("%s (byte %d)", name, e.Offset)
	}
	return name
}

// A PartialError is a write in which only some records failed, by index in the
// packet. The others are written.
type PartialError struct{ Failed map[int]error }

func (e *PartialError) Error() string {
	first := -1
	for i := range e.Failed {
		if first < 0 || i < first {
			first = i
		}
	}
	if first < 0 {
		return "no record failed"
	}
	if len(e.Failed) == 1 {
		return fmt.Sprintf("record %d of the write: %v", first, e.Failed[first])
	}
	return fmt.Sprintf("%d records of the write, the first is number %d: %v", len(e.Failed), first, e.Failed[first])
}

func (e *PartialError) indexes() []int {
	all := make([]int, 0, len(e.Failed))
	for i := range e.Failed {
		all = append(all, i)
	}
	sort.Ints(all)
	return all
}

// A NodeError is the failure of a source or sink as a whole, which ends the
// program. Op is "open", "read", "write", "sync", "restore" or the like.
type NodeError struct {
	Node, Line, Op string
	Err            error
}

func (e *NodeError) Error() string {
	s := fmt.Sprintf("`%s`: %s: %v", e.Node, e.Op, e.Err)
	if e.Line != "" {
		s = e.Line + ": " + s
	}
	return s
}

func (e *NodeError) Unwrap() error { return e.Err }

// Starting tells that it happened before anything was read: the surroundings
// are not as the pipeline needs them.
func (e *NodeError) Starting() bool {
	switch e.Op {
	case "configure", "open", "seek", "restore":
		return true
	}
	return false
}

// A WiringError is a mistake of whoever put the program together.
type WiringError struct{ msg string }

func (e *WiringError) Error() string { return "flow: " + e.msg }

// A StateError is a state folder or checkpoint that can't be used. Its text
// says what to do.
type StateError struct {
	Path   string
	Reason string
	Err    error
}

func (e *StateError) Error() string {
	s := e.Path + ": " + e.Reason
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

func (e *StateError) Unwrap() error { return e.Err }

// A LockedError tells that another copy of the program is running.
type LockedError struct {
	Path string
	// Holder is what the other copy wrote about itself.
	Holder string
}

func (e *LockedError) Error() string {
	holder := e.Holder
	if holder == "" {
		holder = "another process"
	}
	return fmt.Sprintf("%s is held by %s: end it first, or start with --wait to wait for it", e.Path, holder)
}

// A TooManyError tells that a node failed more records than max_dead allows.
type TooManyError struct {
	Node, Line string
	Failed, Of int64
	Limit      float64
}

func (e *TooManyError) Error() string {
	s := fmt.Sprintf("`%s` failed on %d of %d records, more than max_dead (%g%%) allows", e.Node, e.Failed, e.Of, e.Limit*100)
	if e.Line != "" {
		s = e.Line + ": " + s
	}
	return s
}

// A SumsError is a bug of ours or of a component: the counters of a node do
// not add up.
type SumsError struct {
	Node  string
	Count Count
}

func (e *SumsError) Error() string {
	return fmt.Sprintf("`%s`: the counters do not add up: %+v", e.Node, e.Count)
}

// Errors without details.
var (
	// ErrDrain tells that an ordered end took longer than its deadline.
	ErrDrain = errors.New("the drain deadline passed before everything was written")
	// ErrStopped answers senders whose batch was on its way when the program
	// stopped.
	ErrStopped = errors.New("the program stopped before the batch was safe")
)
