package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// Components are sidecars of the pod, of an image and of a command, under restricted Pod
// Security. A pipeline that ends is a Job, and ends with them; one that does not goes on
// where one of them dies.
func kubernetesBeside(t *testing.T, c *kubeCluster) {
	pipeline := `pipeline: mixed
types: {N: {n: int, s: string}}
sources: {ns: {use: file, config: {path: in.ndjson%s}, out: N}}
processors:
  one: {from: ns, image: "localhost/flowc/standin:1", args: [processor, --in-turn], out: N}
  odd: {from: one, filter: in.N %% 2 == 1}
  two: {from: odd, command: [./standin, processor], settle: 1s, out: N}
sinks: {out: {from: two, use: file, config: {path: out.ndjson}}}
`
	a := c.app(t, fmt.Sprintf(pipeline, ""), "namespace: mixed, files: {in.ndjson: {claim: feed}}")
	a.load(c.imageOf(standinBinary(t, a.folder), "localhost/flowc/standin:1", "65532:65532"))
	image := func() {
		t.Helper()
		file := filepath.Join(a.folder, "image.tar")
		a.flowc("image", "-o", file, "--platform", "linux/amd64")
		a.load(file)
	}
	feed := &feeder{t: t, path: filepath.Join(a.fed(), "in.ndjson")}
	out := filepath.Join(a.volume("mixed-data", "storageClassName: folders"), "out.ndjson")
	complete := func(when string) {
		t.Helper()
		var want []byte
		for n := 1; n < feed.next; n += 2 {
			want = fmt.Appendf(want, "{\"n\":%d,\"s\":\"record %d\"}\n", n, n)
		}
		a.until("all records "+when, func() bool {
			got, _ := os.ReadFile(out)
			return bytes.Equal(got, want)
		})
		t.Logf("%s: %d records of %d", when, bytes.Count(want, []byte("\n")), feed.next)
	}
	feed.more(500)
	image()
	a.in("apply", "-f", a.emit())
	a.until("the Job is over", func() bool { return a.get("jobs", ".items[0].status.succeeded") == "1" })
	complete("by a Job")
	a.in("delete", "-f", a.emit(), "--timeout=240s")

	a.write(fmt.Sprintf(pipeline, ", follow: true"), fmt.Sprintf("namespace: mixed, image: %s/mixed, files: {in.ndjson: {claim: feed}}", c.registry(t)))
	out = filepath.Join(a.volume("mixed-more", "storageClassName: folders"), "out.ndjson")
	says(t, a.applies(exitOK, "--yes", "--platform", "linux/amd64"), "mixed/mixed: applied, ready")
	feed.more(500)
	complete("by a pod that goes on")
	says(t, a.applies(exitOK, "--yes", "--platform", "linux/amd64"), ": unchanged, ready")
	if names := a.get("pod/mixed-0", ".spec.initContainers[*].name"); names != "one two" {
		t.Errorf("the sidecars are %q", names)
	}
	a.killOf("mixed-0", ".status.initContainerStatuses[1]")
	feed.more(500)
	complete("with a sidecar killed")
	a.deleted()
}
