package k8s

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	monitoringv1 "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	structuralschema "k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/cel"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/pruning"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/validation"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	celconfig "k8s.io/apiserver/pkg/apis/cel"
	k8sjson "sigs.k8s.io/json"
)

// of are the objects of a custom kind in all cases.
func of(t *testing.T, kind string) map[string]object {
	t.Helper()
	found := map[string]object{}
	for name, text := range goldens(t) {
		all, err := objects(text)
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range all {
			if o.kind == kind {
				found[name] = o
			}
		}
	}
	if len(found) == 0 {
		t.Fatalf("no case has a %s", kind)
	}
	return found
}

// TestPodMonitors decodes what is for the Prometheus operator into its own types.
func TestPodMonitors(t *testing.T) {
	for name, o := range of(t, "PodMonitor") {
		var m monitoringv1.PodMonitor
		unknown, err := k8sjson.UnmarshalStrict(o.json, &m)
		if err != nil || len(unknown) > 0 {
			t.Errorf("%s: %v, %v", name, err, unknown)
		}
	}
}

// keda is where the definitions of KEDA come from. Its module is downloaded and not
// required: it would bring a thousand others.
const keda = "github.com/kedacore/keda/v2@v2.21.0"

// TestScaledObjects holds what is for KEDA against its definition, with the rules in it.
func TestScaledObjects(t *testing.T) {
	out, err := exec.Command("go", "mod", "download", "-json", keda).Output()
	if err != nil {
		t.Skipf("%s can't be downloaded here: %v", keda, err)
	}
	var module struct{ Dir string }
	if err := json.Unmarshal(out, &module); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(module.Dir, "config/crd/bases/keda.sh_scaledobjects.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var crd apiextensionsv1.CustomResourceDefinition
	if err := utilyaml.Unmarshal(text, &crd); err != nil {
		t.Fatal(err)
	}
	var props apiextensions.JSONSchemaProps
	if err := apiextensionsv1.Convert_v1_JSONSchemaProps_To_apiextensions_JSONSchemaProps(crd.Spec.Versions[0].Schema.OpenAPIV3Schema, &props, nil); err != nil {
		t.Fatal(err)
	}
	structural, err := structuralschema.NewStructural(&props)
	if err != nil {
		t.Fatal(err)
	}
	validator, _, err := validation.NewSchemaValidator(&props)
	if err != nil {
		t.Fatal(err)
	}
	rules := cel.NewValidator(structural, true, celconfig.PerCallLimit)
	check := func(v map[string]any) (wrong []string) {
		for _, path := range pruning.PruneWithOptions(v, structural, true, structuralschema.UnknownFieldPathOptions{TrackUnknownFieldPaths: true}) {
			wrong = append(wrong, "no field "+path)
		}
		for _, e := range validation.ValidateCustomResource(nil, v, validator) {
			wrong = append(wrong, e.Error())
		}
		errs, _ := rules.Validate(context.Background(), nil, structural, v, nil, celconfig.RuntimeCELCostBudget)
		for _, e := range errs {
			wrong = append(wrong, e.Error())
		}
		return wrong
	}
	for name, o := range of(t, "ScaledObject") {
		parse := func() map[string]any {
			var v map[string]any
			if err := k8sjson.UnmarshalCaseSensitivePreserveInts(o.json, &v); err != nil {
				t.Fatal(err)
			}
			return v
		}
		for _, wrong := range check(parse()) {
			t.Errorf("%s: %s", name, wrong)
		}
		for _, spoil := range []func(spec map[string]any){
			func(spec map[string]any) { spec["minReplicas"] = int64(1) },
			func(spec map[string]any) { spec["triggers"] = "all" },
			func(spec map[string]any) { spec["minReplicaCount"] = int64(1000) },
		} {
			v := parse()
			spoil(v["spec"].(map[string]any))
			if len(check(v)) == 0 {
				t.Errorf("%s: what is wrong passes: %v", name, v["spec"])
			}
		}
	}
}
