package main

import (
	"fmt"
	"path/filepath"
	"syscall"
	"testing"
)

// TestNomadCopies is a service of which two copies share a consumer of NATS: one is
// killed while messages come, a canary and a new version take over, and no message is
// lost on the way.
func TestNomadCopies(t *testing.T) {
	c := newNomad(t, false)
	s := newNATSServer(t)
	s.make("ORDERS", "orders.>")
	s.make("BILLS", "bills.*")
	j := c.job(`pipeline: billing
types: {Order: {id: string, region: EU | US, total: decimal}}
defaults: {nats: {url: "${env:NATS_URL}"}}
sources: {orders: {use: nats, config: {stream: ORDERS, durable: billing}, out: Order}}
sinks: {bills: {from: orders, use: nats, config: {subject: "bills.${in.Region}", stream: BILLS}}}
`, "")
	j.flowc("build", "-o", j.dir)
	binary := filepath.Join(j.dir, "billing")
	options := fmt.Sprintf("driver: raw_exec, binary: {path: %q}, replicas: 2, secrets: {NATS_URL: {}}", binary)
	j.options(options)
	j.must("var", "put", "nomad/jobs/billing", "NATS_URL="+s.url())
	j.deploy()

	s.publish(0, 1000)
	pid := processOf(binary)
	if pid == 0 {
		t.Fatal("no process of the program")
	}
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	s.publish(1000, 2000)
	c.until("all messages after a kill", func() bool { return s.missing("BILLS", 2000) == 0 })
	c.until("two copies", func() bool { return len(j.allocations(false)) == 2 })

	done := make(chan struct{})
	go func() {
		defer close(done)
		s.publish(2000, 6000)
	}()
	j.options(options + ", env: {FLOWC_SET: \"orders.config.subject=orders.>\"}")
	j.deploy()
	<-done
	c.until("all messages after a roll-out", func() bool { return s.missing("BILLS", 6000) == 0 })
	t.Logf("6000 messages, %d of them written again", s.count("BILLS")-6000)

	j.must("job", "stop", "-purge", "billing")
	c.until("nothing is left", func() bool { return processOf(binary) == 0 })
}
