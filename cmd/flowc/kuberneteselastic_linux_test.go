package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/flowc-dev/flowc/backends/manifest"
)

// spools is the pipeline whose middle has as many hosts as somebody says.
const spools = `pipeline: spool
types: {N: {n: int, s: string}}
edges: {nats: {url: "${env:NATS_URL}", max_bytes: 64MiB}}
sources: {ns: {use: file, config: {path: in.ndjson, follow: true}, out: N}}
processors: {even: {from: ns, key: in.S, scale: {min: 1, max: 6, by: cpu}, filter: in.N % 2 == 0}}
sinks: {out: {from: even, use: file, config: {path: out.ndjson}}}
`

// aloneSpools is the same in one process, which ends.
var aloneSpools = strings.NewReplacer("scale: {min: 1, max: 6, by: cpu}, ", "", ", follow: true", "").Replace(spools)

// The Deployment of hosts is scaled up and down while records come, a pod is deleted and
// the program of another is killed; what is written is what the program in one process
// writes, each record once.
func kubernetesElastic(t *testing.T, c *kubeCluster) {
	const options = "namespace: spool, files: {in.ndjson: {claim: feed}}, cpu: 10m, broker: {cpu: 10m}"
	c.load(c.imageOf(natsProgram(t), manifest.BrokerImage, "65532:65532"))
	a := c.app(t, spools, options)
	feed := &feeder{t: t, path: filepath.Join(a.fed(), "in.ndjson")}
	volumes := map[string]string{}
	for _, claim := range []string{"data-spool-0", "data-spool-out-0", "data-spool-edges-0"} {
		volumes[claim] = a.volume(claim, "storageClassName: folders\n  claimRef: {namespace: spool, name: "+claim+"}")
	}
	lines := func(text []byte) []string {
		all := strings.Split(strings.TrimSpace(string(text)), "\n")
		slices.Sort(all)
		return all
	}
	complete := func(when string) {
		t.Helper()
		want := lines(feed.standalone(aloneSpools))
		a.until("all records "+when, func() bool {
			text, err := os.ReadFile(filepath.Join(volumes["data-spool-out-0"], "out.ndjson"))
			return err == nil && slices.Equal(lines(text), want)
		})
		t.Logf("%s: %d records of %d, as the program in one process writes them", when, len(want), feed.next)
	}
	hosts := func() (names []string) {
		for _, pod := range a.pods() {
			if strings.HasPrefix(pod, "spool-even-") {
				names = append(names, pod)
			}
		}
		return names
	}
	// settled tells of so many hosts that they share the parts fairly, as each says.
	settled := func(n int) {
		t.Helper()
		a.until(fmt.Sprintf("%d hosts share 6 parts", n), func() bool {
			all := hosts()
			sum := 0
			for _, pod := range all {
				page := a.try("-n", a.name, "get", "--raw", "/api/v1/namespaces/spool/pods/"+pod+":9090/proxy/metrics")
				_, rest, _ := strings.Cut(page, "\nflowc_host_parts ")
				number, _, _ := strings.Cut(rest, "\n")
				parts, err := strconv.Atoi(number)
				if err != nil || parts < 6/n || parts > (6+n-1)/n {
					return false
				}
				sum += parts
			}
			return len(all) == n && sum == 6
		})
	}
	feed.more(3000)
	a.image()
	a.deploy("deployment/spool-even")
	complete("deployed")
	settled(1)
	a.in("delete", "horizontalpodautoscaler", "spool-even") // another scenario has what it goes by
	for _, n := range []string{"4", "2"} {
		feed.more(8000)
		a.in("scale", "deployment/spool-even", "--replicas="+n)
		feed.more(8000)
		number, _ := strconv.Atoi(n)
		settled(number)
		feed.more(2000)
		complete(n + " hosts")
	}

	feed.more(8000)
	a.kill(hosts()[0])
	feed.more(3000)
	settled(2)
	complete("a host killed")

	feed.more(8000)
	a.in("delete", "pod", hosts()[1], "--wait=false")
	feed.more(3000)
	a.until("another pod", func() bool { return len(hosts()) == 2 })
	settled(2)
	complete("a pod deleted")

	// Another version of the program takes part after part from the old one.
	feed.more(8000)
	a.options(options + `, env: {FLOWC_SET: "ns.config.max_record=1MiB"}, processes: {even: {memory: 600Mi}}`)
	a.deploy("deployment/spool-even")
	feed.more(3000)
	a.until("hosts of the new version", func() bool { return len(hosts()) > 0 })
	complete("with another memory")
	a.gone("persistentvolumeclaim/data-spool-0", "persistentvolumeclaim/data-spool-edges-0", "persistentvolumeclaim/data-spool-out-0")
}

// Hosts that are busy become more, and fewer when they are not, as a
// HorizontalPodAutoscaler decides by what they work; each record is written once.
func kubernetesBusyHosts(t *testing.T, c *kubeCluster) {
	here := *c
	here.t = t
	here.measured()
	c.load(c.imageOf(natsProgram(t), manifest.BrokerImage, "65532:65532"))
	a := c.app(t, `pipeline: mangle
types: {N: {n: int, s: string}}
edges: {nats: {url: "${env:NATS_URL}", max_bytes: 64MiB}}
sources: {ns: {use: file, config: {path: in.ndjson, follow: true}, out: N}}
processors:
  costly:
    from: ns
    key: in.S
    scale: {max: 3, by: cpu}
    filter: |
      n := in.N
      for i := range 5_000_000 {
        n = n*31 + i
      }
      return n != 0 || in.N >= 0
sinks: {out: {from: costly, use: file, config: {path: out.ndjson}}}
`, "namespace: mangle, files: {in.ndjson: {claim: feed}}, cpu: 10m, broker: {cpu: 10m}, processes: {costly: {cpu: 50m, scale: {target: 50, cooldown: 10}}}")
	feed := &feeder{t: t, path: filepath.Join(a.fed(), "in.ndjson")}
	volumes := map[string]string{}
	for _, claim := range []string{"data-mangle-0", "data-mangle-out-0", "data-mangle-edges-0"} {
		volumes[claim] = a.volume(claim, "storageClassName: folders\n  claimRef: {namespace: mangle, name: "+claim+"}")
	}
	lines := func(path string) []string {
		text, _ := os.ReadFile(path)
		all := strings.Split(strings.TrimSpace(string(text)), "\n")
		slices.Sort(all)
		return all
	}
	complete := func(when string) {
		t.Helper()
		a.until("all records "+when, func() bool {
			return slices.Equal(lines(filepath.Join(volumes["data-mangle-out-0"], "out.ndjson")), lines(feed.path))
		})
		t.Logf("%s: %d records", when, feed.next)
	}
	scaled := func(n int) bool {
		return a.get("deployment/mangle-costly", ".status.readyReplicas") == strconv.Itoa(n)
	}
	feed.more(100)
	a.image()
	a.deploy("deployment/mangle-costly")
	complete("one host")
	a.until("there is more than one can do", func() bool {
		feed.more(40)
		return scaled(3)
	})
	t.Logf("three hosts after %d records", feed.next)
	complete("three hosts")
	a.until("one host", func() bool { return scaled(1) })
	feed.more(100)
	complete("one host again")
	a.gone("persistentvolumeclaim/data-mangle-0", "persistentvolumeclaim/data-mangle-edges-0", "persistentvolumeclaim/data-mangle-out-0")
}
