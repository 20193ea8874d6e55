package live

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/flowc-dev/flowc/backends/deploy"
)

// claimPatience is how long a claim may take to go that a pod may still hold.
const claimPatience = 30 * time.Second

// Remove deletes: workloads first, whose pods drain, then the rest, and the record when
// nothing is left that it tells of. A namespace in which others have something stays.
func (e *Engine) Remove(ctx context.Context, id string, objects []deploy.Object) error {
	p := e.of(id)
	t, err := e.there(ctx, p, nil)
	if err != nil {
		return err
	}
	meant := func(o tree) bool {
		return slices.ContainsFunc(objects, func(x deploy.Object) bool { return x.ID() == planID(o) })
	}
	all := append(slices.Clone(t.objects), t.claims...)
	slices.SortStableFunc(all, func(a, b tree) int { return removalRank(a) - removalRank(b) })
	var namespace tree
	for _, o := range all {
		switch {
		case !meant(o):
		case kindOf(o) == kindNamespace:
			namespace = o
		case runs(o):
			err = e.end(ctx, p.namespace, o)
		default:
			err = e.delete(ctx, p, o)
		}
		if err != nil {
			return err
		}
	}
	if namespace == nil && slices.ContainsFunc(objects, func(o deploy.Object) bool { return o.Kind == kindNamespace && o.Name == p.namespace }) {
		if namespace, err = e.get(ctx, "", tree{"apiVersion": "v1", "kind": kindNamespace, "metadata": tree{"name": p.namespace}}); err != nil {
			return err
		}
	}
	if err := e.forget(ctx, p); err != nil {
		return err
	}
	if namespace == nil || setOf(namespace) != p.set() {
		return nil
	}
	return e.removeNamespace(ctx, namespace)
}

// removalRank orders objects: those that run, what they use, what holds data.
func removalRank(o tree) int {
	switch {
	case runs(o):
		return 0
	case kindOf(o) == kindClaim:
		return 2
	}
	return 1
}

// delete deletes an object that runs nothing. A claim goes when no pod holds it any more,
// which is waited for a little.
func (e *Engine) delete(ctx context.Context, p place, o tree) error {
	path, err := e.path(ctx, p.namespace, o)
	if err != nil {
		return err
	}
	if err := e.remove(ctx, path, false); err != nil || kindOf(o) != kindClaim {
		return err
	}
	limited, cancel := context.WithTimeout(ctx, claimPatience)
	defer cancel()
	err = e.awaitEnd(limited, path, o)
	if errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
		return nil // somebody else's pod holds it: it goes with that
	}
	return err
}

// forget deletes the record where nothing is left that it tells of.
func (e *Engine) forget(ctx context.Context, p place) error {
	t, err := e.there(ctx, p, nil)
	if err != nil || t.record == nil {
		return err
	}
	left := slices.ContainsFunc(t.objects, func(o tree) bool { return kindOf(o) != kindNamespace })
	if left || len(t.claims) > 0 {
		return nil
	}
	return e.remove(ctx, p.recordsPath()+"/"+p.recordName(), false)
}

// removeNamespace deletes a namespace that a release has made, where nobody else has
// anything in it.
func (e *Engine) removeNamespace(ctx context.Context, namespace tree) error {
	name := nameOf(namespace)
	for _, kind := range []string{"Pod", kindClaim, "Secret", "ConfigMap", "Service"} {
		all, err := e.list(ctx, name, "v1", kind, "")
		if err != nil {
			return err
		}
		for _, o := range all {
			if nameOf(o) != "kube-root-ca.crt" && text(o, "metadata", "deletionTimestamp") == "" {
				return nil
			}
		}
	}
	path, err := e.path(ctx, "", namespace)
	if err != nil {
		return err
	}
	if err := e.remove(ctx, path, false); err != nil {
		return err
	}
	return e.awaitEnd(ctx, path, namespace)
}
