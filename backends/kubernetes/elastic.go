package kubernetes

import (
	"fmt"
	"strconv"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/flowc-dev/flowc/backends/manifest"
	"github.com/flowc-dev/flowc/ir"
	"github.com/flowc-dev/flowc/ir/diag"
)

// elastic has an autoscaler choose the number of hosts, as `scale` of the node says. Of
// the options hold those that say how: what one host is to have, and for how long there
// must be less before one goes.
func (b *builder) elastic() {
	e, given := b.app.Elastic, b.o.Scale
	if e == nil {
		if given != nil && given.Max == 0 { // that of a process alone
			b.app.NotScaled(&b.list, b.at("scale"))
			b.o.Scale = nil
		}
		return
	}
	b.o.Replicas, b.o.Scale = nil, nil
	if b.app.Bounded { // a Job is not scaled
		return
	}
	b.o.Scale = &scaleOptions{Min: new(int32(e.Min)), Max: int32(e.Max), By: string(e.By)}
	if given == nil {
		return
	}
	b.o.Scale.Cooldown = given.Cooldown
	if given.Max == 0 || given.By == b.o.Scale.By || given.By == "" && e.By == ir.ByCPU {
		b.o.Scale.Target = given.Target
	}
}

// byHosts tells whether KEDA asks the hosts themselves for what waits.
func (b *builder) byHosts() bool {
	return b.app.Elastic != nil && b.o.Scale != nil && b.o.Scale.By == string(ir.ByLag)
}

// hostLag asks any of the hosts: each knows what waits for all of them.
func (b *builder) hostLag() []scaleTrigger {
	if b.o.Namespace == "" {
		b.list.Errorf(diag.TargetOption, b.at("namespace"), "KEDA, which is in another namespace, can't ask the hosts of `%s` what waits without knowing theirs", b.app.Process).
			Helpf("add `namespace: NAME`").Helpf("or have their number follow what they work: `scale: {…, by: cpu}` on the node")
		return nil
	}
	return []scaleTrigger{{
		Type: "metrics-api", Name: manifest.Label(b.app.Process, maxLabel),
		Metadata: map[string]string{
			"url": lagURL(b.lagService(), b.o.Namespace, b.app.PagesPort().Number), "format": "json", "valueLocation": "lag",
			"targetValue": strconv.Itoa(int(or(b.o.Scale.Target, waiting))),
		},
	}}
}

func lagURL(service, namespace string, port int) string {
	return fmt.Sprintf("http://%s.%s.svc:%d%s", service, namespace, port, manifest.LagPath)
}

// lagService is the name of the Service that KEDA asks.
func (b *builder) lagService() string { return b.named("hosts") }

// hostService makes it.
func (b *builder) hostService() {
	if !b.byHosts() {
		return
	}
	pages := b.app.PagesPort()
	b.add(&corev1.Service{
		TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Service"}, ObjectMeta: b.meta(b.lagService()),
		Spec: corev1.ServiceSpec{
			Type: corev1.ServiceTypeClusterIP, Selector: b.selector,
			// Also one that is not ready knows what waits.
			PublishNotReadyAddresses: true,
			Ports: []corev1.ServicePort{{
				Name: pages.Name, Port: int32(pages.Number), TargetPort: intstr.FromString(pages.Name), Protocol: corev1.ProtocolTCP, AppProtocol: new("http"),
			}},
		},
	})
}
