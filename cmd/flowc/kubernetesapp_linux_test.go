package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// A kubeApp is a pipeline in a namespace of its own, in which restricted Pod Security is
// enforced.
type kubeApp struct {
	kubeCluster
	folder, name string
}

// app writes a pipeline; options are those of the target.
func (c *kubeCluster) app(t *testing.T, pipeline, options string) *kubeApp {
	t.Helper()
	line, _, _ := strings.Cut(pipeline, "\n")
	a := &kubeApp{*c, t.TempDir(), strings.TrimPrefix(line, "pipeline: ")}
	a.t = t
	a.write(pipeline, options)
	a.apply(fmt.Sprintf("apiVersion: v1\nkind: Namespace\nmetadata: {name: %s, labels: {pod-security.kubernetes.io/enforce: restricted}}\n", a.name))
	t.Cleanup(func() { // so that nothing runs any more when its parts are stopped
		_, _ = a.kubectl("delete", "namespace", a.name, "--ignore-not-found", "--timeout=120s")
	})
	return a
}

// write is the pipeline, with its options.
func (a *kubeApp) write(pipeline, options string) {
	a.t.Helper()
	writeFile(a.t, filepath.Join(a.folder, "pipeline.yaml"), pipeline)
	a.options(options)
}

func (a *kubeApp) options(text string) {
	a.t.Helper()
	writeFile(a.t, filepath.Join(a.folder, "pipeline.k8s.yaml"), "targets: {k8s: {"+text+"}}\n")
}

// flowc runs a command of flowc's on the pipeline.
func (a *kubeApp) flowc(command string, args ...string) {
	a.t.Helper()
	var out, errs bytes.Buffer
	all := append([]string{command, filepath.Join(a.folder, "pipeline.yaml"), "--env", "k8s"}, args...)
	if code := run(all, nil, &out, &errs); code != 0 {
		a.t.Fatalf("flowc %s: exit code %d\n%s%s", command, code, &out, &errs)
	}
}

// image builds the image of the pipeline and gives it to the node.
func (a *kubeApp) image() {
	a.t.Helper()
	file := filepath.Join(a.folder, "image.tar")
	a.flowc("image", "-o", file)
	a.load(file)
}

// emit writes the objects, and returns their file.
func (a *kubeApp) emit(args ...string) string {
	a.t.Helper()
	dir := filepath.Join(a.folder, "objects")
	a.flowc("emit", append([]string{"-t", "k8s", "-o", dir}, args...)...)
	return filepath.Join(dir, a.name+".yaml")
}

// in is kubectl in the namespace.
func (a *kubeApp) in(args ...string) string {
	a.t.Helper()
	return a.do(append([]string{"-n", a.name}, args...)...)
}

// get is a field of an object, "" where it is not there.
func (a *kubeApp) get(object, path string) string {
	return a.try("-n", a.name, "get", object, "-o", "jsonpath={"+path+"}")
}

// apply takes objects of the test's own.
func (a *kubeApp) apply(objects string) {
	a.t.Helper()
	file := filepath.Join(a.folder, "own.yaml")
	writeFile(a.t, file, objects)
	a.do("apply", "-f", file)
}

// deploy applies what flowc emits, and waits until it is rolled out.
func (a *kubeApp) deploy(workload string) {
	a.t.Helper()
	a.in("apply", "-f", a.emit())
	a.in("rollout", "status", workload, "--timeout=240s")
}

// unchanged applies once more, which must change nothing. What kubectl says of it is no
// measure: of a StatefulSet with claims and of a PodDisruptionBudget it always says
// "configured", since it sends lists and selectors that it replaces as a whole.
func (a *kubeApp) unchanged() {
	a.t.Helper()
	file := a.emit()
	state := func() string {
		const fields = `{.metadata.uid} {.metadata.generation}{"\n"}`
		return a.in("get", "-f", file, "-o", `jsonpath={range .items[*]}{.kind} `+fields+`{end}`) + a.in("get", "pods", "-o", `jsonpath={range .items[*]}Pod `+fields+`{end}`)
	}
	before := state()
	if said, err := a.kubectl("-n", a.name, "diff", "-f", file); err != nil {
		a.t.Errorf("what there is differs from what was applied: %v\n%s", err, said)
	}
	a.in("apply", "-f", file)
	if after := state(); after != before {
		a.t.Errorf("the same objects once more change something:\n%s%s", before, after)
	}
}

// pods are the names of those that are ready and not about to go.
func (a *kubeApp) pods() (names []string) {
	for line := range strings.Lines(a.try("-n", a.name, "get", "pods", "-o",
		`jsonpath={range .items[*]}{.metadata.name} {.metadata.deletionTimestamp} {.status.conditions[?(@.type=="Ready")].status}{"\n"}{end}`)) {
		if fields := strings.Fields(line); len(fields) == 2 && fields[1] == "True" {
			names = append(names, fields[0])
		}
	}
	return names
}

// pullFails tells whether a pod has an image that can't be had.
func (a *kubeApp) pullFails() bool {
	reasons := a.get("pods", ".items[*].status.containerStatuses[*].state.waiting.reason")
	return strings.Contains(reasons, "ErrImagePull") || strings.Contains(reasons, "ImagePullBackOff")
}

// kill ends the program of a pod as a lack of memory would.
func (a *kubeApp) kill(pod string) {
	a.t.Helper()
	a.killOf(pod, ".status.containerStatuses[0]")
}

// killOf is kill of the container that a status is of.
func (a *kubeApp) killOf(pod, status string) {
	a.t.Helper()
	path := "pod/" + pod
	_, id, ok := strings.Cut(a.get(path, status+".containerID"), "://")
	if !ok {
		a.t.Fatalf("%s has no container", pod)
	}
	before := a.get(path, status+".restartCount")
	said, err := a.ctr("tasks", "ls")
	if err != nil {
		a.t.Fatal(err)
	}
	for line := range strings.Lines(said) {
		if fields := strings.Fields(line); len(fields) > 1 && fields[0] == id {
			pid, err := strconv.Atoi(fields[1])
			if err != nil {
				a.t.Fatal(err)
			}
			if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
				a.t.Fatal(err)
			}
			a.until("a new start of "+pod, func() bool { return a.get(path, status+".restartCount") > before })
			return
		}
	}
	a.t.Fatalf("no process of %s:\n%s", pod, said)
}

// volume makes a folder that a claim of the default class can get, and returns its path.
func (a *kubeApp) volume(name, more string) string {
	a.t.Helper()
	dir := filepath.Join(a.dir, "volumes", name)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		a.t.Fatal(err)
	}
	a.apply(fmt.Sprintf(`apiVersion: v1
kind: PersistentVolume
metadata: {name: %s}
spec:
  capacity: {storage: 1Gi}
  accessModes: [ReadWriteOnce]
  local: {path: %s}
  nodeAffinity: {required: {nodeSelectorTerms: [{matchExpressions: [{key: kubernetes.io/hostname, operator: In, values: [node]}]}]}}
  %s
`, name, dir, more))
	a.t.Cleanup(func() { _, _ = a.kubectl("delete", "pv", name, "--ignore-not-found", "--wait=false") })
	return dir
}

// fed makes the claim `feed`, whose folder the test fills, and returns that.
func (a *kubeApp) fed() string {
	a.t.Helper()
	name := a.name + "-feed"
	dir := a.volume(name, "storageClassName: none")
	a.apply(fmt.Sprintf(`apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: feed, namespace: %s}
spec: {storageClassName: none, volumeName: %s, accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
`, a.name, name))
	return dir
}

// gone deletes what flowc emitted, and sees that nothing of it is left but what is kept.
func (a *kubeApp) gone(kept ...string) {
	a.t.Helper()
	a.in("delete", "-f", a.emit(), "--timeout=240s")
	var left string
	want := strings.Join(kept, "\n")
	a.until("nothing is left but "+want, func() bool {
		left = strings.TrimSpace(a.try("-n", a.name, "get", ownKinds, "-o", "name", "-l", "app.kubernetes.io/name="+a.name))
		return left == want
	})
	a.until("no container is left", func() bool {
		said, err := a.ctr("containers", "ls", "-q")
		return err == nil && strings.TrimSpace(said) == ""
	})
}
