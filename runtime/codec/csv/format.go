// Package csv finds the wanted cells in rows of CSV and writes cells, by RFC
// 4180.
//
// The idea: a row (which package frame has cut) is split where its delimiters
// are, and only the places of wanted cells are kept. What a cell says is decoded
// when the program asks. White space is part of a cell. A cell is in quotes or
// it has none: a stray one is an error, as is a row with more or fewer cells
// than the header.
package csv

import "github.com/flowc-dev/flowc/runtime/codec/jsonscan"

// A Format says how rows are written.
type Format struct {
	Delimiter byte // between cells: ASCII, not a line end
	Quote     byte // around cells that need it, or 0 for none
}

// Standard is RFC 4180's.
var Standard = Format{Delimiter: ',', Quote: '"'}

func fail(at int, msg string) error { return &jsonscan.Error{Offset: at, Msg: msg} }
