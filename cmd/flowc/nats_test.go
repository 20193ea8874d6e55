package main

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// A natsServer is a NATS server in this process, which can go away and come back.
type natsServer struct {
	t       *testing.T
	options server.Options
	server  *server.Server
}

func newNATSServer(t *testing.T) *natsServer {
	t.Helper()
	var port int
	if _, err := fmt.Sscanf(freeAddress(t), "127.0.0.1:%d", &port); err != nil {
		t.Fatal(err)
	}
	s := &natsServer{t: t, options: server.Options{Host: "127.0.0.1", Port: port, JetStream: true, JetStreamMaxStore: 1 << 40, StoreDir: t.TempDir(), NoLog: true, NoSigs: true}}
	s.start()
	t.Cleanup(s.stop)
	return s
}

func (s *natsServer) url() string { return fmt.Sprintf("nats://%s:%d", s.options.Host, s.options.Port) }

func (s *natsServer) start() {
	s.t.Helper()
	o := s.options
	var err error
	if s.server, err = server.NewServer(&o); err != nil {
		s.t.Fatal(err)
	}
	s.server.Start()
	if !s.server.ReadyForConnections(20 * time.Second) {
		s.t.Fatal("the server does not start")
	}
}

func (s *natsServer) stop() {
	s.server.Shutdown()
	s.server.WaitForShutdown()
}

// stream returns JetStream by a connection of its own that the test closes.
func (s *natsServer) stream() (jetstream.JetStream, *nats.Conn) {
	s.t.Helper()
	conn, err := nats.Connect(s.url())
	if err != nil {
		s.t.Fatal(err)
	}
	js, err := jetstream.New(conn)
	if err != nil {
		s.t.Fatal(err)
	}
	return js, conn
}

// make makes a stream of subjects.
func (s *natsServer) make(name string, subjects ...string) {
	s.t.Helper()
	js, conn := s.stream()
	defer conn.Close()
	if _, err := js.CreateStream(context.Background(), jetstream.StreamConfig{Name: name, Subjects: subjects}); err != nil {
		s.t.Fatal(err)
	}
}

// publish publishes orders [from, to).
func (s *natsServer) publish(from, to int) {
	s.t.Helper()
	js, conn := s.stream()
	defer conn.Close()
	for i := from; i < to; i++ {
		m := nats.NewMsg(fmt.Sprintf("orders.s%d", i%3))
		m.Header.Set("sender", fmt.Sprintf("shop %d", i%2))
		m.Data = fmt.Appendf(nil, `{"id":"%d","region":"%s","total":"%d.50"}`, i, []string{"EU", "US"}[i%2], 100+i)
		if _, err := js.PublishMsg(context.Background(), m); err != nil {
			s.t.Fatal(err)
		}
	}
}

// all reads all messages of a stream.
func (s *natsServer) all(name string) (out []jetstream.Msg) {
	s.t.Helper()
	js, conn := s.stream()
	defer conn.Close()
	stream, err := js.Stream(context.Background(), name)
	if err != nil {
		s.t.Fatal(err)
	}
	n := int(stream.CachedInfo().State.Msgs)
	c, err := stream.OrderedConsumer(context.Background(), jetstream.OrderedConsumerConfig{})
	if err != nil {
		s.t.Fatal(err)
	}
	for len(out) < n {
		batch, err := c.Fetch(n - len(out))
		if err != nil {
			s.t.Fatal(err)
		}
		for m := range batch.Messages() {
			out = append(out, m)
		}
	}
	return out
}

// count is how many messages a stream has.
func (s *natsServer) count(name string) int {
	js, conn := s.stream()
	defer conn.Close()
	stream, err := js.Stream(context.Background(), name)
	if err != nil {
		s.t.Fatal(err)
	}
	return int(stream.CachedInfo().State.Msgs)
}

// missing is how many of so many orders are not in a stream, however often others are.
func (s *natsServer) missing(name string, orders int) int {
	s.t.Helper()
	got := map[string]bool{}
	for _, m := range s.all(name) {
		var order struct{ ID string }
		if err := json.Unmarshal(m.Data(), &order); err != nil {
			s.t.Fatal(err)
		}
		got[order.ID] = true
	}
	return orders - len(got)
}

// A program that reads a stream and writes to others loses nothing and keeps the
// order, whatever dies and comes back: it, or the server. What is wrong with a
// message stands in the dead letter with the message's place.
func TestNATS(t *testing.T) {
	if testing.Short() {
		t.Skip("builds a program")
	}
	s := newNATSServer(t)
	s.make("ORDERS", "orders.>")
	s.make("BILLS", "bills.*")
	s.make("DEAD", "dead")
	s.publish(0, 200)
	binary := buildProgram(t, filepath.Join(casesDir, "nats", "pipeline.yaml"))
	dir := t.TempDir()
	begin := func() *started { return start(t, binary, dir, "NATS_URL="+s.url(), "SHOP=7") }

	// The server is away when the program starts.
	s.stop()
	p := begin()
	eventually(t, "the program says that the server is away", func() bool { p.alive(); return strings.Contains(p.said(), "connection lost") })
	if at := p.ready(); at == 200 {
		t.Error("it is ready without a server")
	}
	s.start()
	eventually(t, "the program writes once the server is there", func() bool { p.alive(); return s.count("BILLS") == 200 })
	eventually(t, "the program is ready", func() bool { return p.ready() == 200 })
	if said := p.said(); !strings.Contains(said, s.url()) || !strings.Contains(said, "connection refused") {
		t.Errorf("it does not say where and why:\n%s", said)
	}

	// The program dies, again and again, while messages come.
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.publish(200, 2000)
	}()
	for range 5 {
		time.Sleep(150 * time.Millisecond)
		p.kill()
		p = begin()
	}
	<-done
	eventually(t, "all is written", func() bool { p.alive(); return s.count("BILLS") >= 2000 })
	eventually(t, "the program is ready", func() bool { return p.ready() == 200 })

	// The server goes away while nothing comes, and comes back.
	before := strings.Count(p.said(), "connection lost")
	s.stop()
	eventually(t, "the program is not ready", func() bool { return p.ready() == 503 })
	// It was killed before it could save anything, so it begins with care, and reads a
	// second later.
	lost := func() int { return strings.Count(p.said(), "connection lost") - before }
	eventually(t, "the program says that the server is away", func() bool { return lost() > 0 })
	time.Sleep(500 * time.Millisecond)
	if n := lost(); n > 3 { // a source and two sinks
		t.Errorf("it says %d times that the server is away:\n%s", n, p.said())
	}
	s.start()
	eventually(t, "the program is ready again", func() bool { return p.ready() == 200 })
	s.publish(2000, 2200)
	js, conn := s.stream()
	defer conn.Close()
	if _, err := js.Publish(context.Background(), "orders.bad", []byte(`{"id":"x","region":"EU"`)); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the bad message is a dead letter", func() bool { p.alive(); return s.count("DEAD") == 1 })
	eventually(t, "all is written", func() bool { return s.count("BILLS") >= 2200 })
	if code := p.end(); code != 0 {
		t.Errorf("exit code %d:\n%s", code, p.said())
	}

	// The stream has seen each id but once: what came again was dropped there.
	var bills []int
	for _, m := range s.all("BILLS") {
		var v struct {
			ID     int `json:"id,string"`
			Place  int
			Region string
			Sender string
		}
		if err := json.Unmarshal(m.Data(), &v); err != nil {
			t.Fatalf("%s: %v", m.Data(), err)
		}
		if v.Place != v.ID+1 || m.Subject() != "bills."+v.Region || v.Sender != fmt.Sprintf("shop %d", v.ID%2) || m.Headers().Get("by") != "flowc" || m.Headers().Get("shop") != "no 7" {
			t.Fatalf("%s: %s", m.Subject(), m.Data())
		}
		bills = append(bills, v.ID)
	}
	inOrder(t, "bills", bills, 2200, false)
	var all []int
	for _, line := range linesOf(t, filepath.Join(dir, "all.ndjson")) {
		var v struct {
			ID int `json:"id,string"`
		}
		if err := json.Unmarshal([]byte(line), &v); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		all = append(all, v.ID)
	}
	inOrder(t, "all.ndjson", all, 2200, false)
	var letter struct {
		Node, Code, Data string
		Position         struct {
			Stream, Subject string
			Sequence        int
		}
	}
	if err := json.Unmarshal(s.all("DEAD")[0].Data(), &letter); err != nil {
		t.Fatal(err)
	}
	if letter.Node != "orders" || letter.Position.Stream != "ORDERS" || letter.Position.Subject != "orders.bad" || letter.Position.Sequence != 2201 {
		t.Errorf("%+v", letter)
	}
}
