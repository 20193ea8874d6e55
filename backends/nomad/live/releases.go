package live

import (
	"context"

	"github.com/flowc-dev/flowc/backends/deploy"
	"github.com/flowc-dev/flowc/backends/nomad"
)

// Releases are those of all namespaces that the token sees.
func (e *Engine) Releases(ctx context.Context) ([]*deploy.Release, error) {
	stubs, err := e.stubs(ctx, "*")
	if err != nil {
		return nil, err
	}
	type place struct{ namespace, main, pipeline string }
	found := map[string]place{}
	for _, s := range stubs {
		p := place{s.Namespace, releaseOf(s.ID, s.Meta), s.Meta[nomad.MetaPipeline]}
		if p.namespace == "" {
			p.namespace = defaultNamespace
		}
		found[idOf(p.namespace, p.main)] = p
	}
	var all []*deploy.Release
	for _, id := range sorted(found) {
		p := found[id]
		jobs, err := e.there(ctx, p.namespace, p.main)
		if err != nil {
			return nil, err
		}
		r, err := jobs.release(p.namespace, p.main)
		if err != nil {
			return nil, err
		}
		if r == nil {
			continue // since it was listed
		}
		for _, name := range sorted(jobs) {
			r.Objects = append(r.Objects, object(jobs[name]))
		}
		r.Objects = append(r.Objects, e.loaded(ctx, p.pipeline)...)
		all = append(all, r)
	}
	return all, nil
}
