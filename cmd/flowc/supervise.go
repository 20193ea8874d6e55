package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strconv"
	"syscall"
	"time"

	"github.com/flowc-dev/flowc/backends/golang"
	"github.com/flowc-dev/flowc/backends/golang/build"
	"github.com/flowc-dev/flowc/backends/local"
	"github.com/flowc-dev/flowc/backends/local/live"
	"github.com/flowc-dev/flowc/backends/local/runs"
	"github.com/flowc-dev/flowc/compiler/driver"
)

// supervise builds a pipeline and runs it as a group of processes, of which this one
// looks after the others. The first signal ends them in order, the second at once.
func (a *app) supervise(pipeline *pipelineArg, args []string, name string) error {
	args, err := absolutePaths(args)
	if err != nil {
		return environment(err)
	}
	r, err := pipeline.compile(a)
	if err != nil {
		return err
	}
	if err := a.report(append(local.CheckRun(r.Program), golang.Backend{}.Check(r.Program, nil)...)); err != nil {
		return err
	}
	binary, _, err := a.buildPieces(r, build.Request{})
	if err != nil {
		return err
	}
	if err := a.bringHere(r); err != nil {
		return err
	}
	ctx, kill, over := obeySignals(a.ctx)
	defer over()
	go build.Keep(ctx, binary)
	processes := processesOf(r, binary, args)
	run, err := a.list(r, pipeline.File, name, processes)
	if err != nil {
		return err
	}
	if pipeline.carrier != "" && r.Program.Pieces != nil {
		err = a.rehearse(ctx, r, run, processes, slices.Contains(args, "--fresh"), pipeline.carrier, kill)
	} else {
		err = a.runGroup(ctx, run, processes, kill)
	}
	if run != nil {
		code := exitOK
		var e *exitError
		if errors.As(err, &e) {
			code = e.code
		}
		err = errors.Join(err, run.End(code, ctx.Err() != nil))
	}
	return err
}

// runGroup runs processes until they have ended or ctx ends; run, which may be nil, is
// told how they do.
func (a *app) runGroup(ctx context.Context, run *runs.Run, processes []live.Process, kill <-chan struct{}) error {
	g := live.Group{Processes: processes, Stdout: a.stdout, Stderr: a.stderr}
	if run != nil {
		watch, err := watchGroup(run, &g)
		if err != nil {
			return environment(err)
		}
		defer watch.close()
	}
	ended := g.Run(ctx, kill)
	if err := live.Err(ended); err != nil {
		return environment(err)
	}
	return exit(live.Code(ended))
}

// processesOf are the processes that a program runs as, those that read first first.
func processesOf(r *driver.Result, binary string, args []string) []live.Process {
	const margin = 5 * time.Second // for the begin of the stop, and the last lines of the log
	one := live.Process{
		Name: r.Program.Name, Binary: binary, Args: args, Dir: r.Dir, Env: os.Environ(),
		Grace: time.Duration(r.Program.Delivery.Drain) + margin,
	}
	if r.Program.Pieces == nil {
		return []live.Process{one}
	}
	var all []live.Process
	for _, piece := range r.Program.Pieces {
		if piece.Elastic != nil { // its hosts start the copies
			for host := range piece.Elastic.Min {
				p := one
				p.Name, p.Args = fmt.Sprintf("%s.host%d", piece.Name, host), append([]string{"--process", piece.Name}, args...)
				p.Env = slices.Clone(one.Env)
				all = append(all, p)
			}
			continue
		}
		for replica := range piece.Replicas {
			p := one
			p.Name, p.Args = piece.Name, append([]string{"--process", piece.Name}, args...)
			if piece.Replicas > 1 {
				p.Name += "." + strconv.Itoa(replica)
				p.Args = append([]string{"--replica", strconv.Itoa(replica)}, p.Args...)
			}
			p.Env = slices.Clone(one.Env)
			all = append(all, p)
		}
	}
	return all
}

// obeySignals ends ctx at the first signal and closes kill at the second.
func obeySignals(parent context.Context) (ctx context.Context, kill chan struct{}, over func()) {
	ctx, cancel := context.WithCancel(parent)
	signals, kill := make(chan os.Signal, 2), make(chan struct{})
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	done := make(chan struct{})
	go func() {
		for got := 0; ; {
			select {
			case <-signals:
				if got++; got == 1 {
					cancel()
					continue
				}
				close(kill)
				return
			case <-done:
				return
			}
		}
	}()
	return ctx, kill, func() {
		signal.Stop(signals)
		close(done)
		cancel()
	}
}
