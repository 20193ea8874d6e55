package live

import (
	"cmp"
	"context"
	"fmt"
	"net/url"
	"slices"
	"strconv"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/flowc-dev/flowc/backends/deploy"
)

// Run reads how the pods of a release do.
func (e *Engine) Run(ctx context.Context, id string) (*deploy.Run, error) {
	p := e.of(id)
	t, err := e.running(ctx, p)
	if err != nil {
		return nil, err
	}
	release := t.release(id)
	if release == nil {
		return nil, nil
	}
	r := &deploy.Run{ID: id, Pipeline: release.Pipeline, Hash: release.Hash, Image: release.Image, Place: e.place, Ports: map[string][]string{}}
	for _, o := range t.objects {
		switch kindOf(o) {
		case kindDeployment:
			err = e.runDeployment(ctx, r, t, o)
		case kindStatefulSet:
			err = e.runStatefulSet(ctx, r, t, o)
		case kindJob:
			if t.last(o) {
				err = e.runJob(ctx, r, o)
			}
		case kindCronJob:
			err = e.runCronJob(ctx, r, o)
		case "Service":
			err = ports(r, o)
		}
		if err != nil {
			return nil, err
		}
	}
	return r, nil
}

// pods are those that a selector picks, by age.
func (e *Engine) pods(ctx context.Context, namespace, selector string) ([]*corev1.Pod, error) {
	var list struct{ Items []*corev1.Pod }
	err := e.api.ask(ctx, coreV1("pods").in(namespace), url.Values{"labelSelector": {selector}}, &list)
	slices.SortFunc(list.Items, byAge)
	return list.Items, err
}

// runDeployment adds the pods of a Deployment. New are those of its newest ReplicaSet,
// once its controller has seen what it should be.
func (e *Engine) runDeployment(ctx context.Context, r *deploy.Run, t *there, o tree) error {
	d, err := into[appsv1.Deployment](o)
	if err != nil {
		return err
	}
	wanted := int(*cmp.Or(d.Spec.Replicas, new(int32(1))))
	hash, settled := "", false
	if d.Status.ObservedGeneration >= d.Generation {
		var list struct{ Items []appsv1.ReplicaSet }
		if err := e.api.ask(ctx, kindPath{root: "/apis/apps/v1", plural: "replicasets", namespaced: true}.in(d.Namespace), url.Values{"labelSelector": {selector(o)}}, &list); err != nil {
			return err
		}
		const revision = "deployment.kubernetes.io/revision"
		for _, set := range list.Items {
			if set.Annotations[revision] == d.Annotations[revision] {
				hash = set.Labels[appsv1.DefaultDeploymentUniqueLabelKey]
				settled = int(set.Status.AvailableReplicas) >= wanted && d.Status.Replicas == d.Status.UpdatedReplicas
			}
		}
	}
	says := ""
	for _, c := range d.Status.Conditions {
		if c.Type == appsv1.DeploymentReplicaFailure && c.Status == corev1.ConditionTrue {
			says = c.Message
		}
	}
	return e.runCopies(ctx, r, o, copies{wanted: wanted, label: appsv1.DefaultDeploymentUniqueLabelKey, value: hash, settled: settled, says: says, fixed: t.saysCopies(o)})
}

// runStatefulSet adds the pods of a StatefulSet.
func (e *Engine) runStatefulSet(ctx context.Context, r *deploy.Run, t *there, o tree) error {
	s, err := into[appsv1.StatefulSet](o)
	if err != nil {
		return err
	}
	revision := ""
	if s.Status.ObservedGeneration >= s.Generation {
		revision = s.Status.UpdateRevision
	}
	wanted := int(*cmp.Or(s.Spec.Replicas, new(int32(1))))
	settled := int(s.Status.AvailableReplicas) >= wanted && s.Status.Replicas == s.Status.UpdatedReplicas
	return e.runCopies(ctx, r, o, copies{wanted: wanted, label: appsv1.StatefulSetRevisionLabel, value: revision, settled: settled, fixed: t.saysCopies(o)})
}

// copies say how many pods there should be, and by which label those of the newest
// version are known. settled tells that all of these have been ready for as long as they
// must be, and that no others are to go; says why there are none, and fixed that the
// pipeline says how many.
type copies struct {
	wanted       int
	label, value string
	settled      bool
	says         string
	fixed        bool
}

func (e *Engine) runCopies(ctx context.Context, r *deploy.Run, o tree, c copies) error {
	namespace := text(o, "metadata", "namespace")
	pods, err := e.pods(ctx, namespace, selector(o))
	if err != nil {
		return err
	}
	r.Wanted += c.wanted
	fresh, last := 0, -1
	for _, pod := range pods {
		i := instance(pod)
		switch {
		case pod.DeletionTimestamp != nil:
			i.Old, i.Says = true, "it drains"
		case c.value == "" || pod.Labels[c.label] != c.value:
			i.Old = true
		case i.State == deploy.Failed && pod.Status.Phase == corev1.PodFailed: // evicted: another takes its place
			i.Old = true
		default:
			fresh++
			last = len(r.Instances)
		}
		r.Instances = append(r.Instances, i)
	}
	if last >= 0 && !c.settled && r.Instances[last].State == deploy.Ready {
		r.Instances[last].State, r.Instances[last].Says = deploy.Starting, "it must be ready for a while"
	}
	switch {
	case c.wanted == 0:
		i := deploy.Instance{Name: nameOf(o), State: deploy.Ready, Says: "no copy runs: an autoscaler has seen nothing to do"}
		switch {
		case rests(o):
			i.State, i.Says = deploy.Stopped, ""
		case c.fixed:
			i.State, i.Says = deploy.Stopped, "somebody has set its copies to 0"
		}
		r.Instances = append(r.Instances, i)
	case fresh == 0 && c.value != "":
		if c.says == "" {
			if warned := e.warnings(ctx, namespace, text(o, "metadata", "uid"), "FailedCreate"); len(warned) > 0 {
				c.says = warned[len(warned)-1]
			}
		}
		if c.says != "" {
			r.Instances = append(r.Instances, deploy.Instance{Name: nameOf(o), State: deploy.Starting, Says: c.says})
		}
	}
	return nil
}

// runJob adds the pods of a Job: of each index the newest one, and those before it as old
// ones. A Job that has pods fail and begins again is dying, until it gives up.
func (e *Engine) runJob(ctx context.Context, r *deploy.Run, o tree) error {
	job, err := into[batchv1.Job](o)
	if err != nil {
		return err
	}
	all, err := e.pods(ctx, job.Namespace, batchv1.JobNameLabel+"="+job.Name)
	if err != nil {
		return err
	}
	wanted := int(*cmp.Or(job.Spec.Completions, new(int32(1))))
	r.Wanted += wanted
	says := failure(o)
	if says == "" && len(all) == 0 && !complete(o) {
		if warned := e.warnings(ctx, job.Namespace, string(job.UID), "FailedCreate"); len(warned) > 0 {
			says = warned[len(warned)-1]
		}
	}
	byIndex := map[string][]*corev1.Pod{}
	for _, pod := range all {
		index := pod.Labels[batchv1.JobCompletionIndexAnnotation]
		byIndex[index] = append(byIndex[index], pod)
	}
	for _, index := range sorted(byIndex) {
		r.Instances = append(r.Instances, instancesOf(byIndex[index], o)...)
	}
	for n := len(byIndex); n < wanted; n++ { // those that have no pod: not yet, or not any more
		i := deploy.Instance{Name: job.Name, State: deploy.Starting, Says: says}
		switch {
		case complete(o):
			i.State, i.Since = deploy.Ended, job.Status.CompletionTime.Time
		case failure(o) != "":
			i.State = deploy.Failed
		case job.Spec.Suspend != nil && *job.Spec.Suspend:
			i.State, i.Says = deploy.Stopped, "it is suspended"
		}
		r.Instances = append(r.Instances, i)
	}
	return nil
}

// instancesOf are the pods of one index of a Job, by age: the last of them is at work, or
// has been.
func instancesOf(pods []*corev1.Pod, job tree) (all []deploy.Instance) {
	failed := 0
	for n, pod := range pods {
		i := instance(pod)
		over := pod.Status.Phase == corev1.PodFailed
		if over && !wasTold(pod) {
			failed++
		}
		last := n == len(pods)-1
		i.Old = !last || over && wasTold(pod) && failure(job) == ""
		if last {
			i.Restarts += failed
			switch {
			case failure(job) != "" && over:
				i.State, i.Says = deploy.Failed, cmp.Or(i.Says, failure(job))
			case over:
				i.State = deploy.Dying
			}
		}
		all = append(all, i)
	}
	return all
}

// runCronJob adds a CronJob, which is well when it waits for its time, and the pods of a
// run that goes on.
func (e *Engine) runCronJob(ctx context.Context, r *deploy.Run, o tree) error {
	c, err := into[batchv1.CronJob](o)
	if err != nil {
		return err
	}
	r.Wanted++
	i := deploy.Instance{Name: c.Name, State: deploy.Ready, Since: c.CreationTimestamp.Time, Says: "it runs at " + c.Spec.Schedule}
	if t := c.Status.LastScheduleTime; t != nil {
		i.Since = t.Time
		if done := c.Status.LastSuccessfulTime; len(c.Status.Active) == 0 && (done == nil || done.Before(t)) {
			i.Says += "; its last run has failed"
		}
	}
	if c.Spec.Suspend != nil && *c.Spec.Suspend {
		i.State, i.Says = deploy.Stopped, "it is suspended"
	}
	r.Instances = append(r.Instances, i)
	for _, active := range c.Status.Active {
		pods, err := e.pods(ctx, c.Namespace, batchv1.JobNameLabel+"="+active.Name)
		if err != nil {
			return err
		}
		for _, pod := range pods {
			i := instance(pod)
			i.Old = true // how a run of it ends says nothing of the next
			r.Instances = append(r.Instances, i)
		}
	}
	return nil
}

// ports adds where a Service is reached, by the names of its ports.
func ports(r *deploy.Run, o tree) error {
	s, err := into[corev1.Service](o)
	if err != nil || s.Spec.ClusterIP == corev1.ClusterIPNone {
		return err
	}
	hosts := []string{s.Name + "." + s.Namespace + ".svc"}
	for _, in := range s.Status.LoadBalancer.Ingress {
		hosts = append(hosts, cmp.Or(in.Hostname, in.IP))
	}
	for _, port := range s.Spec.Ports {
		name := cmp.Or(port.Name, strconv.Itoa(int(port.Port)))
		for _, host := range hosts {
			r.Ports[name] = append(r.Ports[name], fmt.Sprintf("%s:%d", host, port.Port))
		}
		if port.NodePort != 0 {
			r.Ports[name] = append(r.Ports[name], fmt.Sprintf("port %d of each node", port.NodePort))
		}
	}
	return nil
}

// saysCopies tells whether what was applied says how many copies of a workload there are.
func (t *there) saysCopies(o tree) bool {
	return t.record == nil || at(t.applied(o), "spec", "replicas") != nil
}

// last tells whether a Job is the one that was applied last, of those that are still there.
func (t *there) last(job tree) bool {
	newest := job
	for _, o := range t.objects {
		if planID(o) != planID(job) {
			continue
		}
		if t.record != nil && slices.ContainsFunc(t.record.manifest.Objects, func(r tree) bool { return same(r, o) }) {
			return same(o, job)
		}
		if text(o, "metadata", "creationTimestamp") > text(newest, "metadata", "creationTimestamp") {
			newest = o
		}
	}
	return same(newest, job)
}
