// Package kubescore asks kube-score what it thinks of what flowc emits for Kubernetes.
// It is a module of its own, so that flowc's has none of its requirements.
package kubescore

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/zegl/kube-score/config"
	"github.com/zegl/kube-score/domain"
	"github.com/zegl/kube-score/parser"
	"github.com/zegl/kube-score/score"
	"github.com/zegl/kube-score/score/checks"
	"github.com/zegl/kube-score/scorecard"
)

// An exception is a finding that flowc's files have on purpose, in all cases where none
// is named.
type exception struct {
	check, why string
	cases      []string
}

var exceptions = []exception{
	{"container-resources", "a limit of CPU throttles a program that could have what nobody uses; requests share it out", nil},
	{"container-image-pull-policy", "the tag of an image is the hash of its pipeline, so that one tag is one image", nil},
	{"deployment-has-host-podantiaffinity", "topology spread constraints put copies on different nodes and zones, and pods of a rollout too", nil},
	{"statefulset-has-host-podantiaffinity", "the same, for the copies of a process that have numbers", []string{"scaled-live"}},
	{"pod-networkpolicy", "the case says `networkPolicy: false` or `ingress`, or connects to what nobody knows before it starts", []string{"per-record-path", "csv-to-ndjson", "payments"}},
	{"pod-networkpolicy", "what a component connects to is known to it alone", []string{"beside", "foreign-attended", "foreign-lines"}},
	{"pod-networkpolicy", "what a job connects to is known to it alone", []string{"jobs"}},
	{"container-security-context-readonlyrootfilesystem", "an image of somebody else's writes where it likes", []string{"beside", "foreign-attended", "jobs"}},
	{"container-ephemeral-storage-request-and-limit", "how much a component or a job writes is said by its `resources`", []string{"beside", "foreign-attended", "jobs"}},
	{"pod-probes-identical", "a component says one thing of its health, by gRPC or HTTP", []string{"beside"}},
}

// A named text is a file for the parser.
type named struct {
	io.Reader
	name string
}

func (n named) Name() string { return n.name }

// findings are the warnings and worse that kube-score has for a file, by check.
func findings(t *testing.T, path string) map[string][]string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	p, err := parser.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	all, err := p.ParseFiles([]domain.NamedReader{named{bytes.NewReader(text), path}})
	if err != nil {
		t.Fatal(err)
	}
	run := &config.RunConfiguration{KubernetesVersion: config.Semver{Major: 1, Minor: 34}, MinReplicasHPA: 2}
	card, err := score.Score(all, score.RegisterAllChecks(all, &checks.Config{}, run), run)
	if err != nil {
		t.Fatal(err)
	}
	if len(*card) == 0 {
		t.Fatalf("%s has no objects", path)
	}
	found := map[string][]string{}
	for _, o := range *card {
		for _, c := range o.Checks {
			if c.Skipped || c.Grade > scorecard.GradeWarning {
				continue
			}
			what := fmt.Sprintf("%s %s: %s", o.TypeMeta.Kind, o.ObjectMeta.Name, c.Check.Name)
			for _, comment := range c.Comments {
				what += "; " + comment.Path + " " + comment.Summary
			}
			found[c.Check.ID] = append(found[c.Check.ID], what)
		}
	}
	return found
}

func TestGoldens(t *testing.T) {
	paths, err := filepath.Glob("../../pipelines/*/k8s/*.yaml")
	if err != nil || len(paths) < 8 {
		t.Fatalf("the goldens are not here: %v, %v", paths, err)
	}
	used := map[string]bool{}
	for _, path := range paths {
		name := filepath.Base(filepath.Dir(filepath.Dir(path)))
		t.Run(name, func(t *testing.T) {
			for check, list := range findings(t, path) {
				i := slices.IndexFunc(exceptions, func(e exception) bool {
					return e.check == check && (e.cases == nil || slices.Contains(e.cases, name))
				})
				if i < 0 {
					for _, what := range list {
						t.Errorf("%s [%s]", what, check)
					}
					continue
				}
				used[check+name], used[check] = true, true
			}
		})
	}
	for _, e := range exceptions {
		if !used[e.check] {
			t.Errorf("nothing needs the exception for %s any more", e.check)
		}
		for _, name := range e.cases {
			if !used[e.check+name] {
				t.Errorf("%s does not need the exception for %s any more", name, e.check)
			}
		}
	}
}

// TestItFinds keeps the other test from passing for nothing.
func TestItFinds(t *testing.T) {
	text, err := os.ReadFile("../../pipelines/shared/k8s/shared.yaml")
	if err != nil {
		t.Fatal(err)
	}
	bad := bytes.ReplaceAll(text, []byte("readOnlyRootFilesystem: true"), []byte("readOnlyRootFilesystem: false"))
	path := filepath.Join(t.TempDir(), "bad.yaml")
	if err := os.WriteFile(path, bad, 0o644); err != nil {
		t.Fatal(err)
	}
	if len(findings(t, path)["container-security-context-readonlyrootfilesystem"]) == 0 {
		t.Error("a root that can be written to is not found")
	}
}
