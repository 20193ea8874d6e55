package compose

import (
	"strings"
	"testing"

	"github.com/flowc-dev/flowc/backends"
)

// Pipelines that can't be one project are told apart, with what they would share.
func TestFolder(t *testing.T) {
	project := func(pipeline, name string, change func(*Project), ports ...string) *Project {
		p := &Project{Name: name, Flowc: Origin{Pipeline: pipeline}, Services: map[string]any{pipeline: &Service{Ports: ports}}}
		if change != nil {
			change(p)
		}
		return p
	}
	for _, c := range []struct {
		name     string
		projects []*Project
		want     string
	}{
		{"one", []*Project{project("a", "a", nil, "127.0.0.1:80:80", "127.0.0.1:80:81")}, ""},
		{"two", []*Project{project("a", "shop", nil, "127.0.0.1:80:80"), project("b", "shop", nil, "127.0.0.1:81-90:80")}, ""},
		{"other addresses", []*Project{project("a", "shop", nil, "127.0.0.1:80:80"), project("b", "shop", nil, "10.0.0.1:80:80")}, ""},
		{"a variable", []*Project{project("a", "shop", nil, "${A}:80"), project("b", "shop", nil, "${A}:80")}, ""},
		{"other projects", []*Project{project("a", "a", nil), project("b", "b", nil)}, "a would be in the project a, and b in b"},
		{"a range", []*Project{project("a", "shop", nil, "127.0.0.1:85:80"), project("b", "shop", nil, "127.0.0.1:81-90:80")}, "a and b would both publish the port 85"},
		{"all addresses", []*Project{project("a", "shop", nil, "127.0.0.1:80:80"), project("b", "shop", nil, "[::]:80:80")}, "a and b would both publish the port 80"},
		{"no address", []*Project{project("a", "shop", nil, "80:80"), project("b", "shop", nil, "10.0.0.1:80:80")}, "a and b would both publish the port 80"},
		{"a service", []*Project{project("a", "shop", func(p *Project) { p.Services["b"] = map[string]any{} }), project("b", "shop", nil)}, "a and b would both have the service b"},
		{"a secret", []*Project{project("a", "shop", func(p *Project) { p.Secrets = map[string]File{"token": {}} }), project("b", "shop", func(p *Project) { p.Secrets = map[string]File{"token": {}} })}, "a and b would both have the secret token"},
		{"networks of others", []*Project{project("a", "shop", func(p *Project) { p.Networks = map[string]Network{"n": {External: true}} }), project("b", "shop", func(p *Project) { p.Networks = map[string]Network{"n": {External: true}} })}, ""},
		{"networks", []*Project{project("a", "shop", func(p *Project) { p.Networks = map[string]Network{"n": {}} }), project("b", "shop", func(p *Project) { p.Networks = map[string]Network{"n": {}} })}, "the network n"},
		{"volumes", []*Project{project("a", "shop", func(p *Project) { p.Volumes = map[string]Volume{"v": {}} }), project("b", "shop", func(p *Project) { p.Volumes = map[string]Volume{"v": {}} })}, "the volume v"},
	} {
		t.Run(c.name, func(t *testing.T) {
			each := make([][]backends.File, len(c.projects))
			for i := range each {
				each[i] = []backends.File{{Path: FileName}}
			}
			files, err := Folder(c.projects, each, backends.Layout{})
			switch {
			case c.want == "" && (err != nil || len(files) != len(c.projects)+1 || files[0].Path != "a/compose.yaml" || !strings.Contains(string(files[len(files)-1].Data), "- a/compose.yaml\n")):
				t.Error(files, err)
			case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
				t.Error(err)
			}
		})
	}
}
