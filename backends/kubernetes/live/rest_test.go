package live

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/flowc-dev/flowc/backends/deploy"
)

const statefulPath = shopApps + "statefulsets/orders"

// released is a cluster in which a release is applied.
func released(t *testing.T, objects ...tree) (*cluster, *Engine, *deploy.Release) {
	t.Helper()
	c, e := newCluster(t)
	r := releaseOf(t, "h1", objects...)
	put(t, e, r, "")
	c.changed()
	return c, e, r
}

const podsPath = "/api/v1/namespaces/shop/pods/"

func (c *cluster) pod(t *testing.T, name, labels string) {
	t.Helper()
	c.have(podsPath+name, read(t, `{"metadata":{"name":"`+name+`","labels":{`+labels+`}},"status":{"phase":"Running"}}`))
}

// Copies are taken away, and their number is kept; a stop is waited for; `apply` starts it
// again, and so does a restart.
func TestStop(t *testing.T) {
	c, e, r := released(t, stateful(t))
	c.pod(t, "orders-0", `"app.kubernetes.io/name":"orders"`)
	c.then = func(string) { delete(c.objects, podsPath+"orders-0") }
	if err := e.Stop(t.Context(), "orders"); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]string{`merge StatefulSet orders {"metadata":{"annotations":{"flowc.dev/stopped":"1"}},"spec":{"replicas":0}}`}, c.changed()); d != "" {
		t.Error(d)
	}
	c.then = nil
	if run, err := e.Run(t.Context(), "orders"); err != nil || run.State() != deploy.Stopped || len(run.Instances) != 1 || run.Instances[0].Says != "" {
		t.Errorf("%+v %v", run, err)
	}
	if err := e.Stop(t.Context(), "orders"); err != nil || len(c.changed()) > 0 {
		t.Error("twice is not once", err)
	}
	p, text := plan(t, e, r)
	if !strings.Contains(text, "~ start  StatefulSet orders  (it was stopped)") {
		t.Error(text)
	}
	if did := c.changed(); did != nil {
		t.Errorf("a plan does %v", did)
	}
	if p.Empty() {
		t.Fatal("apply would leave it stopped")
	}
	put(t, e, r, "")
	if o := c.get(statefulPath); rests(o) || copiesOf(o) != 1 || text2(o, "metadata", "annotations", annotationStopped) != "" {
		t.Errorf("after an apply it is %v", o)
	}
	if p, text := plan(t, e, r); !p.Empty() {
		t.Error(text)
	}

	if err := e.Stop(t.Context(), "orders"); err != nil {
		t.Fatal(err)
	}
	if err := e.Restart(t.Context(), "orders"); err != nil {
		t.Fatal(err)
	}
	if o := c.get(statefulPath); rests(o) || copiesOf(o) != 1 {
		t.Errorf("after a restart it is %v", o)
	}
	c.edit(statefulPath, func(o tree) { sub(o, "spec")["replicas"] = 0.0 })
	if err := e.Restart(t.Context(), "orders"); err != nil || copiesOf(c.get(statefulPath)) != 1 {
		t.Errorf("what somebody has scaled to 0 is %v: %v", c.get(statefulPath), err)
	}
	c.changed()
	if err := e.Restart(t.Context(), "orders"); err != nil {
		t.Fatal(err)
	}
	if did := c.changed(); len(did) != 1 || !strings.HasPrefix(did[0], `merge StatefulSet orders {"spec":{"template":{"metadata":{"annotations":{"flowc.dev/restarted":"`) {
		t.Errorf("of what runs it does %q", did)
	}
	if p, text := plan(t, e, r); !p.Empty() {
		t.Errorf("a restart is no change:\n%s", text)
	}
}

// An autoscaler's number of copies comes back.
func TestStopScaled(t *testing.T) {
	elastic := stateful(t)
	delete(sub(elastic, "spec"), "replicas")
	c, e, r := released(t, elastic)
	c.edit(statefulPath, func(o tree) { sub(o, "spec")["replicas"] = 3.0 })
	stop := func() {
		t.Helper()
		if err := e.Stop(t.Context(), "orders"); err != nil {
			t.Fatal(err)
		}
		if run, err := e.Run(t.Context(), "orders"); err != nil || run.State() != deploy.Stopped {
			t.Errorf("%+v %v", run, err)
		}
	}
	stop()
	if err := e.Restart(t.Context(), "orders"); err != nil || copiesOf(c.get(statefulPath)) != 3 {
		t.Errorf("%v %v", c.get(statefulPath), err)
	}
	stop()
	if _, text := plan(t, e, r); !strings.Contains(text, "~ start  StatefulSet orders  (it was stopped)") {
		t.Error(text)
	}
	put(t, e, r, "")
	if o := c.get(statefulPath); copiesOf(o) != 3 || rests(o) {
		t.Errorf("%v", o)
	}
}

// A broker is the last to end, and goes on across a restart.
func TestStopBroker(t *testing.T) {
	broker := labelled(t, "StatefulSet", "apps/v1", "orders-nats", `{"replicas":1,"selector":{"matchLabels":{"broker":"nats"}},`+pod+`}`)
	sub(broker, "metadata", "labels")[labelRole] = roleBroker
	c, e, _ := released(t, broker, stateful(t))
	kinds := func() (order []string) {
		for _, did := range c.changed() {
			order = append(order, strings.Join(strings.Fields(did)[:3], " "))
		}
		return order
	}
	if err := e.Restart(t.Context(), "orders"); err != nil {
		t.Fatal(err)
	}
	if got := kinds(); !slices.Equal(got, []string{"merge StatefulSet orders"}) {
		t.Errorf("%q", got)
	}
	if err := e.Stop(t.Context(), "orders"); err != nil {
		t.Fatal(err)
	}
	if got := kinds(); !slices.Equal(got, []string{"merge StatefulSet orders", "merge StatefulSet orders-nats"}) {
		t.Errorf("%q", got)
	}
	if err := e.Restart(t.Context(), "orders"); err != nil {
		t.Fatal(err)
	}
	if got := kinds(); !slices.Equal(got, []string{"merge StatefulSet orders-nats", "merge StatefulSet orders"}) {
		t.Errorf("%q", got)
	}
}

// A CronJob is suspended, and the run of it that goes on is ended; a Job is suspended, and
// made anew where it is started again; one that is over is left.
func TestStopJobs(t *testing.T) {
	const cronPath, jobPath = "/apis/batch/v1/namespaces/shop/cronjobs/orders", "/apis/batch/v1/namespaces/shop/jobs/orders-1"
	cron := labelled(t, "CronJob", "batch/v1", "orders", `{"schedule":"@daily","jobTemplate":{"spec":{`+pod+`}}}`)
	c, e, r := released(t, cron)
	c.edit(cronPath, func(o tree) { o["status"] = tree{"active": []any{tree{"name": "orders-1"}}} })
	c.have(jobPath, read(t, `{"kind":"Job","metadata":{"name":"orders-1","ownerReferences":[{}]}}`))
	if err := e.Stop(t.Context(), "orders"); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]string{`merge CronJob orders {"metadata":{"annotations":{"flowc.dev/stopped":"true"}},"spec":{"suspend":true}}`, "delete Job orders-1"}, c.changed()); d != "" {
		t.Error(d)
	}
	if run, err := e.Run(t.Context(), "orders"); err != nil || run.Instances[0].State != deploy.Stopped {
		t.Errorf("%+v %v", run, err)
	}
	c.edit(cronPath, func(o tree) { delete(sub(o, "status"), "active") })
	put(t, e, r, "")
	if o := c.get(cronPath); rests(o) || at(o, "spec", "suspend") == true {
		t.Errorf("after an apply it is %v", o)
	}
	c.changed()
	if err := e.Restart(t.Context(), "orders"); err != nil || len(c.changed()) > 0 {
		t.Error("what waits for its time is changed", err)
	}

	job := labelled(t, "Job", "batch/v1", "orders-12345678", `{`+pod+`}`)
	c, e, _ = released(t, job)
	const path = "/apis/batch/v1/namespaces/shop/jobs/orders-12345678"
	if err := e.Stop(t.Context(), "orders"); err != nil || !rests(c.get(path)) {
		t.Errorf("%v %v", c.get(path), err)
	}
	if run, err := e.Run(t.Context(), "orders"); err != nil || run.State() != deploy.Stopped {
		t.Errorf("%+v %v", run, err)
	}
	c.changed()
	if err := e.Restart(t.Context(), "orders"); err != nil || rests(c.get(path)) {
		t.Errorf("%v %v", c.get(path), err)
	}
	if d := cmp.Diff([]string{"delete Job orders-12345678", "apply Job orders-12345678"}, c.changed()); d != "" {
		t.Error(d)
	}
	c.edit(path, func(o tree) { o["status"] = read(t, `{"conditions":[{"type":"Complete","status":"True"}]}`) })
	if err := e.Stop(t.Context(), "orders"); err != nil || len(c.changed()) > 0 {
		t.Error("a Job that is over is changed", err)
	}
}

// KEDA would start copies again: it is told to wait.
func TestStopPausesKEDA(t *testing.T) {
	kinds["/apis/keda.sh/v1alpha1"] = [][2]string{{"ScaledObject", "scaledobjects"}}
	t.Cleanup(func() { delete(kinds, "/apis/keda.sh/v1alpha1") })
	scaled := labelled(t, kindScaledObject, "keda.sh/v1alpha1", "orders", `{}`)
	c, e, r := released(t, stateful(t), scaled)
	const path = "/apis/keda.sh/v1alpha1/namespaces/shop/scaledobjects/orders"
	paused := func() string { return text2(c.get(path), "metadata", "annotations", annotationPaused) }
	for _, again := range []func() error{func() error { return e.Restart(t.Context(), "orders") }, func() error { return e.Put(t.Context(), r, "") }} {
		if err := e.Stop(t.Context(), "orders"); err != nil || paused() != "0" {
			t.Errorf("KEDA is not paused (%q): %v", paused(), err)
		}
		if err := again(); err != nil || paused() != "" {
			t.Errorf("KEDA is paused (%q): %v", paused(), err)
		}
	}
}

func TestRestRefused(t *testing.T) {
	_, e := newCluster(t)
	for _, change := range []error{e.Stop(t.Context(), "orders"), e.Restart(t.Context(), "orders")} {
		if change == nil || !strings.Contains(change.Error(), "orders has nothing that runs programs at ") {
			t.Error(change)
		}
	}
}
