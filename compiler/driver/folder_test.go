package driver

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/flowc-dev/flowc/ir/lock"
)

// References are found in all spellings, in overlays and in what is included, with the
// registry that is meant; other files of a folder are no matter.
func TestReadFolder(t *testing.T) {
	top := t.TempDir()
	dir := filepath.Join(top, "pipelines")
	for name, text := range map[string]string{
		"pipelines/pipeline.yaml":      "registry: a.example.com\ninclude: [../common.yaml]\nsources: {s: {type: acme/s@v1}}\nprocessors: {p: {from: s, go: example.com/parts/p@v1}, q: {from: p, go: ./q}}\n",
		"pipelines/pipeline.prod.yaml": "sources: {s: {type: acme/s@v2}}\n",
		"common.yaml":                  "sinks: {k: {type: acme/k@v1, from: p}}\n",
		"far.yaml":                     "sinks: {k: {type: acme/far@v1}}\n",
		"pipelines/old.json":           `{"apiVersion": "flowctl/v1", "kind": "Pipeline", "spec": {"registry": "b.example.com", "sources": [{"id": "s", "type": "acme/old@v1"}, {"id": "t", "type": "source"}]}}`,
		"pipelines/more.cue":           "_v: \"v3\"\nsources: s: type: \"acme/s@\\(_v)\"\n",
		"pipelines/chart.yaml":         "image: {{ .Values.image }}\n# of acme/chart@v1\n",
		"pipelines/compose.yaml":       "services: {a: {type: acme/none@v1}}\n",
		"pipelines/sub/pipeline.yaml":  "sources: {s: {type: acme/sub@v1}}\n",
	} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(top, name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(top, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	f, list, err := ReadFolder(dir, []string{filepath.Join(top, "far.yaml")})
	if err != nil || len(list) > 0 || !f.Pipelines {
		t.Fatal(f, list, err)
	}
	var got []string
	for _, n := range f.Missing(&lock.File{Components: []*lock.Entry{{Reference: "acme/s@v1"}}}) {
		got = append(got, n.Text+" "+n.At.Place()+" "+n.Registry)
	}
	want := []string{
		"acme/far@v1 ../far.yaml:1 ", "acme/k@v1 ../common.yaml:1 a.example.com", "acme/old@v1 old.json:1 b.example.com", "acme/s@v2 pipeline.prod.yaml:1 a.example.com",
		"acme/s@v3 more.cue:2 ", "example.com/parts/p@v1 pipeline.yaml:4 a.example.com",
	}
	if !slices.Equal(got, want) {
		t.Errorf("missing are\n%s", strings.Join(got, "\n"))
	}
	for reference, at := range map[string]string{"acme/s@v1": "pipeline.yaml:3", "acme/chart@v1": "chart.yaml", "acme/none@v1": "", "acme/sub@v1": ""} {
		if got := f.Names(&lock.Entry{Reference: reference}); got != at {
			t.Errorf("%s is named at %q, not %q", reference, got, at)
		}
	}
	if at := f.Names(&lock.Entry{Go: "acme/s@v1"}); at != "" {
		t.Error("an image is no module", at)
	}

	jobs := t.TempDir()
	if err := os.WriteFile(filepath.Join(jobs, "nightly.yaml"), []byte("jobs: {a: {command: [./a]}}\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if f, _, err := ReadFolder(jobs, nil); err != nil || !f.Pipelines || len(f.Named) > 0 {
		t.Error("a file of jobs is no pipeline", f, err)
	}
	if err := os.WriteFile(filepath.Join(dir, "pipeline.prod.yaml"), []byte("sources: ["), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, list, err := ReadFolder(dir, nil); err != nil || !list.HasErrors() {
		t.Error("an overlay that can't be read is left out", err)
	}
	if _, _, err := ReadFolder(filepath.Join(top, "none"), nil); err == nil {
		t.Error("there is no such folder")
	}
}
