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

// A unit is a program on its way to a group of a job: a process of a pipeline, or all of
// it where it runs in one.
type unit struct {
	p       *ir.Program
	whole   *ir.Program
	o       *options
	app     *manifest.App
	broker  *broker // of the pipeline, nil for none
	kind    kind
	list    diag.List
	mounts  []any              // the docker driver's
	volumes map[string]*volume // by name in the job
}

func newUnit(whole *ir.Program, part manifest.Part, given backends.Options, image string, b *broker) *unit {
	u := &unit{p: part.Program, whole: whole, o: decode(manifest.OptionsOf(given, part.Process)), broker: b, volumes: map[string]*volume{}}
	if image == "" {
		image = u.o.Image
	}
	env := u.o.Env
	if b != nil {
		env = b.given(env)
	}
	u.app, u.list = part.App("nomad", manifest.Given{
		Image: image, Env: env, Secrets: u.secretVars(), Memory: u.size("memory", u.o.Memory),
		Placed: func(path string) bool { _, ok := u.o.Files[path]; return ok }, Place: u.somewhere(),
		Files: u.mounted(), Keeps: u.keeps(), Ends: u.o.As == batch || u.o.As == periodic || u.o.Schedule != "",
		Host: u.host(), Beside: u.o.Driver == docker, Children: u.o.Driver != docker,
		Apart: true, // each has its own network, behind ports of the client
	})
	u.reach()
	return u
}

// own takes out of the options what is about other processes alone.
func (u *unit) own(apps []*manifest.App, i int) {
	others := func(key string, keys func(*manifest.App) []string) bool {
		return !manifest.Concerns(apps, i, key, keys)
	}
	maps.DeleteFunc(u.o.Files, func(key string, _ place) bool { return others(key, manifest.InputPaths) })
	maps.DeleteFunc(u.o.Secrets, func(key string, _ secret) bool { return others(key, manifest.SecretNames) })
	maps.DeleteFunc(u.o.Volumes, func(key string, _ storage) bool { return others(key, allDirs) })
	maps.DeleteFunc(u.o.Ports, func(key string, _ int) bool { return others(key, manifest.PortNames) })
	if u.app.Process == "" {
		return
	}
	if !u.app.Copies.Many {
		u.o.Replicas = nil
		if u.o.Scale != nil && u.o.Scale.Max > 0 { // it is said of all
			u.o.Scale = nil
		}
	}
	u.elastic()
	if !slices.Contains(manifest.DirPaths(u.app), manifest.WorkDir) {
		u.o.Storage = nil
	}
}

func allDirs(a *manifest.App) (all []string) {
	for _, d := range a.Dirs {
		all = append(all, d.Path)
	}
	return all
}

// host tells that the program sees the client's own paths.
func (u *unit) host() bool { return u.o.Driver == raw }

// name is the job's id.
func (u *unit) name() string {
	if u.o.Job != "" {
		return u.o.Job
	}
	return u.app.Pipeline
}

// service is what the names of the unit's services begin with.
func (u *unit) service() string { return u.name() + strings.TrimPrefix(u.app.Name, u.app.Pipeline) }

// at is where an option stands, as far as it was written down.
func (u *unit) at(key ...string) source.Span {
	process := ""
	if u.app != nil {
		process = u.app.Process
	}
	return manifest.OptionAt(u.p.TargetSpans, "nomad", process, key...)
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
	for _, part := range manifest.Parts(u.whole) {
		for _, n := range part.Program.Nodes {
			for _, s := range n.Settings() {
				eachPart(s.Value, func(part ir.Part) {
					found = found || part.Kind == ir.FileRef && (part.Text == name || path.Base(part.Text) == name)
				})
			}
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
