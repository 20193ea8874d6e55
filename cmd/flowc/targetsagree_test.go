package main

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"

	"github.com/flowc-dev/flowc/backends"
	"github.com/flowc-dev/flowc/compiler/driver"
)

// agreeing are programs with the same options for all targets.
var agreeing = map[string]string{
	"served": `
types: {Order: {id: int64, amount: decimal}}
sources:
  hook: {use: http, config: {listen: "127.0.0.1:8080", path: /orders}, out: Order}
  other: {use: http, config: {listen: ":8090", token: "${env:HOOK_TOKEN}"}, out: Order}
sinks:
  db: {from: [hook, other], use: postgres, config: {dsn: "${env:DATABASE_URL}", table: "${env:TABLE:-orders}", key: [id]}}
  copy: {from: hook, use: file, config: {path: out/orders.ndjson}}
`,
	"shared": `
types: {Order: {id: int64, amount: decimal}}
delivery: {drain: 50s}
sources:
  in: {use: kafka, config: {brokers: ["${env:BROKER}"], topics: [orders], group: g, sasl: {user: "${env:KAFKA_USER}", password: "${env:KAFKA_PASSWORD}"}}, out: Order}
sinks:
  out: {from: in, use: kafka, config: {brokers: ["${env:BROKER}"], topic: paid}}
`,
	"bounded": `
types: {Order: {id: int64, amount: decimal}}
sources:
  in: {use: generate, config: {count: 100}, out: Order}
sinks:
  out: {from: in, use: file, config: {path: "/lake/${in.ID}.ndjson"}}
`,
	"cut": `
types: {Order: {id: int64, account: string, amount: decimal}}
delivery: {drain: 40s}
edges: {nats: {url: "${env:NATS_URL}"}}
sources:
  hook: {use: http, config: {listen: ":8080", path: /orders, token: "${env:HOOK_TOKEN}"}, out: Order}
processors:
  priced: {from: hook, key: in.Account, scale: {replicas: 3}, set: {vat: in.Amount * 2}, on_error: {then: stop}}
sinks:
  db: {from: priced, use: postgres, config: {dsn: "${env:DATABASE_URL}", table: "${env:TABLE:-orders}", key: [id]}, on_error: {then: stop}}
  copy: {from: priced, use: file, config: {path: /archive/orders.ndjson}, on_error: {then: stop}}
`,
	"cut-bounded": `
types: {Order: {id: int64, amount: decimal}}
edges: {nats: {url: "${env:NATS_URL}"}}
sources:
  in: {use: generate, config: {count: 100}, out: Order}
processors:
  some: {from: in, key: in.ID, scale: {replicas: 2}, filter: in.Amount > 1}
sinks:
  out: {from: some, use: file, config: {path: "/lake/${in.ID}.ndjson"}}
`,
}

// optionsOf are the same options in the words of each target.
var optionsOf = map[string]map[string]string{
	"served": {
		"k8s":     `{env: {TABLE: orders_eu}, memory: 300MiB}`,
		"compose": `{env: {TABLE: orders_eu}, memory: 300MiB}`,
		"nomad":   `{env: {TABLE: orders_eu}, memory: 300MiB, storage: {volume: v}}`,
		"local":   `{env: {TABLE: orders_eu}, memory: 300MiB}`,
	},
	"shared": {
		"k8s":     `{env: {BROKER: "kafka:9092", KAFKA_USER: u}, replicas: 3}`,
		"compose": `{env: {BROKER: "kafka:9092", KAFKA_USER: u}, replicas: 3}`,
		"nomad":   `{env: {BROKER: "kafka:9092", KAFKA_USER: u}, replicas: 3}`,
		"local":   `{env: {BROKER: "kafka:9092", KAFKA_USER: u}}`,
	},
	"bounded": {
		"k8s": `{}`, "compose": `{}`, "nomad": `{storage: {volume: v}, volumes: {/lake: {volume: lake}}}`, "local": `{user: etl}`,
	},
	"cut": {
		"k8s":     `{env: {TABLE: orders_eu, TZ: UTC, FLOWC_SET: "copy.config.mode=append"}, replicas: 2}`,
		"compose": `{env: {TABLE: orders_eu, TZ: UTC, FLOWC_SET: "copy.config.mode=append"}, replicas: 2}`,
		"nomad":   `{env: {TABLE: orders_eu, TZ: UTC, FLOWC_SET: "copy.config.mode=append"}, replicas: 2, storage: {volume: v}, volumes: {/archive: {volume: a}}}`,
	},
	"cut-bounded": {
		"k8s": `{}`, "compose": `{}`, "nomad": `{storage: {volume: v}, volumes: {/lake: {volume: lake}}}`,
	},
}

// processesOfCut are those of the programs that are cut.
var processesOfCut = map[string][]string{"cut": {"copy", "cut", "priced"}, "cut-bounded": {"cut-bounded", "out", "some"}}

// A deployed program is what an engine would make of the files of a target.
type deployed struct {
	// Env has no values of secrets.
	Env     map[string]string
	Secrets []string
	// Settings are the assignments of FLOWC_SET, Ports what is open; the host has its own of both.
	Settings []string
	Ports    []int
	Memory   int64 // MiB
	// Stop is how long the program has from the moment that it is to go.
	Stop time.Duration
	// Copies is 0 where the target can have one alone.
	Copies int
	Dirs   []string
	// Again tells that it is started again when it ends well.
	Again bool
	// Numbered tells that each copy has a number.
	Numbered bool
}

// A pipeline's processes, by name; that of one which is not cut is "".
type deployedProcesses map[string]deployed

// add takes a process, or one more copy of it.
func (all deployedProcesses) add(d deployed) {
	_, d.Numbered = d.Env["FLOWC_REPLICA"]
	delete(d.Env, "FLOWC_REPLICA")
	name := d.Env["FLOWC_PROCESS"]
	delete(d.Env, "FLOWC_PROCESS")
	d.Settings = strings.Split(strings.TrimSpace(d.Env["FLOWC_SET"]), "\n")
	delete(d.Env, "FLOWC_SET")
	slices.Sort(d.Secrets)
	slices.Sort(d.Ports)
	slices.Sort(d.Dirs)
	if other, ok := all[name]; ok {
		d.Copies += other.Copies
	}
	all[name] = d
}

// TestTargetsAgree has the same program for all targets, and compares what they make of it.
func TestTargetsAgree(t *testing.T) {
	read := map[string]func(*testing.T, []backends.File) deployedProcesses{"k8s": fromKubernetes, "compose": fromCompose, "nomad": fromNomad, "local": fromUnits}
	for name, text := range agreeing {
		t.Run(name, func(t *testing.T) {
			all := map[string]deployedProcesses{}
			for target, options := range optionsOf[name] {
				all[target] = read[target](t, emitted(t, name, text, target, options))
			}
			want := all["k8s"]
			if processes, cut := processesOfCut[name]; cut && !slices.Equal(slices.Sorted(maps.Keys(want)), processes) {
				t.Fatalf("its processes are %v", slices.Sorted(maps.Keys(want)))
			}
			for process, d := range want {
				if len(d.Env) == 0 || d.Memory == 0 || d.Stop == 0 || d.Copies == 0 {
					t.Fatalf("nothing was read of k8s: %s %+v", process, d)
				}
			}
			for target, got := range all {
				want := maps.Clone(want)
				for process, own := range got { // addresses and folders of the host stay what they are, and there is one
					if w, ok := want[process]; ok && target == "local" {
						w.Settings, w.Ports, w.Dirs, w.Copies = own.Settings, own.Ports, own.Dirs, own.Copies
						// A unit must die of what no other target would start again (ADR 0024).
						w.Env = maps.Clone(w.Env)
						w.Env["GOTRACEBACK"] = "crash"
						want[process] = w
					}
				}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("k8s (-) and %s (+) differ: %s", target, diff)
				}
			}
		})
	}
}

func emitted(t *testing.T, name, text, at, options string) []backends.File {
	t.Helper()
	file := filepath.Join(t.TempDir(), name+".yaml")
	if err := os.WriteFile(file, []byte("pipeline: "+name+"\ntargets: {"+at+": "+options+"}"+text), 0o644); err != nil {
		t.Fatal(err)
	}
	r, err := driver.Compile(t.Context(), driver.Options{File: file, Targets: targetSchemas(), CacheDir: compilerCache})
	if err != nil || r.Diagnostics.HasErrors() {
		t.Fatal(err, r.Diagnostics)
	}
	b, err := target(at)
	if err != nil {
		t.Fatal(err)
	}
	if l := b.Check(r.Program, r.Program.Targets[at]); l.HasErrors() {
		t.Fatalf("%s: %v", at, l)
	}
	files, err := b.Emit(r.Program, r.Program.Targets[at], backends.Layout{})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// at follows keys, and numbers of items; nil where there is nothing.
func at(v any, path ...any) any {
	for _, p := range path {
		switch p := p.(type) {
		case string:
			m, _ := v.(map[string]any)
			v = m[p]
		case int:
			l, _ := v.([]any)
			if p >= len(l) {
				return nil
			}
			v = l[p]
		}
	}
	return v
}

func items(v any) []any { l, _ := v.([]any); return l }
func text(v any) string { s, _ := v.(string); return s }
func whole(v any) int {
	switch v := v.(type) {
	case int:
		return v
	case float64:
		return int(v)
	case string:
		n, _ := strconv.Atoi(v)
		return n
	}
	return 0
}

func mebibytes(t *testing.T, s string) int64 {
	t.Helper()
	n, err := strconv.ParseInt(strings.TrimRight(s, "Mi"), 10, 64)
	if err != nil {
		t.Fatalf("%q is no size in MiB", s)
	}
	return n
}

func fromKubernetes(t *testing.T, files []backends.File) deployedProcesses {
	all := deployedProcesses{}
	for _, f := range files {
		for dec := yaml.NewDecoder(strings.NewReader(string(f.Data))); ; {
			var doc map[string]any
			if dec.Decode(&doc) != nil {
				break
			}
			spec := at(doc, "spec")
			d := deployed{Env: map[string]string{}}
			switch doc["kind"] {
			case "Deployment", "StatefulSet":
				d.Copies, d.Again = whole(at(spec, "replicas")), true
			case "Job":
				d.Copies = whole(at(spec, "completions"))
			default:
				continue
			}
			for _, c := range items(at(spec, "volumeClaimTemplates")) {
				d.Dirs = append(d.Dirs, text(at(c, "metadata", "name")))
			}
			pod := at(spec, "template", "spec")
			for _, v := range items(at(pod, "volumes")) {
				if at(v, "persistentVolumeClaim") != nil {
					d.Dirs = append(d.Dirs, text(at(v, "name")))
				}
			}
			c := at(pod, "containers", 0)
			for _, e := range items(at(c, "env")) {
				if at(e, "valueFrom", "secretKeyRef") != nil {
					d.Secrets = append(d.Secrets, text(at(e, "name")))
				} else {
					d.Env[text(at(e, "name"))] = text(at(e, "value"))
				}
			}
			for _, p := range items(at(c, "ports")) {
				d.Ports = append(d.Ports, whole(at(p, "containerPort")))
			}
			for i, name := range d.Dirs { // what they are mounted at is what counts
				for _, m := range items(at(c, "volumeMounts")) {
					if text(at(m, "name")) == name {
						d.Dirs[i] = text(at(m, "mountPath"))
					}
				}
			}
			d.Memory = mebibytes(t, text(at(c, "resources", "limits", "memory")))
			d.Stop = time.Duration(whole(at(pod, "terminationGracePeriodSeconds"))) * time.Second
			all.add(d)
		}
	}
	return all
}

func fromCompose(t *testing.T, files []backends.File) deployedProcesses {
	all := deployedProcesses{}
	for _, f := range files {
		var doc map[string]any
		if filepath.Base(f.Path) != "compose.yaml" || yaml.Unmarshal(f.Data, &doc) != nil {
			continue
		}
		services, _ := doc["services"].(map[string]any)
		for _, s := range services {
			d := deployed{Env: map[string]string{}, Copies: 1}
			env, _ := at(s, "environment").(map[string]any)
			for name, v := range env {
				if strings.HasPrefix(text(v), "${") {
					d.Secrets = append(d.Secrets, name)
				} else {
					d.Env[name] = strings.ReplaceAll(text(v), "$$", "$")
				}
			}
			for _, p := range append(items(at(s, "ports")), items(at(s, "expose"))...) {
				d.Ports = append(d.Ports, whole(text(p)[strings.LastIndex(text(p), ":")+1:]))
			}
			for _, v := range items(at(s, "volumes")) {
				if at(v, "type") == "volume" {
					d.Dirs = append(d.Dirs, text(at(v, "target")))
				}
			}
			if n := whole(at(s, "deploy", "replicas")); n > 0 {
				d.Copies = n
			}
			d.Memory = mebibytes(t, text(at(s, "deploy", "resources", "limits", "memory")))
			d.Stop, _ = time.ParseDuration(text(at(s, "stop_grace_period")))
			d.Again = at(s, "restart") == "unless-stopped"
			all.add(d)
		}
	}
	return all
}

func fromNomad(t *testing.T, files []backends.File) deployedProcesses {
	all := deployedProcesses{}
	for _, f := range files {
		var doc map[string]any
		if !strings.HasSuffix(f.Path, ".json") {
			continue
		}
		if err := json.Unmarshal(f.Data, &doc); err != nil {
			t.Fatal(err)
		}
		job := at(doc, "Job")
		for _, group := range items(at(job, "TaskGroups")) {
			d := deployed{Env: map[string]string{}}
			task := at(group, "Tasks", 0)
			env, _ := at(task, "Env").(map[string]any)
			for name, v := range env {
				d.Env[name] = text(v)
			}
			for _, tpl := range items(at(task, "Templates")) {
				if at(tpl, "Envvars") != true {
					continue
				}
				for line := range strings.Lines(text(at(tpl, "EmbeddedTmpl"))) {
					if name, _, ok := strings.Cut(line, "={{"); ok {
						d.Secrets = append(d.Secrets, name)
					}
				}
			}
			for _, kind := range []string{"ReservedPorts", "DynamicPorts"} {
				for _, p := range items(at(group, "Networks", 0, kind)) {
					d.Ports = append(d.Ports, whole(at(p, "To")))
				}
			}
			for _, m := range items(at(task, "VolumeMounts")) {
				d.Dirs = append(d.Dirs, text(at(m, "Destination")))
			}
			d.Memory = int64(whole(at(task, "Resources", "MemoryMB")))
			d.Stop = time.Duration(whole(at(task, "KillTimeout")) + whole(at(group, "ShutdownDelay")))
			d.Copies = whole(at(group, "Count"))
			d.Again = at(job, "Type") == "service"
			all.add(d)
		}
	}
	return all
}

func fromUnits(t *testing.T, files []backends.File) deployedProcesses {
	d := deployed{Env: map[string]string{}}
	for _, f := range files {
		if filepath.Ext(f.Path) == ".md" { // tells what must be in the file of secrets
			for _, word := range strings.FieldsFunc(string(f.Data), func(r rune) bool { return strings.ContainsRune(" `=\n,.", r) }) {
				if slices.Contains([]string{"DATABASE_URL", "HOOK_TOKEN", "KAFKA_PASSWORD"}, word) && !slices.Contains(d.Secrets, word) {
					d.Secrets = append(d.Secrets, word)
				}
			}
		}
		for line := range strings.Lines(string(f.Data)) {
			key, value, _ := strings.Cut(strings.TrimSpace(line), "=")
			switch key {
			case "Environment":
				name, v, _ := strings.Cut(strings.Trim(value, `"`), "=")
				d.Env[name] = v
			case "MemoryMax":
				d.Memory = mebibytes(t, value)
			case "TimeoutStopSec":
				d.Stop = time.Duration(whole(value)) * time.Second
			case "WantedBy":
				d.Again = value == "multi-user.target"
			}
		}
	}
	all := deployedProcesses{}
	all.add(d)
	return all
}
