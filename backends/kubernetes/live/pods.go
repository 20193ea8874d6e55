package live

import (
	"cmp"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/flowc-dev/flowc/backends/deploy"
)

// The reasons for which a container waits that no patience helps against.
var hopeless = []string{"ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull", "CreateContainerConfigError", "CreateContainerError", "RunContainerError"}

// cantStart tells whether a pod that tries something waits for what is not there.
func cantStart(pod *corev1.Pod) bool {
	return slices.ContainsFunc(pod.Status.ContainerStatuses, func(s corev1.ContainerStatus) bool {
		return s.State.Waiting != nil && slices.Contains(hopeless, s.State.Waiting.Reason)
	})
}

// podSays is why a pod is not ready, as far as the cluster says it.
func podSays(pod *corev1.Pod) string {
	for _, s := range pod.Status.ContainerStatuses {
		switch w, t := s.State.Waiting, s.State.Terminated; {
		case w != nil && w.Message != "":
			return w.Reason + ": " + w.Message
		case w != nil && w.Reason != "ContainerCreating" && w.Reason != "PodInitializing" && w.Reason != "":
			return w.Reason
		case t != nil && t.Message != "":
			return t.Message
		}
	}
	for _, c := range pod.Status.Conditions {
		if c.Type == corev1.PodScheduled && c.Status == corev1.ConditionFalse && c.Message != "" {
			return c.Message
		}
	}
	return cmp.Or(pod.Status.Message, pod.Status.Reason)
}

// instance is a pod in the words of all targets.
func instance(pod *corev1.Pod) deploy.Instance {
	i := deploy.Instance{Name: pod.Name, State: deploy.Starting, Since: pod.CreationTimestamp.Time, Says: strings.TrimSpace(podSays(pod))}
	if pod.Status.StartTime != nil {
		i.Since = pod.Status.StartTime.Time
	}
	worst := 0
	for _, s := range pod.Status.ContainerStatuses {
		i.Restarts += int(s.RestartCount)
		state, since, rank := containerState(s, pod.Spec.RestartPolicy == corev1.RestartPolicyNever)
		if rank > worst {
			worst, i.State = rank, state
			i.Since = cmp.Or(since, i.Since)
		}
		if t := ended(s); t != nil && t.ExitCode != 0 {
			i.ExitCode = int(t.ExitCode)
			if t.Reason == "OOMKilled" {
				i.Says = "it was killed for want of memory"
			}
		}
	}
	switch {
	case pod.Status.Phase == corev1.PodSucceeded:
		i.State = deploy.Ended
	case pod.Status.Phase == corev1.PodFailed:
		i.State = deploy.Failed
	case i.State == deploy.Ready && !isReady(pod):
		i.State = deploy.Starting
		if wasReady(pod) {
			i.State = deploy.Unready
		}
	}
	if i.State == deploy.Ready {
		i.Says = ""
	}
	return i
}

// containerState is how a container does, and how much that says of its pod; once tells
// that it is not started again.
func containerState(s corev1.ContainerStatus, once bool) (state deploy.State, since time.Time, rank int) {
	switch {
	case s.State.Running != nil && s.Started != nil && !*s.Started:
		return deploy.Starting, s.State.Running.StartedAt.Time, 2
	case s.State.Running != nil:
		return deploy.Ready, s.State.Running.StartedAt.Time, 1
	case s.State.Waiting != nil && (s.State.Waiting.Reason == "ImagePullBackOff" || s.State.Waiting.Reason == "InvalidImageName"):
		return deploy.Failed, time.Time{}, 5
	case s.State.Waiting != nil && s.LastTerminationState.Terminated != nil:
		return deploy.Dying, s.LastTerminationState.Terminated.FinishedAt.Time, 4
	case s.State.Terminated != nil && s.State.Terminated.ExitCode == 0 && once:
		return deploy.Ended, s.State.Terminated.FinishedAt.Time, 1
	case s.State.Terminated != nil:
		return deploy.Dying, s.State.Terminated.FinishedAt.Time, 4
	}
	return deploy.Starting, time.Time{}, 3
}

// ended is how a container ended last, nil for one that has not.
func ended(s corev1.ContainerStatus) *corev1.ContainerStateTerminated {
	if s.State.Terminated != nil {
		return s.State.Terminated
	}
	return s.LastTerminationState.Terminated
}

func isReady(pod *corev1.Pod) bool {
	return slices.ContainsFunc(pod.Status.Conditions, func(c corev1.PodCondition) bool { return c.Type == corev1.PodReady && c.Status == corev1.ConditionTrue })
}

// wasReady tells whether a pod that is not ready has run for longer than it takes to
// become so: the condition has changed since its container was started.
func wasReady(pod *corev1.Pod) bool {
	for _, c := range pod.Status.Conditions {
		if c.Type != corev1.PodReady {
			continue
		}
		for _, s := range pod.Status.ContainerStatuses {
			if s.State.Running != nil && c.LastTransitionTime.After(s.State.Running.StartedAt.Time) {
				return true
			}
		}
	}
	return false
}

// wasTold tells whether a pod ended because it was told to.
func wasTold(pod *corev1.Pod) bool {
	const terminated = 143
	return slices.ContainsFunc(pod.Status.ContainerStatuses, func(s corev1.ContainerStatus) bool { t := ended(s); return t != nil && t.ExitCode == terminated }) ||
		slices.ContainsFunc(pod.Status.Conditions, func(c corev1.PodCondition) bool {
			return c.Type == corev1.DisruptionTarget && c.Status == corev1.ConditionTrue
		})
}

// containers are the names of those of a pod, in their order.
func containers(pod *corev1.Pod) (names []string) {
	for _, c := range pod.Spec.Containers {
		names = append(names, c.Name)
	}
	return names
}

// byAge orders pods by when they were made, and by name.
func byAge(a, b *corev1.Pod) int {
	return cmp.Or(a.CreationTimestamp.Compare(b.CreationTimestamp.Time), strings.Compare(a.Name, b.Name))
}
