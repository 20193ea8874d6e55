package fromflowctl

import (
	"strings"
	"testing"
)

// withServices is a pipeline that needs a server.
const withServices = `apiVersion: flowctl/v1
kind: Pipeline
metadata: {name: bus}
spec:
  types:
    Event: {n: int64}
  sources:
    - {id: made, use: generate, config: {count: 10, fields: {n: i}}, out: Event}
  sinks:
    - {id: bus, inputs: [made], use: nats, config: {url: "${env:NATS_URL}", subject: shop.events}}
`

// Each command is a process of its own: what one has started the others see, ask, use and
// stop.
func sandboxFromOtherProcesses(t *testing.T) {
	w := newWorld(t)
	w.write("pipeline.yaml", withServices)
	t.Cleanup(func() { w.flowc("sandbox", "stop", "--fresh") })
	w.ok("sandbox", "start", "--services-only", "pipeline.yaml")
	if e := w.ok("sandbox", "status"); !strings.Contains(e.stdout, "nats") || !strings.Contains(e.stdout, "ready") {
		t.Errorf("status: %s", e)
	}
	w.wants(w.ok("sandbox", "logs").stdout, "ready")
	e := w.ok("sandbox", "exec", "--", toolsDir+"/flowc", "run", "pipeline.yaml")
	w.wants(e.stdout+e.stderr, "bus: 10 in · 10 out · 0 failed")
	w.wants(w.ok("sandbox", "stop").stdout, "is stopped")
	if e := w.flowc("sandbox", "status"); strings.Contains(e.stdout, "ready") {
		t.Errorf("it runs on: %s", e)
	}
}

// A command that does nothing is none: it says so, and ends with an error.
func sandboxPretendsNothing(t *testing.T) {
	w := newWorld(t)
	if e := w.flowc("sandbox", "upgrade"); e.code == 0 || strings.Contains(e.stdout, "success") {
		t.Errorf("upgrade: %s", e)
	}
	if e := w.flowc("sandbox", "stop"); strings.Contains(e.stdout, "is stopped") {
		t.Errorf("nothing was started, and is stopped: %s", e)
	}
}
