package kubernetes

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/flowc-dev/flowc/backends/manifest"
	"github.com/flowc-dev/flowc/ir/diag"
)

// contentName stands for the name of the ConfigMap until all of its content is known.
const contentName = "\x00content"

// maxContent is what the API server takes in one ConfigMap.
const maxContent = 1 << 20

// content keeps a file for the ConfigMap, and returns its key there.
func (b *builder) content(in manifest.Input, text string) string {
	key := strings.TrimPrefix(inputName(in), "input-")
	if b.files == nil {
		b.files = map[string]string{}
	}
	b.files[key] = text
	return key
}

// contents is the ConfigMap of the files that the options hold. Its name has the hash
// of what is in it, and nobody can change it: a file that changes makes another
// ConfigMap and with it a new pod, and pods of before still have theirs.
func (b *builder) contents(t *corev1.PodTemplateSpec) {
	if len(b.files) == 0 {
		return
	}
	text, err := json.Marshal(b.files) // keys in order
	if err == nil && len(text) > maxContent {
		b.list.Errorf(diag.TargetFile, b.at("files"), "the files have %d bytes, and a ConfigMap takes %d", len(text), maxContent).Helpf("put them into a claim")
		return
	}
	sum := sha256.Sum256(text)
	hash := hex.EncodeToString(sum[:])
	name := manifest.Label(b.name, maxName) + "-" + hash[:8]
	meta := b.meta(name)
	b.add(&corev1.ConfigMap{TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "ConfigMap"}, ObjectMeta: meta, Immutable: new(true), Data: b.files})
	t.Annotations[annotationFiles] = hash
	for i := range t.Spec.Volumes {
		if c := t.Spec.Volumes[i].ConfigMap; c != nil && c.Name == contentName {
			c.Name = name
		}
	}
}
