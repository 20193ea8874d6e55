package kubernetes

import (
	"fmt"
	"net"
	"path"
	"slices"
	"strconv"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/flowc-dev/flowc/backends"
	"github.com/flowc-dev/flowc/backends/manifest"
	"github.com/flowc-dev/flowc/ir"
	"github.com/flowc-dev/flowc/ir/diag"
)

// inPod is where the containers of a pod find each other.
const inPod = "127.0.0.1"

// inPodAt is an address in the pod.
func inPodAt(port int) string { return net.JoinHostPort(inPod, strconv.Itoa(port)) }

// beside puts the components into the pod: sidecars, which are started before the program,
// again whenever they end, and stopped behind it. So a Job ends with its program (Kubernetes
// 1.29). They have no probe for their start, which would keep the program from being started
// that they register with.
func (b *builder) beside(pod *corev1.PodSpec) {
	if b.app.Attends() {
		b.attendant(pod)
	}
	for _, one := range b.app.Beside {
		c := b.besideContainer(one)
		c.RestartPolicy = new(corev1.ContainerRestartPolicyAlways)
		if one.Restart == ir.RestartNo {
			b.list.Warningf(diag.TargetComponent, one.Foreign.Span, "`restart: no` of `%s` has no place on the target k8s: a sidecar is started again for as long as its pod runs", one.Node).
				Helpf("leave `restart` out, or have the component wait where it has ended")
		}
		b.besideProbes(one, c)
		m := &mounts{pod: pod, c: c}
		if one.Own { // an image of another's writes where it likes
			c.SecurityContext.ReadOnlyRootFilesystem = new(true)
			m.add(manifest.Label("tmp-"+one.Name, maxLabel), manifest.TempDir, empty())
		}
		if one.Attended {
			c.VolumeMounts = append(c.VolumeMounts, corev1.VolumeMount{Name: attendant, MountPath: manifest.AttendantDir, ReadOnly: true})
		}
		b.besidePlaces(one, m)
		for _, p := range one.Foreign.Ports {
			if p.Host != 0 {
				b.list.Errorf(diag.TargetPort, p.Span, "restricted Pod Security refuses ports of the node, and `%s` asks for %d", one.Node, p.Host).
					Helpf("leave `host` out")
			}
			protocol := corev1.Protocol(p.Protocol)
			if protocol == "" {
				protocol = corev1.ProtocolTCP
			}
			c.Ports = append(c.Ports, corev1.ContainerPort{ContainerPort: int32(p.Container), Protocol: protocol}) //nolint:gosec // the schema lets ports through
		}
		pod.InitContainers = append(pod.InitContainers, *c)
	}
}

// besideContainer is what the pipeline has besides the program, without its volumes.
func (b *builder) besideContainer(one manifest.Beside) *corev1.Container {
	c := &corev1.Container{
		Name: one.Name, Image: one.Image, ImagePullPolicy: corev1.PullIfNotPresent,
		Env: b.besideEnv(one), Resources: besideResources(one),
		SecurityContext: &corev1.SecurityContext{
			AllowPrivilegeEscalation: new(false), Capabilities: &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}},
		},
		TerminationMessagePolicy: corev1.TerminationMessageFallbackToLogsOnError,
	}
	for _, word := range one.Entry {
		c.Command = append(c.Command, literal(word))
	}
	for _, word := range one.Args {
		c.Args = append(c.Args, literal(word))
	}
	return c
}

// besideEnv is the environment of a component. A secret is a variable of its own, which the
// kubelet puts into others.
func (b *builder) besideEnv(one manifest.Beside) []corev1.EnvVar {
	var secrets, rest []corev1.EnvVar
	for _, v := range one.Env {
		if len(v.Pieces) == 1 && v.Pieces[0].Secret == v.Name {
			secrets = append(secrets, b.secretVar(v.Name, v.Name))
			continue
		}
		for _, p := range v.Pieces {
			if p.Secret != "" && !slices.ContainsFunc(secrets, func(e corev1.EnvVar) bool { return e.Name == secretAlias(p.Secret) }) {
				secrets = append(secrets, b.secretVar(secretAlias(p.Secret), p.Secret))
			}
		}
		rest = append(rest, corev1.EnvVar{Name: v.Name, Value: v.Text(literal, func(name string) string { return "$(" + secretAlias(name) + ")" })})
	}
	for _, s := range one.Foreign.Secrets {
		switch {
		case s.Type == "env":
			name := s.Env
			if name == "" {
				name = s.Name
			}
			v := b.secretVar(name, s.Name)
			b.mayMiss(s)
			v.ValueFrom.SecretKeyRef.Optional = optional(s)
			secrets = append(secrets, v)
		case s.Env != "":
			rest = append(rest, corev1.EnvVar{Name: s.Env, Value: literal(besideSecretPath(s))})
		}
	}
	return append(secrets, rest...)
}

// secretAlias is a variable with a secret that is a part of others: the component may have
// another meaning for the secret's own name.
func secretAlias(name string) string { return "FLOWC_SECRET_" + name }

func (b *builder) secretVar(name, secret string) corev1.EnvVar {
	ref := b.secret(secret, secret, "the variable "+secret)
	return corev1.EnvVar{Name: name, ValueFrom: &corev1.EnvVarSource{SecretKeyRef: &corev1.SecretKeySelector{
		LocalObjectReference: corev1.LocalObjectReference{Name: ref.Name}, Key: ref.Key,
	}}}
}

// optional tells that a secret need not be there.
func optional(s ir.ForeignSecret) *bool {
	if s.Required {
		return nil
	}
	return new(true)
}

// mayMiss forgets that the secret which was asked for last must be there.
func (b *builder) mayMiss(s ir.ForeignSecret) {
	if !s.Required {
		b.secrets = b.secrets[:len(b.secrets)-1]
	}
}

// besideSecretPath is where a container has a file of secrets.
func besideSecretPath(s ir.ForeignSecret) string {
	if s.ContainerPath != "" {
		return s.ContainerPath
	}
	return path.Join("/run/secrets", s.Name)
}

// besidePlaces gives a component its volumes, which are claims that are there already, and
// its files of secrets.
func (b *builder) besidePlaces(one manifest.Beside, m *mounts) {
	for _, v := range one.Foreign.Volumes {
		if v.HostPath != "" || v.Name == "" || v.ContainerPath == "" {
			b.list.Errorf(diag.TargetFile, v.Span, "a volume of `%s` must be a claim, since restricted Pod Security refuses folders of the node", one.Node).
				Helpf("write `{name: CLAIM, container: /path}`")
			continue
		}
		name := manifest.Label("claim-"+v.Name, maxLabel)
		b.objectName(v.Name, "")
		if slices.ContainsFunc(m.pod.Volumes, func(other corev1.Volume) bool { return other.Name == name }) {
			m.c.VolumeMounts = append(m.c.VolumeMounts, corev1.VolumeMount{Name: name, MountPath: v.ContainerPath, ReadOnly: v.ReadOnly})
			continue
		}
		m.add(name, v.ContainerPath, corev1.VolumeSource{PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: v.Name}}).ReadOnly = v.ReadOnly
		b.note("The claim %s, of `%s`, must be there.", v.Name, one.Node)
	}
	for i, s := range one.Foreign.Secrets {
		if s.Type == "env" {
			continue
		}
		at := besideSecretPath(s)
		ref := b.secret(s.Name, s.Name, "the file "+at+" of `"+one.Node+"`")
		b.mayMiss(s)
		source := &corev1.SecretVolumeSource{SecretName: ref.Name, Optional: optional(s), DefaultMode: new(int32(0o440))}
		name := manifest.Label("secret-"+one.Name+"-"+strconv.Itoa(i), maxLabel)
		if s.Type == "dir" { // all keys, as files
			m.add(name, at, corev1.VolumeSource{Secret: source}).ReadOnly = true
			continue
		}
		source.Items = []corev1.KeyToPath{{Key: ref.Key, Path: path.Base(at)}}
		mount := m.add(name, at, corev1.VolumeSource{Secret: source})
		mount.ReadOnly, mount.SubPath = true, path.Base(at)
	}
}

// besideResources are what a component asks for and may use, as the pipeline says.
func besideResources(one manifest.Beside) corev1.ResourceRequirements {
	list := func(a manifest.Amounts) corev1.ResourceList {
		all := corev1.ResourceList{}
		if a.MilliCPU > 0 {
			all[corev1.ResourceCPU] = *resource.NewMilliQuantity(a.MilliCPU, resource.DecimalSI)
		}
		if a.Memory > 0 {
			all[corev1.ResourceMemory] = bytesOf(a.Memory)
		}
		if len(all) == 0 {
			return nil
		}
		return all
	}
	return corev1.ResourceRequirements{Requests: list(one.Requests), Limits: list(one.Limits)}
}

// besideProbes asks a component by HTTP where the pipeline says that it can be asked; of all
// others it is known that they serve when their port is open.
func (b *builder) besideProbes(one manifest.Beside, c *corev1.Container) {
	handler := corev1.ProbeHandler{TCPSocket: &corev1.TCPSocketAction{Port: intstr.FromInt32(int32(one.Port))}} //nolint:gosec // a port
	if one.HealthPath != "" {
		handler = corev1.ProbeHandler{HTTPGet: &corev1.HTTPGetAction{Path: one.HealthPath, Port: intstr.FromInt32(int32(one.HealthPort))}} //nolint:gosec // a port
		c.LivenessProbe = &corev1.Probe{ProbeHandler: handler, InitialDelaySeconds: 30, PeriodSeconds: 10, TimeoutSeconds: 3, FailureThreshold: 3}
	}
	if !b.kind.ends() {
		c.ReadinessProbe = &corev1.Probe{ProbeHandler: handler, PeriodSeconds: 5, TimeoutSeconds: 3, FailureThreshold: 3}
	}
}

// explainBeside says what becomes of the components.
func (b *builder) explainBeside() (all []backends.Reason) {
	for _, one := range b.app.Beside {
		what := "of the image " + one.Image
		switch {
		case one.Own:
			what = "of the program's own image, with its file"
		case one.Attended:
			what += ", where an attendant starts its command for the program"
		}
		all = append(all, backends.Reason{Subject: "component", Says: fmt.Sprintf("`%s` is the sidecar %s of the pod, %s, at port %d; the program waits for it and starts nothing", one.Node, one.Name, what, one.Port)})
	}
	return all
}
