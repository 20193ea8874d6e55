package main

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/twmb/franz-go/pkg/kfake"

	"github.com/flowc-dev/flowc/backends/manifest"
)

// kedaImages are the programs of KEDA, with the images that its own manifests have them in.
var kedaImages = map[string]string{
	"keda":                    "ghcr.io/kedacore/keda:main",
	"keda-adapter":            "ghcr.io/kedacore/keda-metrics-apiserver:main",
	"keda-admission-webhooks": "ghcr.io/kedacore/keda-admission-webhooks:main",
}

var probes = regexp.MustCompile(`(\n +)(initialDelaySeconds: \d+)`)

// withKEDA installs KEDA by its own manifests: operator, metrics server and webhooks, with
// their accounts and certificates.
func (c *kubeCluster) withKEDA() {
	c.t.Helper()
	dir := os.Getenv("FLOWC_KEDA")
	if dir == "" {
		c.t.Skip("needs KEDA, which did not build here: make e2e-k8s")
	}
	for program, image := range kedaImages {
		c.load(c.imageOf(filepath.Join(dir, program), image, "65532:65532"))
	}
	text := strings.ReplaceAll(c.do("kustomize", filepath.Join(dir, "config", "default")), "imagePullPolicy: Always", "imagePullPolicy: Never")
	text = probes.ReplaceAllString(text, "${1}${2}${1}timeoutSeconds: 30") // of a second, where others are at work
	file := filepath.Join(c.dir, "keda.yaml")
	writeFile(c.t, file, text)
	c.do("apply", "--server-side", "-f", file) // its definitions are too large for an annotation
	here := *c
	c.t.Cleanup(func() { _, _ = here.kubectl("delete", "-f", file, "--ignore-not-found", "--timeout=120s") })
	for _, name := range []string{"keda-operator", "keda-metrics-apiserver", "keda-admission"} {
		c.do("-n", "keda", "rollout", "status", "deployment/"+name, "--timeout=240s")
	}
	c.until("the API server asks KEDA", func() bool {
		return c.try("get", "apiservice", "v1beta1.external.metrics.k8s.io", "-o", `jsonpath={.status.conditions[?(@.type=="Available")].status}`) == "True"
	})
}

// kubernetesKEDA has a real KEDA scale what flowc wrote, by what waits: hosts that share the
// parts of a node, and copies that share a consumer of NATS and a group of Kafka.
func kubernetesKEDA(t *testing.T, c *kubeCluster) {
	here := *c
	here.t = t
	here.withKEDA()
	t.Run("Hosts", func(t *testing.T) { kedaHosts(t, &here) })
	t.Run("Nats", func(t *testing.T) { kedaNATS(t, &here) })
	t.Run("Kafka", func(t *testing.T) { kedaKafka(t, &here) })
}

// taken sees that KEDA has taken a ScaledObject, and knows what waits.
func (a *kubeApp) taken(name string) {
	a.t.Helper()
	a.until("KEDA asks what waits for "+name, func() bool {
		return a.get("scaledobject/"+name, `.status.conditions[?(@.type=="Ready")].status`) == "True" && a.get("hpa/keda-hpa-"+name, ".status.currentMetrics") != ""
	})
	if fallback := a.get("scaledobject/"+name, `.status.conditions[?(@.type=="Fallback")].status`); fallback == "True" {
		a.t.Errorf("KEDA falls back: %s", a.in("describe", "scaledobject/"+name))
	}
}

// ready is how many pods of a Deployment are.
func (a *kubeApp) ready(deployment string) int {
	n, _ := strconv.Atoi(a.get("deployment/"+deployment, ".status.readyReplicas"))
	return n
}

// burn makes a node slow enough for others to wait.
const burn = `
      for i := range 2_000_000 {
        n = n*31 + i
      }
`

// Hosts become more while records wait for them, and one when none do; each record is
// written once.
func kedaHosts(t *testing.T, c *kubeCluster) {
	c.load(c.imageOf(natsProgram(t), manifest.BrokerImage, "65532:65532"))
	a := c.app(t, `pipeline: loom
types: {N: {n: int, s: string}}
edges: {nats: {url: "${env:NATS_URL}", max_bytes: 64MiB}}
sources: {ns: {use: file, config: {path: in.ndjson, follow: true}, out: N}}
processors:
  costly:
    from: ns
    key: in.S
    scale: {min: 1, max: 3, by: lag}
    filter: |
      n := in.N`+burn+`      return n != 0 || in.N >= 0
sinks: {out: {from: costly, use: file, config: {path: out.ndjson}}}
`, fmt.Sprintf("namespace: loom, image: %s/loom, files: {in.ndjson: {claim: feed}}, cpu: 10m, broker: {cpu: 10m}, processes: {costly: {scale: {target: 100, cooldown: 10}}}", c.registry(t)))
	feed := &feeder{t: t, path: filepath.Join(a.fed(), "in.ndjson")}
	volumes := map[string]string{}
	for _, claim := range []string{"data-loom-0", "data-loom-out-0", "data-loom-edges-0"} {
		volumes[claim] = a.volume(claim, "storageClassName: folders\n  claimRef: {namespace: loom, name: "+claim+"}")
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
			return slices.Equal(lines(filepath.Join(volumes["data-loom-out-0"], "out.ndjson")), lines(feed.path))
		})
		t.Logf("%s: %d records, each once", when, feed.next)
	}
	feed.more(100)
	says(t, a.applies(exitOK, "--yes", "--platform", "linux/amd64"), "+ create ScaledObject loom-costly", ": applied, ready")
	complete("one host")
	a.taken("loom-costly")
	a.until("more waits than one host can do", func() bool {
		feed.more(400)
		return a.ready("loom-costly") == 3
	})
	t.Logf("three hosts after %d records", feed.next)
	says(t, a.applies(exitOK, "--yes", "--platform", "linux/amd64"), ": unchanged, ") // what KEDA chose is no difference
	complete("three hosts")
	a.until("one host", func() bool { return a.ready("loom-costly") == 1 })
	feed.more(100)
	complete("one host again")
	a.deleted()
}

// kedaShared is a pipeline whose copies share what comes, and are slow.
func kedaShared(name, connector, source, sink string) string {
	return strings.Replace(fmt.Sprintf(kubeShared, name, connector, source, connector, sink), "sinks: {bills: {from: orders", `processors:
  costly:
    from: orders
    filter: |
      n := len(in.ID)`+burn+`      return n != 0
sinks: {bills: {from: costly`, 1)
}

// follows has copies become three and as few as there may be by what waits; all that was
// published is written.
func (a *kubeApp) follows(least int, publish func(from, to int), missing func(n int) int) int {
	t := a.t
	t.Helper()
	says(t, a.applies(exitOK, "--yes", "--platform", "linux/amd64"), "+ create ScaledObject "+a.name, ": applied, ready")
	published := 0
	a.until("three copies", func() bool {
		publish(published, published+500)
		published += 500
		return a.ready(a.name) == 3
	})
	a.taken(a.name)
	t.Logf("three copies after %d messages", published)
	says(t, a.applies(exitOK, "--yes", "--platform", "linux/amd64"), ": unchanged, ")
	a.until("all messages", func() bool { return missing(published) == 0 })
	a.until(fmt.Sprintf("%d copies", least), func() bool { return a.ready(a.name) == least && len(a.pods()) == least })
	publish(published, published+100)
	published += 100
	a.until("all messages of few copies", func() bool { return missing(published) == 0 })
	a.deleted()
	return published
}

// Copies that share a consumer of JetStream are one to three.
func kedaNATS(t *testing.T, c *kubeCluster) {
	monitor := freePort(t, nodeAddress)
	s := &natsServer{t: t, options: server.Options{
		Host: nodeAddress, Port: freePort(t, nodeAddress), HTTPHost: nodeAddress, HTTPPort: monitor, JetStream: true, JetStreamMaxStore: 1 << 40, StoreDir: t.TempDir(), NoLog: true, NoSigs: true,
	}}
	s.start()
	t.Cleanup(s.stop)
	s.make("ORDERS", "orders.>")
	s.make("BILLS", "bills.*")
	a := c.app(t, kedaShared("heap", "nats", `url: "${env:NATS_URL}", stream: ORDERS, durable: heap`, `url: "${env:NATS_URL}", subject: "bills.${in.Region}", stream: BILLS`),
		fmt.Sprintf("namespace: heap, image: %s/heap, cpu: 10m, scale: {min: 1, max: 3, by: lag, target: 100, cooldown: 10, monitor: %q}", c.registry(t), net.JoinHostPort(nodeAddress, strconv.Itoa(monitor))))
	a.in("create", "secret", "generic", "heap-secrets", "--from-literal=NATS_URL="+s.url())
	n := a.follows(1, s.publish, func(n int) int { return s.missing("BILLS", n) })
	t.Logf("%d messages, %d of them written again", n, s.count("BILLS")-n)
}

// Members of a group of Kafka are none to three.
func kedaKafka(t *testing.T, c *kubeCluster) {
	k := &kafkaCluster{t: t, dir: t.TempDir(), host: nodeAddress, port: freePort(t, nodeAddress), more: []kfake.Opt{kfake.ListenFn(func(network, address string) (net.Listener, error) {
		_, port, err := net.SplitHostPort(address)
		if err != nil {
			return nil, err
		}
		return net.Listen(network, net.JoinHostPort(nodeAddress, port))
	})}}
	k.start(kfake.SeedTopics(4, "orders", "bills"))
	t.Cleanup(k.stop)
	a := c.app(t, kedaShared("pile", "kafka", `brokers: ["${env:BROKER}"], topics: [orders], group: pile`, `brokers: ["${env:BROKER}"], topic: bills, key: "${in.ID}"`),
		fmt.Sprintf("namespace: pile, image: %s/pile, cpu: 10m, env: {BROKER: %q}, scale: {min: 0, max: 3, by: lag, target: 100, cooldown: 10}", c.registry(t), k.address()))
	n := a.follows(0, k.produce, func(n int) int { return k.missing("bills", n) })
	t.Logf("%d messages, %d of them written again", n, k.count("bills")-n)
}
