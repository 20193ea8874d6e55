package program

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/flowc-dev/flowc/runtime/flow"
)

// attempts runs a program, and again from its checkpoint as long as all that
// happens is that a sink's transaction was lost: what it held is read once more.
type attempts struct {
	spec    *Spec
	log     *slog.Logger
	program atomic.Pointer[flow.Program] // the present one
	// prepare is called for each program that was made; nil for nothing.
	prepare func(*flow.Program) error
}

// The pauses before another attempt grow from the first to the last of these; an
// attempt that lasted longer than that begins with the first again.
const (
	firstPause = 100 * time.Millisecond
	lastPause  = 30 * time.Second
)

// next makes the program anew.
func (a *attempts) next() (*flow.Program, error) {
	p, err := a.spec.New()
	if err == nil && a.prepare != nil {
		err = a.prepare(p)
	}
	if err == nil {
		a.program.Store(p)
	}
	return p, err
}

// run runs the program that next made, and what runs around the records.
func (a *attempts) run(ctx context.Context, o flow.RunOptions, around func(*flow.Program) (stop func())) (*flow.Report, error) {
	if a.spec.Jobs == nil {
		return a.records(ctx, o, around)
	}
	began := time.Now()
	report := &flow.Report{ // of records that are never read
		Pipeline: a.spec.Name, Ending: flow.CutShort, Started: began,
		Nodes: map[string]flow.Count{}, Sources: map[string]flow.Traffic{}, Sinks: map[string]flow.Traffic{},
	}
	err := a.spec.Jobs(ctx, o, func(ctx context.Context) (err error) {
		if report, err = a.records(ctx, o, around); err == nil && ctx.Err() == nil {
			a.program.Load().GoesOn()
		}
		return err
	})
	report.Seconds = time.Since(began).Seconds()
	switch {
	case err == nil:
	case ctx.Err() != nil && errors.Is(err, ctx.Err()): // told to stop
		if err = nil; report.Ending == flow.Complete {
			report.Ending = flow.CutShort
		}
	default:
		report.Ending, report.OK, report.Error = flow.Broken, false, err.Error()
	}
	return report, err
}

// records runs the program that next made, and those after it. around is called for
// each, and what it returns when that has ended. The report is that of the last.
func (a *attempts) records(ctx context.Context, o flow.RunOptions, around func(*flow.Program) (stop func())) (*flow.Report, error) {
	for pause := firstPause; ; pause = min(2*pause, lastPause) {
		p, began := a.program.Load(), time.Now()
		stop := around(p)
		report, err := p.Run(ctx, o)
		stop()
		var back *flow.RolledBackError
		if !errors.As(err, &back) {
			return report, err
		}
		if ctx.Err() != nil {
			return a.cutShort(report, err)
		}
		if time.Since(began) > lastPause {
			pause = firstPause
		}
		a.log.Warn("going back to the checkpoint", "error", err, "pause", pause)
		select {
		case <-ctx.Done():
			return a.cutShort(report, err)
		case <-time.After(pause):
		}
		o.Fresh = false // what was to be forgotten is
		if _, failed := a.next(); failed != nil {
			return report, errors.Join(failed, err)
		}
	}
}

// cutShort is the end of a program that was told to stop when it had to go back:
// nothing is lost, and the next start goes back.
func (a *attempts) cutShort(report *flow.Report, err error) (*flow.Report, error) {
	a.log.Warn("the next run goes back to the checkpoint", "error", err)
	report.Ending, report.Error = flow.CutShort, ""
	return report, nil
}
