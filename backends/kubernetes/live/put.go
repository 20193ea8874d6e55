package live

import (
	"context"
	"slices"

	"github.com/flowc-dev/flowc/backends/deploy"
)

// Put applies the objects of a release. Workloads that it does not have end first, since
// two versions must not do the work twice, nor use one state.
func (e *Engine) Put(ctx context.Context, want *deploy.Release, seen string) error {
	m, p, err := e.read(want)
	if err != nil {
		return err
	}
	t, err := e.there(ctx, p, m.Objects)
	if err != nil {
		return err
	}
	if seen != "" && t.seen() != seen {
		return deploy.ErrChanged
	}
	rest := m.Objects
	if len(rest) > 0 && kindOf(rest[0]) == kindNamespace { // where the record goes
		if o, mine := t.as(rest[0]); mine {
			if _, err := e.apply(ctx, p, o, false); err != nil {
				return err
			}
		}
		rest = rest[1:]
	}
	if err := e.write(ctx, p, want, m, t.record); err != nil {
		return err
	}
	for _, o := range t.objects {
		if t.mustEnd(o, m.Objects) {
			if err := e.end(ctx, p.namespace, o); err != nil {
				return err
			}
		}
	}
	for _, o := range t.ending {
		path, err := e.path(ctx, p.namespace, o)
		if err == nil && (runs(o) || slices.ContainsFunc(rest, func(w tree) bool { return same(o, w) })) {
			err = e.awaitEnd(ctx, path, o)
		}
		if err != nil {
			return err
		}
	}
	for _, o := range rest {
		o, _ = t.as(o)
		is, err := e.apply(ctx, p, o, false)
		if err == nil && text(is, "metadata", "annotations", annotationStopped) != "" {
			err = e.wake(ctx, p, is, o)
		}
		if err != nil {
			return err
		}
	}
	return e.unpause(ctx, p, t)
}

// mustEnd tells whether a workload that is there has to go before others are applied: one
// that nobody wants, and a Job that has failed and is wanted again. A Job that is over
// stays where it is the one that was wanted last: whoever goes back to it finds it done.
func (t *there) mustEnd(o tree, wanted []tree) bool {
	if !runs(o) {
		return false
	}
	is := slices.ContainsFunc(wanted, func(w tree) bool { return same(w, o) })
	if kindOf(o) != kindJob {
		return !is
	}
	if is {
		return failure(o) != ""
	}
	last := t.record != nil && slices.ContainsFunc(t.record.manifest.Objects, func(r tree) bool { return same(r, o) })
	return !last || !complete(o)
}

// complete tells whether a Job has done all that there was.
func complete(job tree) bool {
	list, _ := at(job, "status", "conditions").([]any)
	return slices.ContainsFunc(list, func(c any) bool {
		m, ok := c.(tree)
		return ok && text(m, "type") == "Complete" && text(m, "status") == "True"
	})
}
