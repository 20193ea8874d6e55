package live

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
)

// annotationStopped is on a workload that was stopped: how many copies it had. What KEDA
// scales has annotationPaused besides, or KEDA would start copies again.
const (
	annotationStopped   = "flowc.dev/stopped"
	annotationPaused    = "autoscaling.keda.sh/paused-replicas"
	annotationRestarted = "flowc.dev/restarted"

	kindScaledObject = "ScaledObject"
)

// Stop takes the copies of workloads away, suspends Jobs and CronJobs, and waits until all
// pods have drained: those of programs first, and then that of a broker. The objects stay.
func (e *Engine) Stop(ctx context.Context, id string) error {
	p, t, err := e.mustHave(ctx, id)
	if err != nil {
		return err
	}
	for _, o := range t.objects {
		if kindOf(o) == kindScaledObject {
			if err := e.merge(ctx, p, o, annotated(annotationPaused, "0")); err != nil {
				return err
			}
		}
	}
	for _, tier := range tiers(t.objects) {
		for _, o := range tier {
			if err := e.rest(ctx, p, o); err != nil {
				return err
			}
		}
		for _, o := range tier {
			if err := e.drained(ctx, p, o); err != nil {
				return err
			}
		}
	}
	return nil
}

// Restart gives workloads that were stopped the copies that they had. Pods of those that
// run are replaced as those of a new version are, but for a broker's; a Job is made anew,
// and goes on from its checkpoint.
func (e *Engine) Restart(ctx context.Context, id string) error {
	p, t, err := e.mustHave(ctx, id)
	if err != nil {
		return err
	}
	for _, tier := range slices.Backward(tiers(t.objects)) {
		for _, o := range tier {
			switch {
			case kindOf(o) == kindJob:
				err = e.jobAgain(ctx, p, t, o)
			case t.idle(o):
				err = e.wake(ctx, p, o, t.applied(o))
			case kindOf(o) != kindCronJob && !isBroker(o):
				now := strconv.FormatInt(time.Now().Unix(), 10) //nolint:forbidigo // a start is at a time, and nothing is compiled
				err = e.merge(ctx, p, o, tree{"spec": tree{"template": annotated(annotationRestarted, now)}})
			}
			if err != nil {
				return err
			}
		}
	}
	return e.unpause(ctx, p, t)
}

// rest has a workload start nothing more, and end what runs.
func (e *Engine) rest(ctx context.Context, p place, o tree) error {
	var spec tree
	was := ""
	switch kind := kindOf(o); {
	case rests(o), kind == kindJob && (complete(o) || failure(o) != ""):
		return nil
	case kind == kindJob, kind == kindCronJob:
		was, spec = "true", tree{"suspend": true}
	default:
		was, spec = strconv.Itoa(copiesOf(o)), tree{"replicas": 0}
	}
	patch := annotated(annotationStopped, was)
	patch["spec"] = spec
	return e.merge(ctx, p, o, patch)
}

// wake undoes a rest. want is the workload as it was applied, or is to be; where that says
// how many copies there are, there are so many.
func (e *Engine) wake(ctx context.Context, p place, o, want tree) error {
	patch := annotated(annotationStopped, nil)
	switch {
	case at(o, "spec", "suspend") != nil:
		patch["spec"] = tree{"suspend": nil}
	case at(want, "spec", "replicas") != nil:
		patch["spec"] = tree{"replicas": copiesOf(want)}
	default:
		patch["spec"] = tree{"replicas": at(awake(o), "spec", "replicas")}
	}
	return e.merge(ctx, p, o, patch)
}

// unpause lets KEDA scale again.
func (e *Engine) unpause(ctx context.Context, p place, t *there) error {
	for _, o := range t.objects {
		if kindOf(o) == kindScaledObject && text(o, "metadata", "annotations", annotationPaused) != "" {
			if err := e.merge(ctx, p, o, annotated(annotationPaused, nil)); err != nil {
				return err
			}
		}
	}
	return nil
}

// jobAgain ends a Job and makes it anew, as it was applied. One that another has followed
// is left alone.
func (e *Engine) jobAgain(ctx context.Context, p place, t *there, o tree) error {
	want := t.applied(o)
	switch {
	case t.record == nil:
		return fmt.Errorf("the Job %s can't be started again: flowc did not apply it, and does not know how it was", nameOf(o))
	case want == nil:
		return nil
	}
	if err := e.end(ctx, p.namespace, o); err != nil {
		return err
	}
	want, _ = t.as(want)
	_, err := e.apply(ctx, p, want, false)
	return err
}

// drained waits until a workload that rests has no pod at work any more.
func (e *Engine) drained(ctx context.Context, p place, o tree) error {
	pick, limit := selector(o), graceOf(o)*time.Duration(max(copiesOf(o), 1))+endSlack
	switch kindOf(o) {
	case kindCronJob:
		return e.endRuns(ctx, p, o)
	case kindJob:
		pick = batchv1.JobNameLabel + "=" + nameOf(o)
	}
	late := time.NewTimer(limit)
	defer late.Stop()
	for {
		pods, err := e.pods(ctx, p.namespace, pick)
		pods = slices.DeleteFunc(pods, func(pod *corev1.Pod) bool {
			return pod.Status.Phase == corev1.PodSucceeded || pod.Status.Phase == corev1.PodFailed
		})
		if err != nil || len(pods) == 0 {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-late.C:
			return fmt.Errorf("%s was told to end, and is still there after %s: `kubectl describe pod %s` says what it waits for", pods[0].Name, limit, pods[0].Name)
		case <-time.After(lookAgain):
		}
	}
}

// endRuns ends the run of a CronJob that goes on. Its next one begins at its checkpoint.
func (e *Engine) endRuns(ctx context.Context, p place, cron tree) error {
	active, _ := at(cron, "status", "active").([]any)
	for _, a := range active {
		if a, ok := a.(tree); ok {
			run := tree{"apiVersion": workloads[kindJob], "kind": kindJob, "metadata": tree{"name": text(a, "name")}, "spec": sub(cron, "spec", "jobTemplate", "spec")}
			if err := e.end(ctx, p.namespace, run); err != nil {
				return err
			}
		}
	}
	return nil
}

// rests tells whether a workload was stopped and not started since.
func rests(o tree) bool {
	return text(o, "metadata", "annotations", annotationStopped) != "" && (at(o, "spec", "suspend") == true || at(o, "spec", "replicas") == 0.0)
}

// idle tells whether somebody has stopped a workload, with flowc or by hand.
func (t *there) idle(o tree) bool {
	return rests(o) || at(o, "spec", "suspend") == true || at(o, "spec", "replicas") == 0.0 && t.saysCopies(o)
}

// awake is a workload as it would be if it had not been stopped.
func awake(o tree) tree {
	if !rests(o) {
		return o
	}
	o = clone(o)
	spec := sub(o, "spec")
	if spec["suspend"] == true {
		spec["suspend"] = false
		return o
	}
	n, err := strconv.ParseFloat(text(o, "metadata", "annotations", annotationStopped), 64)
	if err != nil {
		n = 1
	}
	spec["replicas"] = n
	return o
}

// copiesOf is how many copies a workload says that there are; the cluster takes one for
// nothing said.
func copiesOf(o tree) int {
	if n, ok := at(o, "spec", "replicas").(float64); ok {
		return int(n)
	}
	return 1
}

// applied is an object as it was applied, nil where nobody knows.
func (t *there) applied(o tree) tree {
	if t.record == nil {
		return nil
	}
	i := slices.IndexFunc(t.record.manifest.Objects, func(r tree) bool { return same(r, o) })
	if i < 0 {
		return nil
	}
	return t.record.manifest.Objects[i]
}

// annotated is a patch that sets an annotation; nil takes it away.
func annotated(key string, value any) tree {
	return tree{"metadata": tree{"annotations": tree{key: value}}}
}

// merge changes some fields of an object that is there.
func (e *Engine) merge(ctx context.Context, p place, o, patch tree) error {
	path, err := e.path(ctx, p.namespace, o)
	if err != nil {
		return err
	}
	body, err := json.Marshal(patch)
	if err != nil {
		return err
	}
	if err := e.api.send(ctx, http.MethodPatch, path, byManager, "application/merge-patch+json", body, nil); err != nil {
		return fmt.Errorf("%s %s: %w", kindOf(o), nameOf(o), err)
	}
	return nil
}

// isBroker tells the server that a pipeline brings from its programs.
func isBroker(o tree) bool { return text(o, "metadata", "labels", labelRole) == roleBroker }

// tiers are workloads in the order in which they end: programs, and what they drain into.
func tiers(objects []tree) [][]tree {
	all := make([][]tree, 2)
	for _, o := range objects {
		switch {
		case !runs(o):
		case isBroker(o):
			all[1] = append(all[1], o)
		default:
			all[0] = append(all[0], o)
		}
	}
	return all
}

// mustHave is what is there of a release, of which something runs programs.
func (e *Engine) mustHave(ctx context.Context, id string) (place, *there, error) {
	p := e.of(id)
	t, err := e.there(ctx, p, nil)
	if err == nil && !slices.ContainsFunc(t.objects, runs) {
		err = fmt.Errorf("%s has nothing that runs programs at %s: `flowc apply` makes it", id, e.Place())
	}
	return p, t, err
}
