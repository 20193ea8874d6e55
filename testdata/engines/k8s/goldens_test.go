package k8s

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
)

// goldens are the files of the cases, by case, and of a folder that FLOWC_EMITTED names, as
// cmd/flowc/internal/fromflowctl fills one.
func goldens(t *testing.T) map[string][]byte {
	t.Helper()
	paths, err := filepath.Glob("../../pipelines/*/k8s/*.yaml")
	if err != nil || len(paths) < 8 {
		t.Fatalf("the goldens are not here: %v, %v", paths, err)
	}
	if dir := os.Getenv("FLOWC_EMITTED"); dir != "" {
		more, err := filepath.Glob(filepath.Join(dir, "*", "k8s", "*.yaml"))
		if err != nil || len(more) == 0 {
			t.Fatalf("there is nothing in %s: %v", dir, err)
		}
		paths = append(paths, more...)
	}
	all := map[string][]byte{}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		all[filepath.Base(filepath.Dir(filepath.Dir(path)))] = text
	}
	return all
}

// insecureCases are those that ask for what restricted Pod Security refuses, with what
// it says.
var insecureCases = map[string]string{
	"csv-to-ndjson": `restricted volume types (volume "input-trips" uses restricted volume type "hostPath")`,
}

// TestGoldens creates the objects of each case.
func TestGoldens(t *testing.T) {
	seen := map[string]bool{}
	for name, text := range goldens(t) {
		t.Run(name, func(t *testing.T) {
			all, err := objects(text)
			if err != nil {
				t.Fatal(err)
			}
			for _, o := range all {
				seen[o.kind] = true
				if custom[o.kind] {
					continue
				}
				warnings, err := create(o)
				if err != nil {
					t.Errorf("%s %s: %v", o.kind, o.name, err)
				}
				for _, w := range warnings {
					t.Errorf("%s %s: it warns: %s", o.kind, o.name, w)
				}
				if pod := template(o); pod != nil {
					why, err := insecure(pod)
					if err != nil {
						t.Fatal(err)
					}
					if why != insecureCases[name] {
						t.Errorf("%s %s: Pod Security: %s", o.kind, o.name, why)
					}
					checkPod(t, o, pod)
				}
			}
		})
	}
	for kind := range strategies {
		if !seen[kind] {
			t.Errorf("no case has a %s", kind)
		}
	}
}

// checkPod holds what each pod of flowc's has, beyond what a server asks for.
func checkPod(t *testing.T, o object, p *corev1.PodTemplateSpec) {
	t.Helper()
	s := p.Spec
	if len(s.Containers) != 1 {
		t.Fatalf("%s has %d containers", o.kind, len(s.Containers))
	}
	c := s.Containers[0]
	if s.AutomountServiceAccountToken == nil || *s.AutomountServiceAccountToken || s.EnableServiceLinks == nil || *s.EnableServiceLinks {
		t.Errorf("%s %s: the pod is told of the cluster", o.kind, o.name)
	}
	if root := c.SecurityContext.ReadOnlyRootFilesystem; root == nil || !*root {
		t.Errorf("%s %s: its root can be written to", o.kind, o.name)
	}
	for _, r := range []corev1.ResourceName{corev1.ResourceMemory, corev1.ResourceEphemeralStorage} {
		request, limit := c.Resources.Requests[r], c.Resources.Limits[r]
		if request.IsZero() || request.Cmp(limit) != 0 {
			t.Errorf("%s %s: it requests %v and gets %v of %s", o.kind, o.name, &request, &limit, r)
		}
	}
	// Each mount has its volume, or a claim of the StatefulSet.
	for _, m := range c.VolumeMounts {
		there := slices.ContainsFunc(s.Volumes, func(v corev1.Volume) bool { return v.Name == m.Name })
		if !there && o.kind != "StatefulSet" {
			t.Errorf("%s %s: no volume is mounted at %s", o.kind, o.name, m.MountPath)
		}
	}
	if c.LivenessProbe == nil || c.StartupProbe == nil || (c.ReadinessProbe == nil) != (s.RestartPolicy == corev1.RestartPolicyNever) {
		t.Errorf("%s %s: a probe is missing", o.kind, o.name)
	}
}

// hashes are those of pipelines, in labels, annotations and tags of images.
var hashes = regexp.MustCompile(`\b[0-9a-f]{16}\b`)

// TestUpdates replaces the objects of each case by those of a pipeline that changed: a
// field that can't be changed must not depend on what changes.
func TestUpdates(t *testing.T) {
	for name, text := range goldens(t) {
		t.Run(name, func(t *testing.T) {
			old, err := objects(text)
			if err != nil {
				t.Fatal(err)
			}
			changed := hashes.ReplaceAll(text, []byte("00112233445566ff"))
			if string(changed) == string(text) {
				t.Fatal("nothing in it changes with its pipeline")
			}
			all, err := objects(changed)
			if err != nil {
				t.Fatal(err)
			}
			for i, o := range all {
				if custom[o.kind] {
					continue
				}
				err := update(o, old[i])
				if o.kind == "Job" { // whose name changes for that
					if err == nil || !strings.Contains(err.Error(), "field is immutable") {
						t.Errorf("a Job can be changed: %v", err)
					}
					continue
				}
				if err != nil {
					t.Errorf("%s %s: %v", o.kind, o.name, err)
				}
			}
		})
	}
}

// TestItRefuses keeps the other tests from passing for nothing.
func TestItRefuses(t *testing.T) {
	text := string(goldens(t)["shared"])
	for what, c := range map[string]struct{ from, to string }{
		"an unknown field":      {"minReadySeconds:", "minReadySecond:"},
		"no pod of its own":     {"maxSurge: 1", "maxSurge: 0"},
		"a name that is none":   {"name: shared\n", "name: Shared\n"},
		"a quantity":            {"cpu: 100m", "cpu: many"},
		"a port without a name": {"port: metrics\n", "port: metriks-of-a-long-name\n"},
	} {
		bad := strings.ReplaceAll(text, c.from, c.to)
		if bad == text {
			t.Fatalf("%s: the case has no %s", what, c.from)
		}
		all, err := objects([]byte(bad))
		for _, o := range all {
			if err == nil && !custom[o.kind] {
				_, err = create(o)
			}
		}
		if err == nil {
			t.Errorf("%s is taken", what)
		}
	}
	bad := strings.ReplaceAll(text, "allowPrivilegeEscalation: false", "allowPrivilegeEscalation: true")
	all, err := objects([]byte(bad))
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range all {
		if pod := template(o); pod != nil {
			if why, err := insecure(pod); err != nil || why == "" {
				t.Errorf("a pod that may gain rights is secure: %v", err)
			}
		}
	}
}
