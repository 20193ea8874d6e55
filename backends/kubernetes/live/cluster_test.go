package live

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"k8s.io/client-go/rest"

	"github.com/flowc-dev/flowc/backends/deploy"
)

// A cluster is the API of one in memory, as far as it is asked: objects by their paths,
// and no controllers but what pods says.
type cluster struct {
	t       *testing.T
	mu      sync.Mutex
	objects map[string]tree
	next    int      // resource version
	did     []string // what was changed, in its order
	// pods is the status of a pod that is made.
	pods func(pod tree) tree
	// log is what pods say.
	log string
	// refuse says which request is refused, and how: a code and a message.
	refuse func(r *http.Request, body tree) (int, string)
	// then is what a controller does when an object was changed by a merge.
	then func(path string)
}

// kinds are those that the cluster knows.
var kinds = map[string][][2]string{
	"/api/v1":                    {{"Namespace", "namespaces"}, {"ServiceAccount", "serviceaccounts"}, {"ConfigMap", "configmaps"}, {"Secret", "secrets"}, {"Service", "services"}, {"PersistentVolumeClaim", "persistentvolumeclaims"}, {"Pod", "pods"}, {"Event", "events"}},
	"/apis/apps/v1":              {{"Deployment", "deployments"}, {"StatefulSet", "statefulsets"}, {"ReplicaSet", "replicasets"}},
	"/apis/batch/v1":             {{"Job", "jobs"}, {"CronJob", "cronjobs"}},
	"/apis/policy/v1":            {{"PodDisruptionBudget", "poddisruptionbudgets"}},
	"/apis/networking.k8s.io/v1": {{"NetworkPolicy", "networkpolicies"}},
	"/apis/autoscaling/v2":       {{"HorizontalPodAutoscaler", "horizontalpodautoscalers"}},
}

// newCluster starts one with the namespace shop, and an engine that looks at it.
func newCluster(t *testing.T) (*cluster, *Engine) {
	t.Helper()
	c := &cluster{t: t, objects: map[string]tree{}, pods: func(tree) tree { return tree{"phase": "Succeeded"} }, refuse: func(*http.Request, tree) (int, string) { return 0, "" }}
	s := httptest.NewServer(c)
	t.Cleanup(s.Close)
	e, err := open(&rest.Config{Host: s.URL}, "test", "shop")
	if err != nil {
		t.Fatal(err)
	}
	c.have("/api/v1/namespaces/shop", tree{"apiVersion": "v1", "kind": "Namespace", "metadata": tree{"name": "shop"}})
	return c, e
}

// have puts an object there.
func (c *cluster) have(path string, o tree) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.store(path, clone(o))
}

// get is an object that is there.
func (c *cluster) get(path string) tree {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.objects[path]
}

// edit changes one as somebody else would.
func (c *cluster) edit(path string, f func(tree)) {
	o := clone(c.get(path))
	f(o)
	c.have(path, o)
}

// changed is what was done since it was asked last.
func (c *cluster) changed() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	did := c.did
	c.did = nil
	return did
}

// store keeps an object, with what a cluster notes down of it.
func (c *cluster) store(path string, o tree) {
	c.next++
	meta := sub(o, "metadata")
	old := c.objects[path]
	uid, generation := fmt.Sprintf("uid-%d", c.next), 1.0
	if old != nil {
		uid = text(old, "metadata", "uid")
		if generation, _ = at(old, "metadata", "generation").(float64); !deploy.Equal(old["spec"], o["spec"]) {
			generation++
		}
	}
	meta["uid"], meta["generation"], meta["resourceVersion"] = uid, generation, fmt.Sprint(c.next)
	if meta["creationTimestamp"] == nil {
		meta["creationTimestamp"] = fmt.Sprintf("2026-01-01T00:%02d:%02dZ", c.next/60, c.next%60)
	}
	c.objects[path] = o
}

func (c *cluster) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	text, _ := io.ReadAll(r.Body)
	var body tree
	_ = json.Unmarshal(text, &body)
	if code, message := c.refuse(r, body); code != 0 {
		c.no(w, code, message)
		return
	}
	root, namespace, plural, name, rest := split(r.URL.Path)
	kind := ""
	for _, k := range kinds[root] {
		if k[1] == plural {
			kind = k[0]
		}
	}
	switch {
	case plural == "" && kinds[root] != nil:
		c.resources(w, root)
		return
	case kind == "":
		c.no(w, http.StatusNotFound, "the server could not find the requested resource")
		return
	case rest == "log":
		fmt.Fprint(w, c.log)
		return
	}
	path := r.URL.Path
	if r.Method == http.MethodPost {
		name = nameOf(body)
		path += "/" + name
	}
	is := c.objects[path]
	dry := r.URL.Query().Get("dryRun") != ""
	switch r.Method {
	case http.MethodGet:
		switch {
		case name == "":
			c.list(w, root, namespace, plural, r.URL.Query().Get("labelSelector"))
		case is == nil:
			c.no(w, http.StatusNotFound, plural+` "`+name+`" not found`)
		default:
			c.yes(w, is)
		}
		return
	case http.MethodDelete:
		if is == nil {
			c.no(w, http.StatusNotFound, plural+` "`+name+`" not found`)
			return
		}
		c.did = append(c.did, "delete "+kind+" "+name)
		delete(c.objects, path)
		c.yes(w, tree{})
		return
	case http.MethodPatch:
		if r.Header.Get("Content-Type") == "application/merge-patch+json" {
			if is == nil {
				c.no(w, http.StatusNotFound, plural+` "`+name+`" not found`)
				return
			}
			c.did = append(c.did, "merge "+kind+" "+name+" "+string(text))
			body = merged(is, body).(tree)
			c.store(path, body)
			if c.then != nil {
				c.then(path)
			}
			c.yes(w, body)
			return
		}
		if r.Header.Get("Content-Type") != "application/apply-patch+yaml" || r.URL.Query().Get("fieldManager") != "flowc" {
			c.no(w, http.StatusBadRequest, "that is no apply")
			return
		}
		if namespace != "" && c.objects["/api/v1/namespaces/"+namespace] == nil {
			c.no(w, http.StatusNotFound, `namespaces "`+namespace+`" not found`)
			return
		}
		body = applied(is, body, namespace)
	case http.MethodPost:
		if is != nil {
			c.no(w, http.StatusConflict, name+" already exists")
			return
		}
		if kind == "Pod" {
			body["status"] = c.pods(body)
		}
	case http.MethodPut:
		if is == nil || at(body, "metadata", "resourceVersion") != at(is, "metadata", "resourceVersion") {
			c.no(w, http.StatusConflict, "the object has been modified")
			return
		}
	}
	if dry {
		c.yes(w, body)
		return
	}
	verb := map[string]string{http.MethodPatch: "apply", http.MethodPost: "create", http.MethodPut: "write"}[r.Method]
	c.did = append(c.did, verb+" "+kind+" "+name)
	c.store(path, body)
	if kind == "StatefulSet" && name == "orders" { // whose controller makes claims
		claim := tree{"metadata": tree{"name": "data-orders-0", "labels": sub(body, "spec", "selector", "matchLabels")}}
		c.store("/api/v1/namespaces/"+namespace+"/persistentvolumeclaims/data-orders-0", claim)
	}
	c.yes(w, body)
}

// applied is an object with another applied over it: what that says, and what the cluster
// has noted down or filled in.
func applied(is, by tree, namespace string) tree {
	out := clone(by)
	meta := sub(out, "metadata")
	if namespace != "" {
		meta["namespace"] = namespace
	}
	if spec := sub(out, "spec"); spec != nil && workloads[kindOf(by)] != "" {
		spec["filledIn"] = true
	}
	if is != nil {
		for _, key := range []string{"uid", "generation", "creationTimestamp", "resourceVersion"} {
			meta[key] = at(is, "metadata", key)
		}
		if is["status"] != nil {
			out["status"] = is["status"]
		}
		if stopped := text(is, "metadata", "annotations", annotationStopped); stopped != "" { // which is not this manager's to take away
			sub(meta, "annotations")[annotationStopped] = stopped
			if spec := sub(out, "spec"); spec["replicas"] == nil {
				spec["replicas"] = at(is, "spec", "replicas")
			}
		}
	}
	return out
}

// merged is a value with a patch over it, as RFC 7396 has it.
func merged(is, by any) any {
	patch, ok := by.(tree)
	if !ok {
		return by
	}
	out, _ := cloneValue(is).(tree)
	if out == nil {
		out = tree{}
	}
	for key, v := range patch {
		if v == nil {
			delete(out, key)
		} else {
			out[key] = merged(out[key], v)
		}
	}
	return out
}

// split is a path of the API: /api/v1/namespaces/shop/pods/one/log.
func split(path string) (root, namespace, plural, name, rest string) {
	parts := strings.Split(strings.TrimPrefix(path, "/"), "/")
	n := 2
	if parts[0] == "apis" {
		n = 3
	}
	root, parts = "/"+strings.Join(parts[:min(n, len(parts))], "/"), parts[min(n, len(parts)):]
	if len(parts) > 2 && parts[0] == "namespaces" {
		namespace, parts = parts[1], parts[2:]
	}
	parts = append(parts, "", "", "")
	return root, namespace, parts[0], parts[1], parts[2]
}

func (c *cluster) resources(w http.ResponseWriter, root string) {
	var all []tree
	for _, k := range kinds[root] {
		all = append(all, tree{"name": k[1], "kind": k[0], "namespaced": k[0] != "Namespace"}, tree{"name": k[1] + "/status", "kind": k[0], "namespaced": true})
	}
	c.yes(w, tree{"resources": all})
}

func (c *cluster) list(w http.ResponseWriter, root, namespace, plural, selector string) {
	items := []tree{}
	for _, path := range slices.Sorted(maps.Keys(c.objects)) {
		o := c.objects[path]
		in, ns, of, _, _ := split(path)
		if in == root && of == plural && (namespace == "" || ns == namespace) && picks(selector, sub(o, "metadata", "labels")) {
			o = clone(o)
			delete(o, "kind")
			delete(o, "apiVersion")
			items = append(items, o)
		}
	}
	c.yes(w, tree{"items": items})
}

// picks tells whether a selector picks labels: a=b, a, !a, with commas between.
func picks(selector string, labels tree) bool {
	for _, part := range strings.Split(selector, ",") {
		key, value, valued := strings.Cut(part, "=")
		absent := strings.HasPrefix(key, "!")
		is, there := labels[strings.TrimPrefix(key, "!")]
		switch {
		case part == "":
		case absent && there, !absent && !there, valued && is != value:
			return false
		}
	}
	return true
}

func (c *cluster) yes(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(v); err != nil {
		c.t.Error(err)
	}
}

func (c *cluster) no(w http.ResponseWriter, code int, message string) {
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(tree{"kind": "Status", "message": message, "code": code, "reason": http.StatusText(code)})
}
