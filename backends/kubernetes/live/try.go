package live

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/flowc-dev/flowc/backends/deploy"
)

// lookAgain is how often somebody who waits looks again.
const lookAgain = time.Second

// How long a pod may take that tries a release: to be started, and in all. The cluster
// itself ends one that nobody waits for any more.
const (
	tryTimeout = 3 * time.Minute
	tryLimit   = 5 * time.Minute
)

// Try runs `/app check` in a pod of its own for each workload, as its pods would be: the
// image can be had, secrets and files are there, and the program takes its settings. It
// writes nothing and connects to nothing, and what holds data is not in it. What such a
// pod needs and what is not there yet is made.
func (e *Engine) Try(ctx context.Context, want *deploy.Release) error {
	m, p, err := e.read(want)
	if err != nil {
		return err
	}
	t, err := e.there(ctx, p, m.Objects)
	if err != nil {
		return err
	}
	for _, o := range m.Objects {
		o, mine := t.as(o)
		if mine && before(o) && t.find(o) == nil {
			if _, err := e.apply(ctx, p, o, false); err != nil {
				return err
			}
		}
	}
	if err := e.sweep(ctx, p); err != nil {
		return err
	}
	for i, o := range m.Objects {
		if !runs(o) {
			continue
		}
		pod, err := trial(p, o, want.Image, i)
		if err == nil && pod != nil {
			err = e.try(ctx, p, pod, claimsOf(o))
		}
		var refused *deploy.Refused
		if errors.As(err, &refused) {
			return &deploy.Refused{Why: fmt.Sprintf("%s %s can't start, and what runs was not touched:\n%s", want.ID, want.Hash, refused.Why)}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// sweep deletes pods of earlier tries that nobody waited for.
func (e *Engine) sweep(ctx context.Context, p place) error {
	old, err := e.list(ctx, p.namespace, "v1", "Pod", labelTry+"="+p.name)
	if hasCode(err, http.StatusForbidden) {
		return nil // so that there are none either
	}
	for _, o := range old {
		if err == nil {
			err = e.remove(ctx, podPath(p.namespace, nameOf(o)), false)
		}
	}
	return err
}

// claimsOf are the names of the claims that the pods of a workload share, and that must
// be there already or are made with it.
func claimsOf(o tree) (names []string) {
	volumes, _ := at(template(o), "spec", "volumes").([]any)
	for _, v := range volumes {
		if v, ok := v.(tree); ok {
			if name := text(v, "persistentVolumeClaim", "claimName"); name != "" {
				names = append(names, name)
			}
		}
	}
	return names
}

// trial is the pod that tries a workload, nil for one that does not run the image: with
// that container alone, with folders that are empty in the place of claims, and asking
// for next to nothing, so that there is room for it.
func trial(p place, o tree, image string, number int) (*corev1.Pod, error) {
	t, err := into[corev1.PodTemplateSpec](template(o))
	if err != nil {
		return nil, err
	}
	spec := t.Spec
	var ours []corev1.Container
	for _, c := range spec.Containers {
		if c.Image != image {
			continue
		}
		c.Args = append([]string{"check"}, c.Args...)
		c.StartupProbe, c.LivenessProbe, c.ReadinessProbe, c.Lifecycle, c.Ports = nil, nil, nil, nil, nil
		c.Resources.Requests = corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("1m"), corev1.ResourceMemory: resource.MustParse("16Mi"), corev1.ResourceEphemeralStorage: resource.MustParse("1Mi")}
		ours = append(ours, c)
	}
	if len(ours) == 0 {
		return nil, nil
	}
	spec.Containers, spec.InitContainers = ours, nil
	spec.RestartPolicy = corev1.RestartPolicyNever
	spec.TopologySpreadConstraints = nil
	limit, grace, at := int64(tryLimit/time.Second), int64(1), map[string]bool{}
	spec.ActiveDeadlineSeconds, spec.TerminationGracePeriodSeconds = &limit, &grace
	for i := range spec.Volumes {
		v := &spec.Volumes[i]
		at[v.Name] = true
		if v.PersistentVolumeClaim != nil {
			v.VolumeSource = corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}}
		}
	}
	for _, m := range ours[0].VolumeMounts {
		if !at[m.Name] { // a claim that a StatefulSet makes
			spec.Volumes = append(spec.Volumes, corev1.Volume{Name: m.Name, VolumeSource: corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}}})
		}
	}
	return &corev1.Pod{
		TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Pod"},
		// Nobody may take it for one of the pods that do the work. Copies that have a number
		// find it in the name or at a Job's place for it.
		ObjectMeta: metav1.ObjectMeta{
			Name: fmt.Sprintf("%s-try-%d-0", p.name, number), Namespace: p.namespace,
			Labels:      map[string]string{labelTry: p.name, labelManagedBy: manager, batchv1.JobCompletionIndexAnnotation: "0"},
			Annotations: map[string]string{batchv1.JobCompletionIndexAnnotation: "0"},
		},
		Spec: spec,
	}, nil
}

// try runs a pod to its end.
func (e *Engine) try(ctx context.Context, p place, pod *corev1.Pod, claims []string) error {
	for _, name := range claims {
		if err := e.api.ask(ctx, coreV1("persistentvolumeclaims").at(p.namespace, name), nil, nil); gone(err) && !strings.HasPrefix(name, p.name+"-") {
			return &deploy.Refused{Why: fmt.Sprintf("there is no claim %s in the namespace %s", name, p.namespace)}
		} else if err != nil && !gone(err) && !hasCode(err, http.StatusForbidden) {
			return err
		}
	}
	body, err := json.Marshal(pod)
	if err != nil {
		return err
	}
	path := podPath(p.namespace, pod.Name)
	defer func() { _ = e.remove(context.WithoutCancel(ctx), path, false) }()
	for { // one of before may be about to go
		err = e.api.send(ctx, http.MethodPost, coreV1("pods").in(p.namespace), byManager, "application/json", body, pod)
		if !hasCode(err, http.StatusConflict) {
			break
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(lookAgain):
		}
	}
	switch {
	case hasCode(err, http.StatusForbidden) && !strings.Contains(err.Error(), "violates PodSecurity") && !strings.Contains(err.Error(), "admission webhook"):
		return nil // no right or no room to try it: nothing says that it can't start
	case hasCode(err, http.StatusForbidden), hasCode(err, http.StatusUnprocessableEntity), hasCode(err, http.StatusBadRequest):
		return &deploy.Refused{Why: err.Error()}
	case err != nil:
		return err
	}
	return e.awaitTrial(ctx, p, pod)
}

// awaitTrial waits until a pod has tried what it is for.
func (e *Engine) awaitTrial(ctx context.Context, p place, pod *corev1.Pod) error {
	late := time.NewTimer(tryTimeout)
	defer late.Stop()
	for {
		var is corev1.Pod
		if err := e.api.ask(ctx, podPath(p.namespace, pod.Name), nil, &is); err != nil {
			return err
		}
		switch is.Status.Phase {
		case corev1.PodSucceeded:
			return nil
		case corev1.PodFailed:
			return &deploy.Refused{Why: e.lastWords(ctx, p, &is)}
		}
		says := podSays(&is)
		if cantStart(&is) {
			return &deploy.Refused{Why: says}
		}
		if is.Status.Phase == corev1.PodPending && is.Spec.NodeName != "" {
			if why := e.unmounted(ctx, p, &is); why != "" {
				return &deploy.Refused{Why: why}
			}
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-late.C:
			return &deploy.Refused{Why: fmt.Sprintf("it could not be tried within %s: %s", tryTimeout, says)}
		case <-time.After(lookAgain):
		}
	}
}

// lastWords is what a pod that failed said.
func (e *Engine) lastWords(ctx context.Context, p place, pod *corev1.Pod) string {
	var lines []string
	for _, c := range pod.Spec.Containers {
		_ = e.readLog(ctx, logOf{p.namespace, pod.Name, c.Name, pod.Name}, deploy.LogOptions{Tail: 10}, func(l deploy.Line) { lines = append(lines, l.Text) })
	}
	if len(lines) == 0 {
		lines = append(lines, podSays(pod))
	}
	return strings.Join(lines, "\n")
}

// unmounted says what a pod waits for that is not there, "" for nothing that is known.
func (e *Engine) unmounted(ctx context.Context, p place, pod *corev1.Pod) string {
	for _, message := range e.warnings(ctx, p.namespace, string(pod.UID), "FailedMount") {
		if strings.Contains(message, "not found") || strings.Contains(message, "non-existent") {
			return message
		}
	}
	return ""
}

// warnings are what events say of an object, for a reason or, with "", for any; nothing
// where they can't be read.
func (e *Engine) warnings(ctx context.Context, namespace, uid, reason string) (messages []string) {
	var list struct{ Items []corev1.Event }
	fields := "type=Warning,involvedObject.uid=" + uid
	if reason != "" {
		fields += ",reason=" + reason
	}
	if err := e.api.ask(ctx, coreV1("events").in(namespace), url.Values{"fieldSelector": {fields}}, &list); err != nil {
		return nil
	}
	for _, event := range list.Items {
		messages = append(messages, event.Message)
	}
	return messages
}
