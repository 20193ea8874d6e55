package flowtest_test

import (
	"bufio"
	"errors"
	"io"
	"net"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"github.com/flowc-dev/flowc/runtime/flowtest"
)

// upper is a server that answers each line, and counts those that came.
type upper struct {
	net.Listener
	lines atomic.Int32
}

func newUpper(t *testing.T) *upper {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	u := &upper{Listener: l}
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				lines := bufio.NewReader(conn)
				for {
					line, err := lines.ReadString('\n')
					if err != nil {
						return
					}
					u.lines.Add(1)
					if _, err := io.WriteString(conn, "got "+line); err != nil {
						return
					}
				}
			}()
		}
	}()
	return u
}

// A caller speaks with the server by the proxy.
type caller struct {
	t    *testing.T
	conn *net.TCPConn
	in   *bufio.Reader
}

func dial(t *testing.T, p *flowtest.Proxy) *caller {
	t.Helper()
	conn, err := net.Dial("tcp", p.Address())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return &caller{t, conn.(*net.TCPConn), bufio.NewReader(conn)}
}

func (c *caller) send(line string) error {
	_, err := io.WriteString(c.conn, line+"\n")
	return err
}

// hears reads the next answer; what comes later than the patience is "".
func (c *caller) hears(patience time.Duration) (string, error) {
	must(c.t, c.conn.SetReadDeadline(time.Now().Add(patience)))
	line, err := c.in.ReadString('\n')
	var late net.Error
	if errors.As(err, &late) && late.Timeout() {
		return line, nil
	}
	return line, err
}

func (c *caller) wants(want string) {
	c.t.Helper()
	if got, err := c.hears(20 * time.Second); got != want || err != nil {
		c.t.Errorf("heard %q and %v, want %q", got, err, want)
	}
}

func (c *caller) wantsNothing() {
	c.t.Helper()
	if got, err := c.hears(30 * time.Millisecond); got != "" || err != nil {
		c.t.Errorf("heard %q and %v, and should hear nothing", got, err)
	}
}

// wantsNobody connects, and is sent away: at once, or by the end of the connection.
func wantsNobody(t *testing.T, p *flowtest.Proxy) {
	t.Helper()
	conn, err := net.Dial("tcp", p.Address())
	if err != nil {
		return
	}
	defer conn.Close()
	must(t, conn.SetReadDeadline(time.Now().Add(20*time.Second)))
	if n, err := conn.Read(make([]byte, 1)); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("%d bytes and %v of a connection that nobody is to take", n, err)
	}
}

// Each thing that happens to a network is what the program sees, and it is over when
// it is over.
func TestProxy(t *testing.T) {
	server := newUpper(t)
	p, err := flowtest.NewProxy(server.Addr().String())
	must(t, err)
	a := dial(t, p)
	must(t, a.send("1"))
	a.wants("got 1\n")

	p.Blackhole(true)
	must(t, a.send("2"))
	a.wantsNothing()
	if n := server.lines.Load(); n != 1 {
		t.Errorf("%d lines came through the blackhole", n-1)
	}
	p.Blackhole(false)
	a.wants("got 2\n")

	p.Mute(true)
	must(t, a.send("3"))
	for server.lines.Load() < 3 { // the server does what it is asked
		time.Sleep(time.Millisecond)
	}
	a.wantsNothing()
	p.Heal()
	a.wants("got 3\n")

	p.Delay(time.Millisecond)
	must(t, a.send("4"))
	a.wants("got 4\n")
	p.Delay(0)

	p.HalfClose()
	if got, err := a.hears(20 * time.Second); err != io.EOF {
		t.Errorf("heard %q and %v, want the end", got, err)
	}
	must(t, a.send("5"))
	for server.lines.Load() < 5 {
		time.Sleep(time.Millisecond)
	}

	b := dial(t, p)
	must(t, b.send("6"))
	b.wants("got 6\n")
	p.Refuse(true)
	must(t, b.send("7")) // those that there are go on
	b.wants("got 7\n")
	p.Cut()
	if got, err := b.hears(20 * time.Second); err == nil {
		t.Errorf("heard %q of a connection that was cut", got)
	}
	wantsNobody(t, p)
	p.Refuse(false)
	d := dial(t, p)
	must(t, d.send("8"))
	d.wants("got 8\n")
	must(t, p.Close())
	if got, err := d.hears(20 * time.Second); err == nil {
		t.Errorf("heard %q of a proxy that is closed", got)
	}
	if _, err := net.Dial("tcp", p.Address()); err == nil {
		t.Error("a proxy that is closed listens")
	}
}

// When a fault is over the network is what it was; also where there is no server.
func TestProxyFaults(t *testing.T) {
	server := newUpper(t)
	p, err := flowtest.NewProxy(server.Addr().String())
	must(t, err)
	defer p.Close()
	for name, fault := range p.Faults() {
		c := dial(t, p)
		must(t, c.send("before"))
		c.wants("got before\n")
		must(t, fault(time.Millisecond))
		again := dial(t, p)
		if err := again.send("behind"); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		again.wants("got behind\n")
	}
	must(t, server.Close())
	wantsNobody(t, p)
}
