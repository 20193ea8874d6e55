package main

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"

	"github.com/nats-io/nats-server/v2/server"
)

// freePort is a port that nobody has at an address.
func freePort(t *testing.T, host string) int {
	t.Helper()
	l, err := net.Listen("tcp", net.JoinHostPort(host, "0"))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// Records over HTTP are in a file when they are answered, whatever becomes of the
// container: who gets no answer sends again.
func TestComposeHTTP(t *testing.T) {
	port := freePort(t, "127.0.0.1")
	options := fmt.Sprintf("publish: {events: %d}, secrets: {EVENTS_TOKEN: {env: TOKEN_OF_EVENTS}}", port)
	c := newComposed(t, `pipeline: doors
types: {Event: {id: int, kind: string}}
sources: {events: {use: http, config: {listen: "127.0.0.1:8080", path: /events, token: "${env:EVENTS_TOKEN}"}, out: Event}}
processors:
  views: {from: events, filter: in.Kind == "view"}
sinks:
  out: {from: views, use: file, config: {path: /archive/views.ndjson}}
`, options)
	c.image()
	c.emit()
	if said, err := c.try("up", "-d"); err == nil || !strings.Contains(said, "TOKEN_OF_EVENTS") {
		t.Errorf("without the secret it says %v\n%s", err, said)
	}
	t.Setenv("TOKEN_OF_EVENTS", "open $esame")
	c.up()
	first := c.container()
	c.hardened(first)
	sent := make(chan int)
	stop := make(chan struct{})
	go func() {
		n := 0
		defer func() { sent <- n }()
		for ; ; n++ {
			body := fmt.Sprintf(`{"id":%d,"kind":"%s"}`, n, []string{"view", "click"}[n%2])
			for !postEvent(port, body) {
				select {
				case <-stop:
					return
				default:
					pause()
				}
			}
			select {
			case <-stop:
				n++
				return
			default:
			}
		}
	}()
	// A folder that the image does not have belongs to root in a new volume, so
	// that this one is the proof that it is made for the program.
	out := filepath.Join(c.engine.Volume("doors_"+archive(t, c)), "views.ndjson")
	grows := func() {
		t.Helper()
		before := len(linesOf(t, out))
		eventually(t, "the program writes\n"+c.logs(), func() bool { return len(linesOf(t, out)) > before+50 })
	}
	grows()
	c.unchanged()
	c.kill(first)
	grows()
	c.options(options + ", env: {FLOWC_SET: events.config.max_requests=8}")
	c.emit()
	c.up()
	if c.container() == first {
		t.Error("another setting does not make another container")
	}
	grows()
	close(stop)
	n := <-sent
	eventually(t, "all that was answered is written", func() bool { return len(ids(t, out)) >= n/2 })
	got := ids(t, out)
	for i := 0; i < n; i += 2 {
		if !slices.Contains(got, i) {
			t.Errorf("%d was answered and is not written", i)
		}
	}
	c.do("stop")
	if code := c.inspect(c.container(), ".State.ExitCode"); code != "0" {
		t.Errorf("after a stop the exit code is %s\n%s", code, c.logs())
	}
	c.gone()
}

// archive is the volume, in the file, that is mounted at /archive.
func archive(t *testing.T, c *composed) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(c.dir, "compose.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	before, _, ok := strings.Cut(string(text), "\n        target: /archive\n")
	if !ok {
		t.Fatalf("nothing is mounted at /archive:\n%s", text)
	}
	return strings.TrimSpace(before[strings.LastIndex(before, "source: ")+len("source: "):])
}

// postEvent sends a record and tells whether it was taken.
func postEvent(port int, body string) bool {
	req, err := http.NewRequest(http.MethodPost, fmt.Sprintf("http://127.0.0.1:%d/events", port), strings.NewReader(body))
	if err != nil {
		return false
	}
	req.Header.Set("Authorization", "Bearer open $esame")
	client := http.Client{Timeout: 30 * time.Second}
	resp, err := client.Do(req)
	if err != nil {
		return false
	}
	defer resp.Body.Close()
	return resp.StatusCode == http.StatusOK
}

// ids are the different ids in a file's records.
func ids(t *testing.T, path string) []int {
	t.Helper()
	seen := map[int]bool{}
	for _, line := range linesOf(t, path) {
		var r struct{ ID int }
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		seen[r.ID] = true
	}
	var all []int
	for id := range seen {
		all = append(all, id)
	}
	slices.Sort(all)
	return all
}

// What options say reaches the engine: a secret from a file, a port for each of two
// copies, a network of somebody else's, a word of the overlay, labels with dollars.
func TestComposeOptions(t *testing.T) {
	c := newComposed(t, `pipeline: relay
labels: {team: "$5 club"}
types: {Event: {id: int}}
sources: {events: {use: http, config: {listen: ":8080", path: /events, token: "${file:token}"}, out: Event}}
sinks: {out: {from: events, use: http, config: {url: "${env:SHOP}"}}}
`, "")
	host := c.engine.Gateway()
	var mu sync.Mutex
	seen := map[string]int{}
	l, err := net.Listen("tcp", net.JoinHostPort(host, "0"))
	if err != nil {
		t.Fatal(err)
	}
	shop := &httptest.Server{Listener: l, Config: &http.Server{Handler: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		address, _, _ := net.SplitHostPort(r.RemoteAddr)
		mu.Lock()
		defer mu.Unlock()
		seen[address]++
	})}}
	shop.Start()
	defer shop.Close()
	first := freePort(t, "127.0.0.1")
	for !free(first + 1) {
		first = freePort(t, "127.0.0.1")
	}
	c.options(fmt.Sprintf(`replicas: 2, cpu: 0.5, pids: 100, env: {SHOP: %q}, publish: {events: "127.0.0.1:%d-%d"}, networks: [theirs], overlay: {hostname: relay-host, environment: {EXTRA: "${EXTRA_OF_TEST:-none}"}}`,
		shop.URL, first, first+1))
	if err := os.Mkdir(filepath.Join(c.dir, "secrets"), 0o755); err != nil {
		t.Fatal(err)
	}
	writeFile(t, filepath.Join(c.dir, "secrets/token"), "open $esame\n")
	c.image()
	c.emit()
	if said, err := c.try("up", "-d"); err == nil || !strings.Contains(said, "theirs") {
		t.Errorf("without the network it says %v\n%s", err, said)
	}
	c.engine.Docker("network", "create", "theirs")
	t.Setenv("EXTRA_OF_TEST", "word")
	c.up()
	ids := c.containers()
	if len(ids) != 2 {
		t.Fatalf("there are %d copies", len(ids))
	}
	for _, id := range ids {
		for field, want := range map[string]string{
			".Config.Hostname": "relay-host", ".HostConfig.PidsLimit": "100", ".HostConfig.NanoCpus": "500000000", `index .Config.Labels "team"`: "$5 club",
		} {
			if got := c.inspect(id, field); got != want {
				t.Errorf("%s is %s and not %s", field, got, want)
			}
		}
		if got := c.inspect(id, "json .Config.Env"); !strings.Contains(got, `"EXTRA=word"`) {
			t.Errorf("the overlay's variable is not there: %s", got)
		}
		if got := c.inspect(id, "json .NetworkSettings.Networks"); !strings.Contains(got, `"theirs"`) || !strings.Contains(got, `"relay_default"`) {
			t.Errorf("its networks are %s", got)
		}
	}
	for n := range 40 {
		if !postEvent(first+n%2, fmt.Sprintf(`{"id":%d}`, n)) {
			t.Fatalf("%d is not taken\n%s", n, c.logs())
		}
	}
	mu.Lock()
	if len(seen) != 2 {
		t.Errorf("the copies did not both write: %v", seen)
	}
	mu.Unlock()
	c.do("down")
	c.engine.Docker("network", "rm", "theirs")
	c.gone()
}

// free tells whether nobody has a port of the host.
func free(port int) bool {
	l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		return false
	}
	return l.Close() == nil
}

// shared is a pipeline from a broker to the same broker, of which copies share the
// input.
const shared = `pipeline: shared
types: {Order: {id: string, region: EU | US, total: decimal}}
sources: {orders: {use: %s, config: {%s}, out: Order}}
processors:
  large: {from: orders, filter: in.Total >= 100}
sinks:
  bills: {from: large, use: %[1]s, config: {%[3]s}}
`

// Two copies share the messages of a broker. One of them dies, their setting changes,
// their shape changes; no message is lost, and what they write is what the program
// alone writes of the same messages.
func (c *composed) shares(address string, publish func(from, to int), count func() int, bills func() []string) {
	t := c.t
	t.Helper()
	options := fmt.Sprintf("replicas: 2, env: {BROKER: %s}", strconv.Quote(address))
	c.options(options)
	c.image()
	c.emit()
	c.up()
	two := func() []string {
		t.Helper()
		all := c.containers()
		if len(all) != 2 {
			t.Fatalf("there are %d copies, not 2", len(all))
		}
		return all
	}
	first := two()
	for _, id := range first {
		c.hardened(id)
	}
	const total = 3000
	published := make(chan struct{})
	go func() {
		defer close(published)
		for n := 0; n < total; n += 10 {
			publish(n, n+10)
			pause()
		}
	}()
	grows := func() {
		t.Helper()
		before := count()
		select {
		case <-published:
		default:
			eventually(t, "the copies write\n"+c.logs(), func() bool { return count() > min(before+100, total-1) })
		}
	}
	grows()
	c.unchanged()
	grows()
	c.kill(first[0])
	grows()
	c.options(options + ", memory: 300MiB")
	c.emit()
	c.up()
	second := two()
	if slices.Contains(second, first[0]) || slices.Contains(second, first[1]) {
		t.Error("another limit does not make other containers")
	}
	grows()
	pipeline, err := os.ReadFile(filepath.Join(c.dir, "pipeline.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	// A condition that is true of all: what is written stays the same.
	c.write(strings.Replace(string(pipeline), "in.Total >= 100", "in.Total >= 100 && in.ID != \"\"", 1), options)
	c.image()
	c.emit()
	c.up()
	two()
	<-published
	eventually(t, "all is written\n"+c.logs(), func() bool { return count() >= total })
	for range 60 { // there may be repeats among them
		if len(distinct(bills())) >= total {
			break
		}
		time.Sleep(time.Second)
	}
	c.do("stop")
	for _, id := range two() {
		if code := c.inspect(id, ".State.ExitCode"); code != "0" {
			t.Errorf("after a stop the exit code of %s is %s\n%s", id, code, c.logs())
		}
	}
	t.Logf("%d messages were published, %d written", total, len(bills()))
	want := make([]string, 0, total)
	for i := range total {
		want = append(want, fmt.Sprintf(`{"id":"%d","region":"%s","total":"%d.50"}`, i, []string{"EU", "US"}[i%2], 100+i))
	}
	slices.Sort(want)
	if got := distinct(bills()); !slices.Equal(got, want) {
		t.Errorf("%d different messages are written, and not the %d that were published", len(got), len(want))
	}
	c.gone()
}

// distinct are the different texts of a list, sorted.
func distinct(list []string) []string {
	out := slices.Clone(list)
	slices.Sort(out)
	return slices.Compact(out)
}

func TestComposeNATS(t *testing.T) {
	c := newComposed(t, fmt.Sprintf(shared, "nats", `url: "${env:BROKER}", stream: ORDERS, durable: billing`, `url: "${env:BROKER}", subject: "bills.${in.Region}", stream: BILLS`), "")
	host := c.engine.Gateway()
	s := &natsServer{t: t, options: server.Options{Host: host, Port: freePort(t, host), JetStream: true, JetStreamMaxStore: 1 << 40, StoreDir: t.TempDir(), NoLog: true, NoSigs: true}}
	s.start()
	t.Cleanup(s.stop)
	s.make("ORDERS", "orders.>")
	s.make("BILLS", "bills.*")
	c.shares(s.url(), s.publish, func() int { return s.count("BILLS") }, func() (all []string) {
		for _, m := range s.all("BILLS") {
			all = append(all, string(m.Data()))
		}
		return all
	})
}

func TestComposeKafka(t *testing.T) {
	c := newComposed(t, fmt.Sprintf(shared, "kafka", `brokers: ["${env:BROKER}"], topics: [orders], group: billing`, `brokers: ["${env:BROKER}"], topic: bills, key: "${in.ID}"`), "")
	host := c.engine.Gateway()
	k := &kafkaCluster{t: t, dir: t.TempDir(), host: host, port: freePort(t, host), more: []kfake.Opt{kfake.ListenFn(func(network, address string) (net.Listener, error) {
		_, port, err := net.SplitHostPort(address)
		if err != nil {
			return nil, err
		}
		return net.Listen(network, net.JoinHostPort(host, port))
	})}}
	k.start(kfake.SeedTopics(4, "orders", "bills"))
	t.Cleanup(k.stop)
	c.shares(k.address(), k.produce, func() int { return k.count("bills") }, func() (all []string) {
		for _, r := range k.all("bills") {
			all = append(all, string(r.Value))
		}
		return all
	})
}
