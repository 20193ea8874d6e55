package driver

import (
	"path/filepath"
	"strings"

	"github.com/flowc-dev/flowc/compiler/dialect"
	"github.com/flowc-dev/flowc/compiler/flowctl"
	"github.com/flowc-dev/flowc/compiler/migrate"
	"github.com/flowc-dev/flowc/ir/diag"
	"github.com/flowc-dev/flowc/ir/source"
)

// MigrateOptions say which of several pipelines of a file is meant.
type MigrateOptions struct {
	// Pipeline is its name.
	Pipeline string
	// V1 asks for flowctl/v1 in the place of the short spelling.
	V1 bool
	// Through are components that a topology goes through.
	Through []string
}

// Migrate rewrites a file in a spelling of flowctl's or its relatives into the
// short one. file is "-" for standard input.
func Migrate(file string, text []byte, o MigrateOptions) (migrate.Result, diag.List) {
	name, path := filepath.Base(file), file
	if file == "-" {
		name, path = "stdin.yaml", ""
	}
	var l diag.List
	base := strings.TrimSuffix(name, filepath.Ext(name))
	r := migrate.File(source.NewFile(name, path, text), migrate.Options{
		Name: dialect.Label(strings.TrimSuffix(base, ".flow")), Pipeline: o.Pipeline, Through: o.Through, V1: o.V1,
	}, &l)
	l.Sort()
	return r, l
}

// A PublicComponent is a component of flowctl's public registry.
type PublicComponent = flowctl.Component

// PublicComponents are the components of flowctl's public registry that flowc
// knows, by their descriptors.
func PublicComponents() []PublicComponent { return flowctl.Known() }

// A Preset is a pipeline of public components.
type Preset = flowctl.Preset

// Presets are the pipelines that `flowc init` writes.
func Presets() []Preset { return flowctl.Presets() }
