package systemd

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/flowc-dev/flowc/backends/deploy"
)

// What is stopped stays, is not started with the machine, and is known to be stopped although
// the manager forgets it; it is started again as it was.
func TestRest(t *testing.T) {
	e, f := newFake(t)
	for _, change := range []error{e.Stop(t.Context(), "orders"), e.Restart(t.Context(), "orders")} {
		if change == nil || !strings.Contains(change.Error(), "orders has no units here") {
			t.Errorf("of what is not there it says %v", change)
		}
	}
	want := release(t, map[string]string{"orders.service": service("")})
	if err := e.Put(t.Context(), want, ""); err != nil {
		t.Fatal(err)
	}
	state := func() deploy.State {
		t.Helper()
		run, err := e.Run(t.Context(), "orders")
		if err != nil {
			t.Fatal(err)
		}
		return run.State()
	}
	if err := e.Stop(t.Context(), "orders"); err != nil {
		t.Fatal(err)
	}
	if !slices.Contains(f.did, "disable --now orders.service") || f.enabled["orders.service"] {
		t.Errorf("%q", f.did)
	}
	if is := state(); is != deploy.Stopped {
		t.Errorf("it is %s", is)
	}
	if p, err := deploy.NewPlan(t.Context(), e, want, false); err != nil || p.Empty() {
		t.Errorf("apply would leave it stopped: %v %v", p, err)
	}
	if err := e.Restart(t.Context(), "orders"); err != nil {
		t.Fatal(err)
	}
	if is := state(); is != deploy.Ready || !f.enabled["orders.service"] {
		t.Errorf("it is %s, and enabled: %v", is, f.enabled)
	}
	f.states = map[string]status{}
	if is := state(); is != deploy.Starting {
		t.Errorf("what nobody has stopped is %s", is)
	}

	if err := e.Stop(t.Context(), "orders"); err != nil {
		t.Fatal(err)
	}
	all, err := e.Releases(t.Context())
	if err != nil || len(all) != 1 {
		t.Fatal(all, err)
	}
	if err := e.Remove(t.Context(), "orders", all[0].Objects); err != nil {
		t.Fatal(err)
	}
	if left, _ := filepath.Glob(filepath.Join(e.Programs, "*")); len(left) > 0 {
		t.Errorf("%q is left", left)
	}
}
