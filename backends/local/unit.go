package local

import (
	"maps"
	"net"
	"path"
	"path/filepath"
	"slices"
	"strconv"
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
	// Program is the file of the program; "" is where the options say, or
	// /usr/local/bin/PIPELINE.
	Program string
	// User tells that the manager of a user's own services runs it, which can shut a
	// program off from less.
	User bool
	// Data is the folder that the processes run in; "" is one for each that systemd makes
	// below its folder of states.
	Data string
	// Release are notes about what is applied, which systemd does not read.
	Release []string
}

// A unit is a process of a pipeline on its way to a unit of systemd.
type unit struct {
	p      *ir.Program // of all of the pipeline
	o      *options
	layout backends.Layout
	host   Host
	app    *manifest.App
	// n counts the processes of the pipeline, replica the copies of this one.
	n, replica int
	// copies is how many of them there are.
	copies int
	// all are the units of the pipeline, each behind those that feed it.
	all  []*unit
	list diag.List
}

// newUnits are the processes of a pipeline, each behind those that feed it.
func newUnits(p *ir.Program, given backends.Options, l backends.Layout, h Host) (all []*unit) {
	if h.Config == "" {
		h.Config = "/etc"
	}
	for _, part := range manifest.Parts(p) {
		for replica := range part.Units() {
			u := &unit{p: p, o: decode(given), layout: l, host: h, n: len(all), replica: replica, copies: part.Units()}
			u.app, u.list = part.App("local", u.given())
			u.list = append(append(u.list, CheckRun(part.Program)...), backends.AsProcess(part.Program, "the target local")...)
			u.schedule()
			u.checkKind()
			all = append(all, u)
		}
	}
	for i, u := range all {
		u.all = all
		u.checkFiles(all, i)
	}
	return all
}

// given is what the options say that decides the app.
func (u *unit) given() manifest.Given {
	return manifest.Given{
		Env: u.o.Env, Secrets: u.o.Secrets.Names, Memory: u.memory(), Host: true, Children: true,
		Files: slices.Sorted(maps.Keys(u.o.Files)), Ends: u.o.As == asRun || u.o.Schedule != "",
	}
}

// name is that of the process: each of several copies has its number behind an @.
func (u *unit) name() string {
	if u.copies > 1 {
		return u.app.Name + "@" + strconv.Itoa(u.replica)
	}
	return u.app.Name
}

// folder is the name of its folder.
func (u *unit) folder() string { return strings.ReplaceAll(u.name(), "@", "-") }

// args are the arguments that say which process of the pipeline this is.
func (u *unit) args() (all []string) {
	if u.app.Process != "" {
		all = append(all, "--process", u.app.Process)
	}
	if u.app.Replicas > 1 {
		all = append(all, "--replica", strconv.Itoa(u.replica))
	}
	return all
}

// checkFiles says which files the options have and no process reads.
func (u *unit) checkFiles(all []*unit, i int) {
	var apps []*manifest.App
	for _, other := range all {
		apps = append(apps, other.app)
	}
	for _, name := range slices.Sorted(maps.Keys(u.o.Files)) {
		if manifest.Concerns(apps, i, name, manifest.InputPaths) && !slices.Contains(manifest.InputPaths(u.app), name) {
			u.list.Errorf(diag.TargetOption, u.at("files", name), "the pipeline reads no file `%s`", name).Helpf("leave it out of `files`")
		}
	}
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
	if u.host.Program != "" {
		return u.host.Program
	}
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

// pages are where its pages of telemetry are, "" for nowhere. On one host each process of
// a pipeline has a port of its own: that of the first, and those behind it.
func (u *unit) pages() string {
	at := u.o.Metrics
	if at == "" {
		at, _ = u.given().Text(u.p.Telemetry.HTTP)
	}
	host, port, err := net.SplitHostPort(at)
	number, aerr := strconv.Atoi(port)
	if err != nil || aerr != nil || number == 0 {
		return at // any port, or a variable's
	}
	return net.JoinHostPort(host, strconv.Itoa(number+u.n))
}

// input is where the host has a file that the program reads, and whether that is elsewhere
// than the pipeline says.
func (u *unit) input(in manifest.Input) (at string, elsewhere bool) {
	if at, ok := u.o.Files[in.Path]; ok {
		return at, true
	}
	if u.host.Folder != "" && !path.IsAbs(in.Path) {
		return filepath.Join(u.host.Folder, filepath.FromSlash(in.Path)), true
	}
	return path.Join(in.Dir, in.Base), false
}

// settings are the assignments of FLOWC_SET: inputs that are elsewhere than the
// pipeline says, and the pages of telemetry.
func (u *unit) settings() []manifest.Setting {
	var all []manifest.Setting
	for _, in := range u.app.Inputs {
		if at, elsewhere := u.input(in); elsewhere && in.Key != "" {
			all = append(all, manifest.Setting{Key: in.Node + ".config." + in.Key, Value: at})
		}
	}
	if at := u.pages(); at != "" && (u.o.Metrics != "" || u.n > 0) {
		all = append(all, manifest.Setting{Key: "telemetry.http", Value: at})
	}
	return append(all, u.app.Settings...) // the options' own, which are stronger
}
