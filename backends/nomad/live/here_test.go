package live

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/nomad/api"

	"github.com/flowc-dev/flowc/backends/deploy"
	container "github.com/flowc-dev/flowc/backends/oci/live"
)

// Where this machine is the only client, images are loaded into its container engine,
// are found there, and go with the release: one that a container still has, a moment
// later.
func TestHere(t *testing.T) {
	name, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	const image = "orders:h1-000000000000"
	left := map[string]bool{image: true, "orders:h1-111111111111": true}
	busy := true
	var asked []string
	docker := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		of := strings.TrimSuffix(strings.TrimPrefix(r.URL.Path, "/images/"), "/json")
		switch {
		case r.URL.Path == "/version":
			fmt.Fprint(w, `{"Os":"linux","Arch":"arm64"}`)
		case r.URL.Path == "/images/json":
			fmt.Fprintf(w, `[{"RepoTags":["orders:mine","%s","orders:h1-111111111111"],"Labels":{"dev.flowc.hash":"h1"}}]`, image)
		case r.Method == http.MethodDelete && busy:
			busy = false
			w.WriteHeader(http.StatusConflict)
			fmt.Fprint(w, `{"message":"a container has it"}`)
		case r.Method == http.MethodDelete:
			asked = append(asked, of)
			delete(left, of)
		case left[of]:
			fmt.Fprint(w, `{"Id":"sha256:1"}`)
		default:
			w.WriteHeader(http.StatusNotFound)
		}
	}))
	t.Cleanup(docker.Close)
	answers := with(nil, "GET /v1/nodes", `[{"ID":"1","Status":"ready","Address":"127.0.0.1"}]`, "GET /v1/node/1", fmt.Sprintf(`{"Name":"here","Attributes":{"unique.hostname":%q}}`, name),
		"GET /v1/job/orders", known(t, nil), "PUT /v1/job/orders/plan", `{"Diff":{"Type":"None"}}`)
	e, _ := fake(t, answers)
	e.containers = func() (*container.Engine, error) {
		return container.Open(container.Address{Host: strings.Replace(docker.URL, "http://", "tcp://", 1)})
	}
	if p, err := e.Platform(t.Context()); err != nil || p.String() != "linux/arm64" {
		t.Error(p, err)
	}
	if has, err := e.Has(t.Context(), image); err != nil || !has {
		t.Error(has, err)
	}
	p, err := deploy.NewPlan(t.Context(), e, testRelease(t), true)
	if err != nil || len(p.Changes) != 2 || p.Changes[1].Action != deploy.Delete || p.Changes[1].Name != "orders:h1-111111111111" {
		t.Fatalf("%+v %v", p, err)
	}
	all, err := e.Releases(t.Context())
	if err != nil || len(all) != 1 || len(all[0].Objects) != 3 {
		t.Fatalf("%+v %v", all, err)
	}
	if err := e.Remove(t.Context(), "orders", all[0].Objects[1:]); err != nil || len(left) > 0 {
		t.Error(err, left)
	}
	if d := cmp.Diff([]string{image, "orders:h1-111111111111"}, asked); d != "" {
		t.Error(d)
	}
}

// Who follows a log gets the copies that come later, of whatever version, until he stops.
func TestFollow(t *testing.T) {
	const log = "GET /v1/client/fs/logs/"
	copyOf := func(id, version string) string {
		return `{"ID":"` + id + `","Namespace":"default","TaskGroup":"orders","JobVersion":` + version + `,"DesiredStatus":"run","ClientStatus":"complete","TaskStates":{"orders":{"State":"dead","StartedAt":"2026-01-01T00:00:00Z"}}}`
	}
	e, f := fake(t, with(nil, "GET /v1/job/orders", known(t, nil), "GET /v1/job/orders/allocations", "["+copyOf("aaaaaaaaaaaa", "3")+","+copyOf("00000000aaaa", "2")+"]",
		log+"aaaaaaaaaaaa", "one\n", log+"bbbbbbbbbbbb", "two\nthree\n", log+"00000000aaaa", "old\n"))
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	seen := map[string]int{}
	err := e.Logs(ctx, "orders", deploy.LogOptions{Follow: true, Tail: -1}, func(l deploy.Line) {
		seen[l.Instance+" "+l.Text]++
		switch {
		case l.Text == "one" && seen["orders-aaaaaaaa one"] == 2: // of two streams
			f.mu.Lock()
			f.answers["GET /v1/job/orders/allocations"] = "[" + copyOf("aaaaaaaaaaaa", "3") + "," + copyOf("bbbbbbbbbbbb", "4") + "]"
			f.mu.Unlock()
		case seen["orders-bbbbbbbb three"] == 2:
			cancel()
		}
	})
	if !errors.Is(err, context.Canceled) || seen["orders-00000000 old"] != 0 || seen["orders-bbbbbbbb two"] != 2 {
		t.Errorf("%v %v", err, seen)
	}
}

// What a schedule has begun is in the log of what it belongs to.
func TestLogsPeriodic(t *testing.T) {
	e, _ := fake(t, with(nil, "GET /v1/job/orders", known(t, func(j *api.Job) { j.Type, j.Periodic = new("batch"), &api.PeriodicConfig{Specs: []string{"@daily"}} }),
		"GET /v1/jobs?prefix=orders/periodic-", `[{"ID":"orders/periodic-1","ParentID":"orders"}]`,
		"GET /v1/job/orders/periodic-1", known(t, func(j *api.Job) { j.ID, j.Type = new("orders/periodic-1"), new("batch") }),
		"GET /v1/job/orders/periodic-1/allocations", "["+allocation(tryFailed)+"]", logPath, "a run\n"))
	var lines []string
	if err := e.Logs(t.Context(), "orders", deploy.LogOptions{Tail: -1}, func(l deploy.Line) { lines = append(lines, l.Text) }); err != nil || !slices.Equal(lines, []string{"a run", "a run"}) {
		t.Error(lines, err)
	}
}

// A batch whose run has failed is one to start; one that waits for its next try is not.
func TestIdle(t *testing.T) {
	for alloc, want := range map[string]string{
		tryFailed: "its run has failed with exit code 2",
		strings.Replace(tryFailed, `"ClientStatus"`, `"FollowupEvalID":"e","ClientStatus"`, 1): "",
		tryEnded: "",
	} {
		e, _ := fake(t, with(nil, "GET /v1/job/orders/allocations", "["+allocation(alloc)+"]"))
		j := testJob()
		j.Type = new("batch")
		if got, err := e.idle(t.Context(), "default", j); got != want || err != nil {
			t.Errorf("%q, not %q: %v", got, want, err)
		}
	}
}
