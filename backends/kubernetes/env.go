package kubernetes

import (
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/flowc-dev/flowc/backends/manifest"
	"github.com/flowc-dev/flowc/ir/diag"
)

// environment is what the program reads when it starts. Settings are here as they
// are, and not in a ConfigMap: a change of one is a change of the pod, which rolls
// out and back as one thing, and an old pod never waits for a ConfigMap that is gone.
func (b *builder) environment() []corev1.EnvVar {
	env := []corev1.EnvVar{{Name: "GOMEMLIMIT", Value: fmt.Sprintf("%dMiB", b.app.GoMemory>>20)}}
	if text := b.app.Assignments(); text != "" {
		env = append(env, corev1.EnvVar{Name: "FLOWC_SET", Value: literal(text)})
	}
	if b.app.Control != 0 {
		env = append(env, corev1.EnvVar{Name: manifest.ControlVariable, Value: inPodAt(b.app.Control)})
	}
	env = append(env, b.identity()...)
	for _, v := range b.app.Env {
		switch {
		case v.Name == "FLOWC_SET" || v.Name == "GOMEMLIMIT":
			b.list.Errorf(diag.TargetEnv, b.at("env."+v.Name), "`%s` is written by flowc", v.Name).Helpf("take it away")
		case v.Secret:
			ref := b.secret(v.Name, v.Name, "the variable "+v.Name)
			env = append(env, corev1.EnvVar{Name: v.Name, ValueFrom: &corev1.EnvVarSource{SecretKeyRef: &corev1.SecretKeySelector{
				LocalObjectReference: corev1.LocalObjectReference{Name: ref.Name}, Key: ref.Key,
			}}})
		default:
			if why := validation.IsEnvVarName(v.Name); why != nil {
				b.list.Errorf(diag.TargetName, b.at("env."+v.Name), "`%s` can't be the name of a variable: %s", v.Name, because(why))
			}
			env = append(env, corev1.EnvVar{Name: v.Name, Value: literal(v.Value)})
		}
	}
	return env
}

// numbered tells whether the pods of the workload have a number each, by which the
// program knows its partition.
func (b *builder) numbered() bool { return b.app.Replicas > 1 && b.replica == "" }

// identity says which process of a pipeline the pod is, and which copy of it.
func (b *builder) identity() []corev1.EnvVar {
	if b.app.Process == "" {
		return nil
	}
	env := []corev1.EnvVar{{Name: manifest.ProcessVariable, Value: b.app.Process}}
	field := func(path string) {
		env = append(env, corev1.EnvVar{Name: manifest.ReplicaVariable, ValueFrom: &corev1.EnvVarSource{FieldRef: &corev1.ObjectFieldSelector{APIVersion: "v1", FieldPath: path}}})
	}
	switch {
	case b.replica != "":
		env = append(env, corev1.EnvVar{Name: manifest.ReplicaVariable, Value: b.replica})
	case b.numbered() && b.kind.ends():
		field("metadata.annotations['batch.kubernetes.io/job-completion-index']")
	case b.numbered(): // the name of the pod ends with it
		field("metadata.name")
	}
	return env
}

// literal keeps the kubelet from changing a value: it takes $(NAME) for another
// variable, and $$ for one dollar.
func literal(text string) string {
	var b strings.Builder
	for i := range len(text) {
		if text[i] == '$' && i+1 < len(text) && (text[i+1] == '$' || text[i+1] == '(') {
			b.WriteByte('$')
		}
		b.WriteByte(text[i])
	}
	return b.String()
}

// secret finds the key of a Secret for a name, and remembers that it must be there.
func (b *builder) secret(name, path, is string) keyRef {
	ref, ok := b.o.Secrets[name]
	option := "secrets." + name
	if !ok && path != name {
		ref, option = b.o.Secrets[path], "secrets."+path
	}
	if ref.Name == "" {
		ref.Name = manifest.Label(b.pipeline+"-secrets", maxLabel)
	} else {
		b.objectName(ref.Name, option+".name")
	}
	if ref.Key == "" {
		ref.Key = name
	}
	if why := validation.IsConfigMapKey(ref.Key); why != nil {
		b.list.Errorf(diag.TargetName, b.at(option), "`%s` can't be the key of a Secret: %s", ref.Key, because(why)).Helpf("name one: `secrets: {%q: {key: …}}`", name)
	}
	key := secretKey{ref.Name, ref.Key, is}
	b.secrets = append(b.secrets, key)
	return ref
}
