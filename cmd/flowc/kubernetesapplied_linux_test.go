package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/twmb/franz-go/pkg/kfake"
)

// A program that is called is a Deployment of two pods behind a Service, in a namespace
// that is made with it. It takes records through a roll-out, through versions that can't
// start or never become ready, and without one of its pods, and what it has taken it hands
// on.
func kubernetesServe(t *testing.T, c *kubeCluster) {
	var mu sync.Mutex
	seen := map[int]bool{}
	l, err := net.Listen("tcp", nodeAddress+":0")
	if err != nil {
		t.Fatal(err)
	}
	shop := &httptest.Server{Listener: l, Config: &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		d := json.NewDecoder(r.Body)
		for {
			var e struct{ ID int }
			if err := d.Decode(&e); err == io.EOF {
				return
			} else if err != nil {
				http.Error(w, err.Error(), http.StatusBadRequest)
				return
			}
			mu.Lock()
			seen[e.ID] = true
			mu.Unlock()
		}
	})}}
	shop.Start()
	t.Cleanup(shop.Close)
	const pipeline = `pipeline: doors
types: {Event: {id: int, kind: string}}
sources: {events: {use: http, config: {listen: ":8080", path: /events, token: "${env:EVENTS_TOKEN}"}, out: Event}}
processors: {views: {from: events, filter: in.Kind == "view"}}
sinks: {out: {from: views, use: http, config: {url: "${env:SHOP}"}}}
`
	options := fmt.Sprintf("namespace: doors, createNamespace: true, image: %s/doors, replicas: 2, env: {SHOP: %q}", c.registry(t), shop.URL)
	a := c.app(t, pipeline, options)
	a.do("delete", "namespace", "doors", "--timeout=240s")
	says(t, a.applies(exitEnv, "--yes"), "+ create Namespace doors", `secret "doors-secrets" not found`)
	if text := a.try("get", "namespace", "doors", "-o", "name"); text != "" {
		t.Errorf("what can't start leaves %s", text)
	}
	a.do("create", "namespace", "doors")
	a.in("create", "secret", "generic", "doors-secrets", "--from-literal=EVENTS_TOKEN=open $esame")
	says(t, a.applies(exitOK, "--yes"), "~ change Namespace doors", "pod-security.kubernetes.io/enforce", "doors/doors: applied, ready")
	a.same()
	address := a.get("service/doors", ".spec.clusterIP")
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}} // each is another one who calls
	post := func(id int, token string) int {
		body := fmt.Sprintf(`{"id":%d,"kind":"%s"}`, id, []string{"view", "click"}[id%2])
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+address+":8080/events", strings.NewReader(body))
		if err != nil {
			t.Error(err)
			return 0
		}
		r.Header.Set("Authorization", "Bearer "+token)
		answer, err := client.Do(r)
		if err != nil {
			return 0
		}
		defer answer.Body.Close()
		return answer.StatusCode
	}
	a.until("the service takes records", func() bool { return post(0, "open $esame") == http.StatusOK })
	if code := post(0, "another"); code != http.StatusUnauthorized {
		t.Errorf("with the wrong token the answer is %d", code)
	}
	says(t, a.run(exitOK, "status", "doors", "-t", "k8s"), "ready", "doors.doors.svc:8080")

	var next, missed atomic.Int64
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		for ; ; next.Add(1) {
			for post(int(next.Load()), "open $esame") != http.StatusOK {
				missed.Add(1)
				select {
				case <-stop:
					return
				default:
					pause()
				}
			}
			select {
			case <-stop:
				next.Add(1)
				return
			default:
				pause()
			}
		}
	}()
	grows := func() {
		t.Helper()
		before := next.Load()
		a.until("records are taken", func() bool { return next.Load() > before+100 })
	}
	grows()
	log := a.following("doors")
	old := a.pods()
	changed := strings.Replace(options, "env: {", `env: {FLOWC_SET: "events.config.max_body=1MiB", `, 1)
	a.options(changed)
	says(t, a.applies(exitOK, "--yes"), "~ change Deployment doors  (its pods are replaced one by one)", "doors/doors: applied, ready")
	if pods := a.pods(); slices.ContainsFunc(pods, func(p string) bool { return slices.Contains(old, p) }) {
		t.Errorf("applied, and of the pods %v some are old ones: %v", pods, old)
	}
	grows()
	if n := missed.Load(); n > 0 {
		t.Errorf("%d requests found nobody during a roll-out", n)
	}
	a.until("the log of the new pods is followed", func() bool {
		text, _ := os.ReadFile(log)
		return !slices.ContainsFunc(a.pods(), func(p string) bool { return !strings.Contains(string(text), p+" | ") })
	})

	good := a.pods()
	for what, bad := range map[string]string{
		"max_nothing=1":           "events.config.max_nothing", // which can't start
		"listen=203.0.113.1:8080": "rolled back: ",             // an address that no pod has
	} {
		a.options(strings.Replace(changed, "max_body=1MiB", what, 1))
		code := exitDied
		if bad != "rolled back: " {
			code = exitEnv
		}
		says(t, a.applies(code, "--yes"), bad)
		grows()
		if pods := a.pods(); !slices.Equal(pods, good) {
			t.Errorf("with a bad version other pods are ready: %v, and not %v", pods, good)
		}
	}
	a.options(changed)
	a.same()
	if n := missed.Load(); n > 0 {
		t.Errorf("%d requests found nobody with a bad version", n)
	}

	a.in("delete", "pod", a.pods()[0], "--wait=false")
	grows()
	a.kill(a.pods()[0])
	grows()
	a.until("two pods", func() bool { return len(a.pods()) == 2 })
	close(stop)
	<-stopped
	taken := int(next.Load())
	lost := func() (n int) {
		mu.Lock()
		defer mu.Unlock()
		for id := 0; id < taken; id += 2 {
			if !seen[id] {
				n++
			}
		}
		return n
	}
	a.until("all that was taken is handed on", func() bool { return lost() == 0 })
	t.Logf("%d records were taken, and %d requests sent again", taken, missed.Load())
	a.deleted()
	if text := a.try("get", "namespace", "doors", "-o", "name"); text == "" {
		t.Error("a namespace is gone in which a Secret of somebody else's was")
	}
}

// following follows the log of what was applied, as a process of its own, into a file.
func (a *kubeApp) following(name string) string {
	a.t.Helper()
	file, err := os.Create(filepath.Join(a.t.TempDir(), "log"))
	if err != nil {
		a.t.Fatal(err)
	}
	cmd := command(a.folder, compilerCache, "flowc", "logs", name, "-t", "k8s", "-f", "--kubeconfig", filepath.Join(a.dir, "kubeconfig"))
	cmd.Stdout, cmd.Stderr = file, file
	if err := cmd.Start(); err != nil {
		a.t.Fatal(err)
	}
	a.t.Cleanup(func() {
		_ = cmd.Process.Signal(os.Interrupt)
		if err := cmd.Wait(); cmd.ProcessState.ExitCode() != 130 {
			text, _ := os.ReadFile(file.Name())
			a.t.Errorf("who stops following gets %v\n%s", err, text)
		}
		_ = file.Close()
	})
	return file.Name()
}

// A program that ends by itself is a Job with a claim. Applied again it does not run
// again; another version goes on where the one before has been, and so does a CronJob.
func kubernetesJob(t *testing.T, c *kubeCluster) {
	const odd = "filter: in.N % 2 == 1"
	pipeline := strings.Replace(followed(odd, false), "pipeline: numbers", "pipeline: batch", 1)
	options := fmt.Sprintf("namespace: batch, image: %s/batch, files: {in.ndjson: {claim: feed}}", c.registry(t))
	a := c.app(t, pipeline, options)
	feed := &feeder{t: t, path: filepath.Join(a.fed(), "in.ndjson")}
	out := filepath.Join(a.volume("batch-data", "storageClassName: folders"), "out.ndjson")
	complete := func() {
		t.Helper()
		wrote, err := os.ReadFile(out)
		if err != nil {
			t.Fatal(err)
		}
		if want := feed.standalone(pipeline); !bytes.Equal(wrote, want) {
			t.Errorf("%d bytes, and not the %d that the program writes by itself", len(wrote), len(want))
		}
	}
	feed.more(10000)
	says(t, a.applies(exitOK, "--yes"), "+ create Job batch", "batch/batch: applied, ")
	a.until("the Job is over", func() bool { return a.get("jobs", ".items[0].status.succeeded") == "1" })
	complete()
	a.same()
	says(t, a.run(exitOK, "status", "batch", "-t", "k8s"), "ended")

	t.Log("another version goes on")
	feed.more(1000)
	a.options(options + `, env: {FLOWC_SET: "ns.config.max_record=1MiB"}`)
	says(t, a.applies(exitOK, "--yes"), "~ change Job batch  (another Job goes on where that has ended)", "+ spec.template.spec.containers[pipeline].env[FLOWC_SET]", "batch/batch: applied, ")
	a.until("the second Job is over", func() bool { return strings.Count(a.get("jobs", ".items[*].status.succeeded"), "1") == 2 })
	complete()

	t.Log("one whose settings are wrong at work alone")
	a.options(options + `, overlay: {Job: {spec: {template: {spec: {containers: [{name: pipeline, volumeMounts: [{mountPath: /data, readOnly: true}]}]}}}}}`)
	says(t, a.applies(exitDied, "--yes"), "rolled back: ")
	complete()
	a.options(options + `, env: {FLOWC_SET: "ns.config.max_record=1MiB"}`)
	a.same()

	t.Log("from now on it runs each minute")
	feed.more(1000)
	a.options(options + `, schedule: "* * * * *"`)
	says(t, a.applies(exitOK, "--yes"), "+ create CronJob batch", "- delete Job batch  (others do its work from now on)", "batch/batch: applied, ready")
	for _, job := range strings.Fields(a.in("get", "jobs", "-o", `jsonpath={range .items[*]}{.metadata.name}:{.metadata.ownerReferences[*].kind}{"\n"}{end}`)) {
		if !strings.HasSuffix(job, ":CronJob") {
			t.Errorf("a Job is left that is not of the schedule: %s", job)
		}
	}
	says(t, a.applies(exitOK, "--yes"), "batch/batch: unchanged, ready")
	a.until("a run of the schedule", func() bool { return a.get("cronjob/batch", ".status.lastSuccessfulTime") != "" })
	complete()
	says(t, a.run(exitOK, "status", "batch", "-t", "k8s"), "it runs at * * * * *")
	says(t, a.run(exitOK, "logs", "batch", "-t", "k8s"), " in · ")
	a.deleted()
}

// kubeShared is a pipeline whose copies share what comes.
const kubeShared = `pipeline: %s
types: {Order: {id: string, region: EU | US, total: decimal}}
sources: {orders: {use: %s, config: {%s}, out: Order}}
sinks: {bills: {from: orders, use: %s, config: {%s}}}
`

// shares has two pods share what is published. One is deleted and one killed while
// messages come, and a new version takes over; no message is lost on the way.
func (a *kubeApp) shares(options, setting string, publish func(from, to int), missing func(n int) int) {
	t := a.t
	t.Helper()
	says(t, a.applies(exitOK, "--yes"), ": applied, ready")
	a.same()
	publish(0, 1000)
	a.kill(a.pods()[0])
	publish(1000, 2000)
	a.in("delete", "pod", a.pods()[0], "--wait=false")
	publish(2000, 3000)
	a.until("all messages without a pod", func() bool { return missing(3000) == 0 })
	a.until("two pods", func() bool { return len(a.pods()) == 2 })

	done := make(chan struct{})
	go func() {
		defer close(done)
		publish(3000, 6000)
	}()
	a.options(strings.Replace(options, "env: {", fmt.Sprintf("env: {FLOWC_SET: %q, ", setting), 1))
	says(t, a.applies(exitOK, "--yes"), "its pods are replaced one by one", ": applied, ready")
	<-done
	a.until("all messages after a roll-out", func() bool { return missing(6000) == 0 })
	a.deleted()
}

// kubeNATS starts a server of NATS that pods reach.
func kubeNATS(t *testing.T) *natsServer {
	t.Helper()
	s := &natsServer{t: t, options: server.Options{Host: nodeAddress, Port: freePort(t, nodeAddress), JetStream: true, JetStreamMaxStore: 1 << 40, StoreDir: t.TempDir(), NoLog: true, NoSigs: true}}
	s.start()
	t.Cleanup(s.stop)
	return s
}

func kubernetesNATS(t *testing.T, c *kubeCluster) {
	s := kubeNATS(t)
	s.make("ORDERS", "orders.>")
	s.make("BILLS", "bills.*")
	options := fmt.Sprintf("namespace: billing, replicas: 2, image: %s/billing, env: {}", c.registry(t))
	a := c.app(t, fmt.Sprintf(kubeShared, "billing", "nats", `url: "${env:NATS_URL}", stream: ORDERS, durable: billing`, "nats", `url: "${env:NATS_URL}", subject: "bills.${in.Region}", stream: BILLS`), options)
	a.in("create", "secret", "generic", "billing-secrets", "--from-literal=NATS_URL="+s.url())
	a.shares(options, "orders.config.subject=orders.>", s.publish, func(n int) int { return s.missing("BILLS", n) })
	t.Logf("6000 messages, %d of them written again", s.count("BILLS")-6000)
}

func kubernetesKafka(t *testing.T, c *kubeCluster) {
	k := &kafkaCluster{t: t, dir: t.TempDir(), host: nodeAddress, port: freePort(t, nodeAddress), more: []kfake.Opt{kfake.ListenFn(func(network, address string) (net.Listener, error) {
		_, port, err := net.SplitHostPort(address)
		if err != nil {
			return nil, err
		}
		return net.Listen(network, net.JoinHostPort(nodeAddress, port))
	})}}
	k.start(kfake.SeedTopics(4, "orders", "bills"))
	t.Cleanup(k.stop)
	options := fmt.Sprintf("namespace: clearing, replicas: 2, image: %s/clearing, env: {BROKER: %q}", c.registry(t), k.address())
	a := c.app(t, fmt.Sprintf(kubeShared, "clearing", "kafka", `brokers: ["${env:BROKER}"], topics: [orders], group: clearing`, "kafka", `brokers: ["${env:BROKER}"], topic: bills, key: "${in.ID}"`), options)
	a.shares(options, "bills.config.max_message=900000", k.produce, func(n int) int { return k.missing("bills", n) })
	t.Logf("6000 messages, %d of them written again", k.count("bills")-6000)
}

// A pipeline in several processes is as many workloads, of which two copies of one share
// the work. One of these is killed and one deleted while records come, and a setting
// changes; what comes out is what the pipeline in one process gives.
func kubernetesCut(t *testing.T, c *kubeCluster) {
	const pipeline = `pipeline: sums
types: {N: {n: int, s: string}}
edges: {nats: {url: "${env:NATS_URL}"}}
sources: {ns: {use: file, config: {path: in.ndjson, follow: true}, out: N}}
processors: {even: {from: ns, key: in.S, scale: {replicas: 2}, filter: in.N % 2 == 0}}
sinks: {out: {from: even, use: file, config: {path: out.ndjson}}}
`
	s := kubeNATS(t)
	options := fmt.Sprintf("namespace: sums, image: %s/sums, files: {in.ndjson: {claim: feed}}, env: {}", c.registry(t))
	a := c.app(t, pipeline, options)
	a.in("create", "secret", "generic", "sums-secrets", "--from-literal=NATS_URL="+s.url())
	feed := &feeder{t: t, path: filepath.Join(a.fed(), "in.ndjson")}
	volumes := map[string]string{}
	for _, claim := range []string{"data-sums-0", "data-sums-even-0", "data-sums-even-1", "data-sums-out-0"} {
		volumes[claim] = a.volume(claim, "storageClassName: folders\n  claimRef: {namespace: sums, name: "+claim+"}")
	}
	lines := func(text []byte) []string {
		all := strings.Split(strings.TrimSpace(string(text)), "\n")
		slices.Sort(all)
		return all
	}
	complete := func(when string) {
		t.Helper()
		want := lines(feed.standalone(followed("filter: in.N % 2 == 0", false)))
		a.until("all records "+when, func() bool {
			text, _ := os.ReadFile(filepath.Join(volumes["data-sums-out-0"], "out.ndjson"))
			return slices.Equal(lines(text), want)
		})
		t.Logf("%s: %d records of %d, as one process writes them", when, len(want), feed.next)
	}
	feed.more(5000)
	says(t, a.applies(exitOK, "--yes"), "+ create StatefulSet sums-even", "+ create PersistentVolumeClaim data-sums-even-1", "sums/sums: applied, ready")
	complete("applied")
	a.same()
	says(t, a.run(exitOK, "status", "sums", "-t", "k8s"), "sums-0", "sums-even-0", "sums-even-1", "sums-out-0")
	feed.more(2000)
	a.kill("sums-even-0")
	feed.more(2000)
	a.in("delete", "pod", "sums-even-1", "--wait=false")
	feed.more(2000)
	complete("without a copy")
	feed.more(2000)
	a.options(strings.Replace(options, "env: {", `env: {FLOWC_SET: "ns.config.max_record=1MiB", `, 1))
	said := a.applies(exitOK, "--yes")
	says(t, said, "~ change StatefulSet sums  (its pod is replaced", "sums/sums: applied, ready")
	if strings.Contains(said, "~ change StatefulSet sums-even") {
		t.Errorf("a setting of one process changes another:\n%s", said)
	}
	complete("with another setting")
	a.deleted()
}
