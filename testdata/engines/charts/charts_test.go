// Package charts renders the charts and the bases that flowc emits with Helm and
// kustomize themselves, and compares what comes out with the plain objects.
//
// It is a module of its own, so that flowc's has none of its requirements.
package charts

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"helm.sh/helm/v3/pkg/chart/loader"
	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/engine"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
	"sigs.k8s.io/yaml"
)

// flowc is the built command.
var flowc string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "flowc")
	if err != nil {
		panic(err)
	}
	flowc = filepath.Join(dir, "flowc")
	build := exec.Command("go", "build", "-o", flowc, "./cmd/flowc")
	build.Dir, build.Stderr = "../../..", os.Stderr
	if err := build.Run(); err != nil {
		panic(err)
	}
	code := m.Run()
	os.RemoveAll(dir)
	os.Exit(code)
}

// cases are the folders of the pipelines that have options for Kubernetes.
func cases(t *testing.T) map[string]string {
	t.Helper()
	paths, err := filepath.Glob("../../pipelines/*/targets.k8s.yaml")
	if err != nil || len(paths) < 8 {
		t.Fatalf("the cases are not here: %v, %v", paths, err)
	}
	all := map[string]string{}
	for _, path := range paths {
		all[filepath.Base(filepath.Dir(path))] = filepath.Dir(path)
	}
	return all
}

// emit writes the files of a case in a form, and returns their folder.
func emit(t *testing.T, dir string, flags ...string) string {
	t.Helper()
	out := t.TempDir()
	args := append([]string{"emit", filepath.Join(dir, "pipeline.yaml"), "--overlay", filepath.Join(dir, "targets.k8s.yaml"), "-t", "k8s", "-o", out}, flags...)
	if text, err := exec.Command(flowc, args...).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return out
}

// objects decodes the documents of a text, by kind and name. A Job's name has a hash,
// and is left out.
func objects(t *testing.T, text string) map[string]map[string]any {
	t.Helper()
	all := map[string]map[string]any{}
	for _, doc := range strings.Split("\n"+text, "\n---\n") {
		var o map[string]any
		if err := yaml.UnmarshalStrict([]byte(doc+"\n"), &o); err != nil {
			t.Fatalf("%v\n%s", err, doc)
		}
		if o == nil {
			continue
		}
		meta := o["metadata"].(map[string]any)
		if o["kind"] == "Job" {
			name := meta["name"].(string)
			meta["name"] = name[:strings.LastIndexByte(name, '-')]
		}
		key := o["kind"].(string) + "/" + meta["name"].(string)
		if all[key] != nil {
			t.Errorf("there are two of %s", key)
		}
		all[key] = o
	}
	return all
}

// plain are the objects of a case without a form, and their namespace.
func plain(t *testing.T, name, dir string) (all map[string]map[string]any, namespace string) {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(emit(t, dir), "*.yaml"))
	if err != nil || len(paths) != 1 {
		t.Fatalf("%s: %v, %v", name, paths, err)
	}
	text, err := os.ReadFile(paths[0])
	if err != nil {
		t.Fatal(err)
	}
	all = objects(t, string(text))
	for _, o := range all {
		if ns, ok := o["metadata"].(map[string]any)["namespace"].(string); ok {
			namespace = ns
		}
	}
	return all, namespace
}

func compare(t *testing.T, want, got map[string]map[string]any) {
	t.Helper()
	for key, o := range want {
		if !reflect.DeepEqual(o, got[key]) {
			w, _ := json.MarshalIndent(o, "", " ")
			g, _ := json.MarshalIndent(got[key], "", " ")
			t.Errorf("%s is\n%s\nand not\n%s", key, g, w)
		}
	}
	for key := range got {
		if want[key] == nil {
			t.Errorf("%s came up", key)
		}
	}
}

// render is what `helm template` prints of a chart, with values over its own.
func render(t *testing.T, dir, namespace string, values map[string]any) map[string]map[string]any {
	t.Helper()
	c, err := loader.LoadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Validate(); err != nil {
		t.Fatal(err)
	}
	all, err := chartutil.ToRenderValues(c, values, chartutil.ReleaseOptions{Name: "r", Namespace: namespace}, nil)
	if err != nil {
		t.Fatal(err)
	}
	files, err := engine.Engine{Strict: true}.Render(c, all)
	if err != nil {
		t.Fatal(err)
	}
	if len(files) != 1 {
		t.Fatalf("it renders %d files", len(files))
	}
	for _, text := range files {
		return objects(t, text)
	}
	return nil
}

func TestHelm(t *testing.T) {
	for name, dir := range cases(t) {
		t.Run(name, func(t *testing.T) {
			want, namespace := plain(t, name, dir)
			for key := range want {
				if strings.HasPrefix(key, "Namespace/") {
					delete(want, key) // Helm makes it
				}
			}
			compare(t, want, render(t, emit(t, dir, "--helm"), namespace, nil))
		})
	}
}

// TestValues sets what a chart lets be set.
func TestValues(t *testing.T) {
	all := cases(t)
	got := render(t, emit(t, all["nats"], "--helm"), "other", map[string]any{
		"image": "r/x:1", "replicas": 0, "storage": map[string]any{"size": "9Gi", "class": "fast"},
		"env":       map[string]any{"SHOP": "it's \"q\"\nand: {{ more }} #"},
		"settings":  map[string]any{"orders.config.start": "latest"},
		"resources": map[string]any{"limits": map[string]any{"cpu": "3"}},
	})
	text, err := json.Marshal(got["StatefulSet/nats"])
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`"image":"r/x:1"`, `"replicas":0`, `"storage":"9Gi"`, `"storageClassName":"fast"`, `"value":"it's \"q\"\nand: {{ more }} #"`,
		`"value":"orders.config.start=latest\ntelemetry.http=:9090\n"`, `"cpu":"3"`, `"memory":"256Mi"`,
	} {
		if !bytes.Contains(text, []byte(want)) {
			t.Errorf("there is no %s in %s", want, text)
		}
	}
	cut := render(t, emit(t, all["scaled-live"], "--helm"), "shop", map[string]any{"image": "r/x:1", "processes": map[string]any{
		"shop-priced": map[string]any{"resources": map[string]any{"limits": map[string]any{"cpu": "3"}}},
	}})
	for key, want := range map[string]string{"StatefulSet/shop-priced": `"cpu":"3"`, "StatefulSet/shop-archive": `"image":"r/x:1"`} {
		if text, err := json.Marshal(cut[key]); err != nil || !bytes.Contains(text, []byte(want)) {
			t.Errorf("there is no %s in %s", want, text)
		}
	}
	scaled := render(t, emit(t, all["durable"], "--helm"), "shop", map[string]any{"scale": map[string]any{"max": 50}})
	if text, err := json.Marshal(scaled["HorizontalPodAutoscaler/durable"]); err != nil || !bytes.Contains(text, []byte(`"maxReplicas":50,"metrics"`)) || !bytes.Contains(text, []byte(`"minReplicas":2`)) {
		t.Errorf("the autoscaler is %s", text)
	}
}

// TestJobsOfValues sees that a Job whose values change is another one.
func TestJobsOfValues(t *testing.T) {
	dir := emit(t, cases(t)["csv-to-ndjson"], "--helm")
	name := func(values map[string]any) string {
		c, err := loader.LoadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		all, err := chartutil.ToRenderValues(c, values, chartutil.ReleaseOptions{Name: "r", Namespace: "n"}, nil)
		if err != nil {
			t.Fatal(err)
		}
		files, err := engine.Engine{Strict: true}.Render(c, all)
		if err != nil {
			t.Fatal(err)
		}
		for _, text := range files {
			_, rest, _ := strings.Cut(text, "kind: Job\nmetadata:\n  name: ")
			name, _, _ := strings.Cut(rest, "\n")
			return name
		}
		return ""
	}
	one, two := name(nil), name(map[string]any{"image": "x:2"})
	if !strings.HasPrefix(one, "csv-to-ndjson-") || one == two || one != name(nil) || len(two) != len(one) {
		t.Errorf("the Jobs are called %s and %s", one, two)
	}
}

func TestKustomize(t *testing.T) {
	for name, dir := range cases(t) {
		t.Run(name, func(t *testing.T) {
			want, _ := plain(t, name, dir)
			base := emit(t, dir, "--kustomize")
			m, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(filesys.MakeFsOnDisk(), base)
			if err != nil {
				t.Fatal(err)
			}
			text, err := m.AsYaml()
			if err != nil {
				t.Fatal(err)
			}
			compare(t, want, objects(t, string(text)))
		})
	}
}

// TestPrefix gives the objects of a base a prefix: those that name others follow, the
// autoscaler of KEDA too.
func TestPrefix(t *testing.T) {
	base := emit(t, cases(t)["shared"], "--kustomize")
	over := filepath.Join(t.TempDir(), "over")
	if err := os.MkdirAll(over, 0o755); err != nil {
		t.Fatal(err)
	}
	rel, err := filepath.Rel(over, base)
	if err != nil {
		t.Fatal(err)
	}
	text := "namePrefix: eu-\nresources: [" + filepath.ToSlash(rel) + "]\nimages: [{name: shared, newName: r/shared, newTag: \"2\"}]\n"
	if err := os.WriteFile(filepath.Join(over, "kustomization.yaml"), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	m, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(filesys.MakeFsOnDisk(), over)
	if err != nil {
		t.Fatal(err)
	}
	out, err := m.AsYaml()
	if err != nil {
		t.Fatal(err)
	}
	all := objects(t, string(out))
	for key, want := range map[string]string{
		"Deployment/eu-shared":   `"serviceAccountName":"eu-shared"`,
		"ScaledObject/eu-shared": `"scaleTargetRef":{"apiVersion":"apps/v1","kind":"Deployment","name":"eu-shared"}`,
	} {
		if text, err := json.Marshal(all[key]); err != nil || !strings.Contains(string(text), want) {
			t.Errorf("%s has no %s: %s", key, want, text)
		}
	}
	if text, err := json.Marshal(all["Deployment/eu-shared"]); err != nil || !strings.Contains(string(text), `"image":"r/shared:2"`) {
		t.Errorf("the image is another: %s", text)
	}
}
