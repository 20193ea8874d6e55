package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestKubernetes is what flowc emits for Kubernetes in a real one: `make e2e-k8s`. The
// scenarios share a cluster, and each has a namespace.
func TestKubernetes(t *testing.T) {
	c := newKubernetes(t)
	t.Run("Readme", func(t *testing.T) { kubernetesReadme(t, c) })
	t.Run("Files", func(t *testing.T) { kubernetesFiles(t, c) })
	t.Run("Examples", func(t *testing.T) { kubernetesExamples(t, c) })
	t.Run("Apply", func(t *testing.T) { kubernetesApply(t, c) })
	t.Run("Serve", func(t *testing.T) { kubernetesServe(t, c) })
	t.Run("Job", func(t *testing.T) { kubernetesJob(t, c) })
	t.Run("Beside", func(t *testing.T) { kubernetesBeside(t, c) })
	t.Run("Jobs", func(t *testing.T) { kubernetesJobs(t, c) })
	t.Run("Brought", func(t *testing.T) { kubernetesBrought(t, c) })
	t.Run("Attended", func(t *testing.T) { kubernetesAttended(t, c) })
	t.Run("Nats", func(t *testing.T) { kubernetesNATS(t, c) })
	t.Run("Kafka", func(t *testing.T) { kubernetesKafka(t, c) })
	t.Run("Cut", func(t *testing.T) { kubernetesCut(t, c) })
	t.Run("Broker", func(t *testing.T) { kubernetesBroker(t, c) })
	t.Run("Autoscaled", func(t *testing.T) { kubernetesAutoscaled(t, c) })
	t.Run("Keda", func(t *testing.T) { kubernetesKEDA(t, c) })
	t.Run("Elastic", func(t *testing.T) { kubernetesElastic(t, c) })
	t.Run("Busy", func(t *testing.T) { kubernetesBusyHosts(t, c) })
}

// A program from a file to a file is a StatefulSet of one pod, whose objects are emitted
// and applied by kubectl: it is changed in a tunable
// and in shape, its pod is deleted and its process killed, it is given an image that is
// not there, and deleted. After each of them the file that it writes is what the program
// writes by itself, record for record.
func kubernetesFiles(t *testing.T, c *kubeCluster) {
	const even, options = "filter: in.N % 2 == 0", "namespace: numbers, files: {in.ndjson: {claim: feed}}"
	a := c.app(t, followed(even, true), options)
	feed := &feeder{t: t, path: filepath.Join(a.fed(), "in.ndjson")}
	out := filepath.Join(a.volume("numbers-data", "storageClassName: folders"), "out.ndjson")
	wrote := func() []byte {
		text, _ := os.ReadFile(out)
		return text
	}
	complete := func(when string) {
		t.Helper()
		want := feed.standalone(followed(even, false))
		a.until("all records "+when, func() bool { return bytes.Equal(wrote(), want) })
		t.Logf("%s: %d records of %d, as the program writes them by itself", when, bytes.Count(want, []byte("\n")), feed.next)
	}
	// feeding does something in the middle of the stream.
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

	feed.more(5000)
	a.image()
	a.deploy("statefulset/numbers")
	complete("deployed")
	a.unchanged()

	feeding(func() {
		a.options(options + `, env: {FLOWC_SET: "ns.config.max_record=1MiB"}`)
		a.deploy("statefulset/numbers")
	})
	complete("with another tunable")

	feeding(func() {
		first := a.get("pod/numbers-0", ".metadata.uid")
		a.in("delete", "pod", "numbers-0", "--wait=false")
		a.until("another pod", func() bool { return len(a.pods()) == 1 && a.get("pod/numbers-0", ".metadata.uid") != first })
	})
	complete("with its pod deleted")

	feeding(func() { a.kill("numbers-0") })
	complete("killed")

	// One pod can't stay beside its successor, with the same disk: with a bad version it
	// is away until the next good one, which needs nobody's help.
	feeding(func() {
		a.in("apply", "-f", a.emit("--image", "numbers:none"))
		a.until("the image is missed", a.pullFails)
		if pods := a.pods(); len(pods) != 0 {
			t.Errorf("with a bad version %v is ready", pods)
		}
		a.deploy("statefulset/numbers")
	})
	complete("after a bad version")

	// Another shape: what is there stays, what comes is as the new program has it.
	a.write(strings.NewReplacer("}}\nsinks", "}, twice: {from: even, set: {twice: in.N * 2}}}\nsinks", "{from: even, use", "{from: twice, use").Replace(followed(even, true)), options)
	a.image()
	feeding(func() { a.deploy("statefulset/numbers") })
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
	t.Logf("another shape: %d records of %d", bytes.Count(got, []byte("\n")), feed.next)

	// What kubectl has applied is taken over, with its state.
	says(t, a.run(exitOK, "status", "numbers", "-t", "k8s"), "numbers/numbers", "ready", "numbers-0")
	says(t, a.applies(exitOK, "--yes", "--image", c.registry(t)+"/numbers"), "= keep   PersistentVolumeClaim data-numbers-0", "~ change StatefulSet numbers", "flowc did not apply what runs, and could not bring it back", "numbers/numbers: applied, ready")
	if !bytes.Equal(wrote(), want) {
		t.Error("what was written is another after it was taken over")
	}

	a.gone("configmap/numbers-release", "persistentvolumeclaim/data-numbers-0")
	if !bytes.Equal(wrote(), want) {
		t.Error("what was written is another after the end")
	}
	a.deleted()
}
