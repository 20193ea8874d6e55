package sandbox

import (
	"context"
	"errors"
	"time"

	"github.com/flowc-dev/flowc/runtime/supervise"
)

// wellAfter is how long a pipeline runs before an end is taken for a first one.
const wellAfter = 10 * time.Second

// runProgram runs the pipeline until it has ended for good or ctx ends. It is started again
// where it dies, and given up where it dies again and again.
func (w *work) runProgram(ctx context.Context) {
	p := w.plan.Program
	keeper := supervise.New(supervise.Spec{
		Name: p.Name, Command: append([]string{p.Binary}, p.Args...), Env: w.plan.Environment(), Dir: w.plan.Folder,
		Restart: supervise.OnFailure, Log: w.log.of(p.Name),
	})
	for first := true; ; first = false {
		process, err := keeper.Start(ctx)
		var gone *supervise.ExitError
		switch {
		case ctx.Err() != nil:
			w.program(func(s *Status) { s.Phase = Ended })
			return
		case errors.As(err, &gone) && gone.Well:
			w.program(func(s *Status) { s.Phase, s.Says = Ended, "all of its input is handled" })
			return
		case errors.As(err, &gone):
			w.giveUp(gone.State + " again and again")
			return
		case err != nil:
			w.giveUp(err.Error())
			return
		}
		w.program(func(s *Status) {
			s.Phase = Ready
			if !first {
				s.Restarts++
			}
		})
		well := time.AfterFunc(wellAfter, keeper.Progress)
		select {
		case <-process.Done():
			if !well.Stop() {
				continue
			}
			for _, code := range hopeless {
				if process.State() == "ended with exit status "+code {
					w.giveUp(process.State())
					return
				}
			}
		case <-ctx.Done():
			w.program(func(s *Status) { s.Phase = Stopping })
			keeper.Stop(time.Duration(p.Grace))
		}
	}
}

// hopeless are the exit codes of a pipeline that a new start does not mend, where it ends
// with one soon: an argument or a setting is wrong, or a variable or a table that it needs is
// not there. Servers that are away it waits for by itself.
var hopeless = []string{"2", "6"}

// giveUp leaves a pipeline that does not live.
func (w *work) giveUp(says string) {
	w.log.put(w.plan.Program.Name, says+"; it is not started again")
	w.program(func(s *Status) { s.Phase, s.Says = Failed, says })
}

// Environment is what is handed to the pipeline, as os.Environ has it.
func (p *Plan) Environment() []string {
	var env []string
	for _, v := range p.Env {
		env = append(env, v.Name+"="+v.Value)
	}
	return env
}
