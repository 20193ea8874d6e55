// Package ingest runs W6 and its like: servers that take one event a request and answer
// when what W2 makes of it is written. The server has one core, which it shares with
// the database or broker that it writes to, and the load generator the other.
//
// A round of a server is: every event once, and its result compared; then as many
// requests as it takes; then 10, 50 and 90 % of that, due at fixed moments, for the
// latencies. At the end what it wrote is counted: all that was answered must be
// there.
package ingest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/flowc-dev/flowc/bench/internal/compare"
	"github.com/flowc-dev/flowc/bench/internal/data"
	"github.com/flowc-dev/flowc/bench/internal/load/result"
	"github.com/flowc-dev/flowc/bench/internal/measure"
	"github.com/flowc-dev/flowc/bench/internal/rig"
	"github.com/flowc-dev/flowc/bench/internal/shop"
	"github.com/flowc-dev/flowc/bench/internal/usage"
)

// Loads are the parts of the most that a server takes at which latencies are measured.
var Loads = []float64{0.1, 0.5, 0.9}

// Options are what a run needs.
type Options struct {
	Shop     *shop.Shop
	Launcher measure.Launcher
	Dir      string // for data
	Rounds   int
	Events   int           // different events to send
	Span     time.Duration // of each phase
	// ServerCore and LoadCore must differ, or the figures are those of both.
	ServerCore, LoadCore int
	Log                  func(format string, args ...any)
}

// A Round is what one server did in one round.
type Round struct {
	Most  result.Phase
	Loads []result.Phase // in the order of Loads
	Usage usage.Usage    // of the whole round
}

// A Row is what became of one server.
type Row struct {
	Server        Server
	Rounds        []Round
	Absent, Wrong string
}

// Run runs all servers of a workload.
func Run(ctx context.Context, w Workload, o Options) ([]*Row, error) {
	m, err := prepare(o)
	if err != nil {
		return nil, err
	}
	load, err := o.Shop.Go(ctx, "internal/load")
	if err != nil {
		return nil, err
	}
	var rows []*Row
	plans := map[*Row]plan{}
	for _, s := range w.Servers {
		row := &Row{Server: s}
		rows = append(rows, row)
		p, err := s.prepare(ctx, o.Shop)
		var absent *shop.Absent
		switch {
		case errors.As(err, &absent):
			row.Absent = absent.Reason
			o.Log("%s: left out %s: %s", w.ID, s.Name, absent.Reason)
		case err != nil:
			return nil, fmt.Errorf("%s: %s: %w", w.ID, s.Name, err)
		default:
			plans[row] = p
		}
	}
	out, err := w.open(ctx, rig.Rig{Shop: o.Shop, Launcher: o.Launcher, Dir: o.Dir, Cores: []int{o.ServerCore}})
	var absent *shop.Absent
	if errors.As(err, &absent) {
		for _, row := range rows {
			row.Absent = absent.Reason
		}
		return rows, nil
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", w.ID, err)
	}
	defer out.close()
	for round := range o.Rounds {
		o.Log("%s: round %d of %d", w.ID, round+1, o.Rounds)
		for _, row := range rows {
			p, ok := plans[row]
			if !ok || row.Wrong != "" {
				continue
			}
			r, err := o.round(ctx, row.Server, p, load, out, m)
			if ctx.Err() != nil {
				return nil, ctx.Err()
			}
			if err != nil {
				row.Wrong = err.Error()
				o.Log("%s: %s is WRONG: %v", w.ID, row.Server.Name, err)
				continue
			}
			row.Rounds = append(row.Rounds, r)
		}
	}
	return rows, nil
}

// material is the events and what must become of them.
type material struct {
	input, expected string
	passed          []int // how many of the first n events give a line
}

func prepare(o Options) (material, error) {
	m := material{input: filepath.Join(o.Dir, "w6.ndjson"), expected: filepath.Join(o.Dir, "w6-expected.ndjson")}
	if err := data.Payments(m.input, o.Events); err != nil {
		return m, err
	}
	if err := data.W2(m.input, m.expected); err != nil {
		return m, err
	}
	var err error
	m.passed, err = passed(m.input, m.expected)
	return m, err
}

func (o Options) round(ctx context.Context, s Server, p plan, load string, out output, m material) (Round, error) {
	dir, err := os.MkdirTemp(o.Dir, "run-")
	if err != nil {
		return Round{}, err
	}
	defer os.RemoveAll(dir)
	address, err := rig.FreeAddress()
	if err != nil {
		return Round{}, err
	}
	place, err := out.empty(ctx, dir)
	if err != nil {
		return Round{}, err
	}
	command := p(address, place, dir)
	command.Cores = []int{o.ServerCore}
	command.Stdout = filepath.Join(dir, "stdout")
	server, err := o.Launcher.Start(ctx, command)
	if err != nil {
		return Round{}, err
	}
	r, err := o.phases(ctx, s, load, address, dir, out, m)
	u, stopErr := server.Stop()
	r.Usage = u
	if err != nil {
		return r, fmt.Errorf("%w (%s)", err, server.Stderr())
	}
	return r, stopErr
}

func (o Options) phases(ctx context.Context, s Server, load, address, dir string, out output, m material) (Round, error) {
	var r Round
	if err := rig.Wait(ctx, address); err != nil {
		return r, err
	}
	phase := func(args ...string) (result.Phase, error) {
		return o.load(ctx, load, append([]string{"-address", address, "-input", m.input}, args...))
	}
	first, err := phase("-count", strconv.Itoa(o.Events))
	if err != nil {
		return r, err
	}
	if s.Writes {
		written := filepath.Join(dir, "written.ndjson")
		if err := out.dump(ctx, written); err != nil {
			return r, err
		}
		if err := (compare.Rule{Unordered: true}).Files(m.expected, written); err != nil {
			return r, err
		}
	}
	lines := m.lines(first.Requests)
	span := o.Span.String()
	if r.Most, err = phase("-for", span); err != nil {
		return r, err
	}
	lines += m.lines(r.Most.Requests)
	if r.Most.CPU > r.Most.Elapsed*95/100 {
		return r, fmt.Errorf("the load generator had no time left: this is its limit, not the server's")
	}
	for _, part := range Loads {
		l, err := phase("-for", span, "-rate", fmt.Sprintf("%.1f", part*r.Most.PerSecond()))
		if err != nil {
			return r, err
		}
		lines += m.lines(l.Requests)
		r.Loads = append(r.Loads, l)
	}
	if !s.Writes {
		return r, nil
	}
	written, err := out.count(ctx)
	if err == nil && written != lines {
		err = fmt.Errorf("%d records were written for the answered requests, want %d", written, lines)
	}
	return r, err
}

// load runs the load generator for one phase.
func (o Options) load(ctx context.Context, load string, args []string) (result.Phase, error) {
	var phase result.Phase
	out := filepath.Join(o.Dir, "phase.json")
	if _, err := o.Launcher.Run(ctx, measure.Command{Argv: append([]string{load}, args...), Stdout: out, Cores: []int{o.LoadCore}}); err != nil {
		return phase, err
	}
	text, err := os.ReadFile(out)
	if err != nil {
		return phase, err
	}
	return phase, json.Unmarshal(text, &phase)
}
