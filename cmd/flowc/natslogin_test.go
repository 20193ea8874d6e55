package main

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/nats-io/nats-server/v2/server"
)

// A natsDoor is what a server asks about who logs in; it lets in whoever is no program
// of ours, and programs while it is open.
type natsDoor struct{ shut atomic.Bool }

// Check tells whether a client may come in.
func (d *natsDoor) Check(c server.ClientAuthentication) bool {
	return !d.shut.Load() || !strings.HasPrefix(c.GetOpts().Name, "flowc ")
}

// A program that was let in before waits while a server refuses it, as where passwords
// are being changed, says so once, and goes on without loss. The client library closes
// its connections for good meanwhile.
func TestNATSRefusesProgram(t *testing.T) {
	if testing.Short() {
		t.Skip("builds a program")
	}
	s, door := newNATSServer(t), &natsDoor{}
	s.options.CustomClientAuthentication = door
	s.stop()
	s.start()
	s.make("ORDERS", "orders.>")
	s.make("BILLS", "bills.*")
	s.make("DEAD", "dead")
	s.publish(0, 200)
	binary := buildProgram(t, filepath.Join(casesDir, "nats", "pipeline.yaml"))
	p := start(t, binary, t.TempDir(), "NATS_URL="+s.url(), "SHOP=7")
	eventually(t, "the program writes", func() bool { p.alive(); return s.count("BILLS") == 200 })
	eventually(t, "the program is ready", func() bool { return p.ready() == 200 })

	said := func(what string) int { return strings.Count(p.said(), what) }
	const refused = "the server does not take the connection back"
	for round := 1; round <= 2; round++ {
		door.shut.Store(true)
		s.stop()
		s.start()
		s.publish(round*200, (round+1)*200)
		// A source, and two sinks.
		eventually(t, "the program says that it is refused", func() bool { p.alive(); return said(refused) == 3*round })
		if at := p.ready(); at != 503 {
			t.Errorf("/readyz says %d", at)
		}
		door.shut.Store(false)
		eventually(t, "the program writes again", func() bool { p.alive(); return s.count("BILLS") == (round+1)*200 })
		eventually(t, "the program is ready again", func() bool { p.alive(); return p.ready() == 200 })
	}
	if n := said(refused); n != 6 || !strings.Contains(p.said(), s.url()) || said("Authorization Violation") < n {
		t.Errorf("it says %d times that it is refused:\n%s", n, p.said())
	}
	if code := p.end(); code != 0 {
		t.Errorf("exit code %d:\n%s", code, p.said())
	}
	var bills []int
	for _, m := range s.all("BILLS") {
		var v struct {
			ID int `json:"id,string"`
		}
		if err := json.Unmarshal(m.Data(), &v); err != nil {
			t.Fatalf("%s: %v", m.Data(), err)
		}
		bills = append(bills, v.ID)
	}
	inOrder(t, "bills", bills, 600, false)
}
