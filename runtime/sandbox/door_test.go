package sandbox

import (
	"bytes"
	"io"
	"net"
	"strings"
	"testing"
)

// echo listens on the loopback, and sends back what comes until its end.
func echo(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				text, _ := io.ReadAll(c)
				_, _ = c.Write(text)
				c.Close()
			}()
		}
	}()
	return l.Addr().(*net.TCPAddr).Port
}

// A door carries both directions, hands on the end of one, and lets nobody in once it is shut.
// It runs beside no other test, which could be given the port that it has left.
func TestDoor(t *testing.T) {
	d, err := openDoor("127.0.0.2", &Service{Port: echo(t)})
	if err != nil {
		t.Skip("this machine has one address of the loopback: ", err)
	}
	at := d.listeners[0].Addr().String()
	c, err := net.Dial("tcp", at)
	if err != nil {
		t.Fatal(err)
	}
	text := []byte(strings.Repeat("much ", 1<<18))
	go func() {
		_, _ = c.Write(text)
		_ = c.(*net.TCPConn).CloseWrite()
	}()
	if got, err := io.ReadAll(c); err != nil || !bytes.Equal(got, text) {
		t.Errorf("%d bytes come back of %d, %v", len(got), len(text), err)
	}
	open, err := net.Dial("tcp", at)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := open.Write([]byte("x")); err != nil {
		t.Fatal(err)
	}
	d.close()
	if _, err := open.Read(make([]byte, 1)); err == nil {
		t.Error("a guest is still in")
	}
	if c, err := net.Dial("tcp", at); err == nil {
		c.Close()
		t.Error("it is open")
	}
}

// A door stands at the port of the image, too, and does without where somebody has it. It
// runs beside no other test, which could have that.
func TestDoorInner(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.2:0")
	if err != nil {
		t.Skip(err)
	}
	defer taken.Close()
	inner := taken.Addr().(*net.TCPAddr).Port
	s := &Service{Port: echo(t), Inner: inner}
	d, err := openDoor("127.0.0.2", s)
	if d == nil || err == nil || !strings.Contains(err.Error(), "alone") {
		t.Fatalf("got %v, %v", d, err)
	}
	d.close()
	taken.Close()
	d, err = openDoor("127.0.0.2", s)
	if err != nil || len(d.listeners) != 2 {
		t.Fatalf("got %v, %v", d, err)
	}
	d.close()
	for _, gateway := range []string{"", "192.0.2.1"} { // nobody's
		if d, err := openDoor(gateway, s); d != nil || err == nil {
			t.Errorf("at %q there is %v", gateway, d)
		}
	}
}

// Engines tell the machine's address in their own ways.
func TestGateway(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`[{"IPAM":{"Config":[{"Subnet":"172.18.0.0/16","Gateway":"172.18.0.1"}]}}]`: "172.18.0.1",
		`[{"IPAM":{"Config":[{"Gateway":"172.18.0.1/16"}]}}]`:                       "172.18.0.1",
		`[{"subnets":[{"subnet":"10.89.0.0/24","gateway":"10.89.0.1"}]}]`:           "10.89.0.1",
		`[{"IPAM":{"Config":[]}}]`:                                                  "", `[]`: "", `no`: "",
	} {
		if got := gatewayOf([]byte(text)); got != want {
			t.Errorf("%s is %q, want %q", text, got, want)
		}
	}
}
