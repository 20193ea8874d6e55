package fromflowctl

import (
	"strings"
	"testing"
)

// The run ends with its sources, by itself and well, and says what it did. (That this test
// ends is a part of what it shows.)
func boundedRunEnds(t *testing.T) {
	w := newWorld(t)
	w.write("pipeline.yaml", `apiVersion: flowctl/v1
kind: Pipeline
metadata: {name: bounded}
spec:
  driver: process
  sources:
    - id: ledgers
      type: source
      command: [./raw-ledger-source]
      env: {START_LEDGER: "5", END_LEDGER: "9"}
  processors:
    - {id: transfers, type: processor, command: [./standin, processor], inputs: [ledgers]}
  sinks:
    - {id: store, type: sink, command: [./standin, consumer, -out, store.got], inputs: [transfers]}
`)
	w.link("raw-ledger-source")
	e := w.ok("run", "pipeline.yaml")
	w.wants(e.stderr, "bounded: 15 in · 15 out · 0 failed", "stream from ledger 5")
	w.got("store.got", events(12, 27, "transfers"))
}

// A processor that dies at an event, and a source that dies on its way, are started again,
// and nothing is missing.
func crashedIsRestarted(t *testing.T) {
	w := newWorld(t)
	w.write("pipeline.yaml", `apiVersion: flowctl/v1
kind: Pipeline
metadata: {name: crash}
spec:
  driver: process
  sources:
    - {id: ledgers, type: source, command: [./standin, source, -count, "60", -break-after, "40", -saved, state]}
  processors:
    - id: transfers
      type: processor
      command: [./standin, processor, -die-once, died, -die-at, '{"n":20, "text":"n 20"}']
      inputs: [ledgers]
  sinks:
    - {id: store, type: sink, command: [./standin, consumer, -out, store.got], inputs: [transfers]}
`)
	e := w.ok("run", "pipeline.yaml")
	w.wants(e.stderr, "crash: 60 in · 60 out · 0 failed", "dying at", "stream from ledger 14, resume true")
	w.got("store.got", events(0, 60, "transfers"))
}

// A component that dies whenever it is started ends the run, which says which one it was and
// what it wrote last.
func goneEndsTheRun(t *testing.T) {
	w := newWorld(t)
	w.write("pipeline.yaml", `apiVersion: flowctl/v1
kind: Pipeline
metadata: {name: gone}
spec:
  driver: process
  sources:
    - {id: ledgers, type: source, command: [./standin, source]}
  processors:
    - {id: transfers, type: processor, command: [./transfers], inputs: [ledgers]}
  sinks:
    - {id: store, type: sink, command: [./standin, consumer, -out, store.got], inputs: [transfers]}
`)
	w.script("transfers", "echo no database is at db:5432 >&2; exit 3")
	e := w.flowc("run", "pipeline.yaml")
	if e.code == 0 || strings.Contains(e.stderr, "10 out") {
		t.Errorf("it ends well: %s", e)
	}
	w.wants(e.stderr, "pipeline.yaml:9: error: `transfers`", "no database is at db:5432")
}
