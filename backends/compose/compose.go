// Package compose emits a program as a project of Docker Compose: one file that
// `docker compose up` takes as it is.
//
// What a deployment must know of a program comes from package manifest; here it
// gets the words of the Compose Specification. The file has structs of its own, in
// the order in which a reader wants to see it. Whatever comes from the pipeline has
// its dollar signs doubled, so that Compose interpolates only the secrets, by
// reference.
//
// A pipeline that is cut has a service for each of its processes, and for each copy of
// one: Compose tells no container which of several it is.
package compose

import (
	"fmt"
	"strings"

	"github.com/flowc-dev/flowc/backends"
	"github.com/flowc-dev/flowc/backends/manifest"
	"github.com/flowc-dev/flowc/ir"
	"github.com/flowc-dev/flowc/ir/diag"
)

// FileName is the one file of the target, which `docker compose` finds by itself.
const FileName = "compose.yaml"

// Backend emits a Compose project.
type Backend struct{}

// Name is "compose".
func (Backend) Name() string { return "compose" }

// OptionsSchema has what the pipeline may say under `targets.compose`.
func (Backend) OptionsSchema() string { return optionsSchema + processesSchema + serviceSchema }

// Check says what the pipeline must add for this target, and what of its options
// does not fit.
func (Backend) Check(p *ir.Program, o backends.Options) diag.List {
	return read(p, o, "").list
}

// Emit returns compose.yaml.
func (Backend) Emit(p *ir.Program, o backends.Options, l backends.Layout) ([]backends.File, error) {
	d := read(p, o, l.Image)
	project, err := d.project()
	if err != nil {
		return nil, err
	}
	data, err := manifest.YAML(d.header(l), project)
	if err != nil {
		return nil, err
	}
	return []backends.File{{Path: FileName, Data: data}}, nil
}

// Render returns what Emit writes, for those who hand it to Compose themselves. The
// services' values are JSON.
func Render(p *ir.Program, o backends.Options, l backends.Layout) (*Project, error) {
	return read(p, o, l.Image).project()
}

// Explain says what becomes of a program under Compose, and why.
func (Backend) Explain(p *ir.Program, o backends.Options) []backends.Reason {
	return read(p, o, "").explain()
}

// header is the comment above the file: what it needs beside it.
func (d *deployment) header(l backends.Layout) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s%s. DO NOT EDIT.\n", backends.Header, l.VersionSuffix())
	if needs := d.needs(); len(needs) > 0 {
		b.WriteString("\nIt needs:\n")
		for _, n := range needs {
			b.WriteString("- " + n + "\n")
		}
	}
	return strings.TrimSuffix(b.String(), "\n")
}
