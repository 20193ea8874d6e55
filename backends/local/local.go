// Package local emits a pipeline as units of systemd: the program as a process of the
// host, without a container, but shut off from the host as far as one.
//
// What a unit says is what the program is: a service that systemd restarts and that
// tells it when it is ready, or, for a program that ends by itself, a run, with a timer
// where it has a schedule.
package local

import (
	"cmp"
	_ "embed"
	"slices"

	"github.com/flowc-dev/flowc/backends"
	"github.com/flowc-dev/flowc/backends/manifest"
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
	var all diag.List
	for _, u := range newUnits(p, o, backends.Layout{}, Host{}) {
		u.checkOverlay(append(u.service(), u.timer()...))
		all = manifest.Join(all, u.list)
	}
	all.Sort()
	return all
}

// Shares tells that several pipelines can have their units in one folder.
func (Backend) Shares() {}

// Emit returns NAME.md and the units: a service for each process, a timer where there is a
// schedule, and a target where there are several processes.
func (Backend) Emit(p *ir.Program, o backends.Options, l backends.Layout) ([]backends.File, error) {
	files := append(Units(p, o, l, Host{}), backends.File{Path: p.Name + ".md", Data: readme(newUnits(p, o, l, Host{}))})
	slices.SortFunc(files, func(x, y backends.File) int { return cmp.Compare(x.Path, y.Path) })
	return files, nil
}

// Units are the units of a pipeline as a host has them, by name. The program passed Check.
func Units(p *ir.Program, o backends.Options, l backends.Layout, h Host) (files []backends.File) {
	units := newUnits(p, o, l, h)
	for _, u := range units {
		files = append(files, backends.File{Path: u.name() + ".service", Data: u.text(u.service())})
	}
	first := units[0]
	if t := first.timer(); t != nil {
		files = append(files, backends.File{Path: first.app.Pipeline + ".timer", Data: first.text(t)})
	}
	if len(units) > 1 {
		files = append(files, backends.File{Path: first.app.Pipeline + ".target", Data: first.text(first.target())})
	}
	slices.SortFunc(files, func(x, y backends.File) int { return cmp.Compare(x.Path, y.Path) })
	return files
}
