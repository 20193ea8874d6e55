package flow

import (
	"fmt"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
)

// A PanicError is a panic of user code, as the error of the record that it
// happened on.
type PanicError struct {
	Value any
	// Stack is the goroutine's when it happened.
	Stack []byte
}

func (e *PanicError) Error() string { return fmt.Sprintf("panic: %v", e.Value) }

// arithmeticError is what exact arithmetic panics with (package decimal): an
// ordinary error of the record.
type arithmeticError interface {
	error
	ArithmeticError()
}

// Recovered makes an error of a recovered value, for connectors that call user
// code record by record. Call it in the deferred function that recovered.
func Recovered(value any) error {
	if arithmetic, ok := value.(arithmeticError); ok {
		return arithmetic
	}
	return &PanicError{Value: value, Stack: debug.Stack()}
}

// A crash is a panic with what its stack tells.
type crash struct {
	err  error
	node int
	line string // "file:line" in the pipeline, empty if the stack does not tell
}

// crashOf makes an error of a recovered value; it is called by the deferred
// function that recovered it, while the stack still stands.
func (p *Program) crashOf(value any, node int) crash {
	c := crash{node: node, err: Recovered(value)}
	var pcs [64]uintptr
	frames := runtime.CallersFrames(pcs[:runtime.Callers(2, pcs[:])])
	file := filepath.Base(p.info.File)
	panicking := false
	found := false
	for {
		frame, more := frames.Next()
		switch {
		case frame.Function == "runtime.gopanic":
			panicking = true
		case !panicking:
		default:
			if c.line == "" && frame.Line > 0 && p.info.File != "" && filepath.Base(frame.File) == file {
				c.line = p.info.File + ":" + strconv.Itoa(frame.Line)
			}
			if n, ok := p.info.stage(frame.Function); ok && !found {
				c.node, found = n, true
			}
		}
		if !more {
			return c
		}
	}
}

// stage finds the node of a function, or of one that is written inside of a
// node's: `p/q.stage.func1`, and where that was inlined `p/q.(*loop).way.stage.func1`.
func (i *Info) stage(function string) (node int, ok bool) {
	if node, ok = i.Funcs[function]; ok {
		return node, true
	}
	slash := strings.LastIndexByte(function, '/') + 1
	pkg, rest, _ := strings.Cut(function[slash:], ".")
	for name := range strings.SplitSeq(rest, ".") {
		name, _, _ = strings.Cut(name, "-") // stage-range1: the body of a loop over a function
		if n, found := i.Funcs[function[:slash]+pkg+"."+name]; found {
			node, ok = n, true // the innermost
		}
	}
	return node, ok
}

// Caught is deferred by a branch's function: a panic there is the failure of
// the record on that branch alone, and what other branches (or the siblings of
// one of several records) do is not touched. stop is the function's result.
//
//	func (l *loop) toStore(in *Order) (stop bool) {
//		defer l.Caught(&stop)
//		…
func (l *Lane) Caught(stop *bool) {
	if v := recover(); v != nil {
		c := l.engine.p.crashOf(v, l.Node)
		*stop = l.failed(c.node, c.err, c.line, nil)
	}
}
