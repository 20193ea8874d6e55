package live

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// byManager says who it is that changes something.
var byManager = url.Values{"fieldManager": {manager}}

// coreV1 is where objects are of a kind that every cluster has.
func coreV1(plural string) kindPath {
	return kindPath{root: "/api/v1", plural: plural, namespaced: true}
}

// podPath is where a pod is.
func podPath(namespace, name string) string { return coreV1("pods").at(namespace, name) }

// path is where an object is, in its own namespace or another.
func (e *Engine) path(ctx context.Context, namespace string, o tree) (string, error) {
	r, err := e.api.resource(ctx, versionOf(o), kindOf(o))
	if err != nil {
		return "", err
	}
	return r.at(namespace, nameOf(o)), nil
}

// get reads the object of an object's kind and name, nil for none.
func (e *Engine) get(ctx context.Context, namespace string, o tree) (tree, error) {
	path, err := e.path(ctx, namespace, o)
	if err != nil {
		return nil, err
	}
	var is tree
	err = e.api.ask(ctx, path, nil, &is)
	if gone(err) {
		return nil, nil
	}
	return is, err
}

// list reads all objects of a kind that have labels; a kind that the cluster does not
// know has none.
func (e *Engine) list(ctx context.Context, namespace, version, kind, labels string) ([]tree, error) {
	r, err := e.api.resource(ctx, version, kind)
	if errors.Is(err, errNoKind) || err == nil && !r.namespaced {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var all struct{ Items []tree }
	if err := e.api.ask(ctx, r.in(namespace), url.Values{"labelSelector": {labels}}, &all); err != nil {
		return nil, err
	}
	for _, o := range all.Items { // a list does not say it of each
		o["apiVersion"], o["kind"] = version, kind
	}
	return all.Items, nil
}

// apply applies an object as [there.as] gives it, or asks what it would be then. Fields that others have set
// are taken over: a plan has shown them.
func (e *Engine) apply(ctx context.Context, p place, o tree, dryRun bool) (tree, error) {
	path, err := e.path(ctx, p.namespace, o)
	if err != nil {
		return nil, err
	}
	body, err := json.Marshal(o)
	if err != nil {
		return nil, err
	}
	query := url.Values{"fieldManager": {manager}, "force": {"true"}, "fieldValidation": {"Strict"}}
	if dryRun {
		query.Set("dryRun", "All")
	}
	var is tree
	err = e.api.send(ctx, http.MethodPatch, path, query, "application/apply-patch+yaml", body, &is)
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", kindOf(o), nameOf(o), remedy(p, o, err))
	}
	return is, nil
}

// remedy says what helps against a refusal, where that is known.
func remedy(p place, o tree, err error) error {
	switch {
	case gone(err) && strings.Contains(err.Error(), "namespaces"):
		return fmt.Errorf("%w: make the namespace %s, or have it made with `createNamespace: true`", err, p.namespace)
	case hasCode(err, http.StatusUnprocessableEntity) && workloads[kindOf(o)] != "" && immutable(err):
		return fmt.Errorf("%w\nwhat is there can't be changed so. `flowc delete %s` stops it and keeps its volumes, and `flowc apply` makes it anew", err, p.name)
	}
	return err
}

// immutable tells whether a refusal is one of a change, and not of what it is changed to.
func immutable(err error) bool {
	return slices.ContainsFunc([]string{"immutable", "updates to statefulset spec"}, func(s string) bool { return strings.Contains(err.Error(), s) })
}

// remove deletes what is at a path, and comes back at once; what is gone already is no
// error. In the foreground an object goes when all that it has made is gone.
func (e *Engine) remove(ctx context.Context, path string, foreground bool) error {
	policy := "Background"
	if foreground {
		policy = "Foreground"
	}
	err := e.api.send(ctx, http.MethodDelete, path, nil, "application/json", []byte(`{"kind":"DeleteOptions","apiVersion":"v1","propagationPolicy":"`+policy+`"}`), nil)
	if gone(err) {
		return nil
	}
	return err
}

// end deletes a workload and waits until its pods are gone, which drain first.
func (e *Engine) end(ctx context.Context, namespace string, o tree) error {
	path, err := e.path(ctx, namespace, o)
	if err != nil {
		return err
	}
	if err := e.remove(ctx, path, true); err != nil {
		return err
	}
	return e.awaitEnd(ctx, path, o)
}

// endSlack is how much longer than its pods may take to drain a workload may take to end.
const endSlack = 2 * time.Minute

// awaitEnd waits until an object that was deleted is gone.
func (e *Engine) awaitEnd(ctx context.Context, path string, o tree) error {
	limit := graceOf(o) + endSlack
	late := time.NewTimer(limit)
	defer late.Stop()
	for {
		var is tree
		err := e.api.ask(ctx, path, nil, &is)
		switch {
		case gone(err), err == nil && text(is, "metadata", "uid") != text(o, "metadata", "uid") && text(o, "metadata", "uid") != "":
			return nil
		case err != nil:
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-late.C:
			return fmt.Errorf("%s %s is still there, %s after it was deleted: `kubectl describe` says what it waits for", kindOf(o), nameOf(o), limit)
		case <-time.After(lookAgain):
		}
	}
}

// template is the pod that a workload makes, nil for what makes none.
func template(o tree) tree {
	if kindOf(o) == kindCronJob {
		return sub(o, "spec", "jobTemplate", "spec", "template")
	}
	return sub(o, "spec", "template")
}

// graceOf is how long the pods of a workload may take to drain.
func graceOf(o tree) time.Duration {
	n, ok := at(template(o), "spec", "terminationGracePeriodSeconds").(float64)
	if !ok {
		n = 30 // what the cluster takes for nothing
	}
	return time.Duration(n) * time.Second
}
