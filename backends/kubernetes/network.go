package kubernetes

import (
	"cmp"
	"maps"
	"net/netip"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// network lets through what the pipeline needs. What it connects to is restricted
// only where all of that is known: a rule that is wrong is a program that hangs.
func (b *builder) network() {
	if b.o.NetworkPolicy == "none" {
		return
	}
	spec := networkingv1.NetworkPolicySpec{
		PodSelector: metav1.LabelSelector{MatchLabels: b.selector},
		Ingress:     b.ingress(),
		PolicyTypes: []networkingv1.PolicyType{networkingv1.PolicyTypeIngress},
	}
	if b.o.NetworkPolicy == "" {
		if egress, ok := b.egress(); ok {
			spec.Egress = egress
			spec.PolicyTypes = append(spec.PolicyTypes, networkingv1.PolicyTypeEgress)
		}
	}
	b.add(&networkingv1.NetworkPolicy{TypeMeta: metav1.TypeMeta{APIVersion: "networking.k8s.io/v1", Kind: "NetworkPolicy"}, ObjectMeta: b.meta(b.name), Spec: spec})
}

// ingress is open to everybody where records come in, and to pods of the cluster
// where the metrics are. The kubelet of the node gets through in any case.
func (b *builder) ingress() []networkingv1.NetworkPolicyIngressRule {
	var rules []networkingv1.NetworkPolicyIngressRule
	for _, p := range b.app.Ports {
		rule := networkingv1.NetworkPolicyIngressRule{Ports: []networkingv1.NetworkPolicyPort{policyPort(corev1.ProtocolTCP, intstr.FromString(p.Name))}}
		if p.Pages {
			rule.From = []networkingv1.NetworkPolicyPeer{{NamespaceSelector: &metav1.LabelSelector{}}}
		}
		rules = append(rules, rule)
	}
	return rules
}

// dnsPort is where names are asked for, at a pod or at the node itself.
const dnsPort = 53

// egress are the rules for what the program connects to; false where one of that is
// not known. A rule holds for the port of a pod, which may be another than that of
// the Service before it, and names say nothing of addresses: rules are of ports alone,
// but for public addresses.
func (b *builder) egress() ([]networkingv1.NetworkPolicyEgressRule, bool) {
	dns := intstr.FromInt32(dnsPort)
	rules := []networkingv1.NetworkPolicyEgressRule{{Ports: []networkingv1.NetworkPolicyPort{policyPort(corev1.ProtocolUDP, dns), policyPort(corev1.ProtocolTCP, dns)}}}
	ports := map[int]bool{}
	guessed := map[int][]string{}
	blocks := map[networkingBlock]bool{}
	for _, e := range b.app.Endpoints {
		address, err := netip.ParseAddr(e.Host)
		switch {
		case e.Port == 0 && e.Connector == "":
			b.note("The NetworkPolicy restricts nothing that the pipeline connects to: what the Go of `%s` does is not known.", e.Node)
			return nil, false
		case e.Port == 0:
			b.note("The NetworkPolicy restricts nothing that the pipeline connects to: where `%s` connects to is not known before it starts.", e.Node)
			return nil, false
		case e.Host == "localhost", err == nil && address.IsLoopback():
		case e.Host == "":
			guessed[e.Port] = append(guessed[e.Port], "`"+e.Node+"`")
			ports[e.Port] = true
		case err == nil && address.IsGlobalUnicast() && !address.IsPrivate():
			blocks[networkingBlock{netip.PrefixFrom(address, address.BitLen()).String(), e.Port}] = true
		case err != nil && e.Connector == "http" && perhapsService(e.Host):
			b.note("The NetworkPolicy restricts nothing that the pipeline connects to: `%s` may be a Service, whose pods have another port than %d.", e.Host, e.Port)
			return nil, false
		default:
			ports[e.Port] = true
		}
	}
	for _, port := range slices.Sorted(maps.Keys(guessed)) {
		b.note("The NetworkPolicy lets %s connect to port %d, the usual one: the address comes when the program starts. If it has another, say `networkPolicy: ingress`.", strings.Join(slices.Compact(guessed[port]), ", "), port)
	}
	if len(ports) > 0 {
		var list []networkingv1.NetworkPolicyPort
		for _, port := range slices.Sorted(maps.Keys(ports)) {
			list = append(list, policyPort(corev1.ProtocolTCP, intstr.FromInt32(int32(port))))
		}
		rules = append(rules, networkingv1.NetworkPolicyEgressRule{Ports: list})
	}
	for _, block := range slices.SortedFunc(maps.Keys(blocks), func(x, y networkingBlock) int {
		return cmp.Or(cmp.Compare(x.cidr, y.cidr), cmp.Compare(x.port, y.port))
	}) {
		rules = append(rules, networkingv1.NetworkPolicyEgressRule{
			To:    []networkingv1.NetworkPolicyPeer{{IPBlock: &networkingv1.IPBlock{CIDR: block.cidr}}},
			Ports: []networkingv1.NetworkPolicyPort{policyPort(corev1.ProtocolTCP, intstr.FromInt32(int32(block.port)))},
		})
	}
	return rules, true
}

// A networkingBlock is a port of a public address.
type networkingBlock struct {
	cidr string
	port int
}

// perhapsService tells whether a name may be one of the cluster's: `api`, `api.shop`
// or `api.shop.svc`.
func perhapsService(host string) bool {
	return strings.Count(host, ".") < 2 || strings.HasSuffix(host, ".svc") || strings.HasSuffix(host, ".local")
}

func policyPort(protocol corev1.Protocol, port intstr.IntOrString) networkingv1.NetworkPolicyPort {
	return networkingv1.NetworkPolicyPort{Protocol: &protocol, Port: &port}
}

// A podMonitor is the Prometheus operator's, as far as we write it
// (monitoring.coreos.com/v1).
type podMonitor struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`
	Spec              podMonitorSpec `json:"spec"`
}

type podMonitorSpec struct {
	JobLabel            string               `json:"jobLabel,omitempty"`
	PodTargetLabels     []string             `json:"podTargetLabels,omitempty"`
	Selector            metav1.LabelSelector `json:"selector"`
	PodMetricsEndpoints []podMetricsEndpoint `json:"podMetricsEndpoints"`
}

type podMetricsEndpoint struct {
	Port          string `json:"port"`
	Path          string `json:"path,omitempty"`
	Interval      string `json:"interval,omitempty"`
	ScrapeTimeout string `json:"scrapeTimeout,omitempty"`
}

// monitor has the metrics of each pod read.
func (b *builder) monitor() {
	if !b.o.PodMonitor {
		return
	}
	b.note("The PodMonitor is for the Prometheus operator, which must be in the cluster.")
	b.add(&podMonitor{
		TypeMeta: metav1.TypeMeta{APIVersion: "monitoring.coreos.com/v1", Kind: "PodMonitor"}, ObjectMeta: b.meta(b.name),
		Spec: podMonitorSpec{
			JobLabel: labelName, Selector: metav1.LabelSelector{MatchLabels: b.selector},
			PodMetricsEndpoints: []podMetricsEndpoint{{Port: b.app.PagesPort().Name, Path: "/metrics", Interval: "30s"}},
		},
	})
}
