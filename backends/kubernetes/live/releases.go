package live

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"sync"

	corev1 "k8s.io/api/core/v1"

	"github.com/flowc-dev/flowc/backends/deploy"
)

// Releases are those of all namespaces that the user may look into, else of the one that
// the context names.
func (e *Engine) Releases(ctx context.Context) ([]*deploy.Release, error) {
	places, err := e.places(ctx, "")
	if hasCode(err, http.StatusForbidden) {
		places, err = e.places(ctx, e.namespace)
	}
	if err != nil {
		return nil, err
	}
	releases, errs := make([]*deploy.Release, len(places)), make([]error, len(places))
	turns := make(chan struct{}, atOnce)
	var reading sync.WaitGroup
	for i, p := range places {
		reading.Go(func() {
			turns <- struct{}{}
			releases[i], errs[i] = e.release(ctx, p)
			<-turns
		})
	}
	reading.Wait()
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return slices.DeleteFunc(releases, func(r *deploy.Release) bool { return r == nil }), nil
}

// atOnce is how many releases are read at the same time.
const atOnce = 8

// release is what is at a place, with its objects; nil for nothing.
func (e *Engine) release(ctx context.Context, p place) (*deploy.Release, error) {
	t, err := e.there(ctx, p, nil)
	if err != nil {
		return nil, err
	}
	r := t.release(e.id(p))
	if r == nil && t.record != nil { // only what it keeps is left
		r = &deploy.Release{ID: e.id(p), Pipeline: t.record.config.Annotations[annotationPipeline], Folder: t.record.config.Annotations[annotationFolder]}
	}
	if r == nil {
		return nil, nil // it has gone since
	}
	for _, o := range append(slices.Clone(t.objects), t.claims...) {
		if kindOf(o) == kindNamespace && setOf(o) == "" {
			continue // somebody else has made it
		}
		if x := object(o); !slices.ContainsFunc(r.Objects, func(y deploy.Object) bool { return x.ID() == y.ID() }) {
			r.Objects = append(r.Objects, x)
		}
	}
	return r, nil
}

// places are where records are, and workloads that flowc has written and somebody else
// has applied; namespace is "" for all.
func (e *Engine) places(ctx context.Context, namespace string) ([]place, error) {
	below := ""
	if namespace != "" {
		below = "/namespaces/" + url.PathEscape(namespace)
	}
	var records struct{ Items []corev1.ConfigMap }
	if err := e.api.ask(ctx, "/api/v1"+below+"/configmaps", url.Values{"labelSelector": {labelSetID + "," + labelManagedBy + "=" + manager}}, &records); err != nil {
		return nil, err
	}
	found := map[place]bool{}
	for _, c := range records.Items {
		if name, ok := trimRecord(c.Name); ok {
			found[place{c.Namespace, name}] = true
		}
	}
	for _, path := range []string{"/apis/apps/v1" + below + "/deployments", "/apis/apps/v1" + below + "/statefulsets", "/apis/batch/v1" + below + "/jobs", "/apis/batch/v1" + below + "/cronjobs"} {
		var all struct{ Items []tree }
		if err := e.api.ask(ctx, path, url.Values{"labelSelector": {labelManagedBy + "=" + manager + ",!" + labelSet}}, &all); err != nil {
			return nil, err
		}
		for _, o := range all.Items {
			if name := text(o, "metadata", "labels", labelName); name != "" && at(o, "metadata", "ownerReferences") == nil {
				found[place{text(o, "metadata", "namespace"), name}] = true
			}
		}
	}
	var all []place
	for p := range found {
		all = append(all, p)
	}
	slices.SortFunc(all, func(a, b place) int {
		return cmp.Or(cmp.Compare(a.namespace, b.namespace), cmp.Compare(a.name, b.name))
	})
	return all, nil
}
