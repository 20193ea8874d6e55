package main

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/flowc-dev/flowc/backends"
	"github.com/flowc-dev/flowc/compiler/driver"
	"github.com/flowc-dev/flowc/ir"
)

// componentWith is a pipeline around a component that says all that is given.
func componentWith(t *testing.T, kind string, keys ...string) *ir.Program {
	t.Helper()
	text := `pipeline: fields
labels: {team: mark-label}
edges: {nats: {url: "nats://nats:4222"}}
delivery: {checkpoint: {store: nats, url: "nats://nats:4222"}}
targets: {nomad: {storage: {ephemeral: 1GiB}}}
sources:
  in: {use: nats, config: {url: "nats://nats:4222", subject: in}, out: json}
processors:
  mark:
    from: in
    order: none
    ` + strings.Join(append([]string{kind}, keys...), "\n    ") + `
sinks:
  out: {from: mark, use: nats, config: {url: "nats://nats:4222", subject: out}}
`
	r, err := driver.Compile(context.Background(), driver.Options{File: "p.yaml", Text: []byte(text), Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	if r.Diagnostics.HasErrors() {
		t.Fatal(r.Diagnostics)
	}
	return r.Program
}

// becomes is what a target makes of a program, but for what documents it, and what it says.
// What the units of systemd run is the program, which starts its components itself.
func becomes(t *testing.T, p *ir.Program, target string) (files, said string) {
	t.Helper()
	names := []string{target}
	if target == "local" {
		names = append(names, "go")
	}
	var b strings.Builder
	for _, name := range names {
		for _, backend := range targets {
			if backend.Name() != name {
				continue
			}
			o := backends.Options(p.Targets[name])
			list := backend.Check(p, o)
			if name == target {
				said = fmt.Sprint(list)
			}
			if list.HasErrors() {
				return "", said
			}
			out, err := backend.Emit(p, o, layout(p))
			if err != nil {
				t.Fatalf("%s: %v", target, err)
			}
			for _, f := range out {
				if !strings.HasSuffix(f.Path, "p.yaml") && !strings.HasPrefix(f.Path, "runtime") && !strings.HasSuffix(f.Path, ".md") {
					b.Write(f.Data)
				}
			}
		}
	}
	return b.String(), said
}

// Each field of a component reaches every target that has a place for it, or is warned of
// with the target's name. A place is what stands in its files, and `!` begins what is said.
func TestFieldsReachTargets(t *testing.T) {
	t.Parallel()
	const here, local = "!no place on a host that runs it", "!no place on the target local"
	type row map[string]string // by target; "" is for all others
	image, command := map[string]row{}, map[string]row{}
	keys := []string{}
	field := func(key string, both row, ofImage, ofCommand row) {
		keys = append(keys, key)
		for _, into := range []struct {
			all map[string]row
			own row
		}{{image, ofImage}, {command, ofCommand}} {
			merged := row{}
			for k, v := range both {
				merged[k] = v
			}
			for k, v := range into.own {
				merged[k] = v
			}
			into.all[key] = merged
		}
	}
	field("env: {LEVEL: mark-env}", row{"": "mark-env"}, nil, nil)
	field("config: {deep_level: mark-config}", row{"": "mark-config"}, nil, nil)
	field("args: [--mark-args]", row{"": "--mark-args"}, nil, nil)
	field("resources: {requests: {cpu: 321m, memory: 123Mi}, limits: {cpu: 1432m, memory: 234Mi}}",
		row{"go": here, "local": local, "compose": "123M&0.321&234M&1.432", "k8s": "123Mi&321m&234Mi&1432m", "nomad": "321&123&234"},
		row{"go": "!`resources.requests` of `mark` have&234m&1.432"}, nil)
	field("secrets: [{name: mark-file, host: ./mark.txt, container: /run/mark, env: MARK_FILE, required: true}, {name: mark-var, type: env, host: ./var.txt, env: MARK_VAR, required: true}]",
		row{"": "MARK_FILE&MARK_VAR"}, nil, nil)
	field("volumes: [{name: markvol, container: /mark}]", row{"": "markvol&/mark"}, row{"go": "/mark"},
		row{"go": "!the volume `/mark` of `mark` is mounted nowhere on a host", "local": "!the volume `/mark` of `mark` is mounted nowhere on the target local"})
	field("port: 7656", row{"": "7656"}, nil, nil)
	field("health_port: 7657", row{"": "7657"}, nil, nil)
	field("health_check: /mark-health", row{"": "/mark-health", "compose": "!`health_check` of `mark` is not asked on the target compose", "nomad": "!`health_check` of `mark` is not asked on the target nomad"}, nil, nil)
	field("restart: always", row{"": "always", "k8s": "restartPolicy: Always", "nomad": `"Sidecar": true`}, nil, nil)
	const label = "labels"
	image[label], command[label] = row{"": "mark-label", "go": "", "local": ""}, row{"": "mark-label", "go": "", "local": ""}

	for kind, rows := range map[string]map[string]row{"image: acme/mark:1": image, "command: [./mark]": command} {
		p := componentWith(t, kind, keys...)
		for _, target := range []string{"go", "compose", "k8s", "nomad", "local"} {
			files, said := becomes(t, p, target)
			if kind[0] == 'i' && target == "local" {
				if !strings.Contains(said, "on the target local components are processes of the host") {
					t.Errorf("a container on local: %s", said)
				}
				continue
			}
			if files == "" {
				t.Errorf("%s on %s: %s", kind, target, said)
				continue
			}
			for key, r := range rows {
				want, own := r[target]
				if !own {
					want = r[""]
				}
				for _, part := range strings.Split(want, "&") {
					if text, warned := strings.CutPrefix(part, "!"); warned && !strings.Contains(said, text) || !warned && !strings.Contains(files, part) {
						t.Errorf("%s on %s: `%s` has not become %q; said is %s", kind, target, key, part, said)
					}
				}
			}
		}
	}
}

// What some targets refuse is refused by its name, and arrives on the others.
func TestFieldsRefused(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		key  string
		want map[string]string
	}{
		{"ports: [{name: markport, container: 7654, host: 7655}]", map[string]string{
			"go": "!is reached as 7654 on a host that runs it", "compose": "7655:7654", "k8s": "!restricted Pod Security refuses ports of the node", "nomad": "!on the target nomad a component has the port at which it serves",
		}},
		{"ports: [{name: markport, container: 7654}]", map[string]string{"compose": "7654", "k8s": "7654"}},
		{"volumes: [{host: /srv/mark, container: /mark, readonly: true}]", map[string]string{
			"go": "/srv/mark:/mark:ro", "compose": "/srv/mark", "k8s": "!must be a claim", "nomad": "/srv/mark",
		}},
		{"secrets: [{name: mark, type: dir, host: ./markdir, container: /run/mark, env: MARK_DIR, required: true}]", map[string]string{
			"go": "MARK_DIR", "compose": "MARK_DIR", "k8s": "MARK_DIR", "nomad": "!is a folder, and Nomad keeps texts",
		}},
		{`restart: "no"`, map[string]string{"go": `"no"`, "compose": `restart: "no"`, "k8s": "!`restart: no` of `mark` has no place on the target k8s", "nomad": "!`restart: no` of `mark` has no place on the target nomad"}},
		{"scale: {replicas: 3}", map[string]string{"compose": "fields-mark-2", "k8s": "replicas: 3", "nomad": `"Count": 3`}},
	} {
		p := componentWith(t, "image: acme/mark:1", c.key)
		for target, want := range c.want {
			files, said := becomes(t, p, target)
			if text, refused := strings.CutPrefix(want, "!"); refused && !strings.Contains(said, text) || !refused && !strings.Contains(files, want) {
				t.Errorf("`%s` on %s has not become %q; said is %s", c.key, target, want, said)
			}
		}
	}
}
