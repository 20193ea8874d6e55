// Package passes prepares a checked program for the backends.
//
// A pass reads the graph and writes what it found out onto it: which fields an
// edge needs, which nodes share a loop, how large a queue is. No pass merges
// nodes, so that counters, taps and explanations stay by the nodes that the
// user wrote. A pass tells users nothing: whatever they can get wrong is found
// before the first pass, and a program that a pass can't handle is a bug of
// ours.
//
// Every pass is a function of the graph alone: it gives the same result when it
// runs twice, and when nodes that do not depend on each other stand in another
// order. testdata/passes shows each one by programs before and after.
package passes

import (
	"fmt"
	"runtime/debug"
	"slices"

	"github.com/flowc-dev/flowc/ir"
)

// A Pass is one step.
type Pass struct {
	Name string
	// Required passes fill in what every backend relies on; the others make
	// programs faster and can be left out.
	Required bool
	Run      func(*ir.Program)
}

// table is all passes in the order in which they run; TestOrder says what each
// place rests on.
var table = []Pass{
	{"route", false, route},
	{"prune", false, prune},
	{"push", true, push},
	{"fuse", true, fuse},
	{"lanes", true, lanes},
	{"alias", true, alias},
	{"buffers", true, buffers},
	{"place", true, place},
}

// Passes returns all passes in the order in which they run.
func Passes() []Pass { return slices.Clone(table) }

// Options say how passes run. The zero value is how they run in production.
type Options struct {
	// Verify checks the program before the first pass and after each.
	Verify bool
	// After, where set, is called after each pass.
	After func(name string, p *ir.Program)
	// Skip names passes to leave out; required ones run all the same.
	Skip []string
}

// Run runs all passes over a program, which it changes. An error is a bug of
// ours: a pass that panicked (the error holds the stack), or one whose result
// does not verify.
func Run(p *ir.Program, o Options) error {
	if o.Verify {
		if err := ir.Verify(p); err != nil {
			return fmt.Errorf("before the first pass: %w", err)
		}
	}
	p.Hash = ir.Hash(p)
	for _, pass := range table {
		if !pass.Required && slices.Contains(o.Skip, pass.Name) {
			continue
		}
		if err := pass.run(p); err != nil {
			return err
		}
		if o.After != nil {
			o.After(pass.Name, p)
		}
		if !o.Verify {
			continue
		}
		if err := ir.Verify(p); err != nil {
			return fmt.Errorf("after pass %s: %w", pass.Name, err)
		}
	}
	return nil
}

// run gives a panic the name of its pass.
func (pass Pass) run(p *ir.Program) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("pass %s: panic: %v\n%s", pass.Name, v, debug.Stack())
		}
	}()
	pass.Run(p)
	return nil
}
