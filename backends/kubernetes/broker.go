package kubernetes

import (
	"fmt"
	"maps"
	"strconv"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/flowc-dev/flowc/backends"
	"github.com/flowc-dev/flowc/backends/manifest"
	"github.com/flowc-dev/flowc/ir/diag"
)

// A broker is the server of NATS that the objects bring: a StatefulSet of one pod with a
// claim, behind a Service of its name.
type broker struct {
	*manifest.Broker
	// disk is the size of its claim, in bytes; class "" is that of the cluster.
	disk   int64
	class  string
	cpu    resource.Quantity
	labels map[string]string
}

// The names of the broker's ports.
const (
	brokerPort    = "nats"
	brokerMonitor = "monitor"
)

// brokerContainer is that of its pod.
const brokerContainer = "nats"

// bring makes the broker that the options ask for.
func (d *deployment) bring() {
	o := d.o.Broker
	if o == nil {
		return
	}
	memory := int64(0)
	if o.Memory != "" {
		size, ok := quantityOf(string(o.Memory))
		if !ok || size < 64<<20 {
			d.list.Errorf(diag.BadValue, d.at("broker.memory"), "`%s` is no size that a server could run in", o.Memory).Helpf("write `memory: 512MiB`")
		}
		memory = size
	}
	made, list := manifest.BrokerFor(d.p, target, o.Image, memory)
	d.list = manifest.Join(d.list, list)
	b := &broker{Broker: made, disk: made.Disk, class: o.StorageClass, cpu: resource.MustParse("100m")}
	d.broker = b
	if o.CPU != "" {
		q, err := resource.ParseQuantity(string(o.CPU))
		if err != nil || q.Sign() <= 0 {
			d.list.Errorf(diag.BadValue, d.at("broker.cpu"), "`%s` is no share of a CPU", o.CPU).Helpf("write `500m` for a half, or `2`")
		}
		b.cpu = q
	}
	if o.Storage != "" {
		n, ok := quantityOf(o.Storage)
		if !ok || n <= 0 {
			d.list.Errorf(diag.BadValue, d.at("broker.storage"), "`%s` is no size of a volume", o.Storage).Helpf("write `storage: 10Gi`")
		} else {
			d.list = append(d.list, b.Fits(n, d.at("broker.storage"))...)
		}
		b.disk = n
	}
	if b.Variable == "" {
		return
	}
	for option, said := range map[string]bool{"env": has(d.o.Env, b.Variable), "secrets": has(d.o.Secrets, b.Variable)} {
		if said {
			d.list.Errorf(diag.TargetOption, d.at(option+"."+b.Variable), "`%s` is in `%s`, and `broker` gives it a value", b.Variable, option).Helpf("take one of them away")
		}
	}
}

func has[V any](m map[string]V, key string) bool { _, ok := m[key]; return ok }

// given adds the broker's address to what the options give.
func (b *broker) given(env manifest.Env) manifest.Env {
	if b.Variable == "" { // nobody could be told
		return env
	}
	out := manifest.Env{b.Variable: fmt.Sprintf("nats://%s:%d", b.Name, manifest.BrokerPort)}
	maps.Copy(out, env)
	return out
}

// objects are those of the broker. They have nothing that changes with the pipeline, so
// that another version of it leaves the broker alone.
func (b *broker) objects(d *deployment) []object {
	first := d.processes[0]
	selector := map[string]string{labelName: first.pipeline, labelInstance: b.Name}
	b.labels = maps.Clone(first.labels)
	delete(b.labels, labelVersion)
	b.labels[labelInstance], b.labels[labelComponent] = b.Name, "broker"
	meta := func() metav1.ObjectMeta {
		return metav1.ObjectMeta{Name: b.Name, Namespace: d.o.Namespace, Labels: maps.Clone(b.labels)}
	}
	port := func(name string, number int32) corev1.ServicePort {
		return corev1.ServicePort{Name: name, Port: number, TargetPort: intstr.FromString(name), Protocol: corev1.ProtocolTCP}
	}
	all := []object{
		&corev1.ServiceAccount{TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "ServiceAccount"}, ObjectMeta: meta(), AutomountServiceAccountToken: new(false)},
		&corev1.Service{
			TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Service"}, ObjectMeta: meta(),
			Spec: corev1.ServiceSpec{
				Type: corev1.ServiceTypeClusterIP, ClusterIP: corev1.ClusterIPNone, Selector: selector,
				Ports: []corev1.ServicePort{port(brokerPort, manifest.BrokerPort), port(brokerMonitor, manifest.BrokerMonitor)},
			},
		},
		&appsv1.StatefulSet{
			TypeMeta: metav1.TypeMeta{APIVersion: "apps/v1", Kind: "StatefulSet"}, ObjectMeta: meta(),
			Spec: appsv1.StatefulSetSpec{
				ServiceName: b.Name, Replicas: new(int32(1)), Selector: &metav1.LabelSelector{MatchLabels: selector},
				UpdateStrategy: appsv1.StatefulSetUpdateStrategy{Type: appsv1.RollingUpdateStatefulSetStrategyType},
				PersistentVolumeClaimRetentionPolicy: &appsv1.StatefulSetPersistentVolumeClaimRetentionPolicy{
					WhenDeleted: appsv1.RetainPersistentVolumeClaimRetentionPolicyType, WhenScaled: appsv1.RetainPersistentVolumeClaimRetentionPolicyType,
				},
				MinReadySeconds: readySeconds, RevisionHistoryLimit: new(int32(revisions)), Template: b.template(first), VolumeClaimTemplates: b.claims(selector),
			},
		},
		&policyv1.PodDisruptionBudget{
			TypeMeta: metav1.TypeMeta{APIVersion: "policy/v1", Kind: "PodDisruptionBudget"}, ObjectMeta: meta(),
			Spec: policyv1.PodDisruptionBudgetSpec{
				MaxUnavailable: new(intstr.FromInt32(1)), Selector: &metav1.LabelSelector{MatchLabels: selector}, UnhealthyPodEvictionPolicy: new(policyv1.AlwaysAllow),
			},
		},
	}
	if d.o.NetworkPolicy == "none" {
		return all
	}
	// It asks nobody for a login: the processes of the pipeline alone reach it.
	return append(all, &networkingv1.NetworkPolicy{
		TypeMeta: metav1.TypeMeta{APIVersion: "networking.k8s.io/v1", Kind: "NetworkPolicy"}, ObjectMeta: meta(),
		Spec: networkingv1.NetworkPolicySpec{
			PodSelector: metav1.LabelSelector{MatchLabels: selector},
			Ingress: []networkingv1.NetworkPolicyIngressRule{
				{
					Ports: []networkingv1.NetworkPolicyPort{policyPort(corev1.ProtocolTCP, intstr.FromString(brokerPort))},
					From:  []networkingv1.NetworkPolicyPeer{{PodSelector: &metav1.LabelSelector{MatchLabels: map[string]string{labelName: first.pipeline}}}},
				},
				{
					Ports: []networkingv1.NetworkPolicyPort{policyPort(corev1.ProtocolTCP, intstr.FromString(brokerMonitor))},
					From:  []networkingv1.NetworkPolicyPeer{{NamespaceSelector: &metav1.LabelSelector{}}},
				},
			},
			PolicyTypes: []networkingv1.PolicyType{networkingv1.PolicyTypeIngress, networkingv1.PolicyTypeEgress},
		},
	})
}

// ofBroker tells whether an object is the broker's.
func (d *deployment) ofBroker(o object) bool {
	return d.broker != nil && o.GetLabels()[labelInstance] == d.broker.Name
}

// claims are the volume of the streams.
func (b *broker) claims(labels map[string]string) []corev1.PersistentVolumeClaim {
	spec := corev1.PersistentVolumeClaimSpec{
		AccessModes: []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce},
		Resources:   corev1.VolumeResourceRequirements{Requests: corev1.ResourceList{corev1.ResourceStorage: bytesOf(b.disk)}},
	}
	if b.class != "" {
		spec.StorageClassName = &b.class
	}
	return []corev1.PersistentVolumeClaim{{ObjectMeta: metav1.ObjectMeta{Name: "data", Labels: labels}, Spec: spec}}
}

// template is the pod of the server, as restricted as those of the processes.
func (b *broker) template(first *builder) corev1.PodTemplateSpec {
	health := func(query string, p corev1.Probe) *corev1.Probe {
		p.HTTPGet = &corev1.HTTPGetAction{Path: "/healthz?" + query, Port: intstr.FromString(brokerMonitor)}
		p.TimeoutSeconds = 3
		return &p
	}
	memory, storage := bytesOf(b.Memory), bytesOf(logStorage+tempStorage)
	c := corev1.Container{
		Name: brokerContainer, Image: b.Image, ImagePullPolicy: corev1.PullIfNotPresent, Args: b.Args,
		Env: []corev1.EnvVar{{Name: "GOMEMLIMIT", Value: strconv.FormatInt(b.GoMemory>>20, 10) + "MiB"}},
		Ports: []corev1.ContainerPort{
			{Name: brokerPort, ContainerPort: manifest.BrokerPort, Protocol: corev1.ProtocolTCP},
			{Name: brokerMonitor, ContainerPort: manifest.BrokerMonitor, Protocol: corev1.ProtocolTCP},
		},
		VolumeMounts: []corev1.VolumeMount{{Name: "data", MountPath: manifest.BrokerDir}, {Name: "tmp", MountPath: manifest.TempDir}},
		Resources: corev1.ResourceRequirements{
			Requests: corev1.ResourceList{corev1.ResourceCPU: b.cpu, corev1.ResourceMemory: memory, corev1.ResourceEphemeralStorage: storage},
			Limits:   corev1.ResourceList{corev1.ResourceMemory: memory, corev1.ResourceEphemeralStorage: storage},
		},
		// Streams are recovered before it is up, which takes as long as they are large.
		StartupProbe:   health("js-enabled-only=true", corev1.Probe{PeriodSeconds: 2, FailureThreshold: 300}),
		LivenessProbe:  health("js-server-only=true", corev1.Probe{PeriodSeconds: 10, FailureThreshold: 6}),
		ReadinessProbe: health("js-enabled-only=true", corev1.Probe{PeriodSeconds: 5, FailureThreshold: 3}),
		SecurityContext: &corev1.SecurityContext{
			AllowPrivilegeEscalation: new(false), ReadOnlyRootFilesystem: new(true),
			Capabilities: &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}},
		},
		TerminationMessagePolicy: corev1.TerminationMessageFallbackToLogsOnError,
	}
	spec := corev1.PodSpec{
		ServiceAccountName: b.Name, AutomountServiceAccountToken: new(false), EnableServiceLinks: new(false),
		TerminationGracePeriodSeconds: new(int64(manifest.BrokerGrace)), PriorityClassName: first.o.PriorityClass,
		SecurityContext: first.podSecurity(),
		Volumes:         []corev1.Volume{{Name: "tmp", VolumeSource: empty()}},
		Containers:      []corev1.Container{c},
	}
	for _, name := range first.o.ImagePullSecrets {
		spec.ImagePullSecrets = append(spec.ImagePullSecrets, corev1.LocalObjectReference{Name: name})
	}
	return corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: maps.Clone(b.labels)}, Spec: spec}
}

func (b *broker) explain() backends.Reason {
	streams, disk := bytesOf(b.Streams), bytesOf(b.disk)
	return backends.Reason{Subject: "broker", Says: fmt.Sprintf("the StatefulSet %s (%s), whose streams may hold %s in a claim of %s, which stays when it goes; only the pods of the pipeline reach it, where the network keeps policies", b.Name, b.Image, streams.String(), disk.String())}
}
