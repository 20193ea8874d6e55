package infer

import (
	"errors"
	"fmt"
)

// ErrUsage is in the chain of errors about the options, not the sample.
var ErrUsage = errors.New("usage")

// usageError is an error about the options that says what to do.
type usageError struct{ msg string }

func usagef(format string, args ...any) error { return &usageError{fmt.Sprintf(format, args...)} }

// Error is the message.
func (e *usageError) Error() string { return e.msg }

// Unwrap puts ErrUsage into the chain.
func (e *usageError) Unwrap() error { return ErrUsage }

// An Error is a place where a sample is not what its format says.
type Error struct {
	// File is the sample's name.
	File string
	// Line and Column count from 1, the column in bytes; both are 0 where the
	// sample as a whole is meant. They are places in the decompressed data.
	Line, Column int64
	// Msg says what is wrong, Help what to do; Help may be "".
	Msg, Help string
}

// Error is the message behind a place that editors can open, and the help.
func (e *Error) Error() string {
	s := e.File
	if e.Line > 0 {
		s = fmt.Sprintf("%s:%d:%d", e.File, e.Line, e.Column)
	}
	s += ": " + e.Msg
	if e.Help != "" {
		s += "\n  help: " + e.Help
	}
	return s
}

// A place is where a value begins in the decompressed data: line and column (in
// bytes) from 1.
type place struct{ line, column int64 }

func (p place) errorf(format string, args ...any) *Error {
	return &Error{Line: p.line, Column: p.column, Msg: fmt.Sprintf(format, args...)}
}

func (e *Error) helpf(format string, args ...any) *Error {
	e.Help = fmt.Sprintf(format, args...)
	return e
}
