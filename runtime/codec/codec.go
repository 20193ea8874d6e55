// Package codec is what decoders of all formats say in the same words: a field
// that is not what its type wants.
//
// The formats are packages below this one.
package codec

import (
	"errors"
	"fmt"
)

// A FieldError is a field of a record that could not be read or written.
type FieldError struct {
	// Field is the name on the wire, dotted below the record: asset.code.
	Field string
	// Err says what is wrong with the value.
	Err error
}

// Error names the field and what is wrong with it.
func (e *FieldError) Error() string { return "field `" + e.Field + "`: " + e.Err.Error() }

// Unwrap returns the reason.
func (e *FieldError) Unwrap() error { return e.Err }

// Permanent tells the engine that trying again is of no use.
func (e *FieldError) Permanent() bool { return true }

// Code is "missing" for a field that is not there, else "value".
func (e *FieldError) Code() string {
	if errors.Is(e.Err, errMissing) {
		return "missing"
	}
	return "value"
}

// errMissing is a field that the record lacks and its type does not make
// optional.
var errMissing = errors.New("missing, and not optional (`name?:` makes it so)")

// Field says that a field's value is wrong; err is the reason.
func Field(name string, err error) error { return &FieldError{name, err} }

// Missing says that a required field is not there.
func Missing(name string) error { return &FieldError{name, errMissing} }

// A TagError is a record whose event type the pipeline does not declare.
type TagError struct {
	// Field tells event types apart, Value is what the record has there.
	Field, Value string
	// Known are the values that the pipeline lists.
	Known string
}

// Error names the field, its value and the known ones.
func (e *TagError) Error() string {
	return "field `" + e.Field + "`: no event type `" + e.Value + "` (declared: " + e.Known + "; `else: json` takes the rest)"
}

// Permanent tells the engine that trying again is of no use.
func (e *TagError) Permanent() bool { return true }

// Code is "event-type".
func (e *TagError) Code() string { return "event-type" }

// A CheckError is a record that did not pass a condition of a `check`.
type CheckError struct {
	// Name is the condition's name in the pipeline; it is the error's code in
	// dead letters and answers.
	Name string
}

// Error names the condition.
func (e *CheckError) Error() string { return "check `" + e.Name + "` failed" }

// Code is the condition's name.
func (e *CheckError) Code() string { return e.Name }

// Permanent tells the engine that trying again is of no use.
func (e *CheckError) Permanent() bool { return true }

// A shapeError is a record that is not built as the pipeline takes it.
type shapeError struct{ code, text string }

func (e *shapeError) Error() string { return e.text }

// Code is a short name for what is wrong.
func (e *shapeError) Code() string { return e.code }

// NotObject says that a value which should be an object is none.
func NotObject(raw []byte) error {
	const longest = 40
	if len(raw) > longest {
		raw = append(raw[:longest:longest], "…"...)
	}
	return &shapeError{"value", fmt.Sprintf("expected an object, found %s", raw)}
}

// Twice says that an object has a key twice.
func Twice(key string) error { return &shapeError{"syntax", "the key `" + key + "` is there twice"} }

// A HeaderError is a table whose header does not fit the pipeline: none of its
// rows can be read, so the program ends.
type HeaderError struct{ Err error }

// Error says what the header lacks.
func (e *HeaderError) Error() string { return "the header row: " + e.Err.Error() }

// Unwrap returns the reason.
func (e *HeaderError) Unwrap() error { return e.Err }

// Fatal tells the engine that no other record will do better.
func (e *HeaderError) Fatal() bool { return true }

// NoMatch says that a text does not match a regular expression.
func NoMatch(line []byte) error {
	const longest = 60
	if len(line) > longest {
		line = append(line[:longest:longest], "…"...)
	}
	return &shapeError{"no-match", fmt.Sprintf("no match in %q", line)}
}
