package live

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/flowc-dev/flowc/backends/deploy"
)

// A status is what the cluster says of a pod, in short.
func status(ready string, container string) string {
	return `{"phase":"Running","conditions":[{"type":"Ready","status":"` + ready + `","lastTransitionTime":"2026-01-01T00:00:30Z"}],"containerStatuses":[{"name":"pipeline",` + container + `}]}`
}

// Each pod is in one state, and those of a version before, or that drain, are old.
func TestInstances(t *testing.T) {
	const runs = `"restartCount":0,"started":true,"state":{"running":{"startedAt":"2026-01-01T00:01:00Z"}}`
	died := func(code int, reason string) string {
		return fmt.Sprintf(`"restartCount":2,"state":{"waiting":{"reason":"CrashLoopBackOff","message":"back-off"}},"lastState":{"terminated":{"exitCode":%d,"reason":%q}}`, code, reason)
	}
	for name, test := range map[string]struct {
		status, more string
		want         deploy.Instance
	}{
		"ready":              {status("True", runs), "", deploy.Instance{State: deploy.Ready}},
		"not yet":            {status("False", runs), "", deploy.Instance{State: deploy.Starting}},
		"no more":            {status("False", strings.Replace(runs, "00:01:00", "00:00:10", 1)), "", deploy.Instance{State: deploy.Unready}},
		"not started":        {status("False", strings.Replace(runs, "true", "false", 1)), "", deploy.Instance{State: deploy.Starting}},
		"dying":              {status("False", died(6, "Error")), "", deploy.Instance{State: deploy.Dying, Restarts: 2, ExitCode: 6, Says: "CrashLoopBackOff: back-off"}},
		"killed":             {status("False", died(137, "OOMKilled")), "", deploy.Instance{State: deploy.Dying, Restarts: 2, ExitCode: 137, Says: "it was killed for want of memory"}},
		"just ended":         {status("False", `"state":{"terminated":{"exitCode":7,"message":"it hurts\n"}}`), "", deploy.Instance{State: deploy.Dying, ExitCode: 7, Says: "it hurts"}},
		"no image":           {status("False", `"state":{"waiting":{"reason":"ImagePullBackOff","message":"gone"}}`), "", deploy.Instance{State: deploy.Failed, Says: "ImagePullBackOff: gone"}},
		"an image to come":   {status("False", `"state":{"waiting":{"reason":"ErrImagePull","message":"away"}}`), "", deploy.Instance{State: deploy.Starting, Says: "ErrImagePull: away"}},
		"no node":            {`{"phase":"Pending","conditions":[{"type":"PodScheduled","status":"False","message":"0/1 nodes"}]}`, "", deploy.Instance{State: deploy.Starting, Says: "0/1 nodes"}},
		"of another version": {status("True", runs), `,"labels":{"controller-revision-hash":"r1"}`, deploy.Instance{State: deploy.Ready, Old: true}},
		"draining":           {status("True", runs), `,"deletionTimestamp":"2026-01-01T00:02:00Z"`, deploy.Instance{State: deploy.Ready, Old: true, Says: "it drains"}},
		"evicted":            {`{"phase":"Failed","reason":"Evicted","message":"the disk is full"}`, "", deploy.Instance{State: deploy.Failed, Old: true, Says: "the disk is full"}},
	} {
		t.Run(name, func(t *testing.T) {
			c, e := newCluster(t)
			put(t, e, releaseOf(t, "h1", stateful(t)), "")
			c.edit(shopApps+"statefulsets/orders", func(o tree) {
				o["status"] = tree{"observedGeneration": 9.0, "updateRevision": "r2", "availableReplicas": 1.0}
			})
			labels := `"labels":{"app.kubernetes.io/name":"orders","controller-revision-hash":"r2"}`
			if strings.Contains(test.more, "labels") {
				labels = `"labels":{"app.kubernetes.io/name":"orders","controller-revision-hash":"r1"}`
				test.more = ""
			}
			c.have("/api/v1/namespaces/shop/pods/orders-0", read(t, `{"metadata":{"name":"orders-0",`+labels+test.more+`},"status":`+test.status+`}`))
			run, err := e.Run(t.Context(), "orders")
			if err != nil || len(run.Instances) != 1 || run.Wanted != 1 || run.Hash != "h1" {
				t.Fatalf("%+v %v", run, err)
			}
			got := run.Instances[0]
			got.Since = time.Time{}
			test.want.Name = "orders-0"
			if d := cmp.Diff(test.want, got); d != "" {
				t.Error(d)
			}
		})
	}
}

// A workload whose controller has not seen yet what it should be has old pods alone; one
// that can't make pods says why; one that has none says who wanted that.
func TestControllers(t *testing.T) {
	c, e := newCluster(t)
	put(t, e, releaseOf(t, "h1", labelled(t, "Deployment", "apps/v1", "orders", `{"replicas":2,`+picked+`,`+pod+`}`)), "")
	const deployment = shopApps + "deployments/orders"
	ready := status("True", `"started":true,"state":{"running":{}}`)
	for _, name := range []string{"a-1", "a-2", "b-1"} {
		c.have("/api/v1/namespaces/shop/pods/orders-"+name, read(t, `{"metadata":{"name":"orders-`+name+`","labels":{"app.kubernetes.io/name":"orders","pod-template-hash":"`+name[:1]+`"}},"status":`+ready+`}`))
	}
	for revision, hash := range map[string]string{"1": "a", "2": "b"} {
		c.have(shopApps+"replicasets/orders-"+hash, read(t, `{"metadata":{"name":"orders-`+hash+`","labels":{"app.kubernetes.io/name":"orders","pod-template-hash":"`+hash+`"},"annotations":{"deployment.kubernetes.io/revision":"`+revision+`"}},"status":{"availableReplicas":2}}`))
	}
	replicas := 2.0
	state := func(generation float64, revision string) *deploy.Run {
		t.Helper()
		c.edit(deployment, func(o tree) {
			o["status"] = tree{"observedGeneration": generation, "replicas": replicas, "updatedReplicas": 2.0}
			sub(o, "metadata", "annotations")["deployment.kubernetes.io/revision"] = revision
		})
		run, err := e.Run(t.Context(), "orders")
		if err != nil {
			t.Fatal(err)
		}
		return run
	}
	if s := state(0, "1").State(); s != deploy.Missing {
		t.Errorf("before its controller has seen it, it is %s", s)
	}
	if s := state(9, "1").State(); s != deploy.Ready {
		t.Errorf("with two pods of its version it is %s", s)
	}
	replicas = 3
	if run := state(9, "1"); run.State() != deploy.Starting || run.Instances[1].Says != "it must be ready for a while" {
		t.Errorf("while an old pod is to go, it is %s", run.State())
	}
	replicas = 2
	if s := state(9, "2").State(); s != deploy.Missing {
		t.Errorf("with one pod of two it is %s", s)
	}
	for _, name := range []string{"a-1", "a-2", "b-1"} {
		delete(c.objects, "/api/v1/namespaces/shop/pods/orders-"+name)
	}
	c.have("/api/v1/namespaces/shop/events/one", read(t, `{"metadata":{"name":"one"},"message":"exceeded quota"}`))
	if run := state(9, "2"); run.State() != deploy.Missing || run.Instances[0].Says != "exceeded quota" {
		t.Errorf("%+v", run)
	}
	c.edit(deployment, func(o tree) { sub(o, "spec")["replicas"] = 0.0 })
	if run := state(9, "2"); run.State() != deploy.Stopped {
		t.Errorf("%+v", run)
	}
	scaled := labelled(t, "Deployment", "apps/v1", "orders", `{`+picked+`,`+pod+`}`)
	put(t, e, releaseOf(t, "h2", scaled), "")
	c.edit(deployment, func(o tree) { sub(o, "spec")["replicas"] = 0.0 })
	if run := state(9, "2"); !run.Well() {
		t.Errorf("an autoscaler has seen nothing to do, and %+v", run)
	}
}

// Pods of a Job that failed count, but for those that were told to end; with an index each
// has a successor of its own.
func TestJobPods(t *testing.T) {
	c, e := newCluster(t)
	put(t, e, releaseOf(t, "h1", labelled(t, "Job", "batch/v1", "orders-00000001", `{"completions":2,`+pod+`}`)), "")
	n := 0
	have := func(index, phase string, code int) {
		n++
		c.have(fmt.Sprintf("/api/v1/namespaces/shop/pods/p%d", n), read(t, fmt.Sprintf(`{"metadata":{"name":"p%d","creationTimestamp":"2026-01-01T00:00:%02dZ","labels":{"batch.kubernetes.io/job-name":"orders-00000001","batch.kubernetes.io/job-completion-index":%q}},
			"status":{"phase":%q,"containerStatuses":[{"state":{"terminated":{"exitCode":%d}}}]}}`, n, n, index, phase, code)))
	}
	have("0", "Succeeded", 0)
	have("1", "Failed", 6)
	have("1", "Failed", 143)
	have("1", "Failed", 6)
	run, err := e.Run(t.Context(), "orders")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, i := range run.Instances {
		got = append(got, fmt.Sprint(i.Name, " ", i.State, " ", i.Old, " ", i.Restarts))
	}
	if d := cmp.Diff([]string{"p1 ended false 0", "p2 failed true 0", "p3 failed true 0", "p4 dying false 2"}, got); d != "" || run.Wanted != 2 {
		t.Error(d)
	}
}

// A CronJob is well while it waits, whatever its last run came to.
func TestCronJob(t *testing.T) {
	c, e := newCluster(t)
	put(t, e, releaseOf(t, "h1", labelled(t, "CronJob", "batch/v1", "orders", `{"schedule":"0 3 * * *","jobTemplate":{"spec":{`+pod+`}}}`)), "")
	const path = "/apis/batch/v1/namespaces/shop/cronjobs/orders"
	run, err := e.Run(t.Context(), "orders")
	if err != nil || !run.Well() || run.Instances[0].Says != "it runs at 0 3 * * *" {
		t.Errorf("%+v %v", run, err)
	}
	c.edit(path, func(o tree) {
		o["status"] = tree{"lastScheduleTime": "2026-01-02T03:00:00Z", "lastSuccessfulTime": "2026-01-01T03:00:10Z"}
	})
	if run, err = e.Run(t.Context(), "orders"); err != nil || !run.Well() || run.Instances[0].Says != "it runs at 0 3 * * *; its last run has failed" {
		t.Errorf("%+v %v", run, err)
	}
	c.edit(path, func(o tree) { sub(o, "spec")["suspend"] = true })
	if run, err = e.Run(t.Context(), "orders"); err != nil || run.State() != deploy.Stopped {
		t.Errorf("%+v %v", run, err)
	}
}

// Where a Service is reached is told, and nothing of one without an address.
func TestPorts(t *testing.T) {
	_, e := newCluster(t)
	service := func(name, spec string) tree { return labelled(t, "Service", "v1", name, spec) }
	put(t, e, releaseOf(t, "h1", stateful(t), service("orders", `{"ports":[{"name":"in","port":8080,"nodePort":30080}]}`), service("orders-pods", `{"clusterIP":"None","ports":[{"name":"metrics","port":9090}]}`)), "")
	run, err := e.Run(t.Context(), "orders")
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(map[string][]string{"in": {"orders.shop.svc:8080", "port 30080 of each node"}}, run.Ports); d != "" {
		t.Error(d)
	}
}
