// Package frame cuts a stream of bytes into records.
//
// The idea: a reader has a block of bytes and wants to give away as much of it
// as holds whole records. Cut says how much that is; what is left is the begin of the next
// block. Whoever works on the block asks Next for one record after another.
// Neither copies, and the two may run in different goroutines: what Next needs
// to know about the bytes before the block is the framer as it was before Cut,
// a small value to be copied along with the block.
//
// A record that is larger than the block makes Cut return 0: the caller reads
// more, up to the largest record that it allows. It should double the block
// each time, since Cut begins anew.
package frame

// A Framer cuts blocks into records.
type Framer interface {
	// Cut returns the length of the longest prefix of block that holds whole
	// records and nothing else, and takes note of it: the next block begins
	// there. final says that nothing follows block. An error is an *Error; the
	// records before it are in the prefix, and nothing can be read after it.
	Cut(block []byte, final bool) (n int, err error)

	// Next returns the place of the first record at or after pos in a prefix
	// that Cut returned, block[start:end], and where to go on. ok is false
	// where there is none. Called with the framer as it was before Cut.
	Next(block []byte, pos int) (start, end, next int, ok bool)
}

// An Error is a stream that can't be cut into records from here on.
type Error struct {
	Offset int // of the byte at fault, from 0, in the block
	Msg    string
}

// Error returns the message; whoever knows where the block lies adds the place.
func (e *Error) Error() string { return e.Msg }

// Code is what dead letters and reports call it: "syntax".
func (e *Error) Code() string { return "syntax" }

// BOM returns the length of the byte order mark that UTF-8 text from some
// programs begins with: 3 or 0. It is no part of the first record.
func BOM(begin []byte) int {
	if len(begin) >= 3 && string(begin[:3]) == "\xef\xbb\xbf" {
		return 3
	}
	return 0
}
