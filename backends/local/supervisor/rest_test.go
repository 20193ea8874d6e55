//go:build unix

package supervisor

import (
	"strings"
	"testing"

	"github.com/flowc-dev/flowc/backends/deploy"
)

// What was applied is stopped and kept, and started again as another process; what never was
// applied is an error of both.
func TestRest(t *testing.T) {
	e := newEngine(t)
	for _, change := range []error{e.Stop(t.Context(), "orders"), e.Restart(t.Context(), "orders")} {
		if change == nil || !strings.Contains(change.Error(), "nothing is applied") {
			t.Errorf("of what is not there it says %v", change)
		}
	}
	put(t, e, orders(t, "stays"))
	until(t, e, "ready", ready)
	first := stateOf(t, e).Processes[0].Is
	if err := e.Restart(t.Context(), "orders"); err != nil {
		t.Fatal(err)
	}
	until(t, e, "ready again", ready)
	second := stateOf(t, e).Processes[0].Is
	if first.Alive() || second == first {
		t.Errorf("it is still process %d", first.PID)
	}
	if err := e.Stop(t.Context(), "orders"); err != nil {
		t.Fatal(err)
	}
	until(t, e, "stopped", func(r *deploy.Run) bool { return r.State() == deploy.Stopped })
	if second.Alive() {
		t.Error("it runs on")
	}
	if all, err := e.Releases(t.Context()); err != nil || len(all) != 1 {
		t.Errorf("it is kept as %v: %v", all, err)
	}
	if err := e.Restart(t.Context(), "orders"); err != nil {
		t.Fatal(err)
	}
	until(t, e, "ready a third time", ready)
}
