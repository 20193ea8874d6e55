package file

import "errors"

// errWritten is a file that somebody else is writing.
var errWritten = errors.New("another sink or program is writing this file")

// A roomError is a full disk, or too many open files: it may go away.
type roomError struct{ err error }

func (e *roomError) Error() string { return e.err.Error() }
func (e *roomError) Unwrap() error { return e.err }

// Temporary tells the engine that trying again may help.
func (e *roomError) Temporary() bool { return true }

// A pathError is a path that a record gives and that can't be written: trying
// again is of no use, and other records have other paths.
type pathError struct{ err error }

func (e *pathError) Error() string { return e.err.Error() }
func (e *pathError) Unwrap() error { return e.err }

// Code is what dead letters tell such records by.
func (e *pathError) Code() string { return "path" }

// Permanent tells the engine that trying again is of no use.
func (e *pathError) Permanent() bool { return true }

// A valueError is a record with a value that its column can't hold: trying again
// is of no use, and the records around it are not concerned.
type valueError struct{ err error }

func (e *valueError) Error() string { return e.err.Error() }
func (e *valueError) Unwrap() error { return e.err }

// Code is what dead letters tell such records by.
func (e *valueError) Code() string { return "value" }

// Permanent tells the engine that trying again is of no use.
func (e *valueError) Permanent() bool { return true }

// A lostError is a file that could not be made durable. The system may have
// thrown away what it could not write and say nothing the next time, so nothing
// can be known about the file any more.
type lostError struct{ err error }

func (e *lostError) Error() string {
	return "what was written could not be made durable: " + e.err.Error()
}
func (e *lostError) Unwrap() error { return e.err }

// Fatal tells the engine to stop whatever the policy says.
func (e *lostError) Fatal() bool { return true }

// classify tells the engine which errors of the system may go away.
func classify(err error) error {
	if err != nil && (isFull(err) || isBusy(err)) {
		return &roomError{err}
	}
	return err
}
