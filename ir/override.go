package ir

import "github.com/flowc-dev/flowc/ir/source"

// An Override is a value of a pipeline that an overlay replaced or took away. It
// is no part of the program, which has the values that won.
type Override struct {
	// Path are the keys from the root, joined by dots: "sources.in.config.path".
	Path string
	// At is the value that won, or the key that took the old one away.
	At source.Span
	// Replaced are the places of the values before, oldest first.
	Replaced []source.Span
	// Removed tells that nothing took the place of the last of them.
	Removed bool
}
