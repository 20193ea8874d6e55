package supervisor

import (
	"context"
	"fmt"
)

// Stop ends what runs of a pipeline in order. It is started again by [Engine.Restart], or by
// another Put.
func (e *Engine) Stop(ctx context.Context, id string) error {
	return e.exclusively(id, func(f folder) error {
		if _, err := f.mustRelease(id); err != nil {
			return err
		}
		return f.clear(ctx)
	})
}

// Restart ends what runs and starts the same release again, with the secrets that it had
// where its supervisor can still be asked for them, and else with those of whoever calls.
func (e *Engine) Restart(ctx context.Context, id string) error {
	return e.exclusively(id, func(f folder) error {
		r, err := f.mustRelease(id)
		if err != nil {
			return err
		}
		s, err := f.state()
		if err != nil {
			return err
		}
		secrets, err := e.secrets(&r.Group, s.ran(&r.Group))
		if err != nil {
			return err
		}
		as, err := accountOf(r.Group.User, r.Group.Group)
		if err != nil {
			return err
		}
		if err := f.stop(ctx); err != nil {
			return err
		}
		return e.start(ctx, f, secrets, as)
	})
}

func (f folder) mustRelease(id string) (*record, error) {
	r, _, err := f.release()
	if err == nil && r == nil {
		return nil, fmt.Errorf("%s: nothing is applied", id)
	}
	return r, err
}
