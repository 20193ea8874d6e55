package jsonscan

import (
	"errors"
	"strconv"
	"unicode/utf8"
)

// An Error is a record that is not what it should be.
type Error struct {
	Offset int    // of the byte at fault, from 0, in the bytes that the call was given
	Msg    string // what was found and what was expected

	open bool // more bytes might mend it
}

// Error returns the message and the place.
func (e *Error) Error() string { return e.Msg + " (byte " + strconv.Itoa(e.Offset) + ")" }

// Code is what dead letters and reports call it: "syntax".
func (e *Error) Code() string { return "syntax" }

// Shift moves err by n bytes if it is or wraps an *Error, for callers that gave a part
// of a larger text, and returns it.
func Shift(err error, n int) error {
	if e, ok := errors.AsType[*Error](err); ok {
		e.Offset += n
	}
	return err
}

// IsOpen reports whether err is an *Error of SkipValue or SkipString about a
// value that is fine as far as it goes, and does not end.
func IsOpen(err error) bool {
	e, ok := errors.AsType[*Error](err)
	return ok && e.open
}

// foundMax is how many bytes of a bad value a message shows.
const foundMax = 40

func fail(at int, msg string) error { return &Error{Offset: at, Msg: msg} }

// expected is the error of a value, b[start:end], which is not what it should be.
func expected(what string, b []byte, start, end int) error {
	return &Error{Offset: start, Msg: "expected " + what + ", found " + found(b, start, end)}
}

// expectedAt is the error of what stands at b[at:] (or of its end).
func expectedAt(what string, b []byte, at int) error {
	return &Error{Offset: min(at, len(b)), Msg: "expected " + what + ", found " + Found(b, at)}
}

// Found shows what stands at b[at:], for messages: a token, cut to a readable
// length, or the end.
func Found(b []byte, at int) string {
	if at >= len(b) {
		return "the end of the record"
	}
	end := at + 1
	if isScalarStart[b[at]] {
		for end < len(b) && end-at <= foundMax && isScalarStart[b[end]] {
			end++
		}
	} else if b[at] == '"' {
		if q := stringEnd(b, at+1); q >= 0 {
			end = q + 1
		} else {
			end = len(b)
		}
	} else if _, n := utf8.DecodeRune(b[at:]); n > 1 {
		end = at + n
	}
	return found(b, at, end)
}

// found shows a piece of the record on one line.
func found(b []byte, start, end int) string {
	if start >= end {
		return "nothing"
	}
	v, cut := cutText(b[start:end])
	plain := utf8.Valid(v)
	for _, c := range v {
		plain = plain && c >= 0x20 && c != 0x7f
	}
	if plain && (len(v) > 1 || isScalarStart[v[0]]) {
		return string(v) + cut
	}
	return strconv.Quote(string(v)) + cut
}

// Quote shows text in quotes, cut to a readable length, for messages.
func Quote(b []byte) string {
	b, cut := cutText(b)
	return strconv.Quote(string(b)) + cut
}

// cutText cuts text to a readable length between two characters, and says so.
func cutText(b []byte) (short []byte, mark string) {
	if len(b) <= foundMax {
		return b, ""
	}
	end := foundMax
	for end > foundMax-utf8.UTFMax && !utf8.RuneStart(b[end]) {
		end--
	}
	return b[:end], "…"
}
