// Package relay measures programs that stand between two servers, and never end: a
// broker is given all events, the program works until the other end has what it must
// have, and is told to end. Servers run on cores of their own, and what they use is
// not counted.
package relay

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/flowc-dev/flowc/bench/internal/compare"
	"github.com/flowc-dev/flowc/bench/internal/data"
	"github.com/flowc-dev/flowc/bench/internal/measure"
	"github.com/flowc-dev/flowc/bench/internal/rig"
	"github.com/flowc-dev/flowc/bench/internal/shop"
	"github.com/flowc-dev/flowc/bench/internal/usage"
)

// A Workload is W2's work between two servers.
type Workload struct {
	ID, Title, Goal string
	// Reference is the contender that the others are compared with.
	Reference  string
	Contenders []Contender
	// ends starts the servers.
	ends func(context.Context, rig.Rig) (ends, error)
}

// A Contender is one way to do it.
type Contender struct {
	Name string
	// plan gets it ready, and gives the command by where the servers are.
	plan func(context.Context, *shop.Shop) (func(from, to string) measure.Command, error)
}

// ends are the two servers of a run.
type ends interface {
	// from and to are where they are.
	from() string
	to() string
	// feed gives the first one the lines of a file.
	feed(ctx context.Context, path string) error
	// count is how many records the other one has, or a few more.
	count(ctx context.Context) (int, error)
	// dump writes these to a file, one a line.
	dump(ctx context.Context, path string) error
	stop() error
}

// Options are what a run needs.
type Options struct {
	Shop     *shop.Shop
	Launcher measure.Launcher
	Dir      string // for data; in memory where the system can
	Rounds   int
	Events   int
	// ServerCore is the core of the servers, Core the one of the program.
	ServerCore, Core int
	Log              func(format string, args ...any)
}

// A Row is what became of one contender.
type Row struct {
	Name   string
	Events int
	Runs   []usage.Usage // Wall is until the last record was there
	// Absent says why there are no runs; Wrong, what was wrong with a result, or
	// why a run failed.
	Absent, Wrong string
}

// Run runs a workload.
func Run(ctx context.Context, w Workload, o Options) ([]*Row, error) {
	input, expected := filepath.Join(o.Dir, "relay.ndjson"), filepath.Join(o.Dir, "relay-expected.ndjson")
	o.Log("%s: writing %d events", w.ID, o.Events)
	if err := data.Payments(input, o.Events); err != nil {
		return nil, err
	}
	if err := data.W2(input, expected); err != nil {
		return nil, err
	}
	want, err := lines(expected)
	if err != nil {
		return nil, err
	}
	var rows []*Row
	commands := map[*Row]func(from, to string) measure.Command{}
	for _, c := range w.Contenders {
		row := &Row{Name: c.Name, Events: o.Events}
		rows = append(rows, row)
		command, err := c.plan(ctx, o.Shop)
		var absent *shop.Absent
		switch {
		case errors.As(err, &absent):
			row.Absent = absent.Reason
		case err != nil:
			return nil, fmt.Errorf("%s: %s: %w", w.ID, c.Name, err)
		}
		commands[row] = command
	}
	for round := range o.Rounds {
		o.Log("%s: round %d of %d", w.ID, round+1, o.Rounds)
		for _, row := range rows {
			if row.Absent != "" || row.Wrong != "" {
				continue
			}
			u, err := o.once(ctx, w, commands[row], input, expected, want)
			var absent *shop.Absent
			switch {
			case ctx.Err() != nil:
				return nil, ctx.Err()
			case errors.As(err, &absent):
				row.Absent = absent.Reason
			case err != nil:
				row.Wrong = err.Error()
				o.Log("%s: %s is WRONG: %v", w.ID, row.Name, err)
			default:
				row.Runs = append(row.Runs, u)
			}
		}
	}
	return rows, nil
}

// once runs a contender between new servers, and compares what it gave.
func (o Options) once(ctx context.Context, w Workload, command func(from, to string) measure.Command, input, expected string, want int) (u usage.Usage, err error) {
	dir, err := os.MkdirTemp(o.Dir, "run-")
	if err != nil {
		return u, err
	}
	defer os.RemoveAll(dir)
	e, err := w.ends(ctx, rig.Rig{Shop: o.Shop, Launcher: o.Launcher, Dir: o.Dir, Cores: []int{o.ServerCore}})
	if err != nil {
		return u, err
	}
	defer func() { err = errors.Join(err, e.stop()) }()
	if err := e.feed(ctx, input); err != nil {
		return u, err
	}
	c := command(e.from(), e.to())
	c.Dir, c.Cores = dir, []int{o.Core}
	c.Env = append(c.Env, "FLOWC_STATE="+filepath.Join(dir, "state"))
	p, err := o.Launcher.Start(ctx, c)
	if err != nil {
		return u, err
	}
	wall, err := settled(ctx, e, want)
	u, stopped := p.Stop()
	u.Wall = wall
	if err != nil {
		return u, fmt.Errorf("%w; it said: %s", err, p.Stderr())
	}
	if stopped != nil {
		return u, stopped
	}
	got := filepath.Join(dir, "got.ndjson")
	if err := e.dump(ctx, got); err != nil {
		return u, err
	}
	return u, rule.Files(expected, got)
}

// rule says how results are compared: partitions have no order among each other.
var rule = compare.Rule{Unordered: true}

// settled waits until the other end has what it must have and gets nothing more for
// a while, and tells how long the last record took.
func settled(ctx context.Context, e ends, want int) (time.Duration, error) {
	const quiet = 1500 * time.Millisecond
	begin := time.Now()
	last, changed := 0, begin
	for {
		n, err := e.count(ctx)
		switch now := time.Now(); {
		case err != nil:
			return 0, err
		case n != last:
			last, changed = n, now
		case n >= want && now.Sub(changed) >= quiet:
			return changed.Sub(begin), nil
		case now.Sub(changed) >= time.Minute:
			return 0, fmt.Errorf("%d records of %d have come, and no more do", n, want)
		}
		select {
		case <-ctx.Done():
			return 0, ctx.Err()
		case <-time.After(50 * time.Millisecond):
		}
	}
}
