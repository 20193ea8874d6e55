package live

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/nomad/api"

	"github.com/flowc-dev/flowc/backends/deploy"
)

// trying is a cluster that takes a job and has its secrets, with what becomes of a try.
func trying(alloc string, more ...string) map[string]string {
	return with(nil, append([]string{
		"PUT /v1/validate/job", `{}`, "PUT /v1/job/orders/plan", `{}`,
		"GET /v1/var/nomad/jobs/orders", `{"Path":"nomad/jobs/orders","Items":{"KEY":"hush","MORE":"x"}}`,
		"PUT /v1/var/nomad/jobs/orders-flowc-try", `{}`, "DELETE /v1/var/nomad/jobs/orders-flowc-try", `{}`,
		"PUT /v1/jobs", `{}`, "DELETE /v1/job/orders-flowc-try", `{}`,
		"GET /v1/job/orders-flowc-try", `{"ID":"orders-flowc-try","Type":"batch"}`,
		"GET /v1/job/orders-flowc-try/allocations", "[" + allocation(alloc) + "]",
	}, more...)...)
}

const (
	tryEnded  = `"ClientStatus":"complete","NodeName":"n1","TaskStates":{"orders":{"State":"dead","Events":[{"Type":"Terminated"}]}}`
	tryFailed = `"ClientStatus":"failed","TaskStates":{"orders":{"State":"dead","StartedAt":"2026-01-01T00:00:00Z","Events":[{"Type":"Terminated","ExitCode":2}]}}`
	noImage   = `"ClientStatus":"failed","TaskStates":{"orders":{"State":"dead","Events":[{"Type":"Driver Failure","DisplayMessage":"Failed to pull"}]}}`
	logPath   = "GET /v1/client/fs/logs/0123456789abcdef"
)

// What can't start is refused, each for its reason, and nothing of the try is left.
func TestTry(t *testing.T) {
	for _, c := range []struct {
		name    string
		answers map[string]string
		want    string // the reason, "" for none
	}{
		{"well", trying(tryEnded), ""},
		{"no job", trying(tryEnded, "PUT /v1/validate/job", `{"ValidationErrors":["1 error occurred:\n\t* no driver\n"]}`), "Nomad does not take the job orders: no driver"},
		{"no client", trying(tryEnded, "PUT /v1/job/orders/plan", `{"FailedTGAllocs":{"orders":{"NodesEvaluated":1,"ConstraintFiltered":{"missing drivers":1}}}}`), "no client can take orders: 1 of 1 clients lack what it needs (missing drivers)"},
		{"full clients", trying(tryEnded, "PUT /v1/job/orders/plan", `{"FailedTGAllocs":{"orders":{"NodesEvaluated":1,"NodesExhausted":1}}}`), ""},
		{"no variable", trying(tryEnded, "GET /v1/var/nomad/jobs/orders", "404 none"), "the variable nomad/jobs/orders of Nomad's lacks secrets: nomad var put nomad/jobs/orders KEY=…"},
		{"no item", trying(tryEnded, "GET /v1/var/nomad/jobs/orders", `{"Items":{"MORE":"x"}}`), "lacks secrets with what it has already"},
		{"a wrong setting", trying(tryFailed, logPath, "orders: error: there is no key\n"), "orders: error: there is no key\norders: error: there is no key"},
		{"nothing said", trying(tryFailed), "it ended with exit code 2"},
		{"no image", trying(noImage), "Failed to pull"},
		{"no room", trying(tryEnded, "GET /v1/job/orders-flowc-try/allocations", "[]", "GET /v1/job/orders-flowc-try/evaluations", `[{"Status":"blocked"}]`), ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			e, f := fake(t, c.answers)
			err := e.Try(t.Context(), testRelease(t))
			var refused *deploy.Refused
			switch {
			case c.want == "" && err != nil:
				t.Fatal(err)
			case c.want != "" && !errors.As(err, &refused):
				t.Fatal(err)
			case c.want != "" && (!strings.HasPrefix(err.Error(), "orders h1 can't start, and what runs was not touched:\n") || !strings.Contains(err.Error(), c.want)):
				t.Error(err)
			}
			if tried := f.bodies["PUT /v1/jobs"] != ""; tried && !strings.HasSuffix(f.writes(), "DELETE /v1/job/orders-flowc-try, DELETE /v1/var/nomad/jobs/orders-flowc-try") {
				t.Error(f.writes())
			}
			if strings.Contains(f.bodies["PUT /v1/jobs"], "hush") {
				t.Error("a secret is in the job")
			}
		})
	}
}

// A try has what decides whether the program starts, and nothing that the copy that runs
// may not share.
func TestTryJob(t *testing.T) {
	e, f := fake(t, trying(tryEnded))
	if err := e.Try(t.Context(), testRelease(t)); err != nil {
		t.Fatal(err)
	}
	var sent struct{ Job *api.Job }
	if err := json.Unmarshal([]byte(f.bodies["PUT /v1/jobs"]), &sent); err != nil {
		t.Fatal(err)
	}
	j := sent.Job
	g := j.TaskGroups[0]
	task := g.Tasks[0]
	if *j.ID != "orders-flowc-try" || *j.Type != "batch" || len(j.Meta) > 0 || len(g.Services) > 0 || *g.RestartPolicy.Attempts != 0 {
		t.Errorf("%+v", j)
	}
	if len(g.Networks[0].ReservedPorts) > 0 || len(g.Networks[0].DynamicPorts) != 2 || g.Networks[0].DynamicPorts[1].Value != 0 || task.Config["ports"] != nil {
		t.Errorf("ports: %+v %v", g.Networks[0], task.Config["ports"])
	}
	if len(g.Volumes) != 1 || !g.Volumes["state"].ReadOnly || len(task.VolumeMounts) != 1 || !*task.VolumeMounts[0].ReadOnly {
		t.Errorf("volumes: %+v %+v", g.Volumes, task.VolumeMounts)
	}
	if d := cmp.Diff([]any{"check"}, task.Config["args"]); d != "" || !strings.Contains(*task.Templates[0].EmbeddedTmpl, `nomadVar "nomad/jobs/orders-flowc-try"`) || *task.Templates[0].ChangeMode != "noop" {
		t.Errorf("%s %s", d, *task.Templates[0].EmbeddedTmpl)
	}
	var v api.Variable
	if err := json.Unmarshal([]byte(f.bodies["PUT /v1/var/nomad/jobs/orders-flowc-try"]), &v); err != nil || v.Items["KEY"] != "hush" {
		t.Errorf("%v %+v", err, v)
	}
}

// Where secrets are not to be read, what is left to try is the image and its program.
func TestTryWithoutSecrets(t *testing.T) {
	e, f := fake(t, trying(tryEnded, "GET /v1/var/nomad/jobs/orders", "403 Permission denied"))
	if err := e.Try(t.Context(), testRelease(t)); err != nil {
		t.Fatal(err)
	}
	text := f.bodies["PUT /v1/jobs"]
	if !strings.Contains(text, `"args":["--version"]`) || strings.Contains(text, "nomadVar") || strings.Contains(text, "secrets/") || strings.Contains(f.writes(), "/v1/var/") {
		t.Errorf("%s\n%s", text, f.writes())
	}
	secrets := map[string]map[string]string{"a": {"X": "1"}, "b": {"X": "2"}}
	for text, want := range map[string]bool{`{{ secret "kv" }}`: false, `{{ nomadVar "b" }}`: false, `{{ nomadVar "a" }}`: true, "plain": true} {
		if _, ok := tried(api.Template{EmbeddedTmpl: &text}, "t", secrets, map[string]string{}); ok != want {
			t.Errorf("%s: %t", text, ok)
		}
	}
}

// A binary that a client has may be one of another version.
func TestTryBinary(t *testing.T) {
	j := testJob()
	task := j.TaskGroups[0].Tasks[0]
	task.Driver, task.Config, task.Templates = "raw_exec", map[string]any{"command": "/srv/orders"}, nil
	r := testRelease(t, j)
	for log, want := range map[string]string{
		"orders h1 could start\n": "",
		"orders h0 could start\n": `the binary /srv/orders on n1 is another one: it says "orders h0 could start\norders h0 could start", and this version is h1`,
		"":                        "",
	} {
		e, f := fake(t, trying(strings.Replace(tryEnded, `"State":"dead"`, `"State":"dead","StartedAt":"2026-01-01T00:00:00Z"`, 1), logPath, log))
		err := e.Try(t.Context(), r)
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%q: %v", log, err)
		}
		if strings.Contains(f.writes(), "/v1/var/") {
			t.Error(f.writes())
		}
	}
	// What is there for the program is not asked, nor what is not its own image.
	task.Lifecycle = &api.TaskLifecycle{Hook: api.TaskLifecycleHookPrestart}
	if all := tries(j, r, nil); len(all) > 0 {
		t.Errorf("%+v", all)
	}
	task.Lifecycle = nil
	j.TaskGroups[0].Tasks[0].Config = map[string]any{"image": "nats:2"}
	if all := tries(j, r, nil); len(all) > 0 {
		t.Errorf("%+v", all)
	}
}
