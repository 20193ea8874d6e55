package fromflowctl

import "testing"

// A diamond, as flowctl's users draw it: with the sink first, as init writes files, and
// nothing in the order in which it is run.
const diamond = `apiVersion: flowctl/v1
kind: Pipeline
metadata: {name: diamond}
spec:
  driver: process
  sinks:
    - {id: both, type: sink, command: [./standin, consumer, -out, both.got], inputs: [left, right]}
    - {id: one, type: sink, command: [./standin, consumer, -out, one.got], inputs: [right]}
    - {id: raw, type: sink, command: [./standin, consumer, -out, raw.got], inputs: [ledgers]}
  processors:
    - {id: left, type: processor, command: [./standin, processor], inputs: [ledgers]}
    - {id: right, type: processor, command: [./standin, processor], inputs: [ledgers]}
  sources:
    - {id: ledgers, type: source, command: [./standin, source], args: ["-count", "50"]}
`

// Both branches arrive where both are named, and each event once in each.
func diamondDeliversBoth(t *testing.T) {
	w := newWorld(t)
	w.write("pipeline.yaml", diamond)
	w.wants(w.ok("run", "pipeline.yaml").stderr, "diamond: 50 in · 200 out · 0 failed")
	w.got("both.got", events(0, 50, "left"), events(0, 50, "right"))
}

// A sink that names one of two processors, or the source itself, gets that alone.
func sinksGetTheirInputs(t *testing.T) {
	w := newWorld(t)
	w.write("pipeline.yaml", diamond)
	w.ok("run", "pipeline.yaml")
	w.got("one.got", events(0, 50, "right"))
	w.got("raw.got", events(0, 50, "standin-source"))
}

func sourceToSink(t *testing.T) {
	w := newWorld(t)
	w.write("pipeline.yaml", `apiVersion: flowctl/v1
kind: Pipeline
metadata: {name: straight}
spec:
  driver: process
  sources:
    - {id: ledgers, type: source, command: [./standin, source, -count, "30"]}
  processors: []
  sinks:
    - {id: store, type: sink, command: [./standin, consumer, -out, store.got], inputs: [ledgers]}
`)
	w.wants(w.ok("run", "pipeline.yaml").stderr, "straight: 30 in · 30 out · 0 failed")
	w.got("store.got", events(0, 30, "standin-source"))
}

// Two sources meet in a processor, and one of them goes to a sink of its own as well.
func twoSources(t *testing.T) {
	w := newWorld(t)
	w.write("pipeline.yaml", `apiVersion: flowctl/v1
kind: Pipeline
metadata: {name: sources}
spec:
  driver: process
  sources:
    - {id: old, type: source, command: [./standin, source, -count, "30"]}
    - {id: new, type: source, command: [./standin, source, -count, "60"], env: {START_LEDGER: "11"}}
  processors:
    - {id: join, type: processor, command: [./standin, processor], inputs: [old, new]}
  sinks:
    - {id: all, type: sink, command: [./standin, consumer, -out, all.got], inputs: [join]}
    - {id: fresh, type: sink, command: [./standin, consumer, -out, fresh.got], inputs: [new]}
`)
	w.ok("run", "pipeline.yaml")
	w.got("all.got", events(0, 60, "join"))
	w.got("fresh.got", events(30, 60, "standin-source"))
}
