package main

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"
)

// A besideComponent is what an engine would make of a component beside a program.
type besideComponent struct {
	Image string
	Words []string
	// Env has "secret" for values with one, and no address of the control plane.
	Env map[string]string
}

// words are the texts of lists, one behind the other.
func words(lists ...any) (all []string) {
	for _, l := range lists {
		for _, w := range items(l) {
			all = append(all, text(w))
		}
	}
	return all
}

// TestTargetsAgreeBeside has components for all targets that run containers, and compares
// what they make of them: the same images, words and variables, at the same ports.
func TestTargetsAgreeBeside(t *testing.T) {
	all := map[string]map[string]besideComponent{}
	for _, name := range []string{"k8s", "compose", "nomad"} {
		b, err := target(name)
		if err != nil {
			t.Fatal(err)
		}
		components := map[string]besideComponent{}
		all[name] = components
		add := func(c besideComponent) {
			node := c.Env["FLOWCTL_COMPONENT_ID"]
			delete(c.Env, "FLOWCTL_ENDPOINT")
			components[node] = c
		}
		for _, f := range emitForTarget(t, compileForTarget(t, filepath.Join(casesDir, "beside"), b), b) {
			switch {
			case name == "nomad" && strings.HasSuffix(f.Path, ".json"):
				var doc map[string]any
				if err := json.Unmarshal(f.Data, &doc); err != nil {
					t.Fatal(err)
				}
				for _, task := range items(at(doc, "Job", "TaskGroups", 0, "Tasks"))[1:] {
					c := besideComponent{text(at(task, "Config", "image")), words(at(task, "Config", "entrypoint"), at(task, "Config", "args")), map[string]string{}}
					env, _ := at(task, "Env").(map[string]any)
					for key, v := range env {
						c.Env[key] = text(v)
					}
					for _, tpl := range items(at(task, "Templates")) {
						for line := range strings.Lines(text(at(tpl, "EmbeddedTmpl"))) {
							if key, _, ok := strings.Cut(line, "={{"); ok {
								c.Env[key] = "secret"
							}
						}
					}
					add(c)
				}
			case name == "compose":
				var doc map[string]any
				if err := yaml.Unmarshal(f.Data, &doc); err != nil {
					t.Fatal(err)
				}
				services, _ := doc["services"].(map[string]any)
				for _, s := range services {
					if at(s, "labels", "dev.flowc.component") == nil {
						continue
					}
					c := besideComponent{text(at(s, "image")), words(at(s, "entrypoint"), at(s, "command")), map[string]string{}}
					env, _ := at(s, "environment").(map[string]any)
					for key, v := range env {
						c.Env[key] = strings.ReplaceAll(text(v), "$$", "$")
						if strings.Contains(text(v), "${") {
							c.Env[key] = "secret"
						}
					}
					add(c)
				}
			case name == "k8s":
				for dec := yaml.NewDecoder(strings.NewReader(string(f.Data))); ; {
					var doc map[string]any
					if dec.Decode(&doc) != nil {
						break
					}
					for _, s := range items(at(doc, "spec", "template", "spec", "initContainers")) {
						c := besideComponent{text(at(s, "image")), words(at(s, "command"), at(s, "args")), map[string]string{}}
						for _, e := range items(at(s, "env")) {
							key, value := text(at(e, "name")), text(at(e, "value"))
							if strings.HasPrefix(key, "FLOWC_SECRET_") {
								continue
							}
							if at(e, "valueFrom") != nil || strings.Contains(value, "$(") {
								value = "secret"
							}
							c.Env[key] = value
						}
						add(c)
					}
				}
			}
		}
	}
	want := all["k8s"]
	if len(want) != 2 || want["ledgers"].Env["API_TOKEN"] != "secret" || want["transfers"].Env["PORT"] != ":50051" {
		t.Fatalf("of k8s this was read: %+v", want)
	}
	for name, got := range all {
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("k8s (-) and %s (+) differ: %s", name, diff)
		}
	}
}
