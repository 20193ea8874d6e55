package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// registry starts a registry that the node pulls from, and returns its host. It is of
// this machine's own address, which both sides speak to without certificates.
func (c *kubeCluster) registry(t *testing.T) string {
	t.Helper()
	return newRegistry(t)
}

// run runs a command of flowc's in the pipeline's folder and for this cluster, and fails
// the test where its exit code is another.
func (a *kubeApp) run(code int, args ...string) string {
	a.t.Helper()
	all := append(slices.Clone(args), "--kubeconfig", filepath.Join(a.dir, "kubeconfig"))
	var out bytes.Buffer
	got := run(all, nil, &out, &out)
	a.t.Logf("$ flowc %s\n%s", strings.Join(args, " "), &out)
	if got != code {
		a.t.Fatalf("flowc %s: exit code %d, not %d\n%s", strings.Join(args, " "), got, code, a.try("get", "pods,events", "-n", a.name))
	}
	return out.String()
}

// file is the pipeline's, with its options.
func (a *kubeApp) file() []string {
	return []string{filepath.Join(a.folder, "pipeline.yaml"), "--env", "k8s", "-t", "k8s"}
}

// applies is `flowc apply` of the pipeline.
func (a *kubeApp) applies(code int, args ...string) string {
	a.t.Helper()
	return a.run(code, slices.Concat([]string{"apply"}, a.file(), args)...)
}

// says fails the test where a text lacks a part.
func says(t *testing.T, text string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(text, part) {
			t.Errorf("nothing says %q:\n%s", part, text)
		}
	}
}

// same applies once more, which must find nothing to change and change nothing.
func (a *kubeApp) same() {
	a.t.Helper()
	state := func() string {
		const fields = `{.kind} {.metadata.name} {.metadata.uid} {.metadata.generation}{"\n"}`
		return a.in("get", "deployments,statefulsets,jobs,cronjobs,services,configmaps,serviceaccounts,networkpolicies,poddisruptionbudgets,pods", "-o", `jsonpath={range .items[*]}`+fields+`{end}`)
	}
	a.until("nothing drains any more", func() bool { return strings.TrimSpace(a.get("pods", ".items[*].metadata.deletionTimestamp")) == "" })
	before := state()
	says(a.t, a.applies(exitOK, "--yes"), ": unchanged, ")
	a.applies(exitOK, "--diff")
	if after := state(); after != before {
		a.t.Errorf("the same pipeline once more changes something:\n%s%s", before, after)
	}
}

// deleted deletes what was applied, with its state, and sees that nothing is left of it.
func (a *kubeApp) deleted() {
	a.t.Helper()
	says(a.t, a.run(exitOK, slices.Concat([]string{"delete"}, a.file(), []string{"--state", "--yes"})...), ": deleted")
	a.empty()
}

// empty sees that nothing of the pipeline is left but what is kept.
func (a *kubeApp) empty(kept ...string) {
	a.t.Helper()
	var left string
	a.until("nothing is left", func() bool {
		left = strings.TrimSpace(a.try("-n", a.name, "get", ownKinds, "-o", "name", "-l", "app.kubernetes.io/name="+a.name))
		return left == strings.Join(kept, "\n")
	})
	if text := a.try("-n", a.name, "get", "pods", "-o", "name"); text != "" {
		a.t.Errorf("pods are left: %s", text)
	}
	if len(kept) == 0 {
		says(a.t, a.run(exitEnv, "status", a.name, "-t", "k8s"), "was not applied at Kubernetes at https://127.0.0.1:6443 (x)")
	}
}

// ownKinds are the kinds of all that a pipeline may leave in a namespace.
const ownKinds = "pods,services,endpointslices,deployments,statefulsets,replicasets,controllerrevisions,jobs,cronjobs,configmaps,secrets,serviceaccounts,poddisruptionbudgets,networkpolicies,horizontalpodautoscalers,persistentvolumeclaims"

// A program from a file to a file goes through all that `apply` does to a StatefulSet,
// while it is fed: what it writes is what the program writes by itself.
func kubernetesApply(t *testing.T, c *kubeCluster) {
	const even = "filter: in.N % 2 == 0"
	host := c.registry(t)
	named := func(s string) string { return strings.Replace(s, "pipeline: numbers", "pipeline: ledger", 1) }
	pipeline := named(followed(even, true))
	options := fmt.Sprintf("namespace: ledger, image: %s/ledger, files: {in.ndjson: {claim: feed}}", host)
	a := c.app(t, pipeline, options)
	feed := &feeder{t: t, path: filepath.Join(a.fed(), "in.ndjson")}
	out := filepath.Join(a.volume("ledger-data", "storageClassName: folders"), "out.ndjson")
	wrote := func() []byte {
		text, _ := os.ReadFile(out)
		return text
	}
	complete := func(when string) {
		t.Helper()
		want := feed.standalone(named(followed(even, false)))
		a.until("all records "+when, func() bool { return bytes.Equal(wrote(), want) })
		t.Logf("%s: %d records of %d, as the program writes them by itself", when, bytes.Count(want, []byte("\n")), feed.next)
	}
	feeding := func(do func()) {
		t.Helper()
		stop, stopped := make(chan struct{}), make(chan struct{})
		go func() {
			defer close(stopped)
			for {
				select {
				case <-stop:
					return
				default:
					feed.more(5)
					pause()
				}
			}
		}()
		defer func() { close(stop); <-stopped }()
		before := len(wrote())
		a.until("the program writes", func() bool { return len(wrote()) > before })
		do()
		before = len(wrote())
		a.until("the program goes on", func() bool { return len(wrote()) > before })
	}
	pod := func() string { return a.get("pod/ledger-0", ".metadata.uid") }
	feed.more(5000)

	says(t, a.applies(exitUsage), "--yes")
	says(t, a.applies(exitOK, "--dry-run"), "ledger/ledger at Kubernetes at https://127.0.0.1:6443 (x): new", "+ create StatefulSet ledger", "+ create PersistentVolumeClaim data-ledger-0", "+ create NetworkPolicy ledger")
	a.applies(exitDrift, "--diff")
	a.empty()
	if text := a.try("-n", "ledger", "get", "configmaps,pods", "-o", "name"); text != "configmap/kube-root-ca.crt\n" {
		t.Errorf("a plan makes %s", text)
	}
	says(t, a.applies(exitOK, "--yes"), "ledger/ledger: applied, ready")
	complete("applied")
	a.same()
	var status struct{ Result statusResult }
	text := a.run(exitOK, slices.Concat([]string{"status"}, a.file(), []string{"--format", "json"})...)
	if err := json.Unmarshal([]byte(text), &status); err != nil || len(status.Result.Runs) != 1 || status.Result.Runs[0].State != "ready" || status.Result.Runs[0].Instances[0].Name != "ledger-0" {
		t.Errorf("%v: %s", err, text)
	}
	if a.get("pod/ledger-0", ".spec.containers[0].securityContext.readOnlyRootFilesystem") != "true" {
		t.Error("the root can be written to")
	}

	t.Log("changed by hand since")
	a.in("scale", "statefulset/ledger", "--replicas=0")
	a.in("delete", "networkpolicy/ledger")
	a.until("no pod", func() bool { return pod() == "" })
	says(t, a.run(exitOK, slices.Concat([]string{"status"}, a.file())...), "somebody has set its copies to 0")
	says(t, a.applies(exitDrift, "--diff"), "~ change StatefulSet ledger", "spec.replicas  0 → 1", "+ create NetworkPolicy ledger")
	a.applies(exitOK, "--yes")
	complete("after a change by hand")

	t.Log("a tunable changes")
	options += `, env: {FLOWC_SET: "ns.config.max_record=1MiB"}`
	a.options(options)
	feeding(func() {
		said := a.applies(exitOK, "--yes")
		says(t, said, "~ change StatefulSet ledger  (its pod is replaced, after a stop that may take 35s)", "spec.template.spec.containers[pipeline].env[FLOWC_SET]", "ledger/ledger: applied, ready")
		if strings.Contains(said, "ServiceAccount ledger  (") || strings.Contains(said, "~ change Service") {
			t.Errorf("more than that changes:\n%s", said)
		}
	})
	complete("with another tunable")
	a.same()
	feeding(func() { a.kill("ledger-0") })
	complete("killed")

	t.Log("stopped and started again")
	says(t, a.run(exitOK, slices.Concat([]string{"stop"}, a.file())...), "ledger/ledger: stopped")
	if pod() != "" {
		t.Error("what is stopped has a pod")
	}
	feed.more(100)
	says(t, a.run(exitOK, slices.Concat([]string{"status"}, a.file())...), "stopped")
	says(t, a.applies(exitDrift, "--diff"), "~ start  StatefulSet ledger  (it was stopped)")
	says(t, a.run(exitOK, slices.Concat([]string{"restart"}, a.file())...), "ledger/ledger: ready")
	complete("stopped and started again")
	a.same()
	was := pod()
	feeding(func() { says(t, a.run(exitOK, "restart", "ledger/ledger", "-t", "k8s"), "ledger/ledger: ready") })
	if pod() == was {
		t.Error("a restart leaves the pod as it is")
	}
	complete("started again")
	a.same()
	a.run(exitOK, slices.Concat([]string{"stop"}, a.file())...)
	says(t, a.applies(exitOK, "--yes"), "ledger/ledger: applied, ready")
	complete("stopped and applied")
	a.same()

	t.Log("versions that can't start")
	first := pod()
	a.options(strings.Replace(options, "max_record", "nothing", 1))
	says(t, a.applies(exitEnv, "--yes"), "can't start, and what runs was not touched", "ns.config.nothing")
	a.options(options)
	says(t, a.applies(exitEnv, "--yes", "--image", host+"/ledger@sha256:"+strings.Repeat("0", 64)), "can't start, and what runs was not touched", "ErrImagePull")
	a.options(strings.Replace(options, "claim: feed", "claim: food", 1))
	says(t, a.applies(exitEnv, "--yes"), "there is no claim food in the namespace ledger")
	a.options(options + ", secrets: {KEY: {name: vault}}")
	says(t, a.applies(exitEnv, "--yes"), `secret "vault" not found`)
	if pod() != first {
		t.Error("what can't start disturbs what runs")
	}
	a.until("nothing is left of tries", func() bool { return a.try("-n", "ledger", "get", "pods", "-o", "name") == "pod/ledger-0\n" })

	t.Log("one that dies")
	a.options(options + `, overlay: {StatefulSet: {spec: {template: {spec: {containers: [{name: pipeline, volumeMounts: [{mountPath: /data, readOnly: true}]}]}}}}}`)
	feeding(func() { says(t, a.applies(exitDied, "--yes"), "rolled back: ", "runs again", "ledger-0 | ") })
	complete("after a version that dies")
	a.options(options)
	a.same()

	t.Log("the shape changes")
	a.write(strings.NewReplacer("}}\nsinks", "}, twice: {from: even, set: {twice: in.N * 2}}}\nsinks", "{from: even, use", "{from: twice, use").Replace(pipeline), options)
	feeding(func() { a.applies(exitOK, "--yes") })
	var got, want []byte
	a.until("records of the new shape", func() bool {
		got, want = wrote(), nil
		old, _, changed := bytes.Cut(got, []byte(`,"twice":`))
		for n := 0; n < feed.next; n += 2 {
			if n < 2*bytes.Count(old, []byte("\n")) {
				want = fmt.Appendf(want, "{\"n\":%d,\"s\":\"record %d\"}\n", n, n)
			} else {
				want = fmt.Appendf(want, "{\"n\":%d,\"s\":\"record %d\",\"twice\":%d}\n", n, n, 2*n)
			}
		}
		return changed && bytes.Equal(got, want)
	})
	says(t, a.run(exitOK, slices.Concat([]string{"logs"}, a.file(), []string{"--tail", "5"})...), "ledger-0 | ")

	t.Log("deleted, with its state after it")
	says(t, a.run(exitOK, slices.Concat([]string{"delete"}, a.file(), []string{"--yes"})...), "PersistentVolumeClaim data-ledger-0  (it holds data, and --state deletes it)", "ledger/ledger: deleted")
	a.empty("configmap/ledger-release", "persistentvolumeclaim/data-ledger-0")
	says(t, a.run(exitOK, "status", "-A", "-t", "k8s"), "ledger/ledger", "does not run", "PersistentVolumeClaim data-ledger-0")
	if !bytes.Equal(wrote(), want) {
		t.Error("what was written is another after the end")
	}
	a.deleted()
}
