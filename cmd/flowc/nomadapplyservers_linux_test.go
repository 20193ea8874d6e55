package main

import (
	"fmt"
	"io"
	"log"
	"net"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/registry"
	"github.com/nats-io/nats-server/v2/server"
	"github.com/twmb/franz-go/pkg/kfake"
)

// shares applies a pipeline of which two copies share the messages of a broker. One of
// them dies, their setting changes, their shape changes, a version that can't work is
// taken back; no message is lost, and what they write is what the program alone writes
// of the same messages.
func (a *nomadApplied) shares(pipeline, address string, publish func(from, to int), count func() int, bills func() []string, args ...string) {
	t := a.t
	t.Helper()
	options := fmt.Sprintf("replicas: 2, env: {BROKER: %q}", address)
	apply := func(code int, more ...string) (string, string) {
		t.Helper()
		return a.flowc(code, slices.Concat([]string{"apply", "--yes"}, args, more)...)
	}
	a.write(pipeline, options)
	said, _ := apply(exitOK)
	a.says(said, "shared: applied, ready")
	const total = 3000
	published := make(chan struct{})
	go func() {
		defer close(published)
		for n := 0; n < total; n += 10 {
			publish(n, n+10)
			for range 20 {
				pause()
			}
		}
	}()
	grows := func() {
		t.Helper()
		before := count()
		a.until("the copies write", func() bool { return count() > min(before+20, total-1) })
	}
	grows()
	first := a.copies()
	if len(first) != 2 {
		t.Fatalf("%d copies run", len(first))
	}
	said, _ = apply(exitOK)
	a.says(said, "shared: unchanged, ready")

	t.Log("one of them is killed")
	a.engine.Docker("kill", "-s", "KILL", a.containerOf("shared"))
	grows()
	a.until("two copies", func() bool { return len(a.copies()) == 2 })

	t.Log("a limit changes")
	a.write(pipeline, options+", memory: 300MiB")
	said, _ = apply(exitOK)
	a.says(said, "a canary is tried beside its copies, which are then replaced one by one", "Resources.MemoryMB", "→ 300")
	if again := a.copies(); len(again) != 2 || slices.Contains(again, first[0]) || slices.Contains(again, first[1]) {
		t.Errorf("another limit makes %v of %v", again, first)
	}

	t.Log("a version that nothing gets through")
	second := a.copies()
	a.write(pipeline, strings.Replace(options, address[strings.LastIndex(address, "/")+1:], "127.0.0.1:1", 1)+", memory: 300MiB")
	_, errs := apply(exitDied, "--timeout", "20s")
	a.says(errs, "shared: it was not ready after 20s: 0 of 2 are ready: missing", "connection refused", "rolled back: ", "runs again")
	if again := a.copies(); !slices.Equal(again, second) {
		t.Errorf("a canary that fails leaves %v of %v", again, second)
	}

	t.Log("the shape changes")
	// A condition that is true of all: what is written stays the same.
	a.write(strings.Replace(pipeline, "in.Total >= 100", "in.Total >= 100 && in.ID != \"\"", 1), options+", memory: 300MiB")
	apply(exitOK)
	<-published
	a.until("all is written", func() bool { return count() >= total && len(distinct(bills())) >= total })
	t.Logf("%d messages were published, %d written", total, len(bills()))
	want := make([]string, 0, total)
	for i := range total {
		want = append(want, fmt.Sprintf(`{"id":"%d","region":"%s","total":"%d.50"}`, i, []string{"EU", "US"}[i%2], 100+i))
	}
	slices.Sort(want)
	if got := distinct(bills()); !slices.Equal(got, want) {
		t.Errorf("%d different messages are written, and not the %d that were published", len(got), len(want))
	}
	said, _ = a.flowc(exitOK, "delete", "--yes")
	a.says(said, "shared: deleted")
}

func TestNomadApplyNATS(t *testing.T) {
	a := newNomad(t, true).applied("shared")
	host := a.engine.Gateway()
	s := &natsServer{t: t, options: server.Options{Host: host, Port: freePort(t, host), JetStream: true, JetStreamMaxStore: 1 << 40, StoreDir: t.TempDir(), NoLog: true, NoSigs: true}}
	s.start()
	t.Cleanup(s.stop)
	s.make("ORDERS", "orders.>")
	s.make("BILLS", "bills.*")
	a.shares(fmt.Sprintf(shared, "nats", `url: "${env:BROKER}", stream: ORDERS, durable: billing`, `url: "${env:BROKER}", subject: "bills.${in.Region}", stream: BILLS`),
		s.url(), s.publish, func() int { return s.count("BILLS") }, func() (all []string) {
			for _, m := range s.all("BILLS") {
				all = append(all, string(m.Data()))
			}
			return all
		})
	a.left()
}

// The image goes through a registry, as it does where clients are other machines.
func TestNomadApplyKafka(t *testing.T) {
	a := newNomad(t, true).applied("shared")
	images := httptest.NewServer(registry.New(registry.Logger(log.New(io.Discard, "", 0))))
	t.Cleanup(images.Close)
	host := a.engine.Gateway()
	k := &kafkaCluster{t: t, dir: t.TempDir(), host: host, port: freePort(t, host), more: []kfake.Opt{kfake.ListenFn(func(network, address string) (net.Listener, error) {
		_, port, err := net.SplitHostPort(address)
		if err != nil {
			return nil, err
		}
		return net.Listen(network, net.JoinHostPort(host, port))
	})}}
	k.start(kfake.SeedTopics(4, "orders", "bills"))
	t.Cleanup(k.stop)
	a.shares(fmt.Sprintf(shared, "kafka", `brokers: ["${env:BROKER}"], topics: [orders], group: billing`, `brokers: ["${env:BROKER}"], topic: bills, key: "${in.ID}"`),
		k.address(), k.produce, func() int { return k.count("bills") }, func() (all []string) {
			for _, r := range k.all("bills") {
				all = append(all, string(r.Value))
			}
			return all
		}, "--push", "--image", strings.TrimPrefix(images.URL, "http://")+"/shop/shared")
	if text := a.try("job", "status", "shared"); !strings.Contains(text, "No job(s)") {
		t.Errorf("it is left: %s", text)
	}
}
