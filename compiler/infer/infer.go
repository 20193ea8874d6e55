// Package infer finds types for real data.
//
// The idea: a sample is read once, from the first byte to the last, and nothing
// of it is kept but facts. For each place in the records (a field, the elements
// of a list) there is a shape: how many values of each kind stood there, where
// the first of each was, how large the numbers were, how few the strings. So
// memory depends on how many places there are and not on how much data there
// is. When all is read, the shapes are made types of the language, and what the
// types leave out (a value that is missing now and then, a string among
// numbers) becomes a comment with its count and its line.
//
// A type is chosen so that every record of the sample can be read with it:
//
//   - whole numbers are int where 32 bits hold them (an int has so many on some
//     platforms), else int64, else uint64, else number;
//   - numbers with a point or an exponent are number, which is exact; with
//     [Options.Floats] they are float64. What number can't hold (more than 38
//     digits) is float64 as well;
//   - strings are time where each is one by RFC 3339, duration where each is one
//     in Go's form; with [Options.Decimals] decimal where each is a number, and
//     with [Options.Enums] an enum where few values come back often. A field that
//     holds numbers both as numbers and as strings is a decimal;
//   - what may be missing or null is optional;
//   - objects are structs, unless their names are data: then they are maps. A
//     struct that is small stands in its place, others have a name. Objects that
//     hold objects like themselves are one type;
//   - scalars of several kinds are any, everything else that differs is json.
//
// In CSV each cell is text, and what the texts of a column say is its type.
package infer

import (
	"context"
	"errors"
	"io"
)

// Options say how a sample is read and what is made of it.
type Options struct {
	// File is the name of the sample in messages and comments; its extensions
	// tell the format and the names of the types. "-" is standard input.
	File string
	// Format is ndjson, json or csv; "" finds it by the name, else by the data.
	Format string
	// Delimiter stands between the cells of CSV; 0 finds it in the header.
	Delimiter byte
	// Name is the name of the type; "" takes it from File, or Node.
	Name string
	// Node is the source of a pipeline that the sample is from; "" where it is a file
	// that no pipeline reads yet.
	Node string
	// Changes tells that the node gives changes of what the columns are of.
	Changes bool
	// By is the field of JSON records that tells event types apart, or "".
	By string
	// Limit ends the sample behind so many records; 0 reads all.
	Limit int64
	// Decimals, Floats and Enums choose types as the package says.
	Decimals, Floats, Enums bool
}

// Sample reads a sample and returns types for it. A sample that is broken gives
// an *[Error] with the place; other errors are those of r and of ctx, and
// [ErrUsage] for options that make no sense.
func Sample(ctx context.Context, r io.Reader, o Options) (*Result, error) {
	c := &collector{options: o}
	if err := c.read(&stoppable{ctx: ctx, r: r}); err != nil {
		var e *Error
		if errors.As(err, &e) {
			e.File = o.shown()
		}
		return nil, err
	}
	return c.result()
}

// A collector holds what is known of a sample while it is read.
type collector struct {
	options Options
	source  sourceFacts
	// root is the shape of the records; with By there is one for each value of
	// the field, and root is nil.
	root     *shape
	variants variants
	records  int64
	shapes   int // made so far
	names    int // of fields
}

// full tells that the sample has as many records as were asked for.
func (c *collector) full() bool { return c.options.Limit > 0 && c.records >= c.options.Limit }

// A stoppable reader ends when its context does: a sample may be large.
type stoppable struct {
	ctx context.Context
	r   io.Reader
}

func (s *stoppable) Read(b []byte) (int, error) {
	if err := s.ctx.Err(); err != nil {
		return 0, err
	}
	return s.r.Read(b)
}
