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
)

// TestKubernetes is what flowc emits for Kubernetes in a real one: `make e2e-k8s`. The
// scenarios share a cluster, and each has a namespace.
func TestKubernetes(t *testing.T) {
	c := newKubernetes(t)
	t.Run("Files", func(t *testing.T) { kubernetesFiles(t, c) })
	t.Run("Serve", func(t *testing.T) { kubernetesServe(t, c) })
	t.Run("Job", func(t *testing.T) { kubernetesJob(t, c) })
	t.Run("Copies", func(t *testing.T) { kubernetesCopies(t, c) })
}

// A program from a file to a file is a StatefulSet of one pod: it is changed in a tunable
// and in shape, its pod is deleted and its process killed, it is given an image that is
// not there, and deleted. After each of them the file that it writes is what the program
// writes by itself, record for record.
func kubernetesFiles(t *testing.T, c *kubeCluster) {
	const even, options = "filter: in.N % 2 == 0", "files: {in.ndjson: {claim: feed}}"
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

	a.gone("persistentvolumeclaim/data-numbers-0")
	if !bytes.Equal(wrote(), want) {
		t.Error("what was written is another after the end")
	}
	a.do("delete", "namespace", "numbers", "--timeout=240s")
}

// A program that is called is a Deployment of two pods behind a Service. It takes records
// through a roll-out, with a version that is not there and without one of its pods, and
// what it has taken it hands on.
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
	options := fmt.Sprintf("replicas: 2, env: {SHOP: %q}", shop.URL)
	a := c.app(t, pipeline, options)
	a.in("create", "secret", "generic", "doors-secrets", "--from-literal=EVENTS_TOKEN=open $esame")
	a.image()
	a.deploy("deployment/doors")
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
	a.unchanged()

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
	a.options(strings.Replace(options, "env: {", `env: {FLOWC_SET: "events.config.max_body=1MiB", `, 1))
	old := a.pods()
	a.deploy("deployment/doors")
	a.until("two pods of the new version alone", func() bool {
		pods := a.pods()
		return len(pods) == 2 && !slices.ContainsFunc(pods, func(p string) bool { return slices.Contains(old, p) }) && strings.Count(a.get("pods", ".items[*].metadata.name"), " ") == 1
	})
	grows()
	if n := missed.Load(); n > 0 {
		t.Errorf("%d requests found nobody during a roll-out", n)
	}

	good := a.pods()
	a.in("apply", "-f", a.emit("--image", "doors:none"))
	a.until("the image is missed", a.pullFails)
	grows()
	if pods := a.pods(); !slices.Equal(pods, good) {
		t.Errorf("with a bad version other pods are ready: %v, and not %v", pods, good)
	}
	a.deploy("deployment/doors")
	grows()
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
	a.gone()
}

// A program that ends by itself is a Job with a claim.
func kubernetesJob(t *testing.T, c *kubeCluster) {
	const odd = "filter: in.N % 2 == 1"
	pipeline := strings.Replace(followed(odd, false), "pipeline: numbers", "pipeline: batch", 1)
	a := c.app(t, pipeline, "files: {in.ndjson: {claim: feed}}")
	feed := &feeder{t: t, path: filepath.Join(a.fed(), "in.ndjson")}
	out := filepath.Join(a.volume("batch-data", "storageClassName: folders"), "out.ndjson")
	feed.more(10000)
	a.image()
	a.in("apply", "-f", a.emit())
	a.in("wait", "--for=condition=complete", "job", "--all", "--timeout=240s")
	wrote, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	if want := feed.standalone(pipeline); !bytes.Equal(wrote, want) {
		t.Errorf("%d bytes, and not the %d that the program writes by itself", len(wrote), len(want))
	}
	a.unchanged()
	a.gone()
}

// Two pods share a consumer of NATS. One is deleted and one killed while messages come,
// and a new version takes over; no message is lost on the way.
func kubernetesCopies(t *testing.T, c *kubeCluster) {
	l, err := net.Listen("tcp", nodeAddress+":0")
	if err != nil {
		t.Fatal(err)
	}
	port := l.Addr().(*net.TCPAddr).Port
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	s := &natsServer{t: t, options: server.Options{Host: nodeAddress, Port: port, JetStream: true, JetStreamMaxStore: 1 << 40, StoreDir: t.TempDir(), NoLog: true, NoSigs: true}}
	s.start()
	t.Cleanup(s.stop)
	s.make("ORDERS", "orders.>")
	s.make("BILLS", "bills.*")
	const options = "replicas: 2"
	a := c.app(t, `pipeline: billing
types: {Order: {id: string, region: EU | US, total: decimal}}
defaults: {nats: {url: "${env:NATS_URL}"}}
sources: {orders: {use: nats, config: {stream: ORDERS, durable: billing}, out: Order}}
sinks: {bills: {from: orders, use: nats, config: {subject: "bills.${in.Region}", stream: BILLS}}}
`, options)
	a.in("create", "secret", "generic", "billing-secrets", "--from-literal=NATS_URL="+s.url())
	a.image()
	a.deploy("deployment/billing")
	a.until("two pods", func() bool { return len(a.pods()) == 2 })
	s.publish(0, 1000)
	a.kill(a.pods()[0])
	s.publish(1000, 2000)
	a.in("delete", "pod", a.pods()[0], "--wait=false")
	s.publish(2000, 3000)
	a.until("all messages without a pod", func() bool { return s.missing("BILLS", 3000) == 0 })
	a.until("two pods", func() bool { return len(a.pods()) == 2 })

	done := make(chan struct{})
	go func() {
		defer close(done)
		s.publish(3000, 6000)
	}()
	a.options(options + `, env: {FLOWC_SET: "orders.config.subject=orders.>"}`)
	a.deploy("deployment/billing")
	<-done
	a.until("all messages after a roll-out", func() bool { return s.missing("BILLS", 6000) == 0 })
	t.Logf("6000 messages, %d of them written again", s.count("BILLS")-6000)
	a.gone()
}
