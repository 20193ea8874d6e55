// Package compose emits a program as a project of Docker Compose: one file that
// `docker compose up` takes as it is.
//
// What a deployment must know of a program comes from package manifest; here it
// gets the words of the Compose Specification. The file has structs of its own, in
// the order in which a reader wants to see it. Whatever comes from the pipeline has
// its dollar signs doubled, so that Compose interpolates only the secrets, by
// reference.
package compose

import (
	"cmp"
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
func (Backend) OptionsSchema() string { return optionsSchema + serviceSchema }

// Check says what the pipeline must add for this target, and what of its options
// does not fit.
func (Backend) Check(p *ir.Program, o backends.Options) diag.List {
	_, list := read(p, o, "")
	return list
}

// Emit returns compose.yaml.
func (Backend) Emit(p *ir.Program, o backends.Options, l backends.Layout) ([]backends.File, error) {
	u, project, err := render(p, o, l)
	if err != nil {
		return nil, err
	}
	data, err := manifest.YAML(u.header(l), project)
	if err != nil {
		return nil, err
	}
	return []backends.File{{Path: FileName, Data: data}}, nil
}

// Render returns what Emit writes, for those who hand it to Compose themselves. The
// service is the one called like the pipeline; its value is JSON.
func Render(p *ir.Program, o backends.Options, l backends.Layout) (*Project, error) {
	_, project, err := render(p, o, l)
	return project, err
}

func render(p *ir.Program, o backends.Options, l backends.Layout) (*unit, *Project, error) {
	u, _ := read(p, o, l.Image)
	project, err := u.project()
	return u, project, err
}

// Explain says what becomes of a program under Compose, and why.
func (Backend) Explain(p *ir.Program, o backends.Options) []backends.Reason {
	u, _ := read(p, o, "")
	return u.explain()
}

// A unit is a program on its way to a project.
type unit struct {
	p       *ir.Program
	app     *manifest.App
	options *Options
	list    diag.List
	memory  int64
}

// read decodes the options, reads the program with them and notes whatever does
// not fit; image is stronger than the option of that name.
func read(p *ir.Program, text backends.Options, image string) (*unit, diag.List) {
	u := &unit{p: p, options: decode(text)}
	o := u.options
	given := manifest.Given{
		Image: cmp.Or(image, o.Image), Env: o.Env, Secrets: u.secretVars(), Memory: u.limit(),
		Place: "{bind: PATH}", Placed: func(path string) bool { _, ok := o.Files[path]; return ok },
	}
	u.app, u.list = manifest.Of(p, "compose", given)
	u.check()
	return u, u.list
}

// header is the comment above the file: what it needs beside it.
func (u *unit) header(l backends.Layout) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s%s. DO NOT EDIT.\n", backends.Header, l.VersionSuffix())
	if needs := u.needs(); len(needs) > 0 {
		b.WriteString("\nIt needs:\n")
		for _, n := range needs {
			b.WriteString("- " + n + "\n")
		}
	}
	return strings.TrimSuffix(b.String(), "\n")
}
