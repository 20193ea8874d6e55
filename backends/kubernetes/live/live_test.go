package live

import (
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/flowc-dev/flowc/backends/deploy"
	"github.com/flowc-dev/flowc/backends/kubernetes"
)

// read is an object as JSON has it.
func read(t *testing.T, text string) tree {
	t.Helper()
	var o tree
	if err := json.Unmarshal([]byte(text), &o); err != nil {
		t.Fatal(err)
	}
	return o
}

// object is one with the labels that flowc writes.
func labelled(t *testing.T, kind, version, name, spec string) tree {
	t.Helper()
	return read(t, `{"apiVersion":"`+version+`","kind":"`+kind+`","metadata":{"name":"`+name+`","labels":{"app.kubernetes.io/name":"orders","app.kubernetes.io/managed-by":"flowc","app.kubernetes.io/version":"h1"},
		"annotations":{"flowc.dev/pipeline-hash":"h1"}},"spec":`+spec+`}`)
}

const pod = `"template":{"metadata":{"labels":{"app.kubernetes.io/name":"orders","app.kubernetes.io/version":"h1"}},"spec":{"serviceAccountName":"orders","terminationGracePeriodSeconds":35,
	"securityContext":{"runAsNonRoot":true},"volumes":[{"name":"feed","persistentVolumeClaim":{"claimName":"feed"}}],
	"containers":[{"name":"pipeline","image":"reg/orders@sha256:1","env":[{"name":"A","value":"1"}],"volumeMounts":[{"name":"data","mountPath":"/data"},{"name":"feed","mountPath":"/feed"}],
	"readinessProbe":{"httpGet":{"port":9090}},"resources":{"limits":{"memory":"128Mi"},"requests":{"memory":"128Mi"}}},{"name":"other","image":"sidecar:1"}]}}`

const picked = `"selector":{"matchLabels":{"app.kubernetes.io/name":"orders"}}`

func stateful(t *testing.T) tree {
	t.Helper()
	return labelled(t, "StatefulSet", "apps/v1", "orders", `{"replicas":1,`+picked+`,`+pod+`,"volumeClaimTemplates":[{"metadata":{"name":"data"}}]}`)
}

// releaseOf is one of the objects: an account and more.
func releaseOf(t *testing.T, hash string, more ...tree) *deploy.Release {
	t.Helper()
	account := labelled(t, "ServiceAccount", "v1", "orders", `{}`)
	delete(account, "spec")
	s := &kubernetes.Set{Pipeline: "Orders", Hash: hash, Name: "orders", Objects: append([]tree{account}, more...)}
	r, err := Release(s, "/src/orders", "reg/orders@sha256:1")
	if err != nil {
		t.Fatal(err)
	}
	return r
}

const shopApps = "/apis/apps/v1/namespaces/shop/"

// plan plans a release, and returns its text.
func plan(t *testing.T, e *Engine, r *deploy.Release) (*deploy.Plan, string) {
	t.Helper()
	p, err := deploy.NewPlan(t.Context(), e, r, false)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	p.Text(&b, false)
	return p, b.String()
}

func put(t *testing.T, e *Engine, r *deploy.Release, seen string) {
	t.Helper()
	if err := e.Put(t.Context(), r, seen); err != nil {
		t.Fatal(err)
	}
}

// A plan changes nothing; what is applied is written down before it is done; twice is
// once; and what somebody changes by hand is in the next plan, field by field.
func TestApply(t *testing.T) {
	c, e := newCluster(t)
	r := releaseOf(t, "h1", stateful(t))
	_, text := plan(t, e, r)
	if did := c.changed(); did != nil {
		t.Errorf("a plan does %v", did)
	}
	want := "orders at " + e.Place() + ": new, h1\n+ create ServiceAccount orders\n+ create StatefulSet orders\n+ create PersistentVolumeClaim data-orders-0\n"
	if d := cmp.Diff(want, text); d != "" {
		t.Error(d)
	}
	v, err := e.Preview(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	put(t, e, r, v.Seen)
	if d := cmp.Diff([]string{"create ConfigMap orders-release", "apply ServiceAccount orders", "apply StatefulSet orders"}, c.changed()); d != "" {
		t.Error(d)
	}
	c.have("/api/v1/namespaces/shop/persistentvolumeclaims/data-others-0", read(t, `{"metadata":{"name":"data-others-0","labels":{"app.kubernetes.io/name":"orders"}}}`))
	set := text2(c.get(shopApps+"statefulsets/orders"), "metadata", "labels", labelSet)
	if set == "" || set != text2(c.get("/api/v1/namespaces/shop/configmaps/orders-release"), "metadata", "labels", labelSetID) {
		t.Errorf("the objects are in the set %q", set)
	}
	if groups := text2(c.get("/api/v1/namespaces/shop/configmaps/orders-release"), "metadata", "annotations", annotationKinds); groups != "ServiceAccount,StatefulSet.apps" {
		t.Error(groups)
	}
	p, text := plan(t, e, r)
	if !p.Empty() || p.Before == nil || p.Before.Hash != "h1" || p.Before.Folder != "/src/orders" || string(p.Before.Manifest) != string(r.Manifest) {
		t.Errorf("%s\n%+v", text, p.Before)
	}

	c.edit(shopApps+"statefulsets/orders", func(o tree) {
		sub(o, "spec")["replicas"] = 0.0
		sub(o, "metadata", "labels")["app.kubernetes.io/version"] = "h0" // which a plan leaves out
	})
	_, text = plan(t, e, r)
	if !strings.Contains(text, "~ change StatefulSet orders\n    ~ spec.replicas  0 → 1\n") {
		t.Error(text)
	}
	if err := e.Put(t.Context(), r, v.Seen); !errors.Is(err, deploy.ErrChanged) {
		t.Errorf("what was seen is another by now: %v", err)
	}
	other := stateful(t)
	at(other, "spec", "template", "spec", "containers").([]any)[0].(tree)["env"] = []any{tree{"name": "A", "value": "2"}}
	_, text = plan(t, e, releaseOf(t, "h2", other))
	for _, part := range []string{"h1 → h2", "~ change StatefulSet orders  (its pod is replaced, after a stop that may take 35s)", "spec.template.spec.containers[pipeline].env[A].value", "1 → 2"} {
		if !strings.Contains(text, part) {
			t.Errorf("nothing says %q:\n%s", part, text)
		}
	}
}

func text2(t tree, keys ...string) string { return text(t, keys...) }

// Another kind of workload does its work from now on: the one before ends first.
func TestAnotherKind(t *testing.T) {
	c, e := newCluster(t)
	put(t, e, releaseOf(t, "h1", stateful(t)), "")
	deployment := labelled(t, "Deployment", "apps/v1", "orders", `{"replicas":2,`+picked+`,`+pod+`}`)
	r := releaseOf(t, "h2", deployment)
	p, text := plan(t, e, r)
	if p.Empty() || !strings.Contains(text, "+ create Deployment orders\n- delete StatefulSet orders  (others do its work from now on)") {
		t.Error(text)
	}
	c.changed()
	put(t, e, r, "")
	if d := cmp.Diff([]string{"write ConfigMap orders-release", "delete StatefulSet orders", "apply ServiceAccount orders", "apply Deployment orders"}, c.changed()); d != "" {
		t.Error(d)
	}
}

// What is not flowc's, or another pipeline's, is not taken over; what kubectl has applied
// of flowc's objects is.
func TestTakeOver(t *testing.T) {
	c, e := newCluster(t)
	r := releaseOf(t, "h1", stateful(t))
	foreign := stateful(t)
	sub(foreign, "metadata", "labels")["app.kubernetes.io/managed-by"] = "Helm"
	c.have(shopApps+"statefulsets/orders", foreign)
	if _, err := e.Preview(t.Context(), r); err == nil || !strings.Contains(err.Error(), "the StatefulSet orders in the namespace shop is not flowc's") {
		t.Error(err)
	}
	other := stateful(t)
	sub(other, "metadata", "labels")[labelSet] = "applyset-of-others"
	c.have(shopApps+"statefulsets/orders", other)
	if _, err := e.Preview(t.Context(), r); err == nil || !strings.Contains(err.Error(), "belongs to another pipeline") {
		t.Error(err)
	}
	c.have(shopApps+"statefulsets/orders", stateful(t))
	p, text := plan(t, e, r)
	if p.Before == nil || p.Before.Manifest != nil || p.Before.Image != "reg/orders@sha256:1" || !strings.Contains(text, "flowc did not apply what runs, and could not bring it back") {
		t.Errorf("%+v\n%s", p.Before, text)
	}
	all, err := e.Releases(t.Context())
	if err != nil || len(all) != 1 || all[0].ID != "orders" || all[0].Manifest != nil {
		t.Error(all, err)
	}
	put(t, e, r, "")
	if p, text = plan(t, e, r); !p.Empty() {
		t.Error(text)
	}
}

// A pod tries a release: as its pods would be, without what holds data, without being
// taken for one of them.
func TestTry(t *testing.T) {
	c, e := newCluster(t)
	c.have("/api/v1/namespaces/shop/persistentvolumeclaims/feed", read(t, `{"metadata":{"name":"feed"}}`))
	r := releaseOf(t, "h1", stateful(t))
	var tried tree
	c.pods = func(pod tree) tree { tried = clone(pod); return tree{"phase": "Succeeded"} }
	if err := e.Try(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]string{"apply ServiceAccount orders", "create Pod orders-try-1-0", "delete Pod orders-try-1-0"}, c.changed()); d != "" {
		t.Error(d)
	}
	spec := sub(tried, "spec")
	containers := spec["containers"].([]any)
	one := containers[0].(tree)
	switch {
	case len(containers) != 1 || one["readinessProbe"] != nil || at(one, "resources", "requests", "memory") != "16Mi" || at(one, "resources", "limits", "memory") != "128Mi":
		t.Errorf("%v", containers)
	case !deploy.Equal(one["args"], []any{"check"}) || !deploy.Equal(one["env"], []any{tree{"name": "A", "value": "1"}}) || at(spec, "securityContext", "runAsNonRoot") != true:
		t.Errorf("%v", tried)
	case text(tried, "metadata", "labels", "app.kubernetes.io/name") != "" || spec["restartPolicy"] != "Never":
		t.Errorf("somebody could take it for one of those that do the work: %v", tried)
	case strings.Contains(string(must(json.Marshal(spec["volumes"]))), "Claim"):
		t.Errorf("it has claims: %v", spec["volumes"])
	}

	waiting := func(reason, message string) func(tree) tree {
		return func(tree) tree {
			return tree{"phase": "Pending", "containerStatuses": []any{tree{"name": "pipeline", "state": tree{"waiting": tree{"reason": reason, "message": message}}}}}
		}
	}
	for name, test := range map[string]struct {
		pods   func(tree) tree
		log    string
		refuse int
		says   string
		want   string // "" for no refusal
	}{
		"a wrong setting": {pods: func(tree) tree { return tree{"phase": "Failed"} }, log: "2026-01-01T00:00:00Z no such key\n", want: "can't start, and what runs was not touched:\nno such key"},
		"no image":        {pods: waiting("ErrImagePull", "not found"), want: "ErrImagePull: not found"},
		"no secret":       {pods: waiting("CreateContainerConfigError", `secret "x" not found`), want: `secret "x" not found`},
		"of another machine": {pods: func(tree) tree {
			return tree{"phase": "Failed", "containerStatuses": []any{tree{"state": tree{"terminated": tree{"exitCode": 128, "message": "exec format error"}}}}}
		}, want: "exec format error"},
		"no right to try":     {refuse: 403, says: `pods is forbidden: User "u" cannot create resource "pods"`},
		"no room to try":      {refuse: 403, says: "exceeded quota: all"},
		"pods like this":      {refuse: 403, says: `violates PodSecurity "restricted:latest"`, want: "violates PodSecurity"},
		"somebody forbids it": {refuse: 403, says: `admission webhook "x" denied the request`, want: "denied the request"},
		"an error of ours":    {refuse: 422, says: "Pod is invalid", want: "Pod is invalid"},
	} {
		t.Run(name, func(t *testing.T) {
			c.pods, c.log = test.pods, test.log
			c.refuse = func(r *http.Request, body tree) (int, string) {
				if r.Method == http.MethodPost && kindOf(body) == "Pod" {
					return test.refuse, test.says
				}
				return 0, ""
			}
			err := e.Try(t.Context(), r)
			var refused *deploy.Refused
			if errors.As(err, &refused) != (test.want != "") || test.want == "" && err != nil || test.want != "" && !strings.Contains(err.Error(), test.want) {
				t.Errorf("%v", err)
			}
			for path := range c.objects {
				if strings.Contains(path, "/pods/") {
					t.Errorf("%s is left", path)
				}
			}
		})
	}
	c.refuse = func(*http.Request, tree) (int, string) { return 0, "" }
	c.pods = func(tree) tree { return tree{"phase": "Succeeded"} }
	delete(c.objects, "/api/v1/namespaces/shop/persistentvolumeclaims/feed")
	if err := e.Try(t.Context(), r); err == nil || !strings.Contains(err.Error(), "there is no claim feed in the namespace shop") {
		t.Error(err)
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// Workloads end before the rest goes; what holds data, and what tells of it, stays until
// that is deleted too.
func TestRemove(t *testing.T) {
	c, e := newCluster(t)
	namespace := labelled(t, "Namespace", "v1", "mine", `{}`)
	s := &kubernetes.Set{Pipeline: "Orders", Hash: "h1", Name: "orders", Namespace: "mine", Objects: []tree{namespace, labelled(t, "NetworkPolicy", "networking.k8s.io/v1", "orders", `{}`), stateful(t)}}
	r, err := Release(s, "/src", "reg/orders@sha256:1")
	if err != nil {
		t.Fatal(err)
	}
	if _, text := plan(t, e, r); !strings.Contains(text, "+ create Namespace mine") {
		t.Error(text)
	}
	put(t, e, r, "")
	c.have("/api/v1/namespaces/mine/configmaps/kube-root-ca.crt", read(t, `{"metadata":{"name":"kube-root-ca.crt"}}`))
	one := func() *deploy.Release {
		t.Helper()
		all, err := e.Releases(t.Context())
		if err != nil || len(all) != 1 || all[0].ID != "mine/orders" || all[0].Pipeline != "Orders" {
			t.Fatal(all, err)
		}
		return all[0]
	}
	remove := func(state bool) []string {
		t.Helper()
		c.changed()
		if _, err := deploy.Apply(t.Context(), e, deploy.NewRemoval(e, one(), state), deploy.Options{}); err != nil {
			t.Fatal(err)
		}
		return c.changed()
	}
	if d := cmp.Diff([]string{"delete StatefulSet orders", "delete NetworkPolicy orders"}, remove(false)); d != "" {
		t.Error(d)
	}
	if run, err := e.Run(t.Context(), "mine/orders"); run != nil || err != nil {
		t.Error(run, err)
	}
	c.have("/api/v1/namespaces/mine/secrets/theirs", read(t, `{"metadata":{"name":"theirs"}}`))
	if d := cmp.Diff([]string{"delete PersistentVolumeClaim data-orders-0", "delete ConfigMap orders-release"}, remove(true)); d != "" {
		t.Errorf("a namespace with something of others: %s", d)
	}
	put(t, e, r, "")
	delete(c.objects, "/api/v1/namespaces/mine/secrets/theirs")
	if d := cmp.Diff([]string{"delete StatefulSet orders", "delete NetworkPolicy orders", "delete PersistentVolumeClaim data-orders-0", "delete ConfigMap orders-release", "delete Namespace mine"}, remove(true)); d != "" {
		t.Error(d)
	}
}

// A namespace that somebody has made is given the security that pods are made for, and is
// theirs; one that another pipeline has made is left alone.
func TestNamespaces(t *testing.T) {
	c, e := newCluster(t)
	const path = "/api/v1/namespaces/mine"
	of := func(name string) *deploy.Release {
		t.Helper()
		namespace := labelled(t, "Namespace", "v1", "mine", `{}`)
		delete(namespace, "spec")
		sub(namespace, "metadata", "labels")["pod-security.kubernetes.io/enforce"] = "restricted"
		sub(namespace, "metadata", "labels")["app.kubernetes.io/name"] = name
		account := labelled(t, "ServiceAccount", "v1", name, `{}`)
		r, err := Release(&kubernetes.Set{Pipeline: name, Hash: "h", Name: name, Namespace: "mine", Objects: []tree{namespace, account}}, "/src", "")
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	put(t, e, of("one"), "")
	if sub(c.get(path), "metadata", "labels")[labelSet] == nil {
		t.Error("a namespace that was made is not known as such")
	}
	put(t, e, of("two"), "")
	for _, name := range []string{"one", "two"} {
		if p, text := plan(t, e, of(name)); !p.Empty() {
			t.Errorf("two pipelines of one namespace take it from each other:\n%s", text)
		}
	}
	c.have(path, read(t, `{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"mine","labels":{"team":"shop"}}}`))
	_, text := plan(t, e, of("one"))
	if !strings.Contains(text, "pod-security.kubernetes.io/enforce") || strings.Contains(text, "managed-by") {
		t.Error(text)
	}
	put(t, e, of("one"), "")
	if sub(c.get(path), "metadata", "labels")[labelSet] != nil {
		t.Error("a namespace of somebody else's would be deleted")
	}
}

// What is not wanted any more stays until somebody prunes.
func TestPrune(t *testing.T) {
	c, e := newCluster(t)
	put(t, e, releaseOf(t, "h1", labelled(t, "NetworkPolicy", "networking.k8s.io/v1", "orders", `{}`), stateful(t)), "")
	r := releaseOf(t, "h2", stateful(t))
	if _, text := plan(t, e, r); !strings.Contains(text, "leave  NetworkPolicy orders  (it is not wanted any more, and --prune deletes it)") {
		t.Error(text)
	}
	put(t, e, r, "")
	p, err := deploy.NewPlan(t.Context(), e, r, true)
	if err != nil || p.Summary() != "1 to delete" {
		t.Fatal(p.Summary(), err)
	}
	c.changed()
	if _, err := deploy.Apply(t.Context(), e, p, deploy.Options{NoWait: true}); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]string{"delete NetworkPolicy orders"}, c.changed()); d != "" {
		t.Error(d)
	}
}

// Who may not look into all namespaces looks into that of the context.
func TestReleasesOfOneNamespace(t *testing.T) {
	c, e := newCluster(t)
	put(t, e, releaseOf(t, "h1", stateful(t)), "")
	c.refuse = func(r *http.Request, _ tree) (int, string) {
		if r.URL.Path == "/api/v1/configmaps" {
			return http.StatusForbidden, "configmaps is forbidden"
		}
		return 0, ""
	}
	all, err := e.Releases(t.Context())
	if err != nil || len(all) != 1 || all[0].ID != "orders" {
		t.Error(all, err)
	}
}

// A manifest that is long is packed, and reads back as it was.
func TestLongRecord(t *testing.T) {
	_, e := newCluster(t)
	long := labelled(t, "ConfigMap", "v1", "orders-files", `{}`)
	long["data"] = tree{"x": strings.Repeat("row,1,2,3\n", 50000)}
	r := releaseOf(t, "h1", long, stateful(t))
	put(t, e, r, "")
	p, text := plan(t, e, r)
	if !p.Empty() || string(p.Before.Manifest) != string(r.Manifest) {
		t.Error(text)
	}
}

// Answers that say no say what to do.
func TestRefusals(t *testing.T) {
	c, e := newCluster(t)
	r := releaseOf(t, "h1", stateful(t))
	for _, test := range []struct {
		code    int
		message string
		want    string
	}{
		{401, "Unauthorized", "log in to it again, or take another context"},
		{403, `configmaps "orders-release" is forbidden: User "u" cannot get it`, `the cluster forbids it (403): configmaps "orders-release" is forbidden`},
		{502, "", "502 Bad Gateway"},
	} {
		c.refuse = func(*http.Request, tree) (int, string) { return test.code, test.message }
		if _, err := e.Preview(t.Context(), r); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%v, and not %s", err, test.want)
		}
	}
	c.refuse = func(r *http.Request, body tree) (int, string) {
		if r.Method == http.MethodPatch && kindOf(body) == "StatefulSet" {
			return 422, `StatefulSet.apps "orders" is invalid: spec: Forbidden: updates to statefulset spec for fields other than 'replicas' are forbidden`
		}
		return 0, ""
	}
	if _, err := e.Preview(t.Context(), r); err == nil || !strings.Contains(err.Error(), "`flowc delete orders` stops it and keeps its volumes") {
		t.Error(err)
	}
	c.refuse = func(r *http.Request, _ tree) (int, string) {
		if strings.HasSuffix(r.URL.Path, "/horizontalpodautoscalers") {
			return 403, "horizontalpodautoscalers is forbidden"
		}
		return 0, ""
	}
	if _, err := e.Preview(t.Context(), r); err != nil {
		t.Errorf("a right is missing that nobody needs: %v", err)
	}
	c.refuse = func(*http.Request, tree) (int, string) { return 0, "" }
	delete(c.objects, "/api/v1/namespaces/shop")
	if _, err := e.Preview(t.Context(), r); err == nil || !strings.Contains(err.Error(), "createNamespace: true") {
		t.Error(err)
	}
	scaled := labelled(t, "ScaledObject", "keda.sh/v1alpha1", "orders", `{}`)
	if _, err := e.Preview(t.Context(), releaseOf(t, "h1", scaled)); err == nil || !strings.Contains(err.Error(), "ScaledObject (keda.sh/v1alpha1): the cluster does not know it") {
		t.Error(err)
	}
}

// A Job that changes is another one: it follows when the one before has ended. One that is
// over stays while somebody may go back to it; one that has failed is run again.
func TestJobs(t *testing.T) {
	c, e := newCluster(t)
	job := func(name, env string) tree {
		return labelled(t, "Job", "batch/v1", name, `{"ttlSecondsAfterFinished":86400,`+strings.Replace(pod, `"value":"1"`, `"value":"`+env+`"`, 1)+`}`)
	}
	status := func(name, condition string) {
		c.edit("/apis/batch/v1/namespaces/shop/jobs/"+name, func(o tree) {
			o["status"] = tree{"completionTime": "2026-01-01T01:00:00Z", "conditions": []any{tree{"type": condition, "status": "True", "message": "too often"}}}
		})
	}
	first, second, third := releaseOf(t, "h1", job("orders-00000001", "1")), releaseOf(t, "h2", job("orders-00000002", "2")), releaseOf(t, "h3", job("orders-00000003", "3"))
	put(t, e, first, "")
	if at(c.get("/apis/batch/v1/namespaces/shop/jobs/orders-00000001"), "spec", "ttlSecondsAfterFinished") != nil {
		t.Error("a Job that is over goes by itself, and is run again")
	}
	p, text := plan(t, e, second)
	if p.Empty() || !strings.Contains(text, "~ change Job orders  (the Job that runs ends, after a stop that may take 35s, and another goes on)") || strings.Contains(text, "00000002") {
		t.Error(text)
	}
	c.changed()
	put(t, e, second, "")
	if d := cmp.Diff([]string{"write ConfigMap orders-release", "delete Job orders-00000001", "apply ServiceAccount orders", "apply Job orders-00000002"}, c.changed()); d != "" {
		t.Error(d)
	}
	status("orders-00000002", "Complete")
	put(t, e, third, "")
	if c.get("/apis/batch/v1/namespaces/shop/jobs/orders-00000002") == nil {
		t.Error("a Job that is over and could be gone back to is deleted")
	}
	put(t, e, second, "") // back to one that is over
	if p, text = plan(t, e, second); !p.Empty() {
		t.Error(text)
	}
	run, err := e.Run(t.Context(), "orders")
	if err != nil || run.State() != deploy.Ended {
		t.Errorf("%+v %v", run, err)
	}
	put(t, e, third, "")
	status("orders-00000003", "Failed")
	run, err = e.Run(t.Context(), "orders")
	if err != nil || run.State() != deploy.Failed || run.Instances[0].Says != "too often" {
		t.Errorf("%+v %v", run, err)
	}
	if p, text = plan(t, e, third); p.Empty() || !strings.Contains(text, "~ start  Job orders  (it has failed: too often)") {
		t.Error(text)
	}
	c.changed()
	put(t, e, third, "")
	if did := c.changed(); !slices.Contains(did, "delete Job orders-00000003") || did[len(did)-1] != "apply Job orders-00000003" {
		t.Error(did)
	}
}
