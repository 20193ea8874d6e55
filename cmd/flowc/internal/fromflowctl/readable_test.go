package fromflowctl

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/hashicorp/nomad/api"
)

// readable reads what was emitted for a target, as far as that needs no engine.
func readable(t *testing.T, target, dir string) {
	t.Helper()
	read := func(pattern string) (texts [][]byte) {
		files, err := filepath.Glob(filepath.Join(dir, pattern))
		if err != nil || len(files) == 0 {
			t.Errorf("%s: there is no %s: %v", target, pattern, err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			texts = append(texts, text)
		}
		return texts
	}
	switch target {
	case "compose":
		for _, text := range read("compose.yaml") {
			var doc struct {
				Services map[string]struct{ Image string }
			}
			if err := yaml.Unmarshal(text, &doc); err != nil || len(doc.Services) == 0 {
				t.Errorf("%v\n%s", err, text)
			}
			for name, service := range doc.Services {
				if service.Image == "" {
					t.Errorf("%s has no image", name)
				}
			}
		}
	case "k8s":
		for _, text := range read("*.yaml") {
			for _, part := range bytes.Split(text, []byte("\n---\n")) {
				var object struct {
					APIVersion string `yaml:"apiVersion"`
					Kind       string
					Metadata   struct{ Name string }
				}
				if err := yaml.Unmarshal(part, &object); err != nil || object.APIVersion == "" || object.Kind == "" || object.Metadata.Name == "" {
					t.Errorf("%v: %+v\n%s", err, object, part)
				}
			}
		}
	case "nomad":
		for _, text := range read("*.nomad.json") {
			var file struct{ Job *api.Job }
			d := json.NewDecoder(bytes.NewReader(text))
			d.DisallowUnknownFields()
			if err := d.Decode(&file); err != nil || file.Job == nil || len(file.Job.TaskGroups) == 0 {
				t.Errorf("%v\n%s", err, text)
			}
		}
	case "local":
		for _, text := range read("*.service") {
			verify(t, text)
		}
	}
}

var execStart = regexp.MustCompile(`(?m)^ExecStart=.*$`)

// verify has systemd itself read a unit, where it is. Of its program it says no more than
// that it must be there.
func verify(t *testing.T, unit []byte) {
	t.Helper()
	for _, section := range []string{"[Unit]\n", "[Service]\n", "[Install]\n", "\nExecStart="} {
		if !strings.Contains(string(unit), section) {
			t.Errorf("the unit has no %q:\n%s", section, unit)
		}
	}
	tool, err := exec.LookPath("systemd-analyze")
	if err != nil {
		t.Log("there is no systemd-analyze: nobody but systemd can check its units")
		return
	}
	path := filepath.Join(t.TempDir(), "one.service")
	if err := os.WriteFile(path, execStart.ReplaceAll(unit, []byte("ExecStart=/bin/true")), 0o644); err != nil {
		t.Fatal(err)
	}
	if text, err := exec.Command(tool, "verify", "--man=no", path).CombinedOutput(); err != nil || len(text) > 0 {
		t.Errorf("systemd-analyze: %v\n%s", err, text)
	}
}
