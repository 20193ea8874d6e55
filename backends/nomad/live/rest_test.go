package live

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/nomad/api"
)

// ephemeral gives a job a disk that its copies take with them.
func ephemeral(j *api.Job) { j.TaskGroups[0].EphemeralDisk = &api.EphemeralDisk{Sticky: new(true)} }

// A job is stopped and kept; one whose state would go with its copies is left as it is.
func TestStop(t *testing.T) {
	answers := with(nil, "GET /v1/job/orders", known(t, nil), "DELETE /v1/job/orders", `{}`, "GET /v1/job/orders/allocations", "["+allocation(`"ClientStatus":"complete"`)+"]")
	e, f := fake(t, answers)
	if err := e.Stop(t.Context(), "orders"); err != nil || f.writes() != "DELETE /v1/job/orders" {
		t.Error(err, f.writes())
	}

	f.asked = nil
	answers["GET /v1/job/orders"] = known(t, func(j *api.Job) { j.Stop = new(true) })
	if err := e.Stop(t.Context(), "orders"); err != nil || f.writes() != "" {
		t.Error(err, f.writes())
	}

	answers["GET /v1/job/orders"] = known(t, ephemeral)
	for _, change := range []error{e.Stop(t.Context(), "orders"), e.Restart(t.Context(), "orders")} {
		if change == nil || !strings.Contains(change.Error(), "the disk of its copies, with the state on it, would be lost") || f.writes() != "" {
			t.Error(change, f.writes())
		}
	}

	answers["GET /v1/jobs"] = "[]"
	for _, change := range []error{e.Stop(t.Context(), "orders"), e.Restart(t.Context(), "orders")} {
		if change == nil || !strings.Contains(change.Error(), "orders has no job at Nomad at http://") {
			t.Error(change)
		}
	}
}

// What was stopped is registered as it was, where nobody has changed it since.
func TestRestartStopped(t *testing.T) {
	e, f := fake(t, with(nil, "GET /v1/job/orders", known(t, func(j *api.Job) { j.Stop = new(true) }), "PUT /v1/jobs", `{"JobModifyIndex":9}`,
		"GET /v1/job/orders/versions", `{"Versions":[{"Version":4,"JobModifyIndex":9}]}`))
	if err := e.Restart(t.Context(), "orders"); err != nil || f.writes() != "PUT /v1/jobs" {
		t.Fatal(err, f.writes())
	}
	var sent struct {
		EnforceIndex bool
		Job          struct{ Stop *bool }
	}
	if err := json.Unmarshal([]byte(f.bodies["PUT /v1/jobs"]), &sent); err != nil || !sent.EnforceIndex || sent.Job.Stop != nil {
		t.Errorf("%v %+v", err, sent)
	}
	if v, ok := e.putBy("orders", "orders"); !ok || v != (version{4, 9}) {
		t.Error(v, ok)
	}
}

// Of one that runs the programs of a copy are started again in their place; what runs beside
// them goes on, and so does a broker.
func TestRestartRuns(t *testing.T) {
	const began = `"ClientStatus":"running","TaskStates":{"orders":{"State":"running","StartedAt":"2026-01-01T00:00:01Z"},"beside":{"State":"running","StartedAt":"2026-01-01T00:00:00Z"}}`
	broker := `{"ID":"fedcba9876543210","JobID":"orders","TaskGroup":"nats","JobVersion":3,"DesiredStatus":"run","ClientStatus":"running"}`
	answers := with(nil, "GET /v1/job/orders", known(t, func(j *api.Job) {
		ephemeral(j)
		j.TaskGroups[0].Tasks = append(j.TaskGroups[0].Tasks, &api.Task{Name: "beside", Lifecycle: &api.TaskLifecycle{Hook: "prestart", Sidecar: true}})
		j.TaskGroups = append(j.TaskGroups, &api.TaskGroup{
			Name: new("nats"), Count: new(1), Networks: []*api.NetworkResource{{DynamicPorts: []api.Port{{Label: "monitor"}}}}, Tasks: []*api.Task{{Name: "nats"}},
		})
	}), "PUT /v1/client/allocation/0123456789abcdef/restart", `{}`, "GET /v1/job/orders/allocations", "["+allocation(began)+","+broker+"]")
	e, f := fake(t, answers)
	f.then = func(call string) {
		if strings.HasSuffix(call, "/restart") {
			f.answers["GET /v1/job/orders/allocations"] = "[" + allocation(strings.Replace(began, "00:00:01", "00:01:00", 1)) + "," + broker + "]"
		}
	}
	if err := e.Restart(t.Context(), "orders"); err != nil {
		t.Fatal(err)
	}
	if f.writes() != "PUT /v1/client/allocation/0123456789abcdef/restart" || !strings.Contains(f.bodies[f.writes()], `"TaskName":"orders"`) {
		t.Errorf("%s %s", f.writes(), f.bodies)
	}
}

// Nomad starts copies that have ended again only of a job that was stopped.
func TestRestartEnded(t *testing.T) {
	answers := with(nil, "GET /v1/job/orders", known(t, func(j *api.Job) { j.Type = new("batch") }), "GET /v1/job/orders/allocations", "["+allocation(`"ClientStatus":"complete"`)+"]",
		"DELETE /v1/job/orders", `{}`, "PUT /v1/jobs", `{"JobModifyIndex":9}`, "GET /v1/job/orders/versions", `{"Versions":[{"Version":5,"JobModifyIndex":9}]}`)
	e, f := fake(t, answers)
	f.then = func(call string) {
		if call == "DELETE /v1/job/orders" {
			f.answers["GET /v1/job/orders"] = known(t, func(j *api.Job) { j.Type, j.Stop = new("batch"), new(true) })
		}
	}
	if err := e.Restart(t.Context(), "orders"); err != nil || !slices.Equal(strings.Split(f.writes(), ", "), []string{"DELETE /v1/job/orders", "PUT /v1/jobs"}) {
		t.Error(err, f.writes())
	}
}
