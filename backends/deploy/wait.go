package deploy

import (
	"context"
	"fmt"
	"time"
)

// DefaultTimeout is how long a release may take to become ready. steady is for how long
// it has to be, and look how often the engine is asked.
const (
	DefaultTimeout = 5 * time.Minute
	steady         = 3 * time.Second
	look           = 500 * time.Millisecond
)

// wait waits until the release is ready and stays so for a while. why is why it will
// not become ready; before is how often its instances had been started again when that
// began.
func (a *applying) wait(ctx context.Context, before int) (run *Run, why string, err error) {
	late := time.NewTimer(a.options.Timeout)
	defer late.Stop()
	well, restarts := 0, -1 // how often it was without a break
	for {
		run, err := a.engine.Run(ctx, a.plan.ID)
		switch {
		case err != nil && ctx.Err() == nil:
			return nil, "", fmt.Errorf("%s was started, and how it does can't be seen: %w", a.plan.ID, err)
		case err != nil:
			return nil, "", ctx.Err()
		case run == nil:
			return nil, "it is not there any more: somebody has deleted it", nil
		}
		if why := run.hopeless(before); why != "" {
			return run, why, nil
		}
		a.say("%s", run.summary())
		died := run.restarts()
		switch {
		case !run.Well():
			well = 0
		case run.State() == Ended:
			return run, "", nil
		case died != restarts:
			well = 1
		default:
			if well++; well > int(steady/look) {
				return run, "", nil
			}
		}
		restarts = died
		select {
		case <-late.C:
			return run, fmt.Sprintf("it was not ready after %s: %s", a.options.Timeout, run.summary()), nil
		case <-ctx.Done():
			return nil, "", ctx.Err()
		case <-time.After(look):
		}
	}
}

func (r *Run) restarts() int {
	n := 0
	for _, i := range r.Instances {
		n += i.Restarts
	}
	return n
}
