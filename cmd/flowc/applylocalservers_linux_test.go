package main

import (
	"fmt"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/twmb/franz-go/pkg/kfake"
)

// A pipeline between servers is applied to this machine, killed while messages come, changed
// and deleted; no message is lost.
func (m *machine) serves(connectors, broker string, publish func(from, to int), complete func(n int) bool) {
	t := m.t
	t.Helper()
	file := filepath.Join(m.dir, "pipeline.yaml")
	options := func(text string) {
		writeFile(t, file, connectors+fmt.Sprintf("targets: {local: {%senv: {BROKER: %q}}}\n", text, broker))
	}
	options("")
	m.flowc(exitOK, []string{"apply", "--yes"}, "shared: applied, ready")
	publish(0, 1000)
	eventually(t, "messages pass", func() bool { return complete(1000) })
	done := make(chan struct{})
	go func() {
		defer close(done)
		publish(1000, 3000)
	}()
	kill(t, m.stateOf("shared").Processes[0].Is.PID, syscall.SIGKILL)
	<-done
	eventually(t, "all messages, in spite of a kill", func() bool { return complete(3000) })
	m.flowc(exitOK, []string{"status"}, "started again once")

	done = make(chan struct{})
	go func() {
		defer close(done)
		publish(3000, 5000)
	}()
	options("memory: 200MiB, ")
	m.flowc(exitOK, []string{"apply", "--yes"}, "shared: applied, ready")
	<-done
	eventually(t, "all messages, in spite of a change", func() bool { return complete(5000) })
	m.flowc(exitOK, []string{"apply", "--yes"}, "shared: unchanged, ready")
	m.flowc(exitOK, []string{"delete", "--state", "--yes"}, "shared: deleted")
}

func TestLocalNATS(t *testing.T) {
	t.Parallel() // most of it is the wait for what a dead reader had
	m := newMachine(t)
	s := newNATSServer(t)
	s.make("ORDERS", "orders.>")
	s.make("BILLS", "bills.*")
	m.serves(fmt.Sprintf(shared, "nats", `url: "${env:BROKER}", stream: ORDERS, durable: billing`, `url: "${env:BROKER}", subject: "bills.${in.Region}", stream: BILLS`), s.url(),
		s.publish, func(n int) bool { return s.count("BILLS") >= n && s.missing("BILLS", n) == 0 })
}

func TestLocalKafka(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	k := &kafkaCluster{t: t, dir: t.TempDir(), port: freePort(t, "127.0.0.1")}
	k.start(kfake.SeedTopics(4, "orders", "bills"))
	t.Cleanup(k.stop)
	m.serves(fmt.Sprintf(shared, "kafka", `brokers: ["${env:BROKER}"], topics: [orders], group: billing`, `brokers: ["${env:BROKER}"], topic: bills, key: "${in.ID}"`), k.address(),
		k.produce, func(n int) bool { return k.count("bills") >= n && k.missing("bills", n) == 0 })
}
