package deploy

import "context"

// Restart has an engine start a release again, and waits until it is ready. One that does
// not become so is a [*FailedError], and is left as it is: there is nothing to go back to.
func Restart(ctx context.Context, e Engine, id string, o Options) (*Run, error) {
	a := newApplying(e, &Plan{ID: id}, o)
	a.say("starting it again, which takes as long as it drains")
	if err := e.Restart(ctx, id); err != nil {
		return nil, err
	}
	run, err := e.Run(ctx, id)
	if err != nil || run == nil || run.State() == Ended {
		return run, err
	}
	run, why, err := a.wait(ctx, run.restarts())
	if why != "" {
		err = &FailedError{ID: id, Why: why, Died: true, Log: a.log(ctx), Again: true}
	}
	return run, err
}

// Stop has an engine stop a release, and returns how it does then.
func Stop(ctx context.Context, e Engine, id string, o Options) (*Run, error) {
	newApplying(e, &Plan{ID: id}, o).say("stopping, which takes as long as it drains")
	if err := e.Stop(ctx, id); err != nil {
		return nil, err
	}
	return e.Run(ctx, id)
}
