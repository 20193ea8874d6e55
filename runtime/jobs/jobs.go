// Package jobs runs whole programs to their end, before, beside and behind the records of a
// pipeline: each starts when all that it waits for has completed, which is to say has ended
// with the status 0.
//
//	jobs:
//	  migrate: {command: [./migrate, up]}
//	  report: {command: [./report], depends_on: [orders]}
//	sources:
//	  orders: {use: kafka, config: {…}, depends_on: [migrate]}
//
// A job that fails for good ends the run: those that run are asked to end, and the records
// are drained. What has completed is written down, so that the next start of a run that did
// not complete goes on with the rest.
package jobs

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/flowc-dev/flowc/runtime/connect/foreign"
	"github.com/flowc-dev/flowc/runtime/flow"
	"github.com/flowc-dev/flowc/runtime/supervise"
)

// A Plan is the jobs of a pipeline.
type Plan struct {
	// Pipeline is its name, Hash that of its text.
	Pipeline, Hash string
	Jobs           []Job
	// Before are the jobs that must have completed before a record is read.
	Before []string
}

// A Job is one program, or one container.
type Job struct {
	// Name is its name, Line where the pipeline has it.
	Name, Line string
	// Command is the program and its arguments; of a container what stands behind its
	// entrypoint.
	Command []string
	// Env are variables, NAME=value each.
	Env []string
	// Image is the image of its container, "" for a process; Entrypoint stands in the place of
	// the image's own, Mounts are HOST:CONTAINER, Memory and CPUs its limits.
	Image, Entrypoint string
	Mounts            []string
	Memory, CPUs      string
	// Restart is the policy.
	Restart string
	// After are the jobs that must have completed before, Behind tells that the records must.
	After  []string
	Behind bool
	// Elsewhere tells that whoever runs the program runs the job as well: it was completed
	// before the program was started, or it is none of the program's business.
	Elsewhere bool
}

// steady is how long a job must have run for a death to be a first one.
const steady = 10 * time.Second

// A run is a plan that is carried out.
type run struct {
	plan Plan
	log  *slog.Logger
	// completed are closed when a job has; records when all of these are done.
	completed map[string]chan struct{}
	records   chan struct{}
	record    *record
}

// Run carries the plan out: all jobs, and the records, which the function reads and writes
// until they end or its context does. It returns the error of what failed first, or that of
// the context where it ended before all was complete.
func (p Plan) Run(ctx context.Context, o flow.RunOptions, records func(context.Context) error) error {
	r := &run{plan: p, log: o.Logger, completed: map[string]chan struct{}{}, records: make(chan struct{})}
	if r.log == nil {
		r.log = slog.New(slog.DiscardHandler)
	}
	var err error
	if r.record, err = openRecord(ctx, p, o, r.log); err != nil {
		return err
	}
	defer r.record.close()
	for _, j := range p.Jobs {
		r.completed[j.Name] = make(chan struct{})
		if j.Elsewhere {
			close(r.completed[j.Name])
		}
	}
	within, fail := context.WithCancelCause(ctx)
	defer fail(nil)
	var all sync.WaitGroup
	for _, j := range p.Jobs {
		if j.Elsewhere {
			continue
		}
		all.Go(func() {
			if err := r.job(within, j); err != nil {
				fail(err)
			}
		})
	}
	all.Go(func() {
		if !r.await(within, p.Before) {
			return
		}
		switch err := records(within); {
		case err != nil:
			fail(err)
		case within.Err() == nil:
			close(r.records)
		}
	})
	all.Wait()
	if r.complete() {
		return r.record.forget()
	}
	return context.Cause(within)
}

// complete tells whether nothing is left to do.
func (r *run) complete() bool {
	for _, done := range r.completed {
		if !closed(done) {
			return false
		}
	}
	return closed(r.records)
}

func closed(done <-chan struct{}) bool {
	select {
	case <-done:
		return true
	default:
		return false
	}
}

// await waits for jobs; false where the context ends first.
func (r *run) await(ctx context.Context, names []string) bool {
	for _, name := range names {
		if !until(ctx, r.completed[name]) {
			return false
		}
	}
	return ctx.Err() == nil
}

func until(ctx context.Context, done <-chan struct{}) bool {
	select {
	case <-done:
		return true
	case <-ctx.Done():
		return false
	}
}

// job runs one job when it is its turn.
func (r *run) job(ctx context.Context, j Job) error {
	if !r.await(ctx, j.After) || j.Behind && !until(ctx, r.records) {
		return nil
	}
	if r.record.has(j.Name) {
		r.log.Info("the job has completed before, and is not run again", "job", j.Name)
		close(r.completed[j.Name])
		return nil
	}
	begun := time.Now()
	r.log.Info("the job begins", "job", j.Name)
	switch ended, err := j.run(ctx); {
	case err != nil:
		return &flow.NodeError{Node: j.Name, Line: j.Line, Op: "run", Err: err}
	case !ended:
		return nil
	}
	r.log.Info("the job has completed", "job", j.Name, "took", time.Since(begun).Round(time.Millisecond))
	if err := r.record.add(j.Name); err != nil {
		return err
	}
	close(r.completed[j.Name])
	return nil
}

// run runs the job until it has ended well, which ended tells; the context ends it before.
func (j Job) run(ctx context.Context) (ended bool, err error) {
	spec := supervise.Spec{Name: j.Name, Command: j.Command, Env: j.Env, Restart: j.Restart}
	in := foreign.Container{Image: j.Image, Entrypoint: j.Entrypoint, Mounts: j.Mounts, Memory: j.Memory, CPUs: j.CPUs}
	if spec.Container = foreign.In(in); spec.Container == nil {
		spec.Command = foreign.Command(j.Command)
	}
	keeper := supervise.New(spec)
	defer keeper.Stop(supervise.Grace)
	for {
		process, err := keeper.Start(ctx)
		switch {
		case ctx.Err() != nil:
			return false, nil
		case err != nil:
			return false, failed(err)
		}
		begun := time.Now()
		if !until(ctx, process.Done()) {
			return false, nil
		}
		if process.Well() && !j.endless() {
			return true, nil
		}
		if time.Since(begun) > steady {
			keeper.Progress()
		}
	}
}

// endless tells that it is started again whenever it has ended.
func (j Job) endless() bool {
	return slices.Contains([]string{supervise.Always, supervise.UnlessStopped}, j.Restart)
}

// A FailedError is a job that failed for good.
type FailedError struct{ *supervise.ExitError }

// failed is the error of a job in the place of one of a component.
func failed(err error) error {
	if gone, ok := err.(*supervise.ExitError); ok { //nolint:errorlint // Start wraps nothing
		return &FailedError{gone}
	}
	return err
}

func (e *FailedError) Error() string {
	text := fmt.Sprintf("the job %s: %s", e.State, e.Why)
	if e.Last != "" {
		text += "; it wrote last:\n" + e.Last
	}
	return text
}

// Code is what reports call it.
func (e *FailedError) Code() string { return "job" }
