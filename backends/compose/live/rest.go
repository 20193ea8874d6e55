package live

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"

	"github.com/flowc-dev/flowc/backends/compose"
)

// A tier is what containers of a release use of each other: those of a tier are stopped
// together, before those of the next, and started after them.
type tier int

// The tiers. A program drains into what its components and the broker take.
const (
	tierProgram tier = iota
	tierComponent
	tierBroker
)

func (c *container) tier() tier {
	switch labels := c.Config.Labels; {
	case labels[compose.LabelBroker] != "":
		return tierBroker
	case labels[compose.LabelComponent] != "", labels[compose.LabelJob] != "":
		return tierComponent
	}
	return tierProgram
}

// job tells a job from what runs as long as the pipeline does, and done that it has run to
// its end: it need not run again.
func (c *container) job() bool  { return c.Config.Labels[compose.LabelJob] != "" }
func (c *container) done() bool { return c.State.Status == "exited" && c.State.ExitCode == 0 }

// Stop stops the containers of a release and keeps them. The engine starts none that was
// stopped, not even when it is started itself.
func (e *Engine) Stop(ctx context.Context, id string) error {
	all, err := e.mustHave(ctx, id)
	if err != nil {
		return err
	}
	return e.stopAll(ctx, all)
}

// Restart stops the containers and starts the same ones again. A broker that runs goes on,
// as it does across versions.
func (e *Engine) Restart(ctx context.Context, id string) error {
	all, err := e.mustHave(ctx, id)
	if err != nil {
		return err
	}
	if i := slices.IndexFunc(all, func(c *container) bool { return c.job() && !c.done() }); i >= 0 {
		return fmt.Errorf("%s was left as it is: the job %s has not ended, and `flowc apply` starts all in its order", id, all[i].name())
	}
	all = slices.DeleteFunc(all, func(c *container) bool { return c.job() || c.tier() == tierBroker && c.State.Status == "running" })
	if err := e.stopAll(ctx, all); err != nil {
		return err
	}
	return tiers(all, func(a, b *container) int { return cmp.Compare(b.tier(), a.tier()) }, func(c *container) error {
		err := e.send(ctx, http.MethodPost, "/containers/"+c.ID+"/start")
		if err == nil || already(err) {
			return nil
		}
		return fmt.Errorf("%s can't be started again: %w", c.name(), err)
	})
}

func (e *Engine) stopAll(ctx context.Context, all []*container) error {
	return tiers(all, func(a, b *container) int { return cmp.Compare(a.tier(), b.tier()) }, func(c *container) error {
		err := e.send(ctx, http.MethodPost, "/containers/"+c.ID+"/stop")
		if err == nil || already(err) || gone(err) {
			return nil
		}
		return fmt.Errorf("%s can't be stopped: %w", c.name(), err)
	})
}

// tiers does something to all containers of a tier at once, and then to those of the next.
func tiers(all []*container, order func(a, b *container) int, do func(*container) error) error {
	slices.SortStableFunc(all, order)
	for len(all) > 0 {
		n := 1
		for n < len(all) && all[n].tier() == all[0].tier() {
			n++
		}
		errs := make([]error, n)
		var together sync.WaitGroup
		for i, c := range all[:n] {
			together.Go(func() { errs[i] = do(c) })
		}
		together.Wait()
		if err := errors.Join(errs...); err != nil {
			return err
		}
		all = all[n:]
	}
	return nil
}

// mustHave are the containers of a release, of which there is one at least.
func (e *Engine) mustHave(ctx context.Context, id string) ([]*container, error) {
	all, err := e.containers(ctx, labelsOf(id)...)
	if err == nil && len(all) == 0 {
		err = fmt.Errorf("%s has no containers at %s: `flowc apply` makes them", id, e.Place())
	}
	return all, err
}
