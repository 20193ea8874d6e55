package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/flowc-dev/flowc/backends/manifest"
)

// Three processes, the middle one of two pods, and a broker that the objects bring, with a
// claim, and that is found by its name. The process of each is killed, the broker's pod is deleted; what is written is
// what the program in one process writes, each record once.
func kubernetesBroker(t *testing.T, c *kubeCluster) {
	const options = "namespace: bobbin, files: {in.ndjson: {claim: feed}}, cpu: 20m, broker: {cpu: 20m}"
	c.load(c.imageOf(natsProgram(t), manifest.BrokerImage, "65532:65532"))
	a := c.app(t, bobbins, options)
	feed := &feeder{t: t, path: filepath.Join(a.fed(), "in.ndjson")}
	volumes := map[string]string{}
	for _, claim := range []string{"data-bobbin-0", "data-bobbin-even-0", "data-bobbin-even-1", "data-bobbin-out-0", "data-bobbin-edges-0"} {
		volumes[claim] = a.volume(claim, "storageClassName: folders\n  claimRef: {namespace: bobbin, name: "+claim+"}")
	}
	lines := func(text []byte) []string {
		all := strings.Split(strings.TrimSpace(string(text)), "\n")
		slices.Sort(all)
		return all
	}
	complete := func(when string) {
		t.Helper()
		whole := strings.NewReplacer("scale: {replicas: 2}, ", "", ", follow: true", "").Replace(bobbins)
		want := lines(feed.standalone(whole))
		a.until("all records "+when, func() bool {
			text, err := os.ReadFile(filepath.Join(volumes["data-bobbin-out-0"], "out.ndjson"))
			return err == nil && slices.Equal(lines(text), want)
		})
		t.Logf("%s: %d records of %d, as the program in one process writes them", when, len(want), feed.next)
	}
	feed.more(3000)
	a.image()
	a.deploy("statefulset/bobbin")
	complete("deployed")
	a.unchanged()
	for _, pod := range []string{"bobbin-0", "bobbin-even-0", "bobbin-even-1", "bobbin-out-0", "bobbin-edges-0"} {
		feed.more(8000)
		a.kill(pod)
		feed.more(2000)
		complete(pod + " killed")
	}

	// Its streams are in the claim, and not in the pod.
	feed.more(3000)
	first := a.get("pod/bobbin-edges-0", ".metadata.uid")
	a.in("delete", "pod", "bobbin-edges-0")
	a.until("another broker", func() bool {
		uid := a.get("pod/bobbin-edges-0", ".metadata.uid")
		return uid != "" && uid != first
	})
	feed.more(3000)
	complete("with another broker")
	a.gone("persistentvolumeclaim/data-bobbin-0", "persistentvolumeclaim/data-bobbin-edges-0", "persistentvolumeclaim/data-bobbin-even-0",
		"persistentvolumeclaim/data-bobbin-even-1", "persistentvolumeclaim/data-bobbin-out-0")
}
