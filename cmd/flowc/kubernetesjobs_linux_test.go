package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// Jobs with images are init containers of the pod, one after another, under restricted Pod
// Security; the program starts one with a command itself, when the records are done. One that
// fails and is not to be tried again has the Job fail, and the program is not started.
func kubernetesJobs(t *testing.T, c *kubeCluster) {
	job := func(args, more string) string {
		return fmt.Sprintf(`{image: "localhost/flowc/job:1", args: [%s], volumes: [{name: said, container: /said}]%s}`, args, more)
	}
	a := c.app(t, `pipeline: nightly
types: {N: {n: int64}}
jobs:
  migrate: `+job("migrate", "")+`
  seed: `+job("seed", `, config: {kind: "$(HOME)"}, depends_on: migrate`)+`
  report: {command: [./job, report], env: {SAID: /data}, depends_on: [out]}
sources:
  numbers: {use: generate, config: {count: 3, fields: {n: i}}, out: N, depends_on: [seed]}
sinks: {out: {from: numbers, use: file, config: {path: n.ndjson}}}
`, "namespace: nightly")
	a.load(c.imageOf(jobBinary(t, a.folder), "localhost/flowc/job:1", "65532:65532"))
	file := filepath.Join(a.folder, "image.tar")
	a.flowc("image", "-o", file, "--platform", "linux/amd64")
	a.load(file)
	said := a.volume("nightly-said", "storageClassName: none")
	a.apply(`apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: said, namespace: nightly}
spec: {storageClassName: none, volumeName: nightly-said, accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
`)
	data := a.volume("nightly-data", "storageClassName: folders")
	if err := os.Chmod(said, 0o777); err != nil { //nolint:gosec // the jobs are another user
		t.Fatal(err)
	}

	writeFile(t, filepath.Join(said, "fails"), "seed")
	a.in("apply", "-f", a.emit())
	a.until("the Job has failed", func() bool { return strings.Contains(a.get("jobs", ".items[0].status.conditions[*].type"), "Failed") })
	if got := linesOf(t, filepath.Join(said, "jobs")); !slices.Equal(got, []string{"migrate ", "seed $(HOME)"}) {
		t.Errorf("the jobs did %q", got)
	}
	if _, err := os.Stat(filepath.Join(data, "n.ndjson")); !os.IsNotExist(err) {
		t.Errorf("the program ran: %v", err)
	}
	a.in("delete", "jobs", "--all", "--timeout=240s")

	if err := os.Remove(filepath.Join(said, "fails")); err != nil {
		t.Fatal(err)
	}
	a.in("apply", "-f", a.emit())
	a.until("the Job is over", func() bool { return a.get("jobs", ".items[0].status.succeeded") == "1" })
	if got := linesOf(t, filepath.Join(said, "jobs")); len(got) != 4 {
		t.Errorf("the jobs did %q", got)
	}
	if records, reports := linesOf(t, filepath.Join(data, "n.ndjson")), linesOf(t, filepath.Join(data, "jobs")); len(records) != 3 || len(reports) != 1 {
		t.Errorf("the program wrote %q, and the job behind it %q", records, reports)
	}
	a.in("delete", "-f", a.emit(), "--timeout=240s")
}
