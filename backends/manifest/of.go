package manifest

import (
	"cmp"
	"slices"
	"time"

	"github.com/flowc-dev/flowc/ir"
	"github.com/flowc-dev/flowc/ir/diag"
)

// Of reads a program. The diagnostics say what a deployment must be told and was
// not; target is its name under `targets`.
func Of(p *ir.Program, target string, given Given) (*App, diag.List) {
	r := &reader{p: p, places: values(p), target: target, given: given, app: &App{
		Name: p.Name, Pipeline: p.Name, Replicas: 1, Hash: ir.Hash(p), Image: given.Image, Labels: p.Labels, Annotations: p.Annotations,
		Bounded: bounded(p, given),
	}}
	if r.app.Image == "" {
		r.app.Image = p.Name + ":" + r.app.Hash
	}
	r.stdin()
	r.environment()
	r.secretFiles()
	r.ends()
	r.settings()
	r.unseenInputs()
	r.pages()
	r.beside()
	r.jobs()
	r.state()
	r.app.Copies = copies(p, given, r.app.State)
	r.memory()
	r.times()
	r.sort()
	r.more()
	return r.app, r.list
}

// A reader fills an App.
type reader struct {
	p      *ir.Program
	places []place
	target string
	given  Given
	app    *App
	list   diag.List
	writes []write
}

// A write is a folder that a node writes to.
type write struct{ node, dir string }

// bounded tells whether all sources, and the jobs that the program starts, end by themselves.
func bounded(p *ir.Program, given Given) bool {
	some := len(p.Jobs) > 0
	for _, j := range p.Jobs {
		if j.Endless() && inside(j, given) {
			return false
		}
	}
	for _, n := range p.Nodes {
		if op, ok := n.Op.(*ir.Source); ok {
			if !op.Bounded {
				return false
			}
			some = true
		}
	}
	return some
}

// stdin refuses a source that nobody could feed.
func (r *reader) stdin() {
	if r.given.Host {
		return
	}
	for _, n := range r.p.Nodes {
		if op, ok := n.Op.(*ir.Source); ok && op.Connector == "stdin" {
			r.list.Errorf(diag.TargetStdin, n.Span, "`%s` reads standard input, and on the target %s there is none", n.YAML, r.target).
				Helpf("read a file, a topic or an HTTP request there: `--env` or `--overlay` can give the node another `use`")
		}
	}
}

// memory takes the bound that the compiler computed.
func (r *reader) memory() {
	limit := r.given.Memory
	if limit == 0 {
		limit = max(r.p.Memory.Total, smallestMemory)
		limit = (limit + mebibyte - 1) / mebibyte * mebibyte
	}
	r.app.Memory = limit
	r.app.GoMemory = limit / 10 * 9 / mebibyte * mebibyte
}

const (
	mebibyte = 1 << 20
	// smallestMemory is what a program gets at least.
	smallestMemory = 64 * mebibyte
)

// times are the deadlines of a stop.
func (r *reader) times() {
	a := r.app
	a.Drain = time.Duration(r.p.Delivery.Drain)
	if slices.ContainsFunc(a.Ports, func(p Port) bool { return !p.Pages }) {
		a.PreStop = preStop
	}
	a.Grace = a.PreStop + a.Drain + graceMargin
}

func (r *reader) sort() {
	a := r.app
	slices.SortFunc(a.Env, func(x, y Var) int { return cmp.Compare(x.Name, y.Name) })
	slices.SortFunc(a.SecretFiles, func(x, y SecretFile) int { return cmp.Compare(x.Path, y.Path) })
	slices.SortFunc(a.Inputs, func(x, y Input) int {
		return cmp.Or(cmp.Compare(x.Node, y.Node), cmp.Compare(x.Key, y.Key), cmp.Compare(x.Path, y.Path))
	})
	slices.SortFunc(a.Settings, func(x, y Setting) int { return cmp.Compare(x.Key, y.Key) })
	slices.SortStableFunc(a.Endpoints, func(x, y Endpoint) int {
		return cmp.Or(cmp.Compare(x.Node, y.Node), cmp.Compare(x.Host, y.Host), cmp.Compare(x.Port, y.Port))
	})
	a.Endpoints = slices.Compact(a.Endpoints)
}
