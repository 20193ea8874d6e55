package program

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/flowc-dev/flowc/runtime/flow"
)

// A replayGroup are letters that go to the same sinks.
type replayGroup struct {
	sinks   []string
	letters map[string]bool
}

// replayPlan is what a replay will do.
type replayPlan struct {
	groups []*replayGroup
	found  int
	// skipped has the letters that can't be replayed, and why.
	skipped []string
	// unknown are nodes that failed and are no longer there.
	unknown map[string]bool
}

// plan chooses the letters.
func (d *deadLetters) plan(ctx context.Context) (*replayPlan, error) {
	plan := &replayPlan{unknown: map[string]bool{}}
	bySinks := map[string]*replayGroup{}
	missing := map[string]bool{}
	for _, id := range d.options.ids {
		missing[id] = true
	}
	err := d.each(ctx, func(l *flow.Letter) error {
		for id := range missing {
			if matches(id, l.ID) {
				delete(missing, id)
			}
		}
		plan.found++
		skip := func(why string) error {
			plan.skipped = append(plan.skipped, l.ID+": "+why)
			return nil
		}
		at, done := d.replayed[l.ID]
		switch {
		case done:
			return skip("it was replayed at " + at.Format("2006-01-02T15:04:05Z07:00"))
		case !l.Whole():
			return skip("it has only a part of the record, which was too long")
		case !d.program.HasSource(l.Source):
			return skip(fmt.Sprintf("it came from `%s`, and the pipeline has no such source (give one `was: %s`)", l.Source, l.Source))
		}
		sinks, known := d.program.SinksOf(l.Node)
		if !known {
			plan.unknown[l.Node] = true
		}
		key := strings.Join(sinks, "\n")
		g := bySinks[key]
		if g == nil {
			g = &replayGroup{sinks: append([]string{}, sinks...), letters: map[string]bool{}}
			bySinks[key] = g
			plan.groups = append(plan.groups, g)
		}
		g.letters[l.ID] = true
		return nil
	})
	if err == nil && len(missing) > 0 {
		err = &environmentError{fmt.Errorf("there is no dead letter %s", strings.Join(quoted(missing), ", "))}
	}
	return plan, err
}

func quoted(names map[string]bool) []string {
	var list []string
	for _, n := range sorted(names) {
		list = append(list, fmt.Sprintf("%q", n))
	}
	return list
}

// tell says what will be done.
func (plan *replayPlan) tell(p *process) {
	for _, s := range plan.skipped {
		fmt.Fprintf(p.stdout, "  left out: %s\n", s)
	}
	for _, node := range sorted(plan.unknown) {
		fmt.Fprintf(p.stdout, "  the pipeline has no node `%s` any more: what failed there goes to all sinks\n", node)
	}
	for _, g := range plan.groups {
		var names []string
		for _, s := range g.sinks {
			names = append(names, "`"+s+"`")
		}
		fmt.Fprintf(p.stdout, "  %s into %s\n", times(len(g.letters), "letter"), strings.Join(names, ", "))
	}
}

// replay sends letters through the program again.
func (p *process) replay(ctx context.Context, d *deadLetters) int {
	plan, err := d.plan(ctx)
	if err != nil {
		return p.fail(err)
	}
	fmt.Fprintf(p.stdout, "%s: replay of %s\n", p.spec.Name, times(plan.found-len(plan.skipped), "dead letter"))
	plan.tell(p)
	if d.options.dryRun {
		fmt.Fprintln(p.stdout, "  nothing was done: this is a dry run")
		return exitOK
	}
	if err := p.needsToReplay(d.program, plan); err != nil {
		return p.fail(err)
	}
	t := p.telemetry(d.options)
	logger := newLogger(p.stderr, t.Log, t.Level, p.terminal)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	over := make(chan struct{})
	defer close(over)
	got := p.obey(ctx, cancel, over)
	state, _ := p.env.lookup(stateVariable)
	done, again, code := 0, int64(0), exitOK
	var refused []string
	for _, g := range plan.groups {
		runs := attempts{spec: p.spec, log: logger}
		var replays []*flow.Replay
		runs.prepare = func(program *flow.Program) error {
			r := &flow.Replay{Letters: g.letters, Sinks: g.sinks}
			replays = append(replays, r)
			return program.Replay(r)
		}
		program, err := runs.next()
		if err != nil {
			return p.fail(&environmentError{err})
		}
		limitMemory(p.env, program.Info().Memory)
		report, err := runs.records(ctx, flow.RunOptions{StateDir: state, Logger: logger}, func(*flow.Program) func() { return func() {} })
		for _, r := range replays {
			done += r.Done
			for _, id := range sorted(r.Refused) {
				refused = append(refused, fmt.Sprintf("%s: %v", id, r.Refused[id]))
			}
		}
		for _, c := range report.Nodes {
			again += c.Dead
		}
		if err != nil {
			var locked *flow.LockedError
			if errors.As(err, &locked) {
				err = fmt.Errorf("%w: stop the program first, then replay", err)
			}
			fmt.Fprintln(p.stderr, diagnostic(p.spec.Name, err))
			code = exitCode(report, err, nil)
			break
		}
		if ctx.Err() != nil {
			break
		}
	}
	cancel()
	sign := <-got
	fmt.Fprintf(p.stdout, "%s: replayed %s", p.spec.Name, times(done, "letter"))
	if again > 0 {
		fmt.Fprintf(p.stdout, "; what failed again became %s", times(int(again), "new letter"))
	}
	if left := plan.found - len(plan.skipped) - done; left > 0 {
		fmt.Fprintf(p.stdout, "; %s left as before", count(int64(left)))
	}
	fmt.Fprintln(p.stdout)
	slices.Sort(refused)
	for _, r := range slices.Compact(refused) {
		fmt.Fprintf(p.stderr, "%s: error: letter %s\n", p.spec.Name, r)
	}
	switch {
	case code != exitOK:
		return code
	case sign != nil:
		return exitOfSignal(sign)
	case len(refused) > 0:
		return exitDied
	}
	return exitOK
}
