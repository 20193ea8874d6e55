package kubernetes

import (
	"path"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/flowc-dev/flowc/backends/manifest"
	"github.com/flowc-dev/flowc/ir/diag"
)

// mount gives the container all folders and files that it reads or writes; its root
// is read-only.
func (b *builder) mount(pod *corev1.PodSpec, c *corev1.Container) {
	m := &mounts{pod: pod, c: c}
	for _, d := range b.app.Dirs {
		switch {
		case !d.Lasts:
			m.add(d.Name, d.Path, empty())
		case b.kind.as == asStatefulSet: // the volume comes from a claim of each pod
			c.VolumeMounts = append(c.VolumeMounts, corev1.VolumeMount{Name: d.Name, MountPath: d.Path})
		default:
			m.add(d.Name, d.Path, corev1.VolumeSource{PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: b.named(d.Name)}})
		}
	}
	m.add("tmp", manifest.TempDir, empty())
	b.inputs(m)
	b.secretMounts(m)
}

// mounts are the volumes of a pod with where its container has them.
type mounts struct {
	pod *corev1.PodSpec
	c   *corev1.Container
}

func (m *mounts) add(name, at string, source corev1.VolumeSource) *corev1.VolumeMount {
	m.pod.Volumes = append(m.pod.Volumes, corev1.Volume{Name: name, VolumeSource: source})
	m.c.VolumeMounts = append(m.c.VolumeMounts, corev1.VolumeMount{Name: name, MountPath: at})
	return &m.c.VolumeMounts[len(m.c.VolumeMounts)-1]
}

func empty() corev1.VolumeSource {
	q := bytesOf(tempStorage)
	return corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{SizeLimit: &q}}
}

// inputs mounts what the pipeline reads, each in a folder of its own, so that a file
// which is replaced is seen (a mount of a single file would stay the old one).
func (b *builder) inputs(m *mounts) {
	for _, in := range b.app.Inputs {
		p, placed := b.o.Files[in.Path]
		if !placed {
			continue // which was said where the pipeline names it
		}
		option := "files." + in.Path
		name := inputName(in)
		if wrong := p.wrong(); wrong != "" {
			b.list.Errorf(diag.TargetFile, b.at(option), "where `%s` is %s", in.Path, wrong).Helpf("write one of {hostPath: …}, {claim: …, path: …}, {configMap: …, key: …}, {secret: …, key: …} and {content: …}")
			continue
		}
		switch {
		case p.HostPath != "":
			dir := p.HostPath
			if path.Base(dir) == in.Base {
				dir = path.Dir(dir)
			}
			if !path.IsAbs(dir) {
				b.list.Errorf(diag.TargetFile, b.at(option+".hostPath"), "`%s` is a path of the node, and must begin with a slash", p.HostPath)
			}
			if b.o.CreateNamespace {
				b.list.Errorf(diag.TargetOption, b.at(option+".hostPath"), "restricted Pod Security, which `createNamespace` asks for, refuses folders of the node").
					Helpf("put the files into a claim (`{claim: NAME}`), or leave the namespace to others")
			}
			b.note("%s is a folder of the node: restricted Pod Security refuses it, and every node that may run the pod must have it.", dir)
			m.input(name, in, corev1.VolumeSource{HostPath: &corev1.HostPathVolumeSource{Path: dir, Type: new(corev1.HostPathDirectory)}})
		case p.Claim != "":
			b.objectName(p.Claim, option+".claim")
			mount := m.input(name, in, corev1.VolumeSource{PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: p.Claim, ReadOnly: true}})
			if sub := strings.Trim(path.Clean("/"+p.Path), "/"); sub != "" {
				mount.SubPath = path.Join(sub, mount.SubPath)
			}
		case p.ConfigMap != "":
			b.objectName(p.ConfigMap, option+".configMap")
			m.input(name, in, corev1.VolumeSource{ConfigMap: &corev1.ConfigMapVolumeSource{
				LocalObjectReference: corev1.LocalObjectReference{Name: p.ConfigMap}, Items: items(in, p.Key), DefaultMode: new(int32(0o440)),
			}})
		case p.Secret != "":
			b.objectName(p.Secret, option+".secret")
			key := p.Key
			if key == "" {
				key = in.Base
			}
			b.secrets = append(b.secrets, secretKey{p.Secret, key, "the file " + in.Path})
			m.input(name, in, corev1.VolumeSource{Secret: &corev1.SecretVolumeSource{
				SecretName: p.Secret, Items: items(in, p.Key), DefaultMode: new(int32(0o440)),
			}})
		case p.Content != nil:
			if in.Pattern {
				b.list.Errorf(diag.TargetFile, b.at(option+".content"), "`%s` is more than one file, and a content is one", in.Path).Helpf("put the files into a ConfigMap or a claim")
				continue
			}
			key := b.content(in, *p.Content)
			m.input(name, in, corev1.VolumeSource{ConfigMap: &corev1.ConfigMapVolumeSource{
				LocalObjectReference: corev1.LocalObjectReference{Name: contentName}, Items: []corev1.KeyToPath{{Key: key, Path: in.Base}}, DefaultMode: new(int32(0o440)),
			}})
		}
	}
}

// input mounts the folder of an input, or the input alone.
func (m *mounts) input(name string, in manifest.Input, source corev1.VolumeSource) *corev1.VolumeMount {
	mount := m.add(name, in.Dir, source)
	mount.ReadOnly = true
	if in.Within {
		mount.MountPath, mount.SubPath = path.Join(in.Dir, in.Base), in.Base
	}
	return mount
}

// inputName is a name for the volume of an input, and the key of its content.
func inputName(in manifest.Input) string {
	if in.Key == "" { // two may have one base name
		return manifest.Label("input-"+in.Path, maxLabel)
	}
	return manifest.Label("input-"+path.Base(in.Dir), maxLabel)
}

// items is the one key that is a file, nil where all of them are.
func items(in manifest.Input, key string) []corev1.KeyToPath {
	if in.Pattern {
		return nil
	}
	if key == "" {
		key = in.Base
	}
	return []corev1.KeyToPath{{Key: key, Path: in.Base}}
}

// secretMounts mounts the files that `${file:…}` reads: those of a folder as one
// volume, and a file alone where its folder has others than secrets.
func (b *builder) secretMounts(m *mounts) {
	var dirs []string
	byDir := map[string][]corev1.VolumeProjection{}
	for _, f := range b.app.SecretFiles {
		ref := b.secret(f.Name, f.Path, "the file "+f.Path)
		dir := path.Dir(f.Path)
		projection := corev1.VolumeProjection{Secret: &corev1.SecretProjection{
			LocalObjectReference: corev1.LocalObjectReference{Name: ref.Name}, Items: []corev1.KeyToPath{{Key: ref.Key, Path: f.Name}},
		}}
		if b.occupied(dir) {
			name := manifest.Label("secret-"+f.Name, maxLabel)
			mount := m.add(name, f.Path, corev1.VolumeSource{Secret: &corev1.SecretVolumeSource{
				SecretName: ref.Name, Items: projection.Secret.Items, DefaultMode: new(int32(0o440)),
			}})
			mount.ReadOnly, mount.SubPath = true, f.Name
			continue
		}
		if byDir[dir] == nil {
			dirs = append(dirs, dir)
		}
		byDir[dir] = append(byDir[dir], projection)
	}
	for _, dir := range dirs {
		m.add(manifest.Label("secrets"+dir, maxLabel), dir, corev1.VolumeSource{Projected: &corev1.ProjectedVolumeSource{
			Sources: byDir[dir], DefaultMode: new(int32(0o440)),
		}}).ReadOnly = true
	}
}

// occupied tells whether a mount over a folder would hide what the program needs:
// its image's own folders, or those that it writes to.
func (b *builder) occupied(dir string) bool {
	if slices.Contains([]string{"/", "/etc", "/etc/ssl", "/etc/ssl/certs", "/usr", "/usr/share", manifest.TempDir, manifest.WorkDir}, dir) {
		return true
	}
	inside := func(other string) bool { return dir == other || strings.HasPrefix(other, dir+"/") }
	return slices.ContainsFunc(b.app.Dirs, func(d manifest.Dir) bool { return inside(d.Path) }) ||
		slices.ContainsFunc(b.app.Inputs, func(in manifest.Input) bool { return inside(path.Join(in.Dir, in.Base)) || inside(in.Dir) })
}

// claim is what a volume that lasts asks for.
func (b *builder) claim() corev1.PersistentVolumeClaimSpec {
	size := resource.MustParse("1Gi")
	if b.o.Storage != "" {
		n, ok := quantityOf(b.o.Storage)
		if !ok || n <= 0 {
			b.list.Errorf(diag.BadValue, b.at("storage"), "`%s` is no size of a volume", b.o.Storage).Helpf("write `storage: 10Gi`")
		}
		size = bytesOf(n)
	}
	spec := corev1.PersistentVolumeClaimSpec{
		AccessModes: []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce},
		Resources:   corev1.VolumeResourceRequirements{Requests: corev1.ResourceList{corev1.ResourceStorage: size}},
	}
	if b.o.StorageClass != "" {
		b.objectName(b.o.StorageClass, "storageClass")
		spec.StorageClassName = &b.o.StorageClass
	}
	return spec
}

// volumes are claims of their own, for workloads whose pods share one. They are kept
// when the workload goes.
func (b *builder) volumes() {
	if b.kind.as == asStatefulSet {
		return
	}
	for _, d := range b.app.Dirs {
		if d.Lasts {
			b.add(&corev1.PersistentVolumeClaim{
				TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "PersistentVolumeClaim"}, ObjectMeta: b.meta(b.named(d.Name)), Spec: b.claim(),
			})
		}
	}
}

// claimTemplates are the volumes of each pod of a StatefulSet. They can't be changed
// later, so that only the labels which never change are on them.
func (b *builder) claimTemplates() []corev1.PersistentVolumeClaim {
	var all []corev1.PersistentVolumeClaim
	for _, d := range b.app.Dirs {
		if d.Lasts {
			all = append(all, corev1.PersistentVolumeClaim{ObjectMeta: metav1.ObjectMeta{Name: d.Name, Labels: b.selector}, Spec: b.claim()})
		}
	}
	return all
}
