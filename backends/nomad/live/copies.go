package live

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/hashicorp/nomad/api"

	"github.com/flowc-dev/flowc/backends/deploy"
)

// A copied thing is an allocation in the words of all targets.
type copied struct {
	deploy.Instance
	alloc    *api.AllocationListStub
	version  uint64 // of the job
	ended    bool   // it does not run any more, and will not
	replaced bool   // another one has taken its place, or it was told to go
}

// copies are the allocations of a job that Nomad still knows, the oldest first.
func (e *Engine) copies(ctx context.Context, namespace string, j *api.Job) ([]*copied, error) {
	list, _, err := e.client.Jobs().Allocations(*j.ID, false, query(ctx, namespace))
	if err != nil {
		return nil, e.explain(ctx, err)
	}
	slices.SortFunc(list, func(a, b *api.AllocationListStub) int { return int(a.CreateIndex) - int(b.CreateIndex) })
	var all []*copied
	for _, a := range list {
		c := copyOf(a, *j.Type == api.JobTypeBatch || *j.Type == api.JobTypeSysbatch)
		if c.State == deploy.Ready {
			e.ask(ctx, namespace, c)
		}
		all = append(all, c)
	}
	return all, nil
}

// nameOf is that of a copy: its group, and what Nomad's commands know it by.
func nameOf(a *api.AllocationListStub) string { return a.TaskGroup + "-" + a.ID[:min(len(a.ID), 8)] }

// copyOf is a copy as the servers know it; ends tells that its job has an end.
func copyOf(a *api.AllocationListStub, ends bool) *copied {
	c := &copied{Instance: deploy.Instance{Name: nameOf(a)}, alloc: a, version: a.JobVersion}
	c.tasks()
	c.replaced = a.NextAllocation != "" || a.DesiredStatus != api.AllocDesiredStatusRun
	switch a.ClientStatus {
	case api.AllocClientStatusPending:
		c.State = deploy.Starting
	case api.AllocClientStatusRunning:
		c.State = deploy.Ready
	case api.AllocClientStatusComplete:
		c.ended, c.State = true, deploy.Stopped
		if ends && c.ExitCode == 0 {
			c.State = deploy.Ended
		}
	case api.AllocClientStatusFailed:
		c.ended, c.State = true, deploy.Failed
		if !ends || a.FollowupEvalID != "" { // Nomad tries it once more
			c.State = deploy.Dying
		}
	default: // lost or unknown
		c.State, c.Says = deploy.Unready, "nobody hears of its client"
		c.ended = a.ClientStatus == api.AllocClientStatusLost
	}
	if !c.ended && c.Restarts > 0 && c.waits() {
		c.State = deploy.Dying
	}
	if c.State == deploy.Ready || c.State == deploy.Ended {
		c.Says = ""
	}
	if a.RescheduleTracker != nil {
		c.Restarts += len(a.RescheduleTracker.Events)
	}
	return c
}

// waits tells whether a task of the copy is to be started again.
func (c *copied) waits() bool {
	for _, s := range c.alloc.TaskStates {
		if s.State == "pending" {
			return true
		}
	}
	return false
}

// troubles are the events of a task that say why it does not run.
var troubles = []string{api.TaskDriverFailure, api.TaskSetupFailure, api.TaskFailedValidation, api.TaskArtifactDownloadFailed, "Template", "Alloc Unhealthy"}

// tasks reads what the tasks of a copy say: how often they were started again, how the
// last one ended, and what troubles them.
func (c *copied) tasks() {
	for _, name := range sorted(c.alloc.TaskStates) {
		s := c.alloc.TaskStates[name]
		c.Restarts += int(s.Restarts)
		if c.Since.Before(s.StartedAt) {
			c.Since = s.StartedAt
		}
		if s.State == "dead" && c.Since.Before(s.FinishedAt) {
			c.Since = s.FinishedAt
		}
		last := ""
		for _, v := range s.Events {
			switch {
			case v.Type == api.TaskTerminated:
				c.ExitCode, last = v.ExitCode, v.DisplayMessage
				if code, err := strconv.Atoi(v.Details["exit_code"]); err == nil {
					c.ExitCode = code
				}
				if v.Details["oom_killed"] == "true" {
					last = "it was killed for want of memory"
				}
			case slices.Contains(troubles, v.Type):
				last = v.DisplayMessage
			case v.Type == api.TaskStarted:
				last = ""
			case v.Type == api.TaskRestarting, v.Type == api.TaskNotRestarting: // why is what was said before
			case c.alloc.ClientStatus == api.AllocClientStatusPending:
				last = v.DisplayMessage
			}
		}
		if last != "" {
			c.Says = last
		}
	}
	if c.Since.IsZero() {
		c.Since = time.Unix(0, c.alloc.CreateTime)
	}
}

// readyCheck is the check that says whether inputs and outputs are connected.
const readyCheck = "ready"

// ask asks the client of a copy that runs how its checks do. A client that does not
// answer leaves what the servers know: whether it was well when it was rolled out.
func (e *Engine) ask(ctx context.Context, namespace string, c *copied) {
	checks, err := e.client.Allocations().Checks(c.alloc.ID, query(ctx, namespace))
	failing, pending := "", false
	for _, id := range sorted(checks) {
		switch k := checks[id]; k.Status {
		case "failure":
			if failing == "" || k.Check == readyCheck {
				failing = fmt.Sprintf("the check %s: %s", k.Check, answered(k))
			}
		case "pending":
			pending = true
		}
	}
	d := c.alloc.DeploymentStatus
	known := d != nil && d.Healthy != nil
	switch {
	case failing != "" && known && *d.Healthy:
		c.State, c.Says = deploy.Unready, failing
	case failing != "":
		c.State, c.Says = deploy.Starting, failing
	case pending && (!known || !*d.Healthy), err != nil && d != nil && !known:
		c.State = deploy.Starting
	}
}

// answered is what a check got.
func answered(k api.AllocCheckStatus) string {
	text := strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(k.Output), "nomad: "))
	if text == "" {
		return fmt.Sprintf("HTTP %d", k.StatusCode)
	}
	return text
}
