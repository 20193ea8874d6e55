package nats

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/flowc-dev/flowc/runtime/connect"
	"github.com/flowc-dev/flowc/runtime/flow"
)

// A fixture is a server in this process, and a connection to it.
type fixture struct {
	t      testing.TB
	opts   server.Options
	server *server.Server
	login  []nats.Option
	conn   *nats.Conn
	js     jetstream.JetStream
}

func newFixture(t testing.TB, change func(*server.Options), login ...nats.Option) *fixture {
	t.Helper()
	f := &fixture{t: t, login: login, opts: server.Options{Host: "127.0.0.1", Port: -1, JetStream: true, JetStreamMaxStore: 1 << 40, StoreDir: t.TempDir(), NoLog: true, NoSigs: true}}
	if change != nil {
		change(&f.opts)
	}
	f.start()
	t.Cleanup(f.stop)
	return f
}

func (f *fixture) start() {
	f.t.Helper()
	o := f.opts
	var err error
	if f.server, err = server.NewServer(&o); err != nil {
		f.t.Fatal(err)
	}
	f.server.Start()
	if !f.server.ReadyForConnections(20 * time.Second) {
		f.t.Fatal("the server does not start")
	}
	f.opts.Port = f.server.Addr().(*net.TCPAddr).Port
	if f.conn, err = nats.Connect(f.url(), f.login...); err != nil {
		f.t.Fatal(err)
	}
	if f.js, err = jetstream.New(f.conn); err != nil {
		f.t.Fatal(err)
	}
}

func (f *fixture) stop() {
	f.conn.Close()
	f.server.Shutdown()
	f.server.WaitForShutdown()
}

func (f *fixture) url() string { return fmt.Sprintf("nats://127.0.0.1:%d", f.opts.Port) }

// stream makes a stream.
func (f *fixture) stream(c jetstream.StreamConfig) {
	f.t.Helper()
	if _, err := f.js.CreateStream(context.Background(), c); err != nil {
		f.t.Fatal(err)
	}
}

// publish publishes m-FROM to m-(TO-1), to s.FROM and so on.
func (f *fixture) publish(from, to int) {
	f.t.Helper()
	for i := from; i < to; i++ {
		if _, err := f.js.Publish(context.Background(), fmt.Sprintf("s.%d", i), fmt.Appendf(nil, "m-%d", i)); err != nil {
			f.t.Fatal(err)
		}
	}
}

// source opens a source.
func (f *fixture) source(c SourceConfig, at ...uint64) flow.Source {
	f.t.Helper()
	if c.URL == "" {
		c.URL = f.url()
	}
	s, err := NewSource(c, connect.Input{Node: "in", Format: "text"})
	if err != nil {
		f.t.Fatal(err)
	}
	if len(at) > 0 {
		text, err := json.Marshal(position{at[0]})
		if err != nil {
			f.t.Fatal(err)
		}
		if err := s.(flow.Seeker).Seek(context.Background(), map[string]json.RawMessage{c.Stream: text}); err != nil {
			f.t.Fatal(err)
		}
	}
	if err := s.Open(context.Background()); err != nil {
		f.t.Fatal(err)
	}
	f.t.Cleanup(func() { s.Close(context.Background()) })
	return s
}

// read reads batches until there are n messages; it returns their texts with
// spaces between, and the last batch.
func read(t *testing.T, s flow.Source, n int) (string, *flow.Batch) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	b := &flow.Batch{Data: make([]byte, 0, flow.BlockSize)}
	var texts []string
	for len(texts) < n {
		b.Data, b.Ends, b.Position, b.Split, b.OnDone = b.Data[:0], b.Ends[:0], nil, "", nil
		if err := s.Read(ctx, b); err != nil {
			t.Fatalf("after %q: %v", texts, err)
		}
		for i, end := range b.Ends {
			begin := uint32(0)
			if i > 0 {
				begin = b.Ends[i-1]
			}
			texts = append(texts, string(b.Data[begin:end]))
		}
	}
	return strings.Join(texts, " "), b
}

// nothing fails the test where a source gives a message within a moment.
func nothing(t *testing.T, s flow.Source) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 300*time.Millisecond)
	defer cancel()
	for {
		b := &flow.Batch{Data: make([]byte, 0, flow.BlockSize)}
		if err := s.Read(ctx, b); err != nil {
			return
		}
		if len(b.Ends) > 0 {
			t.Fatalf("got %q", b.Data)
		}
	}
}
