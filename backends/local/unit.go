package local

import (
	"maps"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/flowc-dev/flowc/backends"
	"github.com/flowc-dev/flowc/backends/manifest"
	"github.com/flowc-dev/flowc/ir"
	"github.com/flowc-dev/flowc/ir/diag"
	"github.com/flowc-dev/flowc/ir/source"
	"github.com/flowc-dev/flowc/runtime/catalog"
)

// A Host is the machine that a pipeline is applied to.
type Host struct {
	// Config is the folder in which each pipeline has one for its secrets; "" is /etc.
	Config string
	// Folder is where the pipeline lies: files that it reads by a relative path are there,
	// unless its options say where. "" leaves such a path to the folder of the state.
	Folder string
}

// A unit is a process of a pipeline on its way to a unit of systemd.
type unit struct {
	p      *ir.Program // of all of the pipeline
	o      *options
	layout backends.Layout
	host   Host
	app    *manifest.App
	list   diag.List
}

func newUnit(p *ir.Program, given backends.Options, l backends.Layout) *unit {
	return newUnits(p, given, l, Host{})[0]
}

// newUnits are the processes of a pipeline, each behind those that feed it.
func newUnits(p *ir.Program, given backends.Options, l backends.Layout, h Host) (all []*unit) {
	if h.Config == "" {
		h.Config = "/etc"
	}
	for _, part := range manifest.Parts(p) {
		u := &unit{p: p, o: decode(given), layout: l, host: h}
		u.app, u.list = part.App("local", manifest.Given{
			Env: u.o.Env, Secrets: u.o.Secrets.Names, Memory: u.memory(), Host: true,
		})
		u.list = append(u.list, CheckRun(part.Program)...)
		u.schedule()
		all = append(all, u)
	}
	return all
}

// CheckRun says what a supervised process group can't do of a program, as units or below
// `flowc run --target local`: nobody feeds its standard input, and what was read there is
// not there again when a process is started again.
func CheckRun(p *ir.Program) diag.List {
	var list diag.List
	for _, n := range p.Nodes {
		if op, ok := n.Op.(*ir.Source); ok && op.Connector == "stdin" {
			list.Errorf(diag.TargetStdin, n.Span, "`%s` reads standard input, and what is started again by a supervisor has none", n.YAML).
				Helpf("read a file, a topic or an HTTP request there (`--env` or `--overlay` can give the node another `use`), or run it without `--target`")
		}
	}
	return list
}

// memory is the limit of the options in bytes, 0 where there is none.
func (u *unit) memory() int64 {
	if u.o.Memory == "" {
		return 0
	}
	n, _ := catalog.ParseSize(u.o.Memory) // the schema lets sizes through
	return n
}

// at is where an option stands, as far as it was written down.
func (u *unit) at(key ...string) source.Span {
	for n := len(key); n >= 0; n-- {
		if span, ok := u.p.TargetSpans[strings.Join(append([]string{"local"}, key[:n]...), ".")]; ok {
			return span
		}
	}
	return source.Span{}
}

// binary is where the host has the program.
func (u *unit) binary() string {
	if u.o.Binary != "" {
		return u.o.Binary
	}
	return "/usr/local/bin/" + u.app.Pipeline
}

// environmentFile is the file with the secret variables, "" where there are none.
func (u *unit) environmentFile() string {
	if !slices.ContainsFunc(u.app.Env, func(v manifest.Var) bool { return v.Secret }) {
		return ""
	}
	if u.o.Secrets.EnvironmentFile != "" {
		return u.o.Secrets.EnvironmentFile
	}
	return u.host.Config + "/" + u.app.Pipeline + "/secrets.env"
}

// credential is where the host has a file of secrets.
func (u *unit) credential(f manifest.SecretFile) string {
	for _, key := range []string{f.Path, f.Name} {
		if at, ok := u.o.Secrets.Files[key]; ok {
			return at
		}
	}
	if path.IsAbs(f.Path) {
		return f.Path
	}
	return u.host.Config + "/" + u.app.Pipeline + "/" + f.Name
}

// settings are the assignments of FLOWC_SET: inputs that are elsewhere than the
// pipeline says, and the pages of telemetry.
func (u *unit) settings() []manifest.Setting {
	var all []manifest.Setting
	read := map[string]bool{}
	for _, in := range u.app.Inputs {
		read[in.Path] = true
		at, ok := u.o.Files[in.Path]
		if !ok && u.host.Folder != "" && !path.IsAbs(in.Path) {
			at, ok = filepath.Join(u.host.Folder, filepath.FromSlash(in.Path)), true
		}
		if ok {
			all = append(all, manifest.Setting{Key: in.Node + ".config." + in.Key, Value: at})
		}
	}
	for _, name := range slices.Sorted(maps.Keys(u.o.Files)) {
		if !read[name] {
			u.list.Errorf(diag.TargetOption, u.at("files", name), "the pipeline reads no file `%s`", name).Helpf("leave it out of `files`")
		}
	}
	if u.o.Metrics != "" {
		all = append(all, manifest.Setting{Key: "telemetry.http", Value: u.o.Metrics})
	}
	return append(all, u.app.Settings...) // the options' own, which are stronger
}
