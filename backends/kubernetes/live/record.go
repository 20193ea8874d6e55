package live

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/flowc-dev/flowc/backends/deploy"
)

// A record is the ConfigMap that says what was applied.
type record struct {
	config   corev1.ConfigMap
	manifest manifest
	text     []byte // of the manifest
}

// The keys of a record.
const (
	keyObjects = "objects.json"    // the manifest
	keyPacked  = "objects.json.gz" // one that is long
	keyKinds   = "kinds"           // what may be there, by version and kind, a line each
)

// maxPlain is how long a manifest may be that is kept as it is, for people to read; the
// cluster takes a million bytes in all.
const maxPlain = 256 << 10

// recordSuffix ends the names of records.
const recordSuffix = "-release"

// recordName is the name of the record of what is at a place.
func (p place) recordName() string { return p.name + recordSuffix }

// set identifies the objects at a place, as ApplySets are.
func (p place) set() string {
	sum := sha256.Sum256([]byte(p.recordName() + "." + p.namespace + ".ConfigMap."))
	return "applyset-" + base64.RawURLEncoding.EncodeToString(sum[:]) + "-v1"
}

func (p place) recordsPath() string {
	return coreV1("configmaps").in(p.namespace)
}

// record reads the record of what is at a place, nil for none.
func (e *Engine) record(ctx context.Context, p place) (*record, error) {
	var c corev1.ConfigMap
	err := e.api.ask(ctx, p.recordsPath()+"/"+p.recordName(), nil, &c)
	switch {
	case gone(err):
		return nil, nil
	case err != nil:
		return nil, err
	case c.Labels[labelSetID] != p.set():
		return nil, fmt.Errorf("the ConfigMap %s in the namespace %s is not flowc's, which keeps what it applied under that name", p.recordName(), p.namespace)
	}
	return unpack(c)
}

// unpack reads what a record says.
func unpack(c corev1.ConfigMap) (*record, error) {
	r := &record{config: c, text: []byte(c.Data[keyObjects])}
	if packed := c.BinaryData[keyPacked]; packed != nil {
		z, err := gzip.NewReader(bytes.NewReader(packed))
		if err == nil {
			r.text, err = io.ReadAll(z)
		}
		if err != nil {
			return nil, fmt.Errorf("the ConfigMap %s in the namespace %s can't be read: %w", c.Name, c.Namespace, err)
		}
	}
	if err := json.Unmarshal(r.text, &r.manifest); err != nil {
		return nil, fmt.Errorf("the ConfigMap %s in the namespace %s can't be read: %w", c.Name, c.Namespace, err)
	}
	return r, nil
}

// release is what the record says was applied.
func (r *record) release(id string) *deploy.Release {
	a := r.config.Annotations
	return &deploy.Release{ID: id, Pipeline: a[annotationPipeline], Hash: a[annotationHash], Image: a[annotationImage], Folder: a[annotationFolder], Manifest: r.text}
}

// kinds are those that may be there, each as version and kind.
func (r *record) kinds() []string {
	if r == nil {
		return nil
	}
	return strings.Split(r.config.Data[keyKinds], "\n")
}

// write writes down that a release is applied. before is what was read last, nil for
// nothing: where somebody else has written since, it is [deploy.ErrChanged].
func (e *Engine) write(ctx context.Context, p place, want *deploy.Release, m manifest, before *record) error {
	kinds := before.kinds()
	for _, o := range m.Objects {
		kinds = append(kinds, versionOf(o)+" "+kindOf(o))
	}
	slices.Sort(kinds)
	kinds = slices.Compact(kinds)
	var groups []string
	for _, k := range kinds {
		version, kind, _ := strings.Cut(k, " ")
		gv, err := schema.ParseGroupVersion(version)
		if err != nil {
			return err
		}
		groups = append(groups, strings.TrimSuffix(kind+"."+gv.Group, "."))
	}
	slices.Sort(groups)
	c := corev1.ConfigMap{
		TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "ConfigMap"},
		ObjectMeta: metav1.ObjectMeta{
			Name: p.recordName(), Namespace: p.namespace,
			Labels: map[string]string{labelSetID: p.set(), labelManagedBy: manager, labelName: p.name},
			Annotations: map[string]string{
				annotationTooling: "flowc/v1", annotationKinds: strings.Join(slices.Compact(groups), ","),
				annotationPipeline: want.Pipeline, annotationHash: want.Hash, annotationImage: want.Image, annotationFolder: want.Folder,
			},
		},
		Data: map[string]string{keyKinds: strings.Join(kinds, "\n")},
	}
	if len(want.Manifest) <= maxPlain {
		c.Data[keyObjects] = string(want.Manifest)
	} else {
		var b bytes.Buffer
		z := gzip.NewWriter(&b)
		_, _ = z.Write(want.Manifest) // memory takes all
		_ = z.Close()
		c.BinaryData = map[string][]byte{keyPacked: b.Bytes()}
	}
	method, path := http.MethodPost, p.recordsPath()
	if before != nil {
		method, path = http.MethodPut, path+"/"+c.Name
		c.ResourceVersion = before.config.ResourceVersion
	}
	body, err := json.Marshal(c)
	if err != nil {
		return err
	}
	err = e.api.send(ctx, method, path, byManager, "application/json", body, nil)
	if hasCode(err, http.StatusConflict) {
		return deploy.ErrChanged
	}
	return err
}

// trimRecord is the name of the objects that a record of a name is about.
func trimRecord(name string) (string, bool) { return strings.CutSuffix(name, recordSuffix) }
