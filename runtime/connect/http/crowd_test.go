package http

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"testing"

	"github.com/flowc-dev/flowc/runtime/flow"
)

// Connections that send nothing, or begin with the headers of a request and never
// go on, are a limited number, and keep nobody out who has something to say.
func TestManyConnections(t *testing.T) {
	const requests = 4
	url, s := served(t, func(c *SourceConfig) { c.MaxRequests = requests }, func(*flow.Batch) error { return nil })
	dial := func(sends string) net.Conn {
		c, err := net.Dial("tcp", s.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		if _, err := io.WriteString(c, sends); err != nil {
			t.Fatal(err)
		}
		return c
	}
	const most = connsPerRequest * requests
	open := func() (all, busy int) {
		s.listener.mu.Lock()
		defer s.listener.mu.Unlock()
		for c := range s.listener.conns {
			if c.idle.Load() == 0 {
				busy++
			}
		}
		return len(s.listener.conns), busy
	}
	const head = "POST /in HTTP/1.1\r\nHost: x\r\n"
	for range 2 * most {
		dial("")
		dial(head)
	}
	eventually(t, "as many as may be", func() bool { all, _ := open(); return all == most })
	if r := send(t, url, "{}"); r.accepted() != 1 {
		t.Errorf("beside silent ones: %d %s", r.status, r.Error)
	}
	http.DefaultClient.CloseIdleConnections()
	eventually(t, "that one is closed", func() bool { all, _ := open(); return all == most-1 })
	// They go before one that is in the middle of its request.
	slow := dial(head + "Content-Length: 2\r\n\r\n")
	eventually(t, "one is busy", func() bool { _, busy := open(); return busy == 1 })
	for range 2 * most {
		dial("")
	}
	eventually(t, "as many as may be", func() bool { all, busy := open(); return all == most && busy == 1 })
	if _, err := fmt.Fprint(slow, "{}"); err != nil {
		t.Fatal(err)
	}
	if a, err := http.ReadResponse(bufio.NewReader(slow), nil); err != nil || a.StatusCode != 200 {
		t.Errorf("a slow client: %v %v", a, err)
	}
}

// Where all connections have a request there is no room for another one.
func TestAllConnectionsBusy(t *testing.T) {
	l := &listener{conns: map[*conn]struct{}{}, most: 2}
	for range l.most {
		c := newConn(nil, l)
		if !l.letIn(c) {
			t.Fatal("there was room")
		}
		l.follow(c, http.StateActive)
	}
	if l.letIn(newConn(nil, l)) || len(l.conns) != l.most {
		t.Errorf("one more was let in: %d", len(l.conns))
	}
}
