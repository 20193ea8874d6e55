package live

import (
	"context"
	"time"

	"github.com/hashicorp/nomad/api"

	"github.com/flowc-dev/flowc/backends/deploy"
)

// lookAgain is how often a cluster is asked about what takes its time.
const lookAgain = 500 * time.Millisecond

// Remove stops jobs in order, waits until none of their copies runs, and has Nomad
// forget them. Then images go that nothing uses any more.
func (e *Engine) Remove(ctx context.Context, id string, objects []deploy.Object) error {
	namespace, _ := split(id)
	for _, o := range objects {
		if o.Kind != "job" {
			continue
		}
		if err := e.stopJob(ctx, namespace, o.Name, true); err != nil {
			return err
		}
	}
	for _, o := range objects {
		if o.Kind != "image" {
			continue
		}
		if err := e.unload(ctx, o.Name); err != nil {
			return err
		}
	}
	return nil
}

// looks is how often an image is tried to be deleted of which containers are only just
// being taken away.
const looks = 40

// unload deletes an image from the container engine of this machine. Clients say that a
// copy has ended before its container is gone; what else has it keeps it.
func (e *Engine) unload(ctx context.Context, name string) error {
	engine, err := e.here()
	if err != nil {
		return err
	}
	for range looks {
		if err := engine.Unload(ctx, name); err != nil {
			return err
		}
		if has, err := engine.Has(ctx, name); err != nil || !has {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(lookAgain):
		}
	}
	return nil
}

// stopJob stops a job with the runs that a schedule has begun, and waits until they have
// ended; purge has Nomad forget them.
func (e *Engine) stopJob(ctx context.Context, namespace, id string, purge bool) error {
	runs, err := e.children(ctx, namespace, id)
	if err != nil {
		return err
	}
	for _, job := range append([]string{id}, runs...) { // the schedule first
		if _, _, err := e.client.Jobs().Deregister(job, purge, write(ctx, namespace)); err != nil && !gone(err) {
			return e.explain(ctx, err)
		}
	}
	for _, job := range append(runs, id) {
		if err := e.ended(ctx, namespace, job); err != nil {
			return err
		}
	}
	return nil
}

// ended waits until no copy of a job runs.
func (e *Engine) ended(ctx context.Context, namespace, id string) error {
	for {
		list, _, err := e.client.Jobs().Allocations(id, true, query(ctx, namespace))
		if err != nil && !gone(err) {
			return e.explain(ctx, err)
		}
		running := 0
		for _, a := range list {
			if a.ClientStatus == api.AllocClientStatusPending || a.ClientStatus == api.AllocClientStatusRunning {
				running++
			}
		}
		if running == 0 {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(lookAgain):
		}
	}
}
