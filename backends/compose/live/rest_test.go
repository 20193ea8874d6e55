package live

import (
	"slices"
	"strings"
	"testing"
)

// containersOf are the answers about containers: a program, a component beside it, and a
// broker, as a release has them.
func containersOf(t *testing.T, state string) answers {
	t.Helper()
	r := testRelease(t)
	program := inspected(t, r, state)
	as := func(id, label string) string {
		return strings.NewReplacer(`"Id":"c1"`, `"Id":"`+id+`"`, "/shop-orders-1", "/shop-"+id+"-1", `"Labels":{`, `"Labels":{"`+label+`":"x",`).Replace(program)
	}
	return answers{
		"GET /containers/json":          `[{"Id":"broker"},{"Id":"c1"},{"Id":"beside"}]`,
		"GET /containers/c1/json":       program,
		"GET /containers/beside/json":   as("beside", "dev.flowc.component"),
		"GET /containers/broker/json":   as("broker", "dev.flowc.broker"),
		"POST /containers/c1/stop":      "",
		"POST /containers/beside/stop":  "304",
		"POST /containers/broker/stop":  "",
		"POST /containers/c1/start":     "",
		"POST /containers/beside/start": "",
		"POST /containers/broker/start": "304",
	}
}

func changes(asked []string) []string {
	return slices.DeleteFunc(slices.Clone(asked), func(call string) bool { return strings.HasPrefix(call, "GET ") })
}

// A program is stopped before what it drains into, and started after it; a broker that runs
// goes on.
func TestRest(t *testing.T) {
	e, asked := fake(t, containersOf(t, `{"Status":"running"}`))
	if err := e.Stop(t.Context(), "shop/orders"); err != nil {
		t.Fatal(err)
	}
	if got, want := changes(*asked), []string{"POST /containers/c1/stop", "POST /containers/beside/stop", "POST /containers/broker/stop"}; !slices.Equal(got, want) {
		t.Errorf("%q, not %q", got, want)
	}
	*asked = nil
	if err := e.Restart(t.Context(), "shop/orders"); err != nil {
		t.Fatal(err)
	}
	if got, want := changes(*asked), []string{"POST /containers/c1/stop", "POST /containers/beside/stop", "POST /containers/beside/start", "POST /containers/c1/start"}; !slices.Equal(got, want) {
		t.Errorf("%q, not %q", got, want)
	}

	e, asked = fake(t, containersOf(t, `{"Status":"exited"}`))
	if err := e.Restart(t.Context(), "shop/orders"); err != nil {
		t.Fatal(err)
	}
	if got, want := changes(*asked)[3:], []string{"POST /containers/broker/start", "POST /containers/beside/start", "POST /containers/c1/start"}; !slices.Equal(got, want) {
		t.Errorf("of what was stopped: %q, not %q", got, want)
	}
}

func TestRestRefused(t *testing.T) {
	none, _ := fake(t, answers{"GET /containers/json": `[]`})
	known := containersOf(t, `{"Status":"running"}`)
	known["POST /containers/c1/stop"] = `busy!{"message":"it is being removed"}`
	busy, asked := fake(t, known)
	for _, test := range []struct {
		e    *Engine
		says string
	}{{none, "shop/orders has no containers at "}, {busy, "shop-orders-1 can't be stopped: "}} {
		for _, change := range []error{test.e.Stop(t.Context(), "shop/orders"), test.e.Restart(t.Context(), "shop/orders")} {
			if change == nil || !strings.Contains(change.Error(), test.says) {
				t.Errorf("%v does not say %q", change, test.says)
			}
		}
	}
	if got := changes(*asked); slices.Contains(got, "POST /containers/beside/stop") {
		t.Errorf("what the program drains into is stopped before it has: %q", got)
	}
}

// A job that has ended does not run again; one that has not is for `apply` to bring to its
// end, before what waits for it.
func TestRestartJob(t *testing.T) {
	known := containersOf(t, `{"Status":"exited"}`)
	known["GET /containers/beside/json"] = strings.Replace(known["GET /containers/beside/json"], "dev.flowc.component", "dev.flowc.job", 1)
	e, asked := fake(t, known)
	if err := e.Restart(t.Context(), "shop/orders"); err != nil {
		t.Fatal(err)
	}
	if got := changes(*asked); slices.Contains(got, "POST /containers/beside/start") || !slices.Contains(got, "POST /containers/c1/start") {
		t.Errorf("%q", got)
	}
	known["GET /containers/beside/json"] = strings.Replace(known["GET /containers/beside/json"], `{"Status":"exited"}`, `{"Status":"exited","ExitCode":143}`, 1)
	e, asked = fake(t, known)
	if err := e.Restart(t.Context(), "shop/orders"); err == nil || !strings.Contains(err.Error(), "the job shop-beside-1 has not ended, and `flowc apply`") || len(changes(*asked)) > 0 {
		t.Errorf("%v, %q", err, changes(*asked))
	}
}
