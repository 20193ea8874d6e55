// Package gotypes emits the event types of a pipeline as a Go package, so that
// component repositories can share them.
package gotypes

import (
	"github.com/flowc-dev/flowc/backends"
	"github.com/flowc-dev/flowc/backends/gocode"
	"github.com/flowc-dev/flowc/backends/golang"
	"github.com/flowc-dev/flowc/ir"
	"github.com/flowc-dev/flowc/ir/diag"
)

// Backend emits event types.
type Backend struct{}

// Name is "types".
func (Backend) Name() string { return "types" }

// OptionsSchema is empty: the target has no options.
func (Backend) OptionsSchema() string { return "" }

// Check has nothing to refuse.
func (Backend) Check(*ir.Program, backends.Options) diag.List { return nil }

// Emit returns types.go and what of the runtime it needs (exact decimals).
func (Backend) Emit(p *ir.Program, _ backends.Options, l backends.Layout) ([]backends.File, error) {
	types, err := gocode.Types(p, l)
	if err != nil {
		return nil, err
	}
	files := []backends.File{types}
	slice, err := golang.RuntimeSlice(files, l)
	if err != nil {
		return nil, err
	}
	return append(files, slice...), nil
}
