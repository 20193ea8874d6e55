package live

import (
	"context"
	"fmt"
	"time"

	"github.com/flowc-dev/flowc/backends/compose"
	"github.com/flowc-dev/flowc/backends/deploy"
)

// killDelay is how long Compose may take to end when it is told to.
const killDelay = 30 * time.Second

// Try runs `/app check` in a container of its own, as each service would be run: the
// image is there, what is mounted is, and the program takes its settings. It writes
// nothing, so that it does no harm to the state that another container uses.
func (e *Engine) Try(ctx context.Context, want *deploy.Release) error {
	_, services, err := project(want)
	if err != nil {
		return err
	}
	for _, name := range sorted(services) {
		labels, _ := services[name]["labels"].(map[string]any)
		if services[name]["image"] != escape(want.Image) || labels[compose.LabelComponent] != nil {
			continue // none of ours, or a component in our image, and without such a question
		}
		if _, err := e.on(ctx, want, "run", "--rm", "--no-deps", "-T", "--quiet-pull", name, "check"); err != nil {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			return &deploy.Refused{Why: fmt.Sprintf("%s %s can't start, and what runs was not touched:\n%v", want.ID, want.Hash, err)}
		}
	}
	return nil
}

// Put has Compose bring the services to what the file says. A container that is replaced
// is stopped first, since one alone may use the state. What others are started with is put
// in its place before, since they are not started in any order.
func (e *Engine) Put(ctx context.Context, want *deploy.Release, seen string) error {
	p, services, err := project(want)
	if err != nil {
		return err
	}
	if seen != "" {
		now, err := e.there(ctx, p.Name, want.Pipeline)
		if err != nil {
			return err
		}
		if now.seen() != seen {
			return deploy.ErrChanged
		}
	}
	for _, name := range sorted(services) {
		if labels, _ := services[name]["labels"].(map[string]any); labels[compose.LabelAttendant] != nil {
			if _, err := e.on(ctx, want, "run", "--rm", "--no-deps", "-T", "--quiet-pull", name); err != nil {
				return err
			}
		}
	}
	_, err = e.on(ctx, want, append([]string{"up", "-d", "--no-build", "--no-deps", "--quiet-pull"}, sorted(services)...)...)
	return err
}
