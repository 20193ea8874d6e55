// Package local emits a pipeline as units of systemd: the program as a process of the
// host, without a container, but shut off from the host as far as one.
//
// What a unit says is what the program is: a service that systemd restarts and that
// tells it when it is ready, or, for a program that ends by itself, a run, with a timer
// where it has a schedule.
package local

import (
	_ "embed"

	"github.com/flowc-dev/flowc/backends"
	"github.com/flowc-dev/flowc/ir"
	"github.com/flowc-dev/flowc/ir/diag"
)

// Backend emits units of systemd.
type Backend struct{}

//go:embed schema.cue
var schema string

// Name is "local".
func (Backend) Name() string { return "local" }

// OptionsSchema is what stands under `targets.local`.
func (Backend) OptionsSchema() string { return schema }

// Check says what the host must be told and was not.
func (Backend) Check(p *ir.Program, o backends.Options) diag.List {
	u := newUnit(p, o, backends.Layout{})
	u.checkOverlay(append(u.service(), u.timer()...))
	u.list.Sort()
	return u.list
}

// Shares tells that several pipelines can have their units in one folder.
func (Backend) Shares() {}

// Emit returns NAME.md, NAME.service, and NAME.timer where it has a schedule.
func (Backend) Emit(p *ir.Program, o backends.Options, l backends.Layout) ([]backends.File, error) {
	u := newUnit(p, o, l)
	files := []backends.File{{Path: u.app.Name + ".md"}, {Path: u.app.Name + ".service", Data: u.text(u.service())}}
	if t := u.timer(); t != nil {
		files = append(files, backends.File{Path: u.app.Name + ".timer", Data: u.text(t)})
	}
	files[0].Data = u.readme()
	return files, nil
}
