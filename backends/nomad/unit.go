package nomad

import (
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/flowc-dev/flowc/backends"
	"github.com/flowc-dev/flowc/backends/manifest"
	"github.com/flowc-dev/flowc/ir"
	"github.com/flowc-dev/flowc/ir/diag"
	"github.com/flowc-dev/flowc/ir/source"
	"github.com/flowc-dev/flowc/runtime/catalog"
)

// A unit is a program on its way to a job.
type unit struct {
	p       *ir.Program
	o       *options
	layout  backends.Layout
	app     *manifest.App
	kind    kind
	list    diag.List
	mounts  []any              // the docker driver's
	volumes map[string]*volume // by name in the job
}

func newUnit(p *ir.Program, given backends.Options, l backends.Layout) *unit {
	u := &unit{p: p, o: decode(given), layout: l, volumes: map[string]*volume{}}
	image := l.Image
	if image == "" {
		image = u.o.Image
	}
	u.app, u.list = manifest.Of(p, "nomad", manifest.Given{
		Image: image, Env: u.o.Env, Secrets: u.secretVars(), Memory: u.size("memory", u.o.Memory),
		Placed: func(path string) bool { _, ok := u.o.Files[path]; return ok },
		Host:   u.host(),
	})
	u.kind = u.kindOf()
	return u
}

// host tells that the program sees the client's own paths.
func (u *unit) host() bool { return u.o.Driver == raw }

// name is the job's id.
func (u *unit) name() string {
	if u.o.Job != "" {
		return u.o.Job
	}
	return u.app.Name
}

// file is the name of the job's file.
func (u *unit) file() string { return u.name() + ".nomad.json" }

// at is where an option stands, as far as it was written down.
func (u *unit) at(key ...string) source.Span {
	for n := len(key); n >= 0; n-- {
		if span, ok := u.p.TargetSpans[strings.Join(append([]string{"nomad"}, key[:n]...), ".")]; ok {
			return span
		}
	}
	return source.Span{}
}

// secretVars are the variables among the secrets of the options.
func (u *unit) secretVars() []string {
	var names []string
	for _, name := range slices.Sorted(maps.Keys(u.o.Secrets)) {
		if !u.isSecretFile(name) && variable.MatchString(name) {
			names = append(names, name)
		}
	}
	return names
}

// isSecretFile tells whether a name among the secrets is that of a file which the
// pipeline names.
func (u *unit) isSecretFile(name string) bool {
	found := false
	for _, n := range u.p.Nodes {
		for _, s := range n.Settings() {
			eachPart(s.Value, func(part ir.Part) {
				found = found || part.Kind == ir.FileRef && (part.Text == name || path.Base(part.Text) == name)
			})
		}
	}
	return found
}

func eachPart(v *ir.Value, f func(ir.Part)) {
	if v == nil {
		return
	}
	for _, part := range v.Parts {
		f(part)
	}
	for _, item := range v.Items {
		eachPart(item, f)
	}
	for _, e := range v.Entries {
		eachPart(e.Value, f)
	}
}

// size is a size of the options in bytes, 0 where there is none.
func (u *unit) size(key, text string) int64 {
	if text == "" {
		return 0
	}
	n, ok := catalog.ParseSize(text)
	if !ok {
		u.list.Errorf(diag.TargetOption, u.at(key), "`%s` is no size", text).Helpf("write it like `256MiB`")
	}
	return n
}

// mebibytes is a number of bytes as Nomad has it, which calls 1024*1024 of them an MB.
func mebibytes(bytes int64) int { return int((bytes + 1<<20 - 1) >> 20) }
