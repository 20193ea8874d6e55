package kubernetes

import (
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/flowc-dev/flowc/backends/manifest"
	"github.com/flowc-dev/flowc/ir/diag"
)

// What an autoscaler does where the options say nothing else.
const (
	cpuPercent   = 80
	waiting      = manifest.Waiting
	downSeconds  = 300
	pollSeconds  = 30
	scaleFailure = 3 // how often the lag may be unknown before fallback.replicas
)

// scale lets the cluster choose the number of copies: by CPU, or by what waits.
func (b *builder) scale() {
	s := b.o.Scale
	if s == nil {
		return
	}
	low := int32(1)
	if s.Min != nil {
		low = *s.Min
	}
	if low > s.Max {
		b.list.Errorf(diag.TargetOption, b.at("scale.min"), "at least %d copies, and %d at most", low, s.Max)
	}
	if s.By == "lag" {
		b.scaleByLag(low)
		return
	}
	if low == 0 {
		b.list.Errorf(diag.TargetOption, b.at("scale.min"), "a program without a copy uses no CPU, and would never be started again").Helpf("write `min: 1`, or `by: lag`")
	}
	for _, o := range []struct{ name, value string }{{"monitor", s.Monitor}, {"authentication", s.Authentication}} {
		if o.value != "" {
			b.list.Errorf(diag.TargetOption, b.at("scale."+o.name), "`%s` is for `by: lag`", o.name).Helpf("take it away, or add `by: lag`")
		}
	}
	b.add(&autoscalingv2.HorizontalPodAutoscaler{
		TypeMeta: metav1.TypeMeta{APIVersion: "autoscaling/v2", Kind: "HorizontalPodAutoscaler"}, ObjectMeta: b.meta(b.name),
		Spec: autoscalingv2.HorizontalPodAutoscalerSpec{
			ScaleTargetRef: autoscalingv2.CrossVersionObjectReference{APIVersion: "apps/v1", Kind: b.kind.object(), Name: b.name},
			MinReplicas:    &low, MaxReplicas: s.Max,
			Metrics: []autoscalingv2.MetricSpec{{Type: autoscalingv2.ResourceMetricSourceType, Resource: &autoscalingv2.ResourceMetricSource{
				Name: corev1.ResourceCPU, Target: autoscalingv2.MetricTarget{Type: autoscalingv2.UtilizationMetricType, AverageUtilization: new(or(s.Target, cpuPercent))},
			}}},
			Behavior: b.slowly(),
		},
	})
}

// slowly takes copies away only when the load has been less for a while: each one
// that comes or goes has the others share their records anew.
func (b *builder) slowly() *autoscalingv2.HorizontalPodAutoscalerBehavior {
	return &autoscalingv2.HorizontalPodAutoscalerBehavior{ScaleDown: &autoscalingv2.HPAScalingRules{StabilizationWindowSeconds: b.cooldown()}}
}

func (b *builder) cooldown() *int32 {
	if b.o.Scale.Cooldown != nil {
		return b.o.Scale.Cooldown
	}
	return new(int32(downSeconds))
}

// or is a number, or another one instead of 0.
func or(n, instead int32) int32 {
	if n == 0 {
		return instead
	}
	return n
}
