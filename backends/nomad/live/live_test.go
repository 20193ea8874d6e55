package live

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/nomad/api"

	"github.com/flowc-dev/flowc/backends/deploy"
	"github.com/flowc-dev/flowc/backends/nomad"
	container "github.com/flowc-dev/flowc/backends/oci/live"
)

// A fakeCluster knows some answers, by method and path, and notes what it is asked.
type fakeCluster struct {
	mu      sync.Mutex
	answers map[string]string
	asked   []string
	bodies  map[string]string
	header  http.Header
	then    func(call string) // what a call changes
}

// fake is an engine for a cluster that knows some answers. One that begins with a number
// and a space has that status.
func fake(t *testing.T, answers map[string]string) (*Engine, *fakeCluster) {
	t.Helper()
	f := &fakeCluster{answers: answers, bodies: map[string]string{}}
	s := httptest.NewServer(f)
	t.Cleanup(s.Close)
	t.Setenv("NOMAD_ADDR", s.URL)
	e, err := Open(func() (*container.Engine, error) { return nil, errors.New("no container engine here") })
	if err != nil {
		t.Fatal(err)
	}
	e.patience = 1
	return e, f
}

func (f *fakeCluster) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	call := r.Method + " " + r.URL.Path
	if p := r.URL.Query().Get("prefix"); p != "" {
		call += "?prefix=" + p
	}
	text, err := io.ReadAll(r.Body)
	if err != nil {
		panic(err)
	}
	f.asked, f.bodies[call], f.header = append(f.asked, call), string(text), r.Header
	answer, ok := f.answers[call]
	status := http.StatusOK
	switch {
	case !ok && strings.Contains(call, "?prefix="):
		answer = "[]"
	case !ok:
		answer, status = "not found", http.StatusNotFound
	default:
		var n int
		if _, err := fmt.Sscanf(answer, "%d ", &n); err == nil && n > 200 {
			status, answer = n, answer[4:]
		}
	}
	if offset, err := strconv.Atoi(r.URL.Query().Get("offset")); err == nil && r.URL.Query().Get("origin") == "end" {
		answer = answer[max(0, len(answer)-offset):]
	}
	if f.then != nil {
		f.then(call)
	}
	w.WriteHeader(status)
	_, _ = io.WriteString(w, answer)
}

// writes are the calls that change something.
func (f *fakeCluster) writes() string {
	var all []string
	for _, call := range f.asked {
		if !strings.HasPrefix(call, "GET ") && !strings.HasSuffix(call, "/plan") && !strings.HasSuffix(call, "/validate/job") {
			all = append(all, call)
		}
	}
	return strings.Join(all, ", ")
}

// testJob is a job as a pipeline gives it.
func testJob() *api.Job {
	return &api.Job{
		ID: new("orders"), Name: new("orders"), Type: new("service"), Meta: map[string]string{nomad.MetaPipeline: "orders", nomad.MetaHash: "h1"},
		TaskGroups: []*api.TaskGroup{{
			Name: new("orders"), Count: new(1),
			Networks: []*api.NetworkResource{{ReservedPorts: []api.Port{{Label: "events", Value: 8080, To: 8080}}, DynamicPorts: []api.Port{{Label: "metrics", To: 9090}}}},
			Volumes:  map[string]*api.VolumeRequest{"state": {Name: "state", Type: "host", Source: "state"}, "csi": {Name: "csi", Type: "csi", Source: "csi", AccessMode: "single-node-writer"}},
			Tasks: []*api.Task{{
				Name: "orders", Driver: "docker",
				Config:       map[string]any{"image": "orders:h1-000000000000", "ports": []any{"events"}, "mounts": []any{map[string]any{"source": "secrets/token", "target": "/run/token"}, map[string]any{"type": "tmpfs", "target": "/tmp"}}},
				Templates:    []*api.Template{{EmbeddedTmpl: new(`{{ with nomadVar "nomad/jobs/orders" }}KEY={{ .KEY | toJSON }}{{ end }}`), DestPath: new("secrets/env"), Envvars: new(true), ChangeMode: new("restart")}},
				VolumeMounts: []*api.VolumeMount{{Volume: new("state"), Destination: new("/data")}, {Volume: new("csi"), Destination: new("/archive")}},
			}},
		}},
	}
}

func testRelease(t *testing.T, jobs ...*api.Job) *deploy.Release {
	t.Helper()
	if len(jobs) == 0 {
		jobs = []*api.Job{testJob()}
	}
	r, err := Release(&nomad.Jobs{Pipeline: "orders", Hash: "h1", Jobs: jobs, Items: map[string][]string{"nomad/jobs/orders": {"KEY"}}}, "/src", "orders:h1-000000000000")
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// known is a job as the cluster has it.
func known(t *testing.T, change func(*api.Job)) string {
	t.Helper()
	j := testJob()
	j.Namespace, j.Version, j.JobModifyIndex, j.SubmitTime, j.Stop = new("default"), new(uint64(3)), new(uint64(7)), new(int64(0)), new(false)
	j.Meta[metaFolder] = "/src"
	if change != nil {
		change(j)
	}
	text, err := json.Marshal(j)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// stub is how the cluster lists a job.
const stub = `[{"ID":"orders","Namespace":"default","Meta":{"flowc.dev/pipeline":"orders","flowc.dev/hash":"h1"}},{"ID":"orders/periodic-1","ParentID":"orders","Meta":{"flowc.dev/pipeline":"orders"}},{"ID":"other"}]`

func with(answers map[string]string, more ...string) map[string]string {
	all := map[string]string{"GET /v1/nodes": `[]`, "GET /v1/jobs": stub}
	for k, v := range answers {
		all[k] = v
	}
	for i := 0; i < len(more); i += 2 {
		all[more[i]] = more[i+1]
	}
	return all
}

func TestRelease(t *testing.T) {
	r := testRelease(t)
	if r.ID != "orders" || !strings.Contains(string(r.Manifest), `"flowc.dev/folder":"/src"`) || strings.Contains(string(r.Manifest), metaRelease) {
		t.Errorf("%s: %s", r.ID, r.Manifest)
	}
	t.Setenv("NOMAD_NAMESPACE", "shop")
	edges := testJob()
	edges.ID = new("orders-edges")
	r = testRelease(t, testJob(), edges)
	if r.ID != "shop/orders" || strings.Count(string(r.Manifest), `"flowc.dev/release":"orders"`) != 2 {
		t.Errorf("%s: %s", r.ID, r.Manifest)
	}
	jobs, err := manifest(r)
	if err != nil || len(jobs.Jobs) != 2 || *jobs.Jobs[1].Namespace != "shop" || jobs.Items["nomad/jobs/orders"][0] != "KEY" {
		t.Errorf("%+v %v", jobs, err)
	}
	for _, bad := range []string{`{`, `{"jobs": []}`} {
		if _, err := manifest(&deploy.Release{Pipeline: "orders", Manifest: []byte(bad)}); err == nil || !strings.Contains(err.Error(), "orders") {
			t.Errorf("%s: %v", bad, err)
		}
	}
	if a, b := split("shop/orders"); a != "shop" || b != "orders" {
		t.Error(a, b)
	}
}

// The variables of Nomad's own command count, and nothing else.
func TestOpen(t *testing.T) {
	t.Setenv("NOMAD_TOKEN", "hush")
	e, f := fake(t, map[string]string{"GET /v1/jobs": `[]`})
	if all, err := e.Releases(t.Context()); err != nil || len(all) > 0 {
		t.Error(all, err)
	}
	if f.header.Get("X-Nomad-Token") != "hush" || !strings.HasPrefix(e.Place(), "Nomad at http://127.0.0.1:") {
		t.Error(f.header, e.Place())
	}
	t.Setenv("NOMAD_CACERT", "/nowhere/ca.pem")
	if _, err := Open(nil); err == nil || !strings.Contains(err.Error(), "/nowhere/ca.pem") || !strings.Contains(err.Error(), "NOMAD_CACERT") {
		t.Error(err)
	}
}

// Who is not let in, or asks at the wrong place, is told what to do.
func TestErrors(t *testing.T) {
	for _, c := range []struct{ answer, want string }{
		{"403 Permission denied", "does not let you do that: Permission denied\nNOMAD_TOKEN"},
		{"400 Client sent an HTTP request to an HTTPS server.", "NOMAD_ADDR must begin with https://"},
		{"500 No path to region", "NOMAD_REGION"},
		{"500 1 error occurred:\n\t* Task group a validation failed: 2 errors occurred:\n\t* no driver\n\t* no name\n", "refuses: no driver; no name"},
	} {
		e, _ := fake(t, map[string]string{"GET /v1/jobs": c.answer})
		if _, err := e.Releases(t.Context()); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", c.answer, err)
		}
	}
	t.Setenv("NOMAD_ADDR", "http://127.0.0.1:1")
	e, err := Open(nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := e.Releases(t.Context()); err == nil || !strings.Contains(err.Error(), "nothing answers as Nomad at http://127.0.0.1:1: dial tcp 127.0.0.1:1: connect: connection refused\nNOMAD_ADDR says where Nomad is") {
		t.Error(err)
	}
	s := httptest.NewUnstartedServer(http.NotFoundHandler())
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.StartTLS()
	defer s.Close()
	t.Setenv("NOMAD_ADDR", s.URL)
	if e, err = Open(nil); err != nil {
		t.Fatal(err)
	}
	if _, err := e.Releases(t.Context()); err == nil || !strings.Contains(err.Error(), "NOMAD_CACERT") {
		t.Error(err)
	}
}

// A plan is what Nomad's own has, and what a person did since is in it.
func TestPreview(t *testing.T) {
	changed := `{"Type":"Edited","ID":"orders","Fields":[{"Type":"Edited","Name":"Meta[flowc.dev/hash]","Old":"h0","New":"h1"},{"Type":"None","Name":"Priority","Old":"50","New":"50"}],
		"TaskGroups":[{"Type":"Edited","Name":"orders","Tasks":[{"Type":"Edited","Name":"orders","Fields":[{"Type":"Added","Name":"Env[KEY]","New":"a"},{"Type":"Deleted","Name":"Config[mounts][0][target]","Old":"/x"}],
		"Objects":[{"Type":"Edited","Name":"Resources","Fields":[{"Type":"Edited","Name":"MemoryMB","Old":"64","New":"128"}]},{"Type":"Added","Name":"Template","Fields":[{"Type":"Added","Name":"DestPath","New":"secrets/env"},{"Type":"Added","Name":"Once","New":"false"}]}]}]}]}`
	for _, c := range []struct {
		name, plan string
		have       func(*api.Job)
		absent     bool
		want       string
	}{
		{"new", `{"Diff":{"Type":"Added"}}`, nil, true, "create job orders"},
		{"the same", `{"Diff":{"Type":"None"}}`, nil, false, "keep job orders"},
		{
			"changed", `{"Diff":` + changed + `,"Annotations":{"DesiredTGUpdates":{"orders":{"DestructiveUpdate":1}}}}`, nil, false,
			"change job orders (its copy is replaced, after a stop that may take 0s) Meta.flowc.dev/hash TaskGroups[orders].Tasks[orders].Config.mounts.0.target TaskGroups[orders].Tasks[orders].Env.KEY TaskGroups[orders].Tasks[orders].Resources.MemoryMB TaskGroups[orders].Tasks[orders].Template[secrets/env].DestPath",
		},
		{
			"a process more", `{"Diff":{"Type":"Edited","TaskGroups":[{"Type":"Added","Name":"busy","Fields":[{"Type":"Added","Name":"Count","New":"2"}],"Tasks":[{"Type":"Added","Name":"busy","Fields":[{"Type":"Added","Name":"Config[image]","New":"orders:h1"}]}]},
			{"Type":"Edited","Name":"orders","Tasks":[{"Type":"Deleted","Name":"side","Fields":[{"Type":"Deleted","Name":"Config[command]","Old":"/bin/side"}]}]}]}}`, nil, false,
			"change job orders TaskGroups[busy]=a group of 2 × orders:h1 TaskGroups[orders].Tasks[side]=<nil>",
		},
		{"stopped", `{"Diff":{"Type":"Edited","Fields":[{"Type":"Edited","Name":"Stop","Old":"true","New":"false"}]}}`, func(j *api.Job) { j.Stop = new(true) }, false, "start job orders (it is stopped)"},
	} {
		t.Run(c.name, func(t *testing.T) {
			answers := with(nil, "PUT /v1/job/orders/plan", c.plan, "GET /v1/job/orders", known(t, c.have))
			if c.absent {
				answers["GET /v1/jobs"] = "[]"
				delete(answers, "GET /v1/job/orders")
			}
			e, f := fake(t, answers)
			p, err := deploy.NewPlan(t.Context(), e, testRelease(t), false)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, change := range p.Changes {
				got = append(got, fmt.Sprint(change.Action, " ", change.Kind, " ", change.Name))
				if change.Why != "" {
					got = append(got, "("+change.Why+")")
				}
				for _, field := range change.Fields {
					if change.Action == deploy.Alter {
						got = append(got, field.Path+valueIf(field))
					}
				}
			}
			if d := cmp.Diff(c.want, strings.Join(got, " ")); d != "" {
				t.Error(d)
			}
			if (p.Before == nil) != c.absent || p.Before != nil && (p.Before.Folder != "/src" || p.Before.Image != "orders:h1-000000000000") {
				t.Errorf("before: %+v", p.Before)
			}
			if f.writes() != "" {
				t.Error(f.writes())
			}
		})
	}
}

// valueIf is the new value of what is a group or a task.
func valueIf(f deploy.Field) string {
	if strings.HasSuffix(f.Path, "]") && !strings.Contains(f.Path, "Template") {
		return fmt.Sprint("=", f.New)
	}
	return ""
}

// Jobs of others are left alone, and so is the number of copies that somebody chose.
func TestPreviewOthers(t *testing.T) {
	e, _ := fake(t, with(nil, "GET /v1/jobs", "[]", "GET /v1/job/orders", `{"ID":"orders","Meta":{"flowc.dev/pipeline":"mine"}}`))
	if _, err := e.Preview(t.Context(), testRelease(t)); err == nil || !strings.Contains(err.Error(), "it is of the pipeline mine: give that of orders another ID") {
		t.Error(err)
	}
	e, _ = fake(t, with(nil, "GET /v1/jobs", "[]", "GET /v1/job/orders", `{"ID":"orders"}`))
	if _, err := e.Preview(t.Context(), testRelease(t)); err == nil || !strings.Contains(err.Error(), "it is one that flowc has not written") {
		t.Error(err)
	}
	far := testJob()
	far.Region = new("far")
	if _, err := e.Preview(t.Context(), testRelease(t, far)); err == nil || !strings.Contains(err.Error(), `NOMAD_REGION is ""`) {
		t.Error(err)
	}
	scaled := testJob()
	scaled.TaskGroups[0].Scaling = &api.ScalingPolicy{Min: new(int64(1)), Max: new(int64(5))}
	for count, want := range map[int]int{4: 4, 9: 1} {
		have := testJob()
		have.TaskGroups[0].Count = &count
		if g := counted(scaled, have)[0]; *g.Count != want || *scaled.TaskGroups[0].Count != 1 {
			t.Errorf("of %d copies it makes %d", count, *g.Count)
		}
	}
	a := like(testJob(), &api.Job{Meta: map[string]string{metaFolder: "/elsewhere"}})
	if a.Meta[metaFolder] != "/elsewhere" {
		t.Error(a.Meta)
	}
}

func TestDisturbs(t *testing.T) {
	j := testJob()
	for _, c := range []struct {
		u    api.DesiredUpdates
		want string
	}{
		{api.DesiredUpdates{Canary: 1, Ignore: 2}, "a canary is tried beside its copies, which are then replaced one by one"},
		{api.DesiredUpdates{DestructiveUpdate: 3, Stop: 3, Place: 2}, "its 3 copies are replaced one by one, after stops that may take 0s each; 2 more to run"},
		{api.DesiredUpdates{InPlaceUpdate: 2, Stop: 1}, "nothing is started again; 1 to stop"},
	} {
		if got := disturbs(&api.PlanAnnotations{DesiredTGUpdates: map[string]*api.DesiredUpdates{"g": &c.u}}, j); got != c.want {
			t.Errorf("%+v: %s", c.u, got)
		}
	}
	if disturbs(nil, j) != "" {
		t.Error("nothing disturbs")
	}
}
