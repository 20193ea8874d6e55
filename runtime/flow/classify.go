package flow

import (
	"errors"
	"syscall"
)

// ClassOf tells the class of an error by the methods of it and of what it
// wraps: Fatal and Permanent (with or without a bool), then Temporary and
// Timeout. Errors of the network and of deadlines are transient.
func ClassOf(err error) Class {
	var poison *PanicError
	if errors.As(err, &poison) {
		return Poison
	}
	var killed *KilledError
	if errors.As(err, &killed) {
		return Lethal
	}
	var arithmetic arithmeticError
	if errors.As(err, &arithmetic) {
		return Permanent
	}
	var fatal interface{ Fatal() bool }
	var fatalMark interface{ Fatal() }
	if errors.As(err, &fatal) && fatal.Fatal() || errors.As(err, &fatalMark) {
		return Fatal
	}
	var permanent interface{ Permanent() bool }
	var permanentMark interface{ Permanent() }
	if errors.As(err, &permanent) && permanent.Permanent() || errors.As(err, &permanentMark) {
		return Permanent
	}
	if isTransient(err) || unavailable(err) {
		return Transient
	}
	return Unclassed
}

func isTransient(err error) bool {
	var errno syscall.Errno
	isErrno := errors.As(err, &errno)
	// An error of package net has both methods, whatever it wraps (importing
	// net for its type would put the network into every program).
	var network interface {
		Temporary() bool
		Timeout() bool
	}
	if errors.As(err, &network) {
		if _, plain := network.(syscall.Errno); !plain {
			return true
		}
	}
	if isErrno {
		switch errno {
		case syscall.ECONNREFUSED, syscall.ECONNRESET, syscall.ECONNABORTED, syscall.EPIPE:
			return true
		}
	}
	var temporary interface{ Temporary() bool }
	var timeout interface{ Timeout() bool }
	return errors.As(err, &temporary) && temporary.Temporary() ||
		errors.As(err, &timeout) && timeout.Timeout()
}

// unavailable tells that a connector says of its error that the other side is
// gone: it is tried again for ever and uses up no retry.
func unavailable(err error) bool {
	var gone interface{ Unavailable() bool }
	return errors.As(err, &gone) && gone.Unavailable()
}

// codeOf is a short name for an error: its own where it has a Code method.
func codeOf(err error, class Class) string {
	var coded interface{ Code() string }
	if errors.As(err, &coded) {
		if code := coded.Code(); code != "" {
			return code
		}
	}
	var arithmetic arithmeticError
	var timeout interface{ Timeout() bool }
	switch {
	case class == Poison:
		return "panic"
	case errors.As(err, &arithmetic):
		return "arithmetic"
	case errors.As(err, &timeout) && timeout.Timeout():
		return "timeout"
	case unavailable(err):
		return "unavailable"
	}
	return "error"
}
