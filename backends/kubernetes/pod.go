package kubernetes

import (
	"maps"
	"math"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/flowc-dev/flowc/backends/manifest"
	"github.com/flowc-dev/flowc/ir/diag"
)

// container is the name of the container that runs the program.
const container = "pipeline"

// What the node's disk must have for a pod: its logs, and its folder for temporary
// files. The kubelet evicts who takes more.
const (
	logStorage  = 128 << 20
	tempStorage = 64 << 20
)

// template is the pod. It passes the restricted Pod Security Standard.
func (b *builder) template() *corev1.PodTemplateSpec {
	grace := int64(math.Ceil(b.app.Grace.Seconds()))
	for _, one := range b.app.Beside { // they are stopped behind the program, all at once
		grace = max(grace, int64(math.Ceil(b.app.Grace.Seconds()))+int64(one.Grace))
	}
	t := &corev1.PodTemplateSpec{
		ObjectMeta: metav1.ObjectMeta{Labels: maps.Clone(b.labels), Annotations: maps.Clone(b.annotations)},
		Spec: corev1.PodSpec{
			ServiceAccountName:            b.name,
			AutomountServiceAccountToken:  new(false),
			EnableServiceLinks:            new(false),
			TerminationGracePeriodSeconds: &grace,
			PriorityClassName:             b.o.PriorityClass,
			SecurityContext:               b.podSecurity(),
		},
	}
	for _, name := range b.o.ImagePullSecrets {
		t.Spec.ImagePullSecrets = append(t.Spec.ImagePullSecrets, corev1.LocalObjectReference{Name: name})
	}
	if b.kind.ends() {
		t.Spec.RestartPolicy = corev1.RestartPolicyNever // the Job's policy for failures judges each pod
	} else {
		t.Spec.TopologySpreadConstraints = b.spread()
	}
	c := b.container()
	b.mount(&t.Spec, c)
	c.Resources = b.resources(&t.Spec)
	t.Spec.Containers = []corev1.Container{*c}
	b.jobs(&t.Spec)
	b.beside(&t.Spec)
	return t
}

// podSecurity is who a pod is.
func (b *builder) podSecurity() *corev1.PodSecurityContext {
	return &corev1.PodSecurityContext{
		RunAsNonRoot: new(true), RunAsUser: new(int64(manifest.User)), RunAsGroup: new(int64(manifest.Group)), FSGroup: new(int64(manifest.Group)),
		FSGroupChangePolicy: new(corev1.FSGroupChangeOnRootMismatch),
		SeccompProfile:      &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault},
	}
}

func (b *builder) container() *corev1.Container {
	c := &corev1.Container{
		Name: container, Image: b.app.Image, ImagePullPolicy: corev1.PullIfNotPresent,
		Env: b.environment(),
		SecurityContext: &corev1.SecurityContext{
			AllowPrivilegeEscalation: new(false), ReadOnlyRootFilesystem: new(true),
			Capabilities: &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}},
		},
		// The last lines of the log say why a program ended.
		TerminationMessagePolicy: corev1.TerminationMessageFallbackToLogsOnError,
	}
	for _, p := range b.app.Ports {
		c.Ports = append(c.Ports, corev1.ContainerPort{Name: p.Name, ContainerPort: int32(p.Number), Protocol: corev1.ProtocolTCP})
	}
	b.probes(c)
	if b.app.PreStop > 0 && !b.kind.ends() {
		c.Lifecycle = &corev1.Lifecycle{PreStop: &corev1.LifecycleHandler{Sleep: &corev1.SleepAction{Seconds: int64(math.Ceil(b.app.PreStop.Seconds()))}}}
	}
	return c
}

// probes asks whether the program has come up, whether it lives, and whether its
// inputs and outputs are connected. A pod that ends by itself has nobody who would
// wait for it to be ready.
func (b *builder) probes(c *corev1.Container) {
	get := func(path string, p corev1.Probe) *corev1.Probe {
		p.HTTPGet = &corev1.HTTPGetAction{Path: path, Port: intstr.FromString(b.app.PagesPort().Name)}
		p.TimeoutSeconds = 3
		return &p
	}
	c.StartupProbe = get("/livez", corev1.Probe{PeriodSeconds: 2, FailureThreshold: 60})
	c.LivenessProbe = get("/livez", corev1.Probe{PeriodSeconds: 10, FailureThreshold: 6})
	if !b.kind.ends() {
		c.ReadinessProbe = get("/readyz", corev1.Probe{PeriodSeconds: 5, FailureThreshold: 3})
	}
}

// resources asks for the memory that the program is bound to, and for a share of the
// CPU: a limit of that would only slow it down where the node has more.
func (b *builder) resources(pod *corev1.PodSpec) corev1.ResourceRequirements {
	cpu := resource.MustParse("100m")
	if b.o.CPU != "" {
		q, err := resource.ParseQuantity(string(b.o.CPU))
		if err != nil || q.Sign() <= 0 {
			b.list.Errorf(diag.BadValue, b.at("cpu"), "`%s` is no share of a CPU", b.o.CPU).Helpf("write `500m` for a half, or `2`")
		}
		cpu = q
	}
	memory := bytesOf(b.app.Memory)
	storage := int64(logStorage)
	for _, v := range pod.Volumes {
		if v.EmptyDir != nil && v.EmptyDir.SizeLimit != nil {
			storage += v.EmptyDir.SizeLimit.Value()
		}
	}
	return corev1.ResourceRequirements{
		Requests: corev1.ResourceList{corev1.ResourceCPU: cpu, corev1.ResourceMemory: memory, corev1.ResourceEphemeralStorage: bytesOf(storage)},
		Limits:   corev1.ResourceList{corev1.ResourceMemory: memory, corev1.ResourceEphemeralStorage: bytesOf(storage)},
	}
}

// spread puts copies on different nodes and zones where that can be had.
func (b *builder) spread() []corev1.TopologySpreadConstraint {
	var all []corev1.TopologySpreadConstraint
	for _, key := range []string{"kubernetes.io/hostname", "topology.kubernetes.io/zone"} {
		c := corev1.TopologySpreadConstraint{
			MaxSkew: 1, TopologyKey: key, WhenUnsatisfiable: corev1.ScheduleAnyway,
			LabelSelector: &metav1.LabelSelector{MatchLabels: b.selector},
		}
		if b.kind.as == asDeployment { // pods of a StatefulSet have no such label
			c.MatchLabelKeys = []string{"pod-template-hash"}
		}
		all = append(all, c)
	}
	return all
}
