package program

import (
	"errors"
	"os"
	"syscall"

	"github.com/flowc-dev/flowc/runtime/flow"
)

// The exit codes.
const (
	exitOK          = 0
	exitNotReady    = 1 // of health
	exitBug         = 1 // of ours, or of a component that lost count
	exitUsage       = 2
	exitEnvironment = 6 // a variable, a file, a port, a connection, the state folder
	exitDied        = 7 // the pipeline died at run time
	exitInterrupted = 130
	exitTerminated  = 143
)

// usageError is a mistake on the command line or in a setting.
type usageError struct{ msg string }

func (e *usageError) Error() string { return e.msg }

// environmentError is something outside of the program that is not as it must be.
type environmentError struct{ err error }

func (e *environmentError) Error() string { return e.err.Error() }
func (e *environmentError) Unwrap() error { return e.err }

// placedError is an error of a place in the pipeline.
type placedError struct {
	place string // "file:line", or empty
	err   error
}

func (e *placedError) Error() string {
	if e.place == "" {
		return e.err.Error()
	}
	return e.place + ": " + e.err.Error()
}

func (e *placedError) Unwrap() error { return e.err }

// exitCode is the exit code of a run that ended with err, or was told to end by
// a signal.
func exitCode(r *flow.Report, err error, got os.Signal) int {
	var usage *usageError
	var environment *environmentError
	var locked *flow.LockedError
	var state *flow.StateError
	var node *flow.NodeError
	var sums *flow.SumsError
	var wiring *flow.WiringError
	switch {
	case err == nil && r != nil && r.Ending == flow.CutShort:
		if got == os.Interrupt {
			return exitInterrupted
		}
		return exitTerminated
	case err == nil:
		return exitOK
	case errors.Is(err, flow.ErrDrain):
		return exitDied
	case errors.As(err, &usage):
		return exitUsage
	case errors.As(err, &environment), errors.As(err, &locked), errors.As(err, &state):
		return exitEnvironment
	case errors.As(err, &sums), errors.As(err, &wiring):
		return exitBug
	case errors.As(err, &node) && node.Starting():
		return exitEnvironment
	}
	return exitDied
}

// exitOfSignal is the code of a program that a second signal ended at once.
func exitOfSignal(s os.Signal) int {
	if s == syscall.SIGTERM {
		return exitTerminated
	}
	return exitInterrupted
}
