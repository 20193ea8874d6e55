package kubernetes

import (
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/flowc-dev/flowc/ir/diag"
)

// An object is one of the objects: a typed struct of k8s.io/api, or of ours.
type object interface {
	GetName() string
	GetNamespace() string
	GetLabels() map[string]string
	GetObjectKind() schema.ObjectKind
}

// add puts an object behind the others. The order is that in which they are applied:
// each has what it needs before it.
func (b *builder) add(o object) { b.objects = append(b.objects, o) }

// namespace is there where the options ask for it.
func (b *builder) namespace() {
	if !b.o.CreateNamespace {
		return
	}
	meta := b.meta(b.o.Namespace)
	meta.Namespace = ""
	for _, mode := range []string{"enforce", "audit", "warn"} {
		meta.Labels["pod-security.kubernetes.io/"+mode] = "restricted"
	}
	b.add(&corev1.Namespace{TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Namespace"}, ObjectMeta: meta})
}

// account is who the pod is: nobody, for it asks the cluster for nothing.
func (b *builder) account() {
	b.add(&corev1.ServiceAccount{TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "ServiceAccount"}, ObjectMeta: b.meta(b.name), AutomountServiceAccountToken: new(false)})
}

// headless is the name of the Service that a StatefulSet gives its pods' names to.
func (b *builder) headless() string { return b.named("pods") }

// services are the Service for records, where the program listens for them, and the
// one without an address that a StatefulSet must have.
func (b *builder) services() {
	base := corev1.Service{TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Service"}}
	var records []corev1.ServicePort
	for _, p := range b.app.Ports {
		if !p.Pages {
			records = append(records, corev1.ServicePort{Name: p.Name, Port: int32(p.Number), TargetPort: intstr.FromString(p.Name), Protocol: corev1.ProtocolTCP, AppProtocol: new("http")})
		}
	}
	switch {
	case len(records) > 0 && !b.kind.ends():
		s := base
		s.ObjectMeta = b.meta(b.name)
		for key, value := range b.o.Service.Annotations {
			if s.Annotations == nil {
				s.Annotations = map[string]string{}
			}
			s.Annotations[key] = value
		}
		s.Spec = corev1.ServiceSpec{Type: corev1.ServiceType(b.o.Service.Type), Selector: b.selector, Ports: records}
		if s.Spec.Type == "" {
			s.Spec.Type = corev1.ServiceTypeClusterIP
		}
		b.add(&s)
	case b.o.Service.Type != "" || b.o.Service.Annotations != nil:
		b.list.Errorf(diag.TargetOption, b.at("service"), "`%s` listens for no records, so that there is no Service for them", b.p.Name).Helpf("take `service` away")
	}
	b.hostService()
	if b.kind.as == asStatefulSet {
		s := base
		pages := b.app.PagesPort()
		s.ObjectMeta = b.meta(b.headless())
		s.Spec = corev1.ServiceSpec{
			Type: corev1.ServiceTypeClusterIP, ClusterIP: corev1.ClusterIPNone, Selector: b.selector,
			// A name for each pod, also while it is not ready.
			PublishNotReadyAddresses: true,
			Ports:                    []corev1.ServicePort{{Name: pages.Name, Port: int32(pages.Number), TargetPort: intstr.FromString(pages.Name), Protocol: corev1.ProtocolTCP}},
		}
		b.add(&s)
	}
}

// disruption lets a node be emptied, one pod at a time, and pods that are not ready
// at any time.
func (b *builder) disruption() {
	if b.kind.ends() {
		return
	}
	b.add(&policyv1.PodDisruptionBudget{
		TypeMeta: metav1.TypeMeta{APIVersion: "policy/v1", Kind: "PodDisruptionBudget"}, ObjectMeta: b.meta(b.name),
		Spec: policyv1.PodDisruptionBudgetSpec{
			MaxUnavailable: new(intstr.FromInt32(1)), Selector: &metav1.LabelSelector{MatchLabels: b.selector},
			UnhealthyPodEvictionPolicy: new(policyv1.AlwaysAllow),
		},
	})
}
