package fromflowctl

import (
	"strconv"
	"testing"
)

// Replicas are processes of their own, which share the events among them.
func replicasAreKept(t *testing.T) {
	doc := composed(t, `apiVersion: flowctl/v1
kind: Pipeline
metadata: {name: scaled}
spec:
  driver: docker
  edges: {nats: {url: "${env:NATS_URL}"}}
  targets: {compose: {broker: {}}}
  sources:
    - {id: in, use: http, config: {listen: ":8080"}, out: text}
  processors:
    - {id: upper, type: processor, command: [./upper], protocol: lines, inputs: [in], order: none, replicas: 3, on_error: {then: drop}}
  sinks:
    - {id: out, use: log, inputs: [upper], on_error: {then: drop}}
`)
	for i, name := range []string{"scaled-upper-0", "scaled-upper-1", "scaled-upper-2"} {
		env := at(doc, "services", name, "environment")
		same(t, at(env, "FLOWC_PROCESS"), "upper")
		same(t, at(env, "FLOWC_REPLICA"), strconv.Itoa(i))
	}
	if at(doc, "services", "scaled-upper-3") != nil {
		t.Error("there is a fourth")
	}
}
