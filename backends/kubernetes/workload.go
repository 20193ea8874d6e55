package kubernetes

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// How workloads roll out.
const (
	// readySeconds is how long a new pod must be ready before the next is replaced.
	readySeconds = 5
	// progressSeconds is after how long without progress a rollout has failed.
	progressSeconds = 600
	// revisions are how many earlier versions can be gone back to.
	revisions = 5
)

// How Jobs run.
const (
	// backoffLimit is how many pods may fail; each tries all that its pipeline says
	// before it does.
	backoffLimit int32 = 6
	// ttlSeconds is how long a Job that is over can be looked at.
	ttlSeconds = 24 * 60 * 60
	// startingSeconds is how late a scheduled run may begin.
	startingSeconds = 10 * 60
	// history is how many runs of a schedule can be looked at.
	history = 3
)

// The exit codes that decide what becomes of a Job.
const (
	exitUsage      = 2   // a setting is wrong, and would be wrong again
	exitTerminated = 143 // cut short, and goes on where it was
)

func (b *builder) workload(t *corev1.PodTemplateSpec) {
	selector := &metav1.LabelSelector{MatchLabels: b.selector}
	meta := b.meta(b.name)
	if keys := b.secretKeys(); keys != "" {
		meta.Annotations[annotationSecrets] = keys
	}
	switch b.kind.as {
	case asDeployment:
		b.add(&appsv1.Deployment{
			TypeMeta: metav1.TypeMeta{APIVersion: "apps/v1", Kind: "Deployment"}, ObjectMeta: meta,
			Spec: appsv1.DeploymentSpec{
				Replicas: b.replicas(), Selector: selector, Strategy: b.strategy(), MinReadySeconds: readySeconds,
				ProgressDeadlineSeconds: new(int32(progressSeconds)), RevisionHistoryLimit: new(int32(revisions)), Template: *t,
			},
		})
	case asStatefulSet:
		b.add(&appsv1.StatefulSet{
			TypeMeta: metav1.TypeMeta{APIVersion: "apps/v1", Kind: "StatefulSet"}, ObjectMeta: meta,
			Spec: appsv1.StatefulSetSpec{
				ServiceName: b.headless(), Replicas: b.replicas(), Selector: selector,
				// Pods do not wait for each other: none of them knows the others.
				PodManagementPolicy: appsv1.ParallelPodManagement,
				UpdateStrategy:      appsv1.StatefulSetUpdateStrategy{Type: appsv1.RollingUpdateStatefulSetStrategyType},
				PersistentVolumeClaimRetentionPolicy: &appsv1.StatefulSetPersistentVolumeClaimRetentionPolicy{
					WhenDeleted: appsv1.RetainPersistentVolumeClaimRetentionPolicyType, WhenScaled: appsv1.RetainPersistentVolumeClaimRetentionPolicyType,
				},
				MinReadySeconds: readySeconds, RevisionHistoryLimit: new(int32(revisions)), Template: *t, VolumeClaimTemplates: b.claimTemplates(),
			},
		})
	case asJob:
		spec := b.job(t)
		spec.TTLSecondsAfterFinished = new(int32(ttlSeconds))
		b.add(&batchv1.Job{TypeMeta: metav1.TypeMeta{APIVersion: "batch/v1", Kind: "Job"}, ObjectMeta: meta, Spec: spec})
	case asCronJob:
		spec := batchv1.CronJobSpec{
			Schedule: b.o.Schedule, ConcurrencyPolicy: batchv1.ForbidConcurrent, StartingDeadlineSeconds: new(int64(startingSeconds)),
			SuccessfulJobsHistoryLimit: new(int32(history)), FailedJobsHistoryLimit: new(int32(history)),
			JobTemplate: batchv1.JobTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: b.labels, Annotations: b.annotations}, Spec: b.job(t)},
		}
		spec.TimeZone = new("Etc/UTC")
		if b.o.TimeZone != "" {
			spec.TimeZone = &b.o.TimeZone
		}
		b.add(&batchv1.CronJob{TypeMeta: metav1.TypeMeta{APIVersion: "batch/v1", Kind: "CronJob"}, ObjectMeta: meta, Spec: spec})
	}
}

// strategy replaces pods one by one, where a new one may run beside the old; else the
// old one goes first.
func (b *builder) strategy() appsv1.DeploymentStrategy {
	if !b.app.Copies.Many {
		return appsv1.DeploymentStrategy{Type: appsv1.RecreateDeploymentStrategyType}
	}
	return appsv1.DeploymentStrategy{Type: appsv1.RollingUpdateDeploymentStrategyType, RollingUpdate: &appsv1.RollingUpdateDeployment{
		MaxUnavailable: new(intstr.FromInt32(0)), MaxSurge: new(intstr.FromInt32(1)),
	}}
}

// job is a run that ends. A pod that the cluster takes away, or that is told to stop,
// has not failed: the next goes on from its checkpoint.
func (b *builder) job(t *corev1.PodTemplateSpec) batchv1.JobSpec {
	exits := func(action batchv1.PodFailurePolicyAction, codes ...int32) batchv1.PodFailurePolicyRule {
		return batchv1.PodFailurePolicyRule{Action: action, OnExitCodes: &batchv1.PodFailurePolicyOnExitCodesRequirement{
			ContainerName: new(container), Operator: batchv1.PodFailurePolicyOnExitCodesOpIn, Values: codes,
		}}
	}
	n := int32(1)
	var mode *batchv1.CompletionMode
	if b.numbered() {
		n, mode = int32(b.app.Replicas), new(batchv1.IndexedCompletion)
	}
	completions := &n
	if e := b.app.Elastic; e != nil {
		// Hosts share what there is, and when the first has come to its end all have.
		n, completions = int32(e.Min), nil
	}
	return batchv1.JobSpec{
		Completions: completions, Parallelism: &n, CompletionMode: mode, BackoffLimit: new(backoffLimit * n),
		// A new pod waits until the old one is gone, for they would share its volume.
		PodReplacementPolicy: new(batchv1.Failed),
		PodFailurePolicy: &batchv1.PodFailurePolicy{Rules: append([]batchv1.PodFailurePolicyRule{
			{Action: batchv1.PodFailurePolicyActionIgnore, OnPodConditions: []batchv1.PodFailurePolicyOnPodConditionsPattern{{Type: corev1.DisruptionTarget, Status: corev1.ConditionTrue}}},
			exits(batchv1.PodFailurePolicyActionIgnore, exitTerminated),
			exits(batchv1.PodFailurePolicyActionFailJob, exitUsage),
		}, b.jobFailures()...)},
		Template: *t,
	}
}

// nameJobs puts the hash of a Job into its name: what it runs can't be changed later, so
// that a pipeline that changes is a Job of its own.
func (d *deployment) nameJobs() {
	for _, o := range d.objects {
		job, ok := o.(*batchv1.Job)
		if !ok {
			continue
		}
		text, err := json.Marshal(job.Spec)
		if err != nil {
			panic(fmt.Sprintf("a Job has no JSON: %v", err)) // its structs are those of the API
		}
		sum := sha256.Sum256(text)
		job.Name += "-" + hex.EncodeToString(sum[:4])
	}
}
