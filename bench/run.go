package main

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/flowc-dev/flowc/bench/internal/compile"
	"github.com/flowc-dev/flowc/bench/internal/costs"
	"github.com/flowc-dev/flowc/bench/internal/ingest"
	"github.com/flowc-dev/flowc/bench/internal/measure"
	"github.com/flowc-dev/flowc/bench/internal/relay"
	"github.com/flowc-dev/flowc/bench/internal/report"
	"github.com/flowc-dev/flowc/bench/internal/shop"
	"github.com/flowc-dev/flowc/bench/internal/stalled"
	"github.com/flowc-dev/flowc/bench/internal/suite"
	"github.com/flowc-dev/flowc/bench/internal/workload"
	"github.com/flowc-dev/flowc/compiler/plan"
)

func run(ctx context.Context, args []string) error {
	o, err := parse(args)
	if err != nil {
		return err
	}
	chosen, err := choose(o.workloads)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp(o.dir, "flowc-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	disk, err := os.MkdirTemp(o.disk, "flowc-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(disk)
	s, err := shop.New(dir, progress)
	if err != nil {
		return err
	}
	launch, err := s.Go(ctx, "internal/launch")
	if err != nil {
		return err
	}
	var wrong []string
	for _, name := range chosen {
		var ok bool
		switch served, isServed := servers(name); {
		case isServed:
			ok, err = ingestion(ctx, o, served, ingest.Options{
				Shop: s, Launcher: measure.Launcher(launch), Dir: dir,
				Rounds: o.rounds, Events: max(o.size/10, 100), Span: o.span,
				ServerCore: 1, LoadCore: 0, Log: progress,
			})
		case between(name) != nil:
			ok, err = relaying(ctx, o, *between(name), relay.Options{
				Shop: s, Launcher: measure.Launcher(launch), Dir: dir,
				Rounds: o.rounds, Events: o.size, ServerCore: 0, Core: 1, Log: progress,
			})
		case name == compiler:
			ok = true
			err = compilation(ctx, o, compile.Options{
				Shop: s, Launcher: measure.Launcher(launch), Dir: dir, Rounds: o.rounds, Log: progress,
			})
		case name == costTable, name == hopCosts:
			ok = true
			err = costsOf(ctx, o, name, costs.Options{
				Shop: s, Launcher: measure.Launcher(launch), Dir: dir, Rounds: o.rounds, Records: o.size,
				ServerCore: 0, Core: cores()[0][0], Log: progress,
			})
		case name == planning:
			ok = true
			err = planned(ctx, o, costs.Options{
				Shop: s, Launcher: measure.Launcher(launch), Dir: dir, Rounds: o.rounds, Records: o.size,
				ServerCore: 0, Core: cores()[0][0], Log: progress,
			})
		case name == stalling:
			ok, err = standstill(ctx, o, stalled.Options{
				Shop: s, Launcher: measure.Launcher(launch), Dir: dir, Span: o.span, Cores: cores()[len(cores())-1], Log: progress,
			})
		default:
			ok, err = files(ctx, o, name, &suite.Suite{
				Shop: s, Launcher: measure.Launcher(launch), Dir: dir, Disk: disk,
				Rounds: o.rounds, Size: o.size, Cores: cores(), Log: progress,
			})
		}
		if err != nil {
			return err
		}
		if !ok {
			wrong = append(wrong, name)
		}
	}
	if len(wrong) > 0 {
		return fmt.Errorf("wrong results in %s", strings.Join(wrong, ", "))
	}
	return nil
}

// compiler is the section of what the compiler itself takes.
const compiler = "compile"

// stalling is the section of what is held while a sink stands still.
const stalling = "stalled"

// planning is the section of what `flowc plan` says.
const planning = "plan"

// planned compares plans with what programs take.
func planned(ctx context.Context, o options, c costs.Options) error {
	facts := report.Machine()
	rows, err := costs.Compare(ctx, c)
	if err != nil {
		return err
	}
	text := report.Planned(rows)
	if err := publish(o, planning, text, facts); err != nil || o.out == "" {
		return err
	}
	return report.Replace(scalingPage, "ratios", text+"\nOn "+facts+".\n")
}

// scalingPage is what users read about plans, seen from the folder of this module.
const scalingPage = "../docs/scaling.md"

// costTable is the section that makes flowc's table of costs. It runs when it is named.
const costTable = "costs"

// hopCosts is that table with the hops to components measured again, and all else as it was.
const hopCosts = "costs-hops"

// costsPath is where that table is, seen from the folder of this module.
const costsPath = "../compiler/plan/costs_gen.go"

// costsOf measures what parts of programs cost, and writes the table.
func costsOf(ctx context.Context, o options, which string, c costs.Options) (err error) {
	c.Machine, c.Load = report.Facts(), report.Load
	var text string
	if which == hopCosts {
		text, err = costs.Hops(ctx, c, plan.Default)
	} else {
		text, err = costs.Run(ctx, c)
	}
	if err != nil {
		return err
	}
	fmt.Println(text)
	if o.out == "" {
		return nil
	}
	return os.WriteFile(costsPath, []byte(text), 0o644)
}

// files runs a workload over files or in memory; false: a result is wrong.
func files(ctx context.Context, o options, name string, s *suite.Suite) (bool, error) {
	all := workload.All()
	w := all[slices.IndexFunc(all, func(w workload.Workload) bool { return w.ID == name })]
	facts := report.Machine()
	result, err := s.Run(ctx, w)
	if err != nil {
		return false, err
	}
	return !result.Wrong(), publish(o, name, report.Result(result), facts)
}

// servers gives the workload of servers of that name.
func servers(name string) (ingest.Workload, bool) {
	all := ingest.All()
	i := slices.IndexFunc(all, func(w ingest.Workload) bool { return w.ID == name })
	if i < 0 {
		return ingest.Workload{}, false
	}
	return all[i], true
}

// ingestion runs a workload of servers; false: a result is wrong.
func ingestion(ctx context.Context, o options, w ingest.Workload, i ingest.Options) (bool, error) {
	if runtime.NumCPU() < 2 {
		progress("%s: left out: the server and its load need a core each", w.ID)
		return true, nil
	}
	facts := report.Machine()
	rows, err := ingest.Run(ctx, w, i)
	if err != nil {
		return false, err
	}
	ok := !slices.ContainsFunc(rows, func(r *ingest.Row) bool { return r.Wrong != "" })
	return ok, publish(o, w.ID, report.Ingest(w, rows), facts)
}

// between gives the workload between two servers of that name; nil for none.
func between(name string) *relay.Workload {
	all := relay.All()
	if i := slices.IndexFunc(all, func(w relay.Workload) bool { return w.ID == name }); i >= 0 {
		return &all[i]
	}
	return nil
}

// relaying runs a workload between two servers; false: a result is wrong.
func relaying(ctx context.Context, o options, w relay.Workload, r relay.Options) (bool, error) {
	if runtime.NumCPU() < 2 {
		progress("%s: left out: the servers and the program need a core each", w.ID)
		return true, nil
	}
	facts := report.Machine()
	rows, err := relay.Run(ctx, w, r)
	if err != nil {
		return false, err
	}
	ok := !slices.ContainsFunc(rows, func(r *relay.Row) bool { return r.Wrong != "" })
	return ok, publish(o, w.ID, report.Relay(w, rows), facts)
}

// standstill measures the memory held before a sink that stands still; false: more than promised.
func standstill(ctx context.Context, o options, s stalled.Options) (bool, error) {
	facts := report.Machine()
	rows, err := stalled.Run(ctx, s)
	if err != nil {
		return false, err
	}
	ok := !slices.ContainsFunc(rows, func(r stalled.Row) bool { return r.Wrong != "" })
	return ok, publish(o, stalling, report.Stalled(rows), facts)
}

// compilation measures the compiler.
func compilation(ctx context.Context, o options, c compile.Options) error {
	facts := report.Machine()
	rows, err := compile.Run(ctx, c)
	if err != nil {
		return err
	}
	return publish(o, compiler, report.Compile(rows), facts)
}

// publish prints a section and puts it in its place.
func publish(o options, name, text, facts string) error {
	text += fmt.Sprintf("\n`go run . -workloads %s -rounds %d -size %d` on %s.\n", name, o.rounds, o.size, facts)
	fmt.Println(text)
	if o.out == "" {
		return nil
	}
	return report.Replace(o.out, name, text)
}

// choose gives the names of the workloads that begin with one of the prefixes.
func choose(prefixes string) ([]string, error) {
	var all, chosen []string
	for _, w := range workload.All() {
		all = append(all, w.ID)
	}
	for _, w := range ingest.All() {
		all = append(all, w.ID)
	}
	for _, w := range relay.All() {
		all = append(all, w.ID)
	}
	all = append(all, stalling, planning, compiler)
	if prefixes == costTable || prefixes == hopCosts {
		return []string{prefixes}, nil
	}
	for prefix := range strings.SplitSeq(prefixes, ",") {
		found := false
		for _, name := range all {
			if strings.HasPrefix(name, strings.TrimSpace(prefix)) {
				found = true
				if !slices.Contains(chosen, name) {
					chosen = append(chosen, name)
				}
			}
		}
		if !found {
			return nil, fmt.Errorf("no workload %q; there are %s", prefix, strings.Join(all, ", "))
		}
	}
	return chosen, nil
}

// cores gives the sets of cores: one core, then two. The first core takes most of a
// machine's interrupts, so one core is the second.
func cores() [][]int {
	if runtime.NumCPU() < 2 {
		return [][]int{{0}}
	}
	return [][]int{{1}, {0, 1}}
}

func progress(format string, args ...any) {
	fmt.Fprintf(os.Stderr, "%s "+format+"\n", append([]any{time.Now().Format("15:04:05")}, args...)...)
}
