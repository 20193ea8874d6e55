package fromflowctl

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// whole is a pipeline without a mistake. Tests change one line of it.
const whole = `apiVersion: flowctl/v1
kind: Pipeline
metadata:
  name: whole
spec:
  driver: process
  sources:
    - id: ledgers
      type: source
      command: [./standin, source]
      output_event_types: [stellar.ledger.v1]
  processors:
    - id: transfers
      type: processor
      command: [./standin, processor]
      inputs: [ledgers]
      input_event_types: [stellar.ledger.v1]
      output_event_types: [stellar.token.transfer.v1]
  sinks:
    - id: store
      type: sink
      command: [./standin, consumer]
      inputs: [transfers]
      input_event_types: [stellar.token.transfer.v1]
`

// A mistake is made in whole by putting new in the place of old, and is told at a line.
type mistake struct {
	old, new string
	says     string
}

// told has each mistake told alone, at the line where it stands.
func told(t *testing.T, mistakes ...mistake) {
	t.Helper()
	w := newWorld(t)
	w.write("pipeline.yaml", whole)
	w.ok("check", "pipeline.yaml")
	for _, m := range mistakes {
		if strings.Count(whole, m.old) != 1 {
			t.Fatalf("%q is in the pipeline %d times", m.old, strings.Count(whole, m.old))
		}
		text := strings.Replace(whole, m.old, m.new, 1)
		w.write("pipeline.yaml", text)
		line := 1
		for i, l := range strings.Split(text, "\n") {
			if !strings.Contains(whole, l+"\n") {
				line = i + 1
				break
			}
		}
		e := w.flowc("check", "pipeline.yaml")
		there := strings.Contains(e.stderr, fmt.Sprintf("pipeline.yaml:%d:", line)) || strings.Contains(e.stderr, fmt.Sprintf("\n%d | %s", line, m.new)) // or shown beside the place
		if e.code != 3 || !there || !strings.Contains(e.stderr, m.says) {
			t.Errorf("%q in line %d: %s", m.new, line, e)
		}
	}
}

func unknownFields(t *testing.T) {
	told(t,
		mistake{"      inputs: [transfers]", "      inptus: [transfers]", "did you mean `inputs`?"},
		mistake{"      command: [./standin, consumer]", "      command: [./standin, consumer]\n      health_endpoint: http://localhost:80/", "`health_endpoint` is no key of a sink"},
		mistake{"  driver: process", "  drivers: process", "did you mean `driver`?"},
		mistake{"  name: whole", "  name: whole\n  lables: {a: b}", "did you mean `labels`?"},
		mistake{"      command: [./standin, processor]", "      command: [./standin, processor]\n      resources: {limits: {memroy: 1Gi}}", "`memroy`"},
	)
}

func anyVersion(t *testing.T) {
	told(t,
		mistake{"apiVersion: flowctl/v1", "apiVersion: flowctl/v7", "`flowctl/v7` is no version of the language"},
		mistake{"apiVersion: flowctl/v1", "apiVersion: apps/v1", "apps/v1"},
		mistake{"kind: Pipeline", "kind: Deployment", "`kind` must be `Pipeline`"},
	)
}

func imageAndCommand(t *testing.T) {
	w := newWorld(t)
	w.write("pipeline.yaml", strings.Replace(whole, "      command: [./standin, consumer]\n", "      command: [./standin, consumer]\n      image: registry.example.org/store:1\n", 1))
	e := w.flowc("emit", "pipeline.yaml", "--target", "local", "-o", "out")
	if e.code != 3 {
		t.Errorf("it is emitted: %s", e)
	}
	w.wants(e.stderr, "`store` has an `image` and a `command`", "choose")
	w.contain()
	w.flowc("run", "pipeline.yaml") // in a container, whose entrypoint is the command
	w.wants(w.read("calls"), "--entrypoint ./standin", "registry.example.org/store:1 consumer")
}

func typesThatDoNotFit(t *testing.T) {
	told(t,
		mistake{"      input_event_types: [stellar.token.transfer.v1]", "      input_event_types: [stellar.trade.v1]", "`store` takes `stellar.trade.v1`, and `transfers` gives `stellar.token.transfer.v1`: nothing would pass"},
		mistake{"      input_event_types: [stellar.ledger.v1]", "      input_event_types: [stellar.leger.v1]", "nothing would pass"},
	)
}

func dangling(t *testing.T) {
	told(t,
		mistake{"  sinks:\n", "    - {id: extra, type: processor, command: [./standin, processor], inputs: [ledgers]}\n  sinks:\n", "nothing takes what `extra` sends on"},
		mistake{"      inputs: [ledgers]\n", "      inputs: []\n", "nothing reaches it"},
		mistake{"      inputs: [transfers]", "      inputs: [transfer]", "did you mean `transfers`?"},
		mistake{"      inputs: [transfers]", "      inputs: [transfers, store]", "`store`"},
	)
}

// Values of a wrong kind are found by the schema, which is asked for every file.
func schemaIsAsked(t *testing.T) {
	told(t,
		mistake{"      type: sink", "      type: sink\n      replicas: many", "`replicas` must be a whole number"},
		mistake{"      type: source", "      type: source\n      health_port: eighty", "health_port"},
		mistake{"      type: source", "      type: source\n      env: [A=1]", "`env` must be a mapping"},
		mistake{"    - id: store\n", "    - id: [store]\n", "id"},
		mistake{"  driver: process", "  driver: bare-metal", "`bare-metal` is no driver"},
	)
}

// All mistakes of a file are in one report, in the order of the lines.
func allAtOnce(t *testing.T) {
	w := newWorld(t)
	text := whole
	for _, m := range []mistake{
		{"kind: Pipeline", "kind: Pipelines", ""}, {"driver: process", "driver: nothing", ""}, {"[./standin, processor]", "[./standin, processor]\n      replica: 2", ""}, {"inputs: [transfers]", "inputs: [nobody]", ""},
	} {
		text = strings.Replace(text, m.old, m.new, 1)
	}
	w.write("pipeline.yaml", text)
	e := w.flowc("check", "pipeline.yaml")
	places := regexp.MustCompile(`(?m)^pipeline\.yaml:(\d+):\d+: error`).FindAllStringSubmatch(e.stderr, -1)
	var lines []string
	for _, p := range places {
		lines = append(lines, p[1])
	}
	if want := []string{"2", "6", "16", "24"}; !slices.Equal(lines, want) || e.code != 3 {
		t.Errorf("errors are told in lines %v, and not %v\n%s", lines, want, e)
	}
}

// What stands further down may be named further up.
func forwardReference(t *testing.T) {
	w := newWorld(t)
	w.write("pipeline.yaml", `apiVersion: flowctl/v1
kind: Pipeline
metadata: {name: forward}
spec:
  sinks:
    - {id: store, type: sink, command: [./standin, consumer, -out, store.got], inputs: [second]}
  processors:
    - {id: second, type: processor, command: [./standin, processor], inputs: [first]}
    - {id: first, type: processor, command: [./standin, processor], inputs: [ledgers]}
  sources:
    - {id: ledgers, type: source, command: [./standin, source]}
`)
	w.wants(w.ok("run", "pipeline.yaml").stderr, "forward: 10 in · 10 out")
	if lines := w.lines("store.got"); len(lines) != 10 || !strings.HasPrefix(lines[0], "e0-done-done|") || !strings.Contains(lines[0], "|second|") {
		t.Errorf("it got %q", lines)
	}
}

func cycleIsNamed(t *testing.T) {
	w := newWorld(t)
	w.write("pipeline.yaml", `apiVersion: flowctl/v1
kind: Pipeline
metadata: {name: round}
spec:
  sources:
    - {id: ledgers, type: source, command: [./standin, source]}
  processors:
    - {id: a, type: processor, command: [./standin, processor], inputs: [ledgers, c]}
    - {id: b, type: processor, command: [./standin, processor], inputs: [a]}
    - {id: c, type: processor, command: [./standin, processor], inputs: [b]}
  sinks:
    - {id: store, type: sink, command: [./standin, consumer], inputs: [c]}
`)
	e := w.flowc("check", "pipeline.yaml")
	if e.code != 3 {
		t.Error(e)
	}
	w.wants(e.stderr, "pipeline.yaml:8:", "`a` → `b` → `c` → `a`")
}

// Whoever is asked says the same, whatever the command wants to do with the file.
func oneVerdict(t *testing.T) {
	w := newWorld(t)
	w.write("pipeline.yaml", strings.Replace(whole, "inputs: [transfers]", "inputs: [nobody]", 1))
	want := w.flowc("check", "pipeline.yaml")
	if want.code != 3 {
		t.Fatal(want)
	}
	diagnostics := regexp.MustCompile(`(?m)^pipeline\.yaml:.*$`)
	for _, args := range [][]string{
		{"validate", "-f", "pipeline.yaml"},
		{"run", "pipeline.yaml"},
		{"build", "pipeline.yaml"},
		{"explain", "pipeline.yaml"},
		{"emit", "pipeline.yaml", "--target", "k8s", "-o", "k8s"},
		{"translate", "-f", "pipeline.yaml", "-o", "docker-compose"},
		{"translate", "-f", "pipeline.yaml", "-o", "nomad"},
		{"apply", "-f", "pipeline.yaml", "--target", "local", "--dry-run"},
	} {
		e := w.flowc(args...)
		if e.code != want.code || !slices.Equal(diagnostics.FindAllString(e.stderr, -1), diagnostics.FindAllString(want.stderr, -1)) {
			t.Errorf("%v: %s\nand check says %s", args, e, want)
		}
	}
}
