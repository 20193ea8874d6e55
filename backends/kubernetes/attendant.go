package kubernetes

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/flowc-dev/flowc/backends/manifest"
)

// attendant is the name of the container that puts the attendant into the pod, and of the
// volume that it is on.
const attendant = "attendant"

// attendantStorage is more than a program takes.
const attendantStorage = 256 << 20

// attendant has the program copy itself to where the containers of components see it, before
// they are started.
func (b *builder) attendant(pod *corev1.PodSpec) {
	c := corev1.Container{
		Name: attendant, Image: b.app.Image, ImagePullPolicy: corev1.PullIfNotPresent, Args: manifest.InstallAttendant(manifest.AttendantDir),
		Resources: corev1.ResourceRequirements{Requests: corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("10m"), corev1.ResourceMemory: bytesOf(32 << 20)}},
		SecurityContext: &corev1.SecurityContext{
			AllowPrivilegeEscalation: new(false), ReadOnlyRootFilesystem: new(true),
			Capabilities: &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}},
		},
		TerminationMessagePolicy: corev1.TerminationMessageFallbackToLogsOnError,
	}
	size := bytesOf(attendantStorage)
	(&mounts{pod: pod, c: &c}).add(attendant, manifest.AttendantDir, corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{SizeLimit: &size}})
	pod.InitContainers = append(pod.InitContainers, c)
}
