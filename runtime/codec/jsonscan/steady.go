package jsonscan

import "unsafe"

// A length is what is known about how long the strings of a member are, quotes
// included. Identifiers, addresses, hashes and times are always the same.
type length struct {
	steady int // of all values lately, or 0
	last   int // of the last value
	same   int // values before the last one that were as long
}

const (
	// steadyAfter is how many values of one length make it steady.
	steadyAfter = 16
	// steadyAbove is the length below which nothing is gained.
	steadyAbove = 10
)

// sized takes note of a value's length.
func (l *length) sized(size int) {
	if size != l.last {
		l.last, l.same = size, 0
		return
	}
	if l.same++; l.same == steadyAfter && size >= steadyAbove {
		l.steady = size
	}
}

// unsteady takes note of a value that was not of the steady length.
func (l *length) unsteady() { *l = length{} }

// closes reports whether the string that the byte before end belongs to may end
// there: it is a quote that no backslash precedes.
func closes(p unsafe.Pointer, end int) bool {
	return *(*byte)(unsafe.Add(p, end-1)) == '"' && *(*byte)(unsafe.Add(p, end-2)) != '\\'
}

// plainOf reports whether there is no quote from i to end, which are eight bytes
// or more.
func plainOf(p unsafe.Pointer, i, end int) bool {
	end -= 8
	q := quoteBytes(load64(p, end))
	for ; i < end; i += 8 {
		q |= quoteBytes(load64(p, i))
	}
	return q == 0
}
