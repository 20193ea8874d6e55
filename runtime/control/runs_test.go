package control

import (
	"testing"
	"time"

	"github.com/flowc-dev/flowc/runtime/proto"
)

// The record of a run stays when it has said farewell, when another one takes its place, and
// when it is not heard any more; nobody is wired to one, and one that was taken for lost is
// the same run when it is heard again.
func TestRuns(t *testing.T) {
	c := &clock{now: time.Unix(1_800_000_000, 0)}
	store := &fakeStore{records: map[string]Record{}}
	r := registry(t, Options{TTL: 30 * time.Second, Forget: time.Hour, KeepRuns: 24 * time.Hour, Now: c.time, Store: store})
	begin := func(started string) string {
		t.Helper()
		c.pass(time.Second) // in the order of their times they are read back
		id, err := r.Register(t.Context(), "shop@a", "", &proto.ComponentInfo{Id: "shop@a", OutputEventTypes: []string{"x.v1"}, Metadata: map[string]string{KeyKind: KindRun, KeyRun: "shop", KeyStarted: started}})
		if err != nil {
			t.Fatal(err)
		}
		return id
	}
	states := func(want ...string) {
		t.Helper()
		runs := r.Runs()
		if len(runs) != len(want) {
			t.Fatalf("%d runs, and not %q", len(runs), want)
		}
		for i, run := range runs {
			if got := run.Metrics[KeyState]; got != want[i] || (run.Ended.IsZero() != (want[i] == "ready" || want[i] == "")) || run.Metrics[KeyEnded] == "" != run.Ended.IsZero() {
				t.Errorf("run %d is %q, ended %v, and not %q", i, got, run.Ended, want[i])
			}
		}
	}
	beat := func(id, state string) {
		t.Helper()
		if err := r.Heartbeat(t.Context(), id, proto.HealthStatus_HEALTH_STATUS_HEALTHY, map[string]string{KeyState: state}); err != nil {
			t.Fatal(err)
		}
	}
	first := begin("1")
	beat(first, "ready")
	states("ready")
	if found := discovered(t, r); len(found) != 0 {
		t.Errorf("a run is told to who looks for components: %v", found)
	}
	beat(first, "ended")
	if err := r.Unregister(t.Context(), first); err != nil {
		t.Fatal(err)
	}
	states("ended")
	if r.Heartbeat(t.Context(), first, 0, nil) == nil || r.Unregister(t.Context(), first) == nil {
		t.Error("a record is taken for a run that is there")
	}
	if len(r.Components(nil)) != 0 {
		t.Error("a record is listed as a component")
	}
	begin("2") // and was killed
	third := begin("3")
	states("ended", StateLost, "")
	if again := begin("3"); again == third {
		t.Error("who registers again has the old id")
	}
	states("ended", StateLost, "")
	c.pass(2 * time.Hour)
	r.Sweep()
	states("ended", StateLost, StateLost)
	back := begin("3")
	beat(back, "ready")
	states("ended", StateLost, "ready")
	r.Close()

	again := registry(t, Options{KeepRuns: time.Hour, Now: c.time, Store: store})
	defer again.Close()
	r = again
	states("ended", StateLost, "ready")
	list, err := (&service{registry: r}).ListComponents(t.Context(), &proto.ListComponentsRequest{IncludeUnhealthy: true})
	if err != nil || len(list.GetComponents()) != 3 {
		t.Errorf("listed are %v: %v", list, err)
	}
	r.Sweep()
	states("ready")
}
