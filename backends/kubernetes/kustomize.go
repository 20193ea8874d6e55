package kubernetes

import (
	"slices"

	"github.com/flowc-dev/flowc/backends"
	"github.com/flowc-dev/flowc/backends/manifest"
)

// A kustomization is what kustomize reads first.
type kustomization struct {
	APIVersion     string   `json:"apiVersion"`
	Kind           string   `json:"kind"`
	Resources      []string `json:"resources"`
	Configurations []string `json:"configurations,omitempty"`
}

// A nameReference tells kustomize where other objects hold the name of one, so that
// they follow when it gets a prefix.
type nameReference struct {
	NameReference []referredName `json:"nameReference"`
}

type referredName struct {
	Kind       string          `json:"kind"`
	Group      string          `json:"group"`
	FieldSpecs []referringSpec `json:"fieldSpecs"`
}

type referringSpec struct {
	Path  string `json:"path"`
	Group string `json:"group"`
	Kind  string `json:"kind"`
}

// namesFile is where the references are that kustomize does not know by itself.
const namesFile = "names.yaml"

// kustomize is the one file of objects as a base.
func (d *deployment) kustomize() ([]backends.File, error) {
	objects, err := d.file()
	if err != nil {
		return nil, err
	}
	k := kustomization{APIVersion: "kustomize.config.k8s.io/v1beta1", Kind: "Kustomization", Resources: []string{d.name + ".yaml"}}
	files := []backends.File{{Path: d.name + ".yaml", Data: objects}}
	scaled := slices.IndexFunc(d.processes, func(b *builder) bool {
		return slices.ContainsFunc(b.objects, func(o object) bool { return kindOf(o) == "ScaledObject" })
	})
	if scaled >= 0 {
		k.Configurations = []string{namesFile}
		names, err := manifest.YAML(d.headline(), nameReference{[]referredName{{
			Kind: d.processes[scaled].kind.object(), Group: "apps", FieldSpecs: []referringSpec{{Path: "spec/scaleTargetRef/name", Group: "keda.sh", Kind: "ScaledObject"}},
		}}})
		if err != nil {
			return nil, err
		}
		files = append(files, backends.File{Path: namesFile, Data: names})
	}
	text, err := manifest.YAML(d.headline(), k)
	if err != nil {
		return nil, err
	}
	files = append(files, backends.File{Path: "kustomization.yaml", Data: text})
	slices.SortFunc(files, byPath)
	return files, nil
}
