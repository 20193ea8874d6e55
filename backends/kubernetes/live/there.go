package live

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/flowc-dev/flowc/backends/deploy"
)

// What is there of a pipeline.
type there struct {
	place
	record  *record
	objects []tree // those that were applied, and workloads of flowc's that another tool has
	claims  []tree // those that StatefulSets have made
	ending  []tree // those that somebody has deleted, and that are not gone yet
	shared  bool   // the namespace is one that another pipeline has made
}

// everywhere are the kinds that a pipeline may have in any cluster.
var everywhere = []string{
	"v1 ServiceAccount", "v1 ConfigMap", "v1 Service", "v1 " + kindClaim, "policy/v1 PodDisruptionBudget", "networking.k8s.io/v1 NetworkPolicy",
	"autoscaling/v2 HorizontalPodAutoscaler", "apps/v1 " + kindDeployment, "apps/v1 " + kindStatefulSet, "batch/v1 " + kindJob, "batch/v1 " + kindCronJob,
}

// there reads what is at a place; wanted are objects that will be there.
func (e *Engine) there(ctx context.Context, p place, wanted []tree) (*there, error) {
	t := &there{place: p}
	var err error
	if t.record, err = e.record(ctx, p); err != nil {
		return nil, err
	}
	needed := slices.Clone(t.record.kinds())
	for _, o := range wanted {
		needed = append(needed, versionOf(o)+" "+kindOf(o))
	}
	kinds := append(slices.Clone(everywhere), needed...)
	slices.Sort(kinds)
	for _, k := range slices.Compact(kinds) {
		version, kind, _ := strings.Cut(k, " ")
		err := e.listed(ctx, t, version, kind)
		if hasCode(err, http.StatusForbidden) && !slices.Contains(needed, k) {
			continue // who may not see such objects has not applied any
		}
		if err != nil {
			return nil, err
		}
	}
	named := wanted
	if t.record != nil { // which may have a namespace, that no list has
		named = append(slices.Clone(wanted), t.record.manifest.Objects...)
	}
	for _, o := range named {
		if err := e.named(ctx, t, o); err != nil {
			return nil, err
		}
	}
	return t, e.claims(ctx, t, named)
}

// running reads of what is at a place what runs and where it is reached: what somebody who
// waits asks for again and again.
func (e *Engine) running(ctx context.Context, p place) (*there, error) {
	t := &there{place: p}
	var err error
	if t.record, err = e.record(ctx, p); err != nil {
		return nil, err
	}
	kinds := everywhere
	if t.record != nil {
		kinds = t.record.kinds()
	}
	for _, k := range kinds {
		version, kind, _ := strings.Cut(k, " ")
		if workloads[kind] == "" && kind != "Service" {
			continue
		}
		if err := e.listed(ctx, t, version, kind); err != nil {
			return nil, err
		}
	}
	return t, nil
}

// listed adds objects of a kind: those of the set, and workloads that flowc has written
// and somebody else has applied.
func (e *Engine) listed(ctx context.Context, t *there, version, kind string) error {
	if kind == kindNamespace || kind == "" {
		return nil
	}
	labels := labelSet + "=" + t.set()
	if workloads[kind] != "" {
		labels = fmt.Sprintf("%s=%s,%s=%s", labelManagedBy, manager, labelName, t.name)
	}
	all, err := e.list(ctx, t.namespace, version, kind, labels)
	if err != nil {
		return err
	}
	for _, o := range all {
		// One that has an owner belongs to a CronJob.
		if of := setOf(o); (of == "" || of == t.set()) && at(o, "metadata", "ownerReferences") == nil {
			t.add(o)
		}
	}
	return nil
}

// named adds the object of a kind and name, where no list had it.
func (e *Engine) named(ctx context.Context, t *there, o tree) error {
	if t.has(o) {
		return nil
	}
	if t.record != nil && kindOf(o) != kindNamespace && slices.ContainsFunc(t.record.manifest.Objects, func(r tree) bool { return same(r, o) }) {
		return nil // it had the label, and is gone
	}
	is, err := e.get(ctx, t.namespace, o)
	switch {
	case err != nil || is == nil:
		return err
	case kindOf(o) == kindNamespace && setOf(is) != "" && setOf(is) != t.set():
		t.shared = true
		return nil
	case kindOf(o) == kindNamespace:
	case text(is, "metadata", "labels", labelManagedBy) != manager:
		return fmt.Errorf("the %s %s in the namespace %s is not flowc's: delete it, or give the pipeline another name or namespace", kindOf(o), nameOf(o), t.namespace)
	case setOf(is) != "" && setOf(is) != t.set():
		return fmt.Errorf("the %s %s in the namespace %s belongs to another pipeline: give one of them another name or namespace", kindOf(o), nameOf(o), t.namespace)
	}
	t.add(is)
	return nil
}

func (t *there) add(o tree) {
	switch {
	case t.has(o):
	case text(o, "metadata", "deletionTimestamp") != "":
		t.ending = append(t.ending, o)
	default:
		t.objects = append(t.objects, o)
	}
}

// claims adds those that StatefulSets have made: the sets that are wanted, that are there
// and that were.
func (e *Engine) claims(ctx context.Context, t *there, named []tree) error {
	done := map[string]bool{}
	for _, o := range append(slices.Clone(t.objects), named...) {
		if kindOf(o) != kindStatefulSet || done[nameOf(o)] {
			continue
		}
		done[nameOf(o)] = true
		all, err := e.list(ctx, t.namespace, "v1", kindClaim, selector(o))
		if err != nil {
			return err
		}
		for _, c := range all {
			if text(c, "metadata", "deletionTimestamp") == "" && claimOf(c, o) && !slices.ContainsFunc(t.claims, func(x tree) bool { return same(x, c) }) {
				t.claims = append(t.claims, c)
			}
		}
	}
	return nil
}

// selector is that of a workload's pods.
func selector(o tree) string {
	labels := sub(o, "spec", "selector", "matchLabels")
	var parts []string
	for _, key := range sorted(labels) {
		parts = append(parts, key+"="+text(labels, key))
	}
	return strings.Join(parts, ",")
}

// claimOf tells whether a claim is one of a StatefulSet's: TEMPLATE-SET-NUMBER.
func claimOf(claim, set tree) bool {
	rest, number, _ := cutLast(nameOf(claim), "-")
	return number != "" && strings.Trim(number, "0123456789") == "" && strings.HasSuffix(rest, "-"+nameOf(set))
}

func cutLast(text, sep string) (before, after string, found bool) {
	i := strings.LastIndex(text, sep)
	if i < 0 {
		return text, "", false
	}
	return text[:i], text[i+len(sep):], true
}

// same tells whether two are the same object, maybe at different times.
func same(a, b tree) bool { return kindOf(a) == kindOf(b) && nameOf(a) == nameOf(b) }

func (t *there) has(o tree) bool {
	return slices.ContainsFunc(append(slices.Clone(t.objects), t.ending...), func(x tree) bool { return same(x, o) })
}

// find is the object that is there of a wanted one, nil for none. For a Job it may be one
// of another name, which it would follow.
func (t *there) find(o tree) tree {
	var found tree
	for _, x := range t.objects {
		switch {
		case same(x, o):
			return x
		case kindOf(o) == kindJob && planID(x) == planID(o) && (found == nil || text(x, "metadata", "creationTimestamp") > text(found, "metadata", "creationTimestamp")):
			found = x
		}
	}
	return found
}

// planID is what a plan calls an object. The name of a Job has the hash of what it runs,
// and what changes is another Job: to people it is the same.
func planID(o tree) string { return kindOf(o) + " " + planName(o) }

func planName(o tree) string {
	if kindOf(o) == kindJob {
		return jobHash.ReplaceAllString(nameOf(o), "")
	}
	return nameOf(o)
}

var jobHash = regexp.MustCompile(`-[0-9a-f]{8}$`)

// setOf is the set that an object belongs to, "" for none.
func setOf(o tree) string { return text(o, "metadata", "labels", labelSet) }

// as is a wanted object as it is applied: as one of the set. A namespace that somebody
// has made is given the security that its pods are made for, and stays theirs; false for
// one that another pipeline has made, to which nothing is done.
func (t *there) as(o tree) (tree, bool) {
	o = clone(o)
	labels := sub(o, "metadata", "labels")
	if labels == nil {
		labels = tree{}
		sub(o, "metadata")["labels"] = labels
	}
	if is := t.find(o); kindOf(o) == kindNamespace && (t.shared || is != nil && setOf(is) == "") {
		maps.DeleteFunc(labels, func(key string, _ any) bool { return !strings.HasPrefix(key, "pod-security.kubernetes.io/") })
		return tree{"apiVersion": o["apiVersion"], "kind": o["kind"], "metadata": tree{"name": nameOf(o), "labels": labels}}, !t.shared
	}
	labels[labelSet] = t.set()
	return o, true
}

// before tells whether pods need an object before they can be tried.
func before(o tree) bool {
	kind := kindOf(o)
	return kind == kindNamespace || kind == "ServiceAccount" || kind == "ConfigMap"
}

// runs tells whether an object runs programs.
func runs(o tree) bool { return workloads[kindOf(o)] != "" }

// release is what runs, nil for nothing.
func (t *there) release(id string) *deploy.Release {
	i := slices.IndexFunc(t.objects, runs)
	switch {
	case i < 0:
		return nil
	case t.record != nil:
		return t.record.release(id)
	}
	return unapplied(id, t.objects[i])
}

// unapplied is the release of a workload that flowc has written and somebody else has
// applied.
func unapplied(id string, o tree) *deploy.Release {
	r := &deploy.Release{ID: id, Pipeline: text(o, "metadata", "labels", labelName), Hash: text(o, "metadata", "annotations", annotationHash)}
	if list, _ := at(template(o), "spec", "containers").([]any); len(list) > 0 {
		if c, ok := list[0].(tree); ok {
			r.Image = text(c, "image")
		}
	}
	return r
}

// seen identifies what is there: who it is and what it says, but for how many copies an
// autoscaler has chosen, and without what [Engine.Try] may make.
func (t *there) seen() string {
	h := sha256.New()
	if t.record != nil {
		h.Write([]byte(t.record.config.ResourceVersion))
	}
	for _, o := range append(slices.Clone(t.objects), t.claims...) {
		if before(o) {
			continue
		}
		h.Write([]byte(kindOf(o) + nameOf(o) + text(o, "metadata", "uid")))
		if kindOf(o) == kindClaim { // which is bound in its own time
			continue
		}
		o = compared(o)
		delete(sub(o, "spec"), "replicas")
		body, _ := json.Marshal(o) // it was JSON
		h.Write(body)
	}
	return hex.EncodeToString(h.Sum(nil))
}
