package live

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/nomad/api"

	"github.com/flowc-dev/flowc/backends/deploy"
)

// Put registers what nobody has changed since, and nothing else.
func TestPut(t *testing.T) {
	r := testRelease(t)
	answers := with(nil, "GET /v1/job/orders", known(t, nil), "PUT /v1/jobs", `{"JobModifyIndex":9}`, "GET /v1/job/orders/versions", `{"Versions":[{"Version":5,"JobModifyIndex":11},{"Version":4,"JobModifyIndex":9}]}`)
	e, f := fake(t, answers)
	if err := e.Put(t.Context(), r, "orders=6"); err != deploy.ErrChanged || f.writes() != "" {
		t.Error(err, f.writes())
	}
	if err := e.Put(t.Context(), r, "orders=7"); err != nil {
		t.Fatal(err)
	}
	var sent struct {
		EnforceIndex   bool
		JobModifyIndex uint64
		Submission     struct{ Format, Source string }
	}
	if err := json.Unmarshal([]byte(f.bodies["PUT /v1/jobs"]), &sent); err != nil || !sent.EnforceIndex || sent.JobModifyIndex != 7 || sent.Submission.Format != "json" || !strings.Contains(sent.Submission.Source, "\n  \"Job\": {") {
		t.Errorf("%v %+v", err, sent)
	}
	if v, ok := e.putBy("orders", "orders"); !ok || v.number != 4 {
		t.Error(v, ok)
	}

	// Somebody was faster than that.
	answers["PUT /v1/jobs"] = "500 Enforcing job modify index 7: job exists with conflicting job modify index: 8"
	if err := e.Put(t.Context(), r, "orders=7"); err != deploy.ErrChanged {
		t.Error(err)
	}

	// The same job, whose run has failed, is tried again.
	answers["PUT /v1/jobs"], answers["GET /v1/job/orders/versions"] = `{"JobModifyIndex":30}`, `{"Versions":[{"Version":3,"JobModifyIndex":7},{"Version":2,"JobModifyIndex":5}]}`
	answers["PUT /v1/job/orders/evaluate"], answers["GET /v1/evaluation/e1"] = `{"EvalID":"e1"}`, `{"Status":"complete"}`
	f.asked = nil
	if err := e.Put(t.Context(), r, ""); err != nil || !strings.Contains(f.bodies["PUT /v1/job/orders/evaluate"], `"ForceReschedule":true`) {
		t.Error(err, f.bodies)
	}
	if v, _ := e.putBy("orders", "orders"); v != (version{3, 7}) {
		t.Error(v)
	}
	if strings.Contains(f.bodies["PUT /v1/jobs"], `"EnforceIndex":true`) {
		t.Error(f.bodies["PUT /v1/jobs"])
	}
}

// What Nomad has had comes back by Nomad's own way, and is left where it is back already.
func TestPutBack(t *testing.T) {
	answers := with(nil, "GET /v1/job/orders", known(t, nil), "GET /v1/nodes", "[]")
	e, f := fake(t, answers)
	jobs, err := e.there(t.Context(), "default", "orders")
	if err != nil {
		t.Fatal(err)
	}
	before, err := jobs.release("default", "orders")
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Put(t.Context(), before, ""); err != nil || f.writes() != "" {
		t.Error(err, f.writes())
	}
	answers["GET /v1/job/orders"] = known(t, func(j *api.Job) { j.Version, j.JobModifyIndex = new(uint64(4)), new(uint64(8)) })
	answers["PUT /v1/job/orders/revert"], answers["GET /v1/job/orders/versions"] = `{"JobModifyIndex":12}`, `{"Versions":[{"Version":5,"JobModifyIndex":12}]}`
	if err := e.Put(t.Context(), before, ""); err != nil || f.writes() != "PUT /v1/job/orders/revert" || !strings.Contains(f.bodies["PUT /v1/job/orders/revert"], `"JobVersion":3`) {
		t.Error(err, f.writes(), f.bodies)
	}
	if v, _ := e.putBy("orders", "orders"); v != (version{5, 12}) {
		t.Error(v)
	}
}

// allocation is a copy as the cluster lists it.
func allocation(more string) string {
	return `{"ID":"0123456789abcdef","Namespace":"default","JobID":"orders","TaskGroup":"orders","JobVersion":3,"DesiredStatus":"run",` + more + `}`
}

func TestRun(t *testing.T) {
	const ready = `{"a":{"Check":"alive","Status":"success"},"b":{"Check":"ready","Status":"success"}}`
	for _, c := range []struct {
		name, alloc, checks, kind string
		want                      deploy.State
		says                      string
		restarts, exit            int
	}{
		{"ready", `"ClientStatus":"running","DeploymentStatus":{"Healthy":true}`, ready, "", deploy.Ready, "", 0, 0},
		{"not connected any more", `"ClientStatus":"running","DeploymentStatus":{"Healthy":true}`, `{"a":{"Check":"alive","Status":"failure","Output":"x"},"b":{"Check":"ready","Status":"failure","Output":"nomad: orders: not ready: connecting"}}`, "", deploy.Unready, "the check ready: orders: not ready: connecting", 0, 0},
		{"not yet connected", `"ClientStatus":"running","DeploymentStatus":{}`, `{"b":{"Check":"ready","Status":"failure","StatusCode":503}}`, "", deploy.Starting, "the check ready: HTTP 503", 0, 0},
		{"checks to come", `"ClientStatus":"running"`, `{"b":{"Check":"ready","Status":"pending"}}`, "", deploy.Starting, "", 0, 0},
		{"a client that does not answer", `"ClientStatus":"running","DeploymentStatus":{"Healthy":true}`, "500 no", "", deploy.Ready, "", 0, 0},
		{"downloading", `"ClientStatus":"pending","TaskStates":{"orders":{"State":"pending","Events":[{"Type":"Received","DisplayMessage":"x"},{"Type":"Driver","DisplayMessage":"Downloading image"}]}}`, "", "", deploy.Starting, "Downloading image", 0, 0},
		{"a secret is missing", `"ClientStatus":"pending","TaskStates":{"orders":{"State":"pending","Events":[{"Type":"Template","DisplayMessage":"Missing: nomad.var.block(nomad/jobs/orders)"}]}}`, "", "", deploy.Starting, "Missing: nomad.var.block(nomad/jobs/orders)", 0, 0},
		{"dying", `"ClientStatus":"pending","TaskStates":{"orders":{"State":"pending","Restarts":2,"Events":[{"Type":"Started"},{"Type":"Terminated","DisplayMessage":"Exit Code: 7","Details":{"exit_code":"7"}},{"Type":"Restarting","DisplayMessage":"in 5s"}]}}`, "", "", deploy.Dying, "Exit Code: 7", 2, 7},
		{"no image", `"ClientStatus":"failed","FollowupEvalID":"e","TaskStates":{"orders":{"State":"dead","Failed":true,"Events":[{"Type":"Driver Failure","DisplayMessage":"Failed to pull"}]}},"RescheduleTracker":{"Events":[{},{}]}`, "", "", deploy.Dying, "Failed to pull", 2, 0},
		{"too little memory", `"ClientStatus":"failed","TaskStates":{"orders":{"State":"dead","Events":[{"Type":"Terminated","ExitCode":137,"Details":{"oom_killed":"true"}}]}}`, "", "batch", deploy.Failed, "it was killed for want of memory", 0, 137},
		{"a batch that has ended", `"ClientStatus":"complete","TaskStates":{"orders":{"State":"dead","Events":[{"Type":"Terminated","DisplayMessage":"Exit Code: 0"}]}}`, "", "batch", deploy.Ended, "", 0, 0},
		{"a client is lost", `"ClientStatus":"unknown"`, "", "", deploy.Unready, "nobody hears of its client", 0, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			answers := with(nil, "GET /v1/job/orders", known(t, func(j *api.Job) {
				if c.kind != "" {
					j.Type = &c.kind
				}
			}), "GET /v1/job/orders/deployments", "[]", "GET /v1/job/orders/allocations", "["+allocation(c.alloc)+"]",
				"GET /v1/job/orders/services", `[{"ServiceName":"orders-events","Address":"10.0.0.1","Port":8080}]`)
			if c.checks != "" {
				answers["GET /v1/client/allocation/0123456789abcdef/checks"] = c.checks
			}
			e, _ := fake(t, answers)
			run, err := e.Run(t.Context(), "orders")
			if err != nil {
				t.Fatal(err)
			}
			if len(run.Instances) != 1 {
				t.Fatalf("%+v", run)
			}
			i := run.Instances[0]
			if i.Name != "orders-01234567" || i.State != c.want || i.Says != c.says || i.Restarts != c.restarts || i.ExitCode != c.exit {
				t.Errorf("%+v", i)
			}
			if d := cmp.Diff(map[string][]string{"events": {"10.0.0.1:8080"}}, run.Ports); d != "" || run.Wanted != 1 || run.Hash != "h1" {
				t.Errorf("%s %+v", d, run)
			}
		})
	}
}

// As long as Nomad watches a version nothing is ready, and what Nomad has given up is
// not, although the version before it is.
func TestRunRollout(t *testing.T) {
	const copies = `[{"ID":"aaaaaaaaaaaa","TaskGroup":"orders","JobVersion":3,"DesiredStatus":"stop","ClientStatus":"failed","TaskStates":{"orders":{"State":"dead","Events":[{"Type":"Driver Failure","DisplayMessage":"Failed to pull"}]}}},
		{"ID":"bbbbbbbbbbbb","TaskGroup":"orders","JobVersion":4,"DesiredStatus":"run","ClientStatus":"running"}]`
	answers := with(nil, "GET /v1/job/orders", known(t, func(j *api.Job) { j.Version = new(uint64(4)) }),
		"GET /v1/job/orders/deployments", `[{"JobVersion":3,"Status":"failed","StatusDescription":"Failed due to unhealthy allocations - rolling back to job version 2"},{"JobVersion":4,"Status":"running","StatusDescription":"Deployment is running"}]`,
		"GET /v1/job/orders/allocations", copies)
	e, _ := fake(t, answers)
	run, err := e.Run(t.Context(), "orders")
	if err != nil || run.State() != deploy.Starting || len(run.Instances) != 1 || run.Instances[0].Says != "its checks pass, and Nomad watches it: Deployment is running" {
		t.Errorf("%+v %v", run, err)
	}
	e.put["orders"] = map[string]version{"orders": {3, 7}}
	run, err = e.Run(t.Context(), "orders")
	if err != nil || run.State() != deploy.Failed || len(run.Instances) != 2 || !run.Instances[0].Old {
		t.Fatalf("%+v %v", run, err)
	}
	if got, want := run.Instances[1].Says, "Nomad gives the new version up: Failed due to unhealthy allocations - rolling back to job version 2; Failed to pull"; got != want {
		t.Errorf("%s\n%s", got, want)
	}
	// Somebody else has put a version there: it is not for this one to bring anything back.
	answers["GET /v1/job/orders/deployments"] = `[{"JobVersion":3,"Status":"cancelled"}]`
	if _, err = e.Run(t.Context(), "orders"); !errors.Is(err, errOther) {
		t.Error(err)
	}
}

// Where no client has room it says so, and a job that is stopped is told from one that
// nobody knows.
func TestRunElse(t *testing.T) {
	e, _ := fake(t, with(nil, "GET /v1/job/orders", known(t, nil), "GET /v1/job/orders/deployments", "[]", "GET /v1/job/orders/allocations", "[]",
		"GET /v1/job/orders/evaluations", `[{"JobModifyIndex":7,"Status":"complete","FailedTGAllocs":{"orders":{"NodesEvaluated":2,"DimensionExhausted":{"memory":2},"QuotaExhausted":["cpu"]}}},{"JobModifyIndex":7,"Status":"blocked"}]`))
	run, err := e.Run(t.Context(), "orders")
	if err != nil || run.State() != deploy.Missing || run.Instances[0].Says != "no client can take it: 2 of 2 clients have too little of memory left, the quota is used up: cpu" {
		t.Errorf("%+v %v", run, err)
	}
	e, _ = fake(t, with(nil, "GET /v1/job/orders", known(t, func(j *api.Job) { j.Stop = new(true) })))
	if run, err = e.Run(t.Context(), "orders"); err != nil || run.State() != deploy.Stopped {
		t.Errorf("%+v %v", run, err)
	}
	e, _ = fake(t, with(nil, "GET /v1/jobs", "[]"))
	if run, err = e.Run(t.Context(), "orders"); err != nil || run != nil {
		t.Errorf("%+v %v", run, err)
	}
	if got := unfit(&api.AllocationMetric{NodesEvaluated: 3}); got != "there are 3 in its datacenters and node pool, and none takes jobs of its kind" {
		t.Error(got)
	}
}

// The runs of a periodic job come and go: what counts is that it is scheduled.
func TestRunPeriodic(t *testing.T) {
	e, _ := fake(t, with(nil, "GET /v1/job/orders", known(t, func(j *api.Job) {
		j.Type, j.Periodic = new("batch"), &api.PeriodicConfig{Specs: []string{"30 3 * * *"}}
	}), "GET /v1/jobs?prefix=orders/periodic-", `[{"ID":"orders/periodic-2","ParentID":"orders","CreateIndex":12},{"ID":"orders/periodic-1","ParentID":"orders","CreateIndex":10}]`,
		"GET /v1/job/orders/periodic-2", known(t, func(j *api.Job) { j.ID, j.Type = new("orders/periodic-2"), new("batch") }),
		"GET /v1/job/orders/periodic-2/allocations", "["+allocation(`"ClientStatus":"failed","TaskStates":{"orders":{"State":"dead","Events":[{"Type":"Terminated","ExitCode":7}]}}`)+"]"))
	run, err := e.Run(t.Context(), "orders")
	if err != nil || run.State() != deploy.Ready || len(run.Instances) != 2 || run.Instances[0].Says != "it runs as its schedule says: 30 3 * * *" || run.Instances[1].State != deploy.Failed || run.Instances[1].ExitCode != 7 {
		t.Errorf("%+v %v", run, err)
	}
}

// What belongs to a release is stopped, waited for and forgotten, its runs with it.
func TestRemove(t *testing.T) {
	e, f := fake(t, with(nil, "GET /v1/jobs?prefix=orders/periodic-", `[{"ID":"orders/periodic-1","ParentID":"orders"},{"ID":"orders/periodic-x"}]`,
		"DELETE /v1/job/orders", "{}", "GET /v1/job/orders/allocations", "["+allocation(`"ClientStatus":"complete"`)+"]"))
	if err := e.Remove(t.Context(), "orders", []deploy.Object{{Kind: "job", Name: "orders"}, {Kind: "job", Name: "gone"}}); err != nil {
		t.Error(err)
	}
	if d := cmp.Diff("DELETE /v1/job/orders, DELETE /v1/job/orders/periodic-1, DELETE /v1/job/gone", f.writes()); d != "" {
		t.Error(d)
	}
	f.answers["GET /v1/job/orders/allocations"] = "[" + allocation(`"ClientStatus":"running"`) + "]"
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	if err := e.Remove(ctx, "orders", []deploy.Object{{Kind: "job", Name: "orders"}}); !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
}

func TestReleases(t *testing.T) {
	e, _ := fake(t, with(nil, "GET /v1/job/orders", known(t, func(j *api.Job) {
		j.TaskGroups[0].EphemeralDisk = &api.EphemeralDisk{Sticky: new(true)}
	})))
	all, err := e.Releases(t.Context())
	if err != nil || len(all) != 1 || all[0].ID != "orders" || all[0].Hash != "h1" || len(all[0].Objects) != 1 {
		t.Fatalf("%+v %v", all, err)
	}
	p := deploy.NewRemoval(e, all[0], false)
	if c := p.Changes[0]; c.Action != deploy.Delete || c.Why != "the disk of its copies, with the state on it, is lost with it" {
		t.Errorf("%+v", c)
	}
}

// A cluster of other machines gets images from a registry, and says so.
func TestImages(t *testing.T) {
	for nodes, want := range map[string]string{
		`[]`: "0 clients run its jobs",
		`[{"ID":"1","Status":"ready"},{"ID":"2","Status":"ready"}]`:                      "2 clients run its jobs",
		`[{"ID":"1","Status":"ready","Address":"127.0.0.1"},{"ID":"2","Status":"down"}]`: "its client far is another machine",
		`403 Permission denied`: "does not let you do that",
	} {
		e, _ := fake(t, map[string]string{"GET /v1/nodes": nodes, "GET /v1/node/1": `{"Name":"far","Attributes":{"unique.hostname":"far.example.com"}}`})
		_, err := e.Platform(t.Context())
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "--push --image registry.example.com/NAME") {
			t.Errorf("%s: %v", nodes, err)
		}
		if all := e.loaded(t.Context(), "orders"); len(all) > 0 {
			t.Error(all)
		}
	}
	for address, want := range map[string]bool{"127.0.0.1": true, "::1": true, "192.0.2.1": false, "a name": false} {
		if isHere(address) != want {
			t.Errorf("%s: %t", address, !want)
		}
	}
}

func TestLogs(t *testing.T) {
	var text strings.Builder
	for n := range 50 {
		fmt.Fprintf(&text, "time=2026-01-01T00:00:%02dZ level=INFO msg=%d\n", n, n)
	}
	const path = "GET /v1/client/fs/logs/0123456789abcdef"
	answers := with(nil, "GET /v1/job/orders", known(t, nil), "GET /v1/job/orders/allocations", "["+allocation(`"ClientStatus":"complete","TaskStates":{"orders":{"State":"dead","StartedAt":"2026-01-01T00:00:00Z"}}`)+"]", path, text.String())
	e, _ := fake(t, answers)
	read := func(o deploy.LogOptions) (lines []deploy.Line) {
		t.Helper()
		if err := e.Logs(t.Context(), "orders", o, func(l deploy.Line) { lines = append(lines, l) }); err != nil {
			t.Fatal(err)
		}
		return lines
	}
	all := read(deploy.LogOptions{Tail: -1}) // of two streams, which are one here
	if len(all) != 100 || all[49].Text != "time=2026-01-01T00:00:49Z level=INFO msg=49" || all[0].Instance != "orders-01234567" || !all[49].Time.Equal(time.Date(2026, 1, 1, 0, 0, 49, 0, time.UTC)) {
		t.Errorf("%d lines: %+v", len(all), all[49])
	}
	if late := read(deploy.LogOptions{Tail: -1, Since: time.Date(2026, 1, 1, 0, 0, 48, 0, time.UTC)}); len(late) != 4 {
		t.Errorf("%+v", late)
	}
	for tail, want := range map[int]string{0: "", 1: "49 49", 3: "47 48 49 47 48 49", 80: strings.TrimSpace(strings.Repeat(upTo(50), 2))} {
		var got []string
		for _, l := range read(deploy.LogOptions{Tail: tail}) {
			_, n, _ := strings.Cut(l.Text, "msg=")
			got = append(got, n)
		}
		if d := cmp.Diff(want, strings.Join(got, " ")); d != "" {
			t.Errorf("the last %d: %s", tail, d)
		}
	}
	answers[path] = strings.Repeat("a line\n", 40000) + "and what has no end yet"
	if some := read(deploy.LogOptions{Tail: 20000}); len(some) != 40000 || some[0].Text != "a line" || some[39999].Text != "and what has no end yet" {
		t.Errorf("%d lines", len(some))
	}
	delete(answers, path) // the client has thrown it away
	if none := read(deploy.LogOptions{Tail: 3}); len(none) != 0 {
		t.Errorf("%+v", none)
	}
	answers["GET /v1/job/orders/allocations"] = "[]"
	if err := e.Logs(t.Context(), "orders", deploy.LogOptions{}, nil); !errors.Is(err, errNoLogs) {
		t.Error(err)
	}
	if at := timeOf(`{"time":"2026-01-01T00:00:01.5+01:00","level":"INFO"}`); !at.Equal(time.Date(2025, 12, 31, 23, 0, 1, 5e8, time.UTC)) {
		t.Error(at)
	}
	if at := timeOf("0 in · 0 out"); !at.IsZero() {
		t.Error(at)
	}
}

// upTo are the numbers below n.
func upTo(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "%d ", i)
	}
	return b.String()
}
