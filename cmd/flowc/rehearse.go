package main

import (
	"context"
	"os"
	"path/filepath"

	"github.com/flowc-dev/flowc/backends/local/live"
	"github.com/flowc-dev/flowc/backends/local/runs"
	"github.com/flowc-dev/flowc/compiler/driver"
)

// rehearse runs a pipeline that is cut on this machine, with a broker of its own, whose
// URL the variable carrier has for the processes.
//
// What belongs to the trial lies in a folder: the state of the processes, which is not
// that of the whole pipeline, and what is under way between them. A run that was stopped
// goes on from there; one that handled all input leaves nothing, so the next one begins
// anew, as that of the whole pipeline does.
func (a *app) rehearse(ctx context.Context, r *driver.Result, run *runs.Run, processes []live.Process, fresh bool, carrier string, kill <-chan struct{}) error {
	folder := trialFolder(r)
	if fresh {
		if err := os.RemoveAll(folder); err != nil {
			return environment(err)
		}
	}
	env, stop := []string{"FLOWC_STATE=" + folder}, func() {}
	if r.Program.Carrier.Connector == "nats" { // others are those that the pipeline names
		url, bring, err := a.bringBroker(filepath.Join(folder, "edges"), r.Dir, kill)
		if err != nil {
			return err
		}
		env, stop = append(env, carrier+"="+url), bring
	}
	for i := range processes {
		processes[i].Env = append(processes[i].Env, env...)
	}
	err := a.runGroup(ctx, run, processes, kill)
	complete := err == nil && ctx.Err() == nil
	stop()
	if complete {
		if err := os.RemoveAll(folder); err != nil {
			return environment(err)
		}
	}
	return err
}

// trialFolder is where a pipeline that is cut for a trial keeps what it needs to go on.
func trialFolder(r *driver.Result) string {
	state := os.Getenv("FLOWC_STATE")
	if state == "" {
		state = filepath.Join(r.Dir, ".flowc", "state")
	}
	return filepath.Join(state, r.Program.Name+".scaled")
}
