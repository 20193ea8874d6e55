package kubernetes

import (
	"fmt"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/flowc-dev/flowc/backends"
	"github.com/flowc-dev/flowc/ir"
	"github.com/flowc-dev/flowc/ir/diag"
)

// jobs puts the jobs that the program waits for into its pod: init containers, which run one
// after another, each to its end, before anything else of the pod. That takes no rights in the
// cluster, and no program in their images. Nothing else does: what starts a container when a
// pod has ended would have to be told so by the API server.
func (b *builder) jobs(pod *corev1.PodSpec) {
	for _, j := range b.app.AroundProgram() {
		if j.Endless {
			b.list.Errorf(diag.TargetComponent, j.Foreign.Span, "`%s` runs on for ever, and a pod of the target k8s starts a program when its jobs have ended", j.Node).
				Helpf("deploy it as a Deployment of its own, or deploy to compose")
			continue
		}
		j.NotAround(&b.list, "k8s", "pod")
	}
	for _, j := range b.app.BeforeProgram() {
		c := b.besideContainer(j.Beside)
		b.besidePlaces(j.Beside, &mounts{pod: pod, c: c})
		if j.Restart == ir.RestartNo && !b.kind.ends() {
			b.list.Warningf(diag.TargetComponent, j.Foreign.Span, "`restart: no` of `%s` has no place on the target k8s before a program that runs on: its pod tries again for as long as it fails", j.Node).
				Helpf("write `restart: on-failure`")
		}
		pod.InitContainers = append(pod.InitContainers, *c)
	}
}

// jobFailures have the Job fail with the first failure of a job that is not to be tried again.
func (b *builder) jobFailures() (rules []batchv1.PodFailurePolicyRule) {
	for _, j := range b.app.BeforeProgram() {
		if j.Restart == ir.RestartNo {
			rules = append(rules, batchv1.PodFailurePolicyRule{
				Action: batchv1.PodFailurePolicyActionFailJob, OnExitCodes: &batchv1.PodFailurePolicyOnExitCodesRequirement{
					ContainerName: &j.Name, Operator: batchv1.PodFailurePolicyOnExitCodesOpNotIn, Values: []int32{0},
				},
			})
		}
	}
	return rules
}

// explainJobs says what becomes of the jobs.
func (b *builder) explainJobs() (all []backends.Reason) {
	again := "before each start of a pod"
	if b.kind.ends() {
		again = "in each pod that the Job tries"
	}
	for _, j := range b.app.BeforeProgram() {
		all = append(all, backends.Reason{Subject: "job", Says: fmt.Sprintf("`%s` is the init container %s of the pod, of the image %s; it runs to its end %s", j.Node, j.Name, j.Image, again)})
	}
	return all
}
