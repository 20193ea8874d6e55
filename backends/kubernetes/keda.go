package kubernetes

import (
	"net"
	"strconv"
	"strings"

	autoscalingv2 "k8s.io/api/autoscaling/v2"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/flowc-dev/flowc/backends/manifest"
	"github.com/flowc-dev/flowc/ir"
	"github.com/flowc-dev/flowc/ir/diag"
)

// A scaledObject is KEDA's, as far as we write it (keda.sh/v1alpha1).
type scaledObject struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`
	Spec              scaledObjectSpec `json:"spec"`
}

type scaledObjectSpec struct {
	ScaleTargetRef  scaleTarget    `json:"scaleTargetRef"`
	PollingInterval *int32         `json:"pollingInterval,omitempty"`
	CooldownPeriod  *int32         `json:"cooldownPeriod,omitempty"`
	MinReplicaCount *int32         `json:"minReplicaCount,omitempty"`
	MaxReplicaCount *int32         `json:"maxReplicaCount,omitempty"`
	Fallback        *scaleFallback `json:"fallback,omitempty"`
	Advanced        *scaleAdvanced `json:"advanced,omitempty"`
	Triggers        []scaleTrigger `json:"triggers" patchStrategy:"merge" patchMergeKey:"name"`
}

type scaleTarget struct {
	APIVersion string `json:"apiVersion,omitempty"`
	Kind       string `json:"kind,omitempty"`
	Name       string `json:"name"`
}

type scaleFallback struct {
	FailureThreshold int32 `json:"failureThreshold"`
	Replicas         int32 `json:"replicas"`
}

type scaleAdvanced struct {
	RestoreToOriginalReplicaCount bool      `json:"restoreToOriginalReplicaCount,omitempty"`
	HorizontalPodAutoscalerConfig *scaleHPA `json:"horizontalPodAutoscalerConfig,omitempty"`
}

type scaleHPA struct {
	Name     string                                         `json:"name,omitempty"`
	Behavior *autoscalingv2.HorizontalPodAutoscalerBehavior `json:"behavior,omitempty"`
}

type scaleTrigger struct {
	Type              string            `json:"type"`
	Name              string            `json:"name,omitempty"`
	UseCachedMetrics  bool              `json:"useCachedMetrics,omitempty"`
	Metadata          map[string]string `json:"metadata"`
	AuthenticationRef *scaleAuth        `json:"authenticationRef,omitempty"`
	MetricType        string            `json:"metricType,omitempty"`
}

type scaleAuth struct {
	Name string `json:"name"`
	Kind string `json:"kind,omitempty"`
}

// natsMonitor is the port at which a server of NATS tells how it is.
const natsMonitor = 8222

// scaleByLag asks KEDA to look at what waits for each source that shares its records.
func (b *builder) scaleByLag(low int32) {
	var triggers []scaleTrigger
	before := len(b.list)
	if b.app.Elastic != nil {
		triggers = b.hostLag()
	}
	for _, n := range b.p.Nodes {
		op, ok := n.Op.(*ir.Source)
		if !ok || !op.Facts.Shared || b.app.Elastic != nil {
			continue
		}
		switch op.Connector {
		case "kafka":
			triggers = append(triggers, b.kafkaLag(n)...)
		case "nats":
			triggers = append(triggers, b.natsLag(n)...)
		}
	}
	switch {
	case len(b.list) > before:
		return
	case len(triggers) == 0:
		b.list.Errorf(diag.TargetOption, b.at("scale.by"), "nothing waits for `%s` that could be counted: that is so for Kafka with a `group` and NATS with a `durable`", b.p.Name).
			Helpf("write `by: cpu`")
		return
	}
	if name := b.o.Scale.Authentication; name != "" {
		b.objectName(name, "scale.authentication")
		for i := range triggers {
			triggers[i].AuthenticationRef = &scaleAuth{Name: name}
		}
	}
	b.note("The ScaledObject is for KEDA, which must be in the cluster.")
	b.add(&scaledObject{
		TypeMeta: metav1.TypeMeta{APIVersion: "keda.sh/v1alpha1", Kind: "ScaledObject"}, ObjectMeta: b.meta(b.name),
		Spec: scaledObjectSpec{
			ScaleTargetRef:  scaleTarget{APIVersion: "apps/v1", Kind: b.kind.object(), Name: b.name},
			PollingInterval: new(int32(pollSeconds)), CooldownPeriod: b.cooldown(), MinReplicaCount: &low, MaxReplicaCount: &b.o.Scale.Max,
			// While nobody knows what waits, there are as many copies as at least, and one.
			Fallback: &scaleFallback{FailureThreshold: scaleFailure, Replicas: max(low, 1)},
			Advanced: &scaleAdvanced{HorizontalPodAutoscalerConfig: &scaleHPA{Behavior: b.slowly()}},
			Triggers: triggers,
		},
	})
}

// kafkaLag are the triggers of a source of Kafka, one for each topic.
func (b *builder) kafkaLag(n *ir.Node) []scaleTrigger {
	b.needsAuthentication(n, "tls", "sasl")
	common := map[string]string{"lagThreshold": strconv.Itoa(int(or(b.o.Scale.Target, waiting)))}
	b.say(common, n, "bootstrapServers", "brokers", setting(n, "brokers"))
	b.say(common, n, "consumerGroup", "group", setting(n, "group"))
	// Of a partition of which nothing was read yet all waits, unless the program begins at its
	// end; KEDA by itself would take one record for it.
	common["offsetResetPolicy"] = "earliest"
	if start, ok := b.text(setting(n, "start")); ok && start == "latest" {
		common["offsetResetPolicy"] = start
	}
	topics := setting(n, "topics")
	if topics == nil {
		return nil
	}
	list := topics.Items
	if len(list) == 0 {
		list = []*ir.Value{topics}
	}
	var all []scaleTrigger
	for i, topic := range list {
		meta := map[string]string{}
		for key, value := range common {
			meta[key] = value
		}
		b.say(meta, n, "topic", "topics", topic)
		name := n.YAML
		if len(list) > 1 {
			name += "-" + strconv.Itoa(i)
		}
		all = append(all, scaleTrigger{Type: "kafka", Name: manifest.Label(name, maxLabel), Metadata: meta})
	}
	return all
}

// natsLag is the trigger of a consumer of JetStream.
func (b *builder) natsLag(n *ir.Node) []scaleTrigger {
	meta := map[string]string{"account": "$G", "lagThreshold": strconv.Itoa(int(or(b.o.Scale.Target, waiting)))}
	b.say(meta, n, "stream", "stream", setting(n, "stream"))
	b.say(meta, n, "consumer", "durable", setting(n, "durable"))
	monitor := b.o.Scale.Monitor
	for _, e := range b.app.Endpoints {
		if monitor == "" && e.Node == n.YAML && e.Host != "" {
			monitor = net.JoinHostPort(e.Host, strconv.Itoa(natsMonitor))
		}
	}
	if monitor == "" {
		b.list.Errorf(diag.TargetOption, b.at("scale.by"), "where NATS tells what waits for `%s` is not known: its address comes when the program starts", n.YAML).
			Helpf("add `monitor: HOST:%d` to `scale`", natsMonitor)
	}
	meta["natsServerMonitoringEndpoint"] = monitor
	return []scaleTrigger{{Type: "nats-jetstream", Name: manifest.Label(n.YAML, maxLabel), Metadata: meta}}
}

// needsAuthentication refuses a source whose broker would not let KEDA in.
func (b *builder) needsAuthentication(n *ir.Node, keys ...string) {
	for _, s := range n.Settings() {
		for _, key := range keys {
			if strings.HasPrefix(s.Key, key+".") && b.o.Scale.Authentication == "" {
				b.list.Errorf(diag.TargetOption, b.at("scale.by"), "the broker of `%s` asks for `%s`, and KEDA has none to give", n.YAML, s.Key).
					Helpf("add `authentication: NAME` to `scale`, the name of a TriggerAuthentication")
				return
			}
		}
	}
}

// say gives a trigger a value of the pipeline, or the variable of the program's that
// has it.
func (b *builder) say(meta map[string]string, n *ir.Node, key, from string, v *ir.Value) {
	texts := []*ir.Value{v}
	if v != nil && len(v.Items) > 0 {
		texts = v.Items
	}
	var known []string
	for _, one := range texts {
		text, ok := b.text(one)
		if ok {
			known = append(known, text)
		}
	}
	switch {
	case v != nil && len(known) == len(texts):
		meta[key] = strings.Join(known, ",")
	case v != nil && len(texts) == 1 && len(texts[0].Parts) == 1 && texts[0].Parts[0].Kind == ir.Env:
		meta[key+"FromEnv"] = texts[0].Parts[0].Text
	default:
		b.list.Errorf(diag.TargetOption, b.at("scale.by"), "KEDA can't be told the `%s` of `%s`, which is known only when the program starts", from, n.YAML).
			Helpf("make it one variable, or `by: cpu`")
	}
}

// text is a value of the pipeline as the program will have it, where that is known.
func (b *builder) text(v *ir.Value) (string, bool) { return b.given.Text(v) }

// setting is the value of a key, nil where the pipeline does not say it.
func setting(n *ir.Node, key string) *ir.Value {
	for _, s := range n.Settings() {
		if s.Key == key {
			return s.Value
		}
	}
	return nil
}
