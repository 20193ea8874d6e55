// Package costs measures what the parts of programs cost, for `flowc plan`: it has flowc
// measure small pipelines over data of three sizes, runs the same with real connectors,
// and puts a line through what each part took.
//
//	costs.go       the order of the work
//	datasets.go    the data
//	probes.go      pipelines of one process, measured by `flowc plan --sample`
//	sampled.go     what that tells
//	connectors.go  the same with a connector: what it takes more is the connector's
//	servers.go     those that need a server
//	edges.go       pipelines that are cut, and their broker
//	components.go  hops to components in processes of their own
//	fit.go         a line through measurements
//	table.go       the Go file
//	compare.go     what a plan says of other pipelines, beside what they take
package costs

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/flowc-dev/flowc/bench/internal/measure"
	"github.com/flowc-dev/flowc/bench/internal/shop"
	"github.com/flowc-dev/flowc/compiler/plan"
)

// Options are what a run needs.
type Options struct {
	Shop     *shop.Shop
	Launcher measure.Launcher
	Dir      string // for data; in memory where the system can
	Rounds   int
	// Records is how many the connectors are given.
	Records int
	// ServerCore is the core of servers, Core the one of programs.
	ServerCore, Core int
	Machine          string
	// Load is how many processes want a core, as text.
	Load func() string
	Log  func(format string, args ...any)
}

// An observation is what a part took for a record.
type observation struct {
	part          string
	bytes, fields float64
	nanos         float64
	// weight is how well it is known: one over its relative error.
	weight float64
}

// A bench is a run on its way.
type bench struct {
	Options
	flowc string
	seen  []observation
	known map[string]*planned // probes that were measured, by name
}

// start makes a bench, with flowc built.
func start(ctx context.Context, o Options) (*bench, error) {
	flowc, err := o.Shop.Flowc(ctx)
	return &bench{Options: o, flowc: flowc, known: map[string]*planned{}}, err
}

// Run measures everything and returns the text of the Go file with the table.
func Run(ctx context.Context, o Options) (string, error) {
	b, err := start(ctx, o)
	if err != nil {
		return "", err
	}
	before := o.Load()
	sets, err := b.datasets()
	if err != nil {
		return "", err
	}
	for _, p := range probes(sets) {
		o.Log("costs: %s", p.name)
		lines, err := b.sampled(ctx, p)
		if err != nil {
			return "", err
		}
		b.seen = append(b.seen, observed(lines)...)
	}
	for _, step := range []func(context.Context, []dataset) error{b.plain, b.servers, b.edges, b.components} {
		if err := step(ctx, sets); err != nil {
			return "", err
		}
	}
	taken := b.taking(before)
	return b.table(taken, taken, nil)
}

// Hops measures hops to components alone, and returns the Go file with them in the place of
// those of a table.
func Hops(ctx context.Context, o Options, table *plan.Table) (string, error) {
	b, err := start(ctx, o)
	if err != nil {
		return "", err
	}
	before := o.Load()
	sets, err := b.datasets()
	if err != nil {
		return "", err
	}
	if err := b.components(ctx, sets); err != nil {
		return "", err
	}
	return b.table(table.Taking, b.taking(before), table.Costs)
}

// write puts a pipeline into a folder of its own and gives its path.
func (b *bench) write(name, text string) (string, error) {
	dir := filepath.Join(b.Dir, "costs", name)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	path := filepath.Join(dir, "pipeline.yaml")
	return path, os.WriteFile(path, []byte(text), 0o600)
}

// note adds what a connector took.
func (b *bench) note(part string, bytes, nanos float64) {
	b.Log("costs: %s, %.0f B: %.1f ns", part, bytes, nanos)
	b.seen = append(b.seen, observation{part: part, bytes: bytes, nanos: max(nanos, 0), weight: 10})
}

func (b *bench) fail(what string, err error) error { return fmt.Errorf("costs: %s: %w", what, err) }
