package kubernetes

import (
	"maps"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/flowc-dev/flowc/backends/manifest"
	"github.com/flowc-dev/flowc/ir/diag"
	"github.com/flowc-dev/flowc/ir/source"
)

// The labels that Kubernetes recommends. The first two pick pods and never change;
// `version` does with each change of the pipeline.
const (
	labelName      = "app.kubernetes.io/name"
	labelInstance  = "app.kubernetes.io/instance"
	labelVersion   = "app.kubernetes.io/version"
	labelComponent = "app.kubernetes.io/component"
	labelPartOf    = "app.kubernetes.io/part-of"
	labelManagedBy = "app.kubernetes.io/managed-by"
)

// The annotations of flowc's own.
const (
	annotationHash    = "flowc.dev/pipeline-hash"
	annotationSecrets = "flowc.dev/secrets"
	annotationFiles   = "flowc.dev/files-sha256"
)

// fixed are labels that the pipeline can't have for itself.
var fixed = []string{labelName, labelInstance, labelManagedBy}

// names gathers labels and annotations: ours, the pipeline's, and those of the
// target, of which the later ones win.
func (b *builder) names() {
	if b.o.Namespace != "" {
		if why := validation.IsDNS1123Label(b.o.Namespace); why != nil {
			b.list.Errorf(diag.TargetName, b.at("namespace"), "`%s` can't be the name of a namespace: %s", b.o.Namespace, because(why))
		}
	} else if b.o.CreateNamespace {
		b.list.Errorf(diag.TargetOption, b.at("createNamespace"), "a namespace can't be added without its name").Helpf("add `namespace: %s`", b.name)
	}
	b.selector = map[string]string{labelName: b.pipeline, labelInstance: b.name}
	b.labels = map[string]string{
		labelName: b.pipeline, labelInstance: b.name, labelManagedBy: "flowc",
		labelVersion: b.app.Hash, labelComponent: "pipeline", labelPartOf: b.pipeline,
	}
	if b.app.Process != "" {
		b.labels[labelComponent] = manifest.Label(b.app.Process, maxLabel)
	}
	b.annotations = map[string]string{annotationHash: b.app.Hash}
	for _, l := range b.app.Labels {
		b.label(l.Key, l.Value, l.Span)
	}
	for _, key := range slices.Sorted(maps.Keys(b.o.Labels)) {
		b.label(key, b.o.Labels[key], b.at("labels."+key))
	}
	for _, l := range b.app.Annotations {
		b.annotation(l.Key, l.Value, l.Span)
	}
	for _, key := range slices.Sorted(maps.Keys(b.o.Annotations)) {
		b.annotation(key, b.o.Annotations[key], b.at("annotations."+key))
	}
	for _, name := range b.o.ImagePullSecrets {
		b.objectName(name, "imagePullSecrets")
	}
	if b.o.PriorityClass != "" {
		b.objectName(b.o.PriorityClass, "priorityClass")
	}
}

func (b *builder) label(key, value string, at source.Span) {
	switch why, whyValue := validation.IsQualifiedName(key), validation.IsValidLabelValue(value); {
	case why != nil:
		b.list.Errorf(diag.TargetName, at, "`%s` can't be the key of a label: %s", key, because(why))
	case !manifest.IsKey(key):
		b.list.Errorf(diag.TargetName, at, "`%s` reads like a number in YAML", key).Helpf("put a prefix before it: `example.com/%s`", key)
	case slices.Contains(fixed, key):
		b.list.Errorf(diag.TargetName, at, "the label `%s` is `%s`: it tells which pods are whose", key, b.labels[key])
	case whyValue != nil:
		b.list.Errorf(diag.TargetName, at, "`%s` can't be the value of the label `%s`: %s", value, key, because(whyValue)).
			Helpf("an annotation may be any text")
	default:
		b.labels[key] = value
	}
}

func (b *builder) annotation(key, value string, at source.Span) {
	if why := validation.IsQualifiedName(strings.ToLower(key)); why != nil {
		b.list.Errorf(diag.TargetName, at, "`%s` can't be the key of an annotation: %s", key, because(why))
		return
	}
	if !manifest.IsKey(key) {
		b.list.Errorf(diag.TargetName, at, "`%s` reads like a number in YAML", key).Helpf("put a prefix before it: `example.com/%s`", key)
		return
	}
	b.annotations[key] = value
}

// objectName refuses what can't be the name of an object.
func (b *builder) objectName(name, option string) {
	if why := validation.IsDNS1123Subdomain(name); why != nil {
		b.list.Errorf(diag.TargetName, b.at(option), "`%s` can't be the name of an object: %s", name, because(why))
	}
}

// because is the first reason of the validation of Kubernetes, without the regular
// expression behind it.
func because(why []string) string {
	short, _, _ := strings.Cut(why[0], " (e.g.")
	return short
}
