package program

import (
	"testing"

	"github.com/flowc-dev/flowc/runtime/flow"
)

// Who asks before the start is told what each node is: a control plane registers them by that.
func TestRolesBeforeTheStart(t *testing.T) {
	table := []flow.Node{{Name: "in", Kind: flow.KindSource}, {Name: "work", Kind: flow.KindProcessor}, {Name: "out", Kind: flow.KindSink}}
	want := []string{roleSource, roleStep, roleSink}
	for i, n := range nodesOf(table, &flow.Snapshot{}) {
		if n.Name != table[i].Name || n.Role != want[i] {
			t.Errorf("%s is a %s, and not a %s", n.Name, n.Role, want[i])
		}
	}
}
