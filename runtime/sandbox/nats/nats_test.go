package nats

import (
	"net"
	"strings"
	"sync"
	"testing"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/flowc-dev/flowc/runtime/sandbox"
)

// TestKeeps makes streams, and has what is in them in another server over the same folder.
// Any login is taken, and a stream whose subject another one has is said.
func TestKeeps(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := l.Addr().(*net.TCPAddr).Port
	l.Close()
	var mu sync.Mutex
	said := ""
	h := &sandbox.Host{
		Service: sandbox.Service{Name: "nats", Kind: sandbox.NATS, Port: port, Streams: []sandbox.Stream{
			{Name: "BILLS", Subjects: []string{"bills.*"}}, {Name: "OTHER", Subjects: []string{"bills.eu"}},
		}},
		Dir: t.TempDir(),
		Log: func(format string, args ...any) {
			mu.Lock()
			defer mu.Unlock()
			said += format
			t.Logf(format, args...)
		},
	}
	for round := uint64(1); round <= 2; round++ {
		s, err := Start(t.Context(), h)
		if err != nil {
			t.Fatal(err)
		}
		conn, err := nats.Connect("nats://"+h.Address(), nats.UserInfo("me", "hunter2"))
		if err != nil {
			t.Fatal(err)
		}
		js, err := jetstream.New(conn)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := js.Publish(t.Context(), "bills.eu", []byte("x")); err != nil {
			t.Fatal(err)
		}
		stream, err := js.Stream(t.Context(), "BILLS")
		if err != nil {
			t.Fatal(err)
		}
		info, err := stream.Info(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if info.State.Msgs != round {
			t.Errorf("round %d: the stream has %d messages", round, info.State.Msgs)
		}
		conn.Close()
		s.Stop()
	}
	mu.Lock()
	defer mu.Unlock()
	if !strings.Contains(said, "is not made") {
		t.Errorf("nothing was said of the stream that can't be: %q", said)
	}
}
