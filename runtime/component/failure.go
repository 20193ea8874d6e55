package component

import (
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"

	"github.com/flowc-dev/flowc/runtime/proto"
)

// Skip is what a processor returns for an event that nothing comes of.
var Skip = errors.New("nothing comes of this event") //nolint:revive,staticcheck // as io.EOF: it is no failure

// Failed is the error of a function that was given many events of which some failed: by their
// place, from 0. The others are done.
type Failed map[int]error

func (f Failed) Error() string {
	for i, err := range f {
		return fmt.Sprintf("%d events failed, one of them, at place %d: %v", len(f), i, err)
	}
	return "no event failed"
}

// Transient marks an error that does not come again when the event is given once more: a
// server is away, say. The pipeline does as its `on_error` says.
func Transient(err error) error { return transientError{err} }

type transientError struct{ error }

func (e transientError) Unwrap() error   { return e.error }
func (e transientError) Temporary() bool { return true }

// transient tells whether it may help to give an event again.
func transient(err error) bool {
	var temporary interface{ Temporary() bool }
	var timeout interface{ Timeout() bool }
	return errors.As(err, &temporary) && temporary.Temporary() || errors.As(err, &timeout) && timeout.Timeout()
}

// failure is an error as the pipeline is told it.
func failure(index int, err error) *proto.Failure {
	f := &proto.Failure{Index: uint32(index), Message: err.Error(), Transient: transient(err)}
	var coded interface{ Code() string }
	if errors.As(err, &coded) {
		f.Code = coded.Code()
	}
	return f
}

// guarded calls a function of the user's; a panic is the error of what it was given.
func guarded(f func() error) (err error) {
	defer func() {
		if v := recover(); v != nil {
			slog.Error("the component's function panicked", "panic", v, "stack", string(debug.Stack()))
			err = &codedError{"panic", fmt.Errorf("panic: %v", v)}
		}
	}()
	return f()
}
