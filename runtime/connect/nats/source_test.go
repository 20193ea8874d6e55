package nats

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/flowc-dev/flowc/runtime/connect"
	"github.com/flowc-dev/flowc/runtime/connect/messages"
	"github.com/flowc-dev/flowc/runtime/flow"
)

func TestStream(t *testing.T) {
	f := newFixture(t, nil)
	f.stream(jetstream.StreamConfig{Name: "S", Subjects: []string{"s.>"}})
	f.publish(0, 5)
	s := f.source(SourceConfig{Stream: "S"})
	got, b := read(t, s, 5)
	if got != "m-0 m-1 m-2 m-3 m-4" || b.Split != "S" {
		t.Errorf("%s of %s", got, b.Split)
	}
	if text, err := json.Marshal(b.Position); err != nil || string(text) != `{"sequence":5}` {
		t.Errorf("position %s %v", text, err)
	}
	f.publish(5, 6)
	if got, _ := read(t, s, 1); got != "m-5" {
		t.Error(got)
	}
	// From a checkpoint on, and only a subject.
	if got, _ := read(t, f.source(SourceConfig{Stream: "S"}, 4), 2); got != "m-4 m-5" {
		t.Error(got)
	}
	if got, _ := read(t, f.source(SourceConfig{Stream: "S", Subject: "s.3"}), 1); got != "m-3" {
		t.Error(got)
	}
	// What is known of each message.
	if _, err := f.js.PublishMsg(context.Background(), &nats.Msg{Subject: "s.x", Data: []byte("x"), Header: nats.Header{"A": {"1", "2"}}}); err != nil {
		t.Fatal(err)
	}
	_, b = read(t, s, 1)
	var m Meta
	m.At(b, flow.Record{})
	if m.Subject != "s.x" || m.Sequence != 7 || time.Since(m.Time) > time.Hour || len(m.Headers) != 1 || m.Headers["A"] != "1, 2" {
		t.Errorf("%+v", m)
	}
	if at, err := json.Marshal(s.(*Source).Place(b, flow.Record{})); err != nil || string(at) != `{"stream":"S","subject":"s.x","sequence":7}` {
		t.Errorf("%s %v", at, err)
	}
	m.At(b, flow.Record{Index: 9})
	if m.Subject != "" {
		t.Errorf("there is no such record: %+v", m)
	}
}

// A first run begins where `start` says, and the first checkpoint knows it even
// where no message came before a crash.
func TestStart(t *testing.T) {
	f := newFixture(t, nil)
	f.stream(jetstream.StreamConfig{Name: "S", Subjects: []string{"s.>"}})
	f.publish(0, 3)
	time.Sleep(1100 * time.Millisecond) // a time has no more than seconds
	middle := time.Now().UTC().Truncate(time.Second).Format(time.RFC3339)
	f.publish(3, 5)
	latest := f.source(SourceConfig{Stream: "S", Start: "latest"})
	b := &flow.Batch{Data: make([]byte, 0, flow.BlockSize)}
	if err := latest.Read(context.Background(), b); err != nil || len(b.Ends) != 0 || b.OnDone == nil || b.Position.(*position).Sequence != 5 {
		t.Fatalf("the start is not pinned: %+v %v", b.Position, err)
	}
	f.publish(5, 6)
	if got, _ := read(t, latest, 1); got != "m-5" {
		t.Error(got)
	}
	if got, _ := read(t, f.source(SourceConfig{Stream: "S", Start: middle}), 3); got != "m-3 m-4 m-5" {
		t.Error(got)
	}
	finder, err := NewSource(SourceConfig{URL: f.url(), Stream: "S"}, connect.Input{})
	if err != nil {
		t.Fatal(err)
	}
	at, err := time.Parse(time.RFC3339, middle)
	if err != nil {
		t.Fatal(err)
	}
	if found, err := finder.(flow.TimeFinder).PositionsAt(context.Background(), at); err != nil || len(found) != 1 || found["S"].(*position).Sequence != 3 {
		t.Errorf("%v %v", found, err)
	}
	future := f.source(SourceConfig{Stream: "S", Start: "2099-01-01T00:00:00Z"})
	nothing(t, future)
}

// Whatever becomes of the consumer on the server, each message comes once and in
// its order.
func TestConsumerIsLost(t *testing.T) {
	f := newFixture(t, nil)
	f.stream(jetstream.StreamConfig{Name: "S", Subjects: []string{"s.>"}})
	f.publish(0, 3)
	s := f.source(SourceConfig{Stream: "S"}).(*Source)
	if got, _ := read(t, s, 3); got != "m-0 m-1 m-2" {
		t.Fatal(got)
	}
	names := f.consumers("S")
	if len(names) != 1 {
		t.Fatalf("consumers %q", names)
	}
	if err := f.js.DeleteConsumer(context.Background(), "S", names[0]); err != nil {
		t.Fatal(err)
	}
	f.publish(3, 5)
	if got, _ := read(t, s, 2); got != "m-3 m-4" {
		t.Error(got)
	}
	// A message that did not arrive shows in the numbers of the next.
	f.publish(5, 8)
	<-s.pump.out
	if got, _ := read(t, s, 3); got != "m-5 m-6 m-7" {
		t.Error(got)
	}
}

// The last messages of a stream that are lost on the way are missed, though nothing
// comes behind them: in time, and at once where the connection was away for a moment.
func TestLastMessagesAreLost(t *testing.T) {
	for name, after := range map[string]func(s *Source){
		"in time": func(s *Source) { s.patience = time.Millisecond },
		"at once": func(s *Source) {
			s.patience = time.Hour
			s.link.Down(io.EOF)
			s.link.Up() // before anybody asked
		},
	} {
		f := newFixture(t, nil)
		f.stream(jetstream.StreamConfig{Name: "S", Subjects: []string{"s.>"}})
		f.publish(0, 5)
		s := f.source(SourceConfig{Stream: "S"}).(*Source)
		for !s.pinned || s.last < 3 {
			b := &flow.Batch{Data: make([]byte, 0, flow.BlockSize), Limit: 1}
			if err := s.Read(t.Context(), b); err != nil {
				t.Fatal(err)
			}
		}
		for range 2 {
			<-s.pump.out
		}
		after(s)
		if got, _ := read(t, s, 2); got != "m-3 m-4" {
			t.Errorf("%s: %s", name, got)
		}
	}
}

// consumers lists the consumers of a stream.
func (f *fixture) consumers(name string) (out []string) {
	f.t.Helper()
	stream, err := f.js.Stream(context.Background(), name)
	if err != nil {
		f.t.Fatal(err)
	}
	for n := range stream.ConsumerNames(context.Background()).Name() {
		out = append(out, n)
	}
	return out
}

// A server that goes away is told once; then reading waits, says that it goes on,
// and goes on where it was.
func TestServerGoesAway(t *testing.T) {
	f := newFixture(t, nil)
	f.stream(jetstream.StreamConfig{Name: "S", Subjects: []string{"s.>"}})
	f.publish(0, 2)
	s := f.source(SourceConfig{Stream: "S"})
	read(t, s, 2)
	f.stop()
	b := &flow.Batch{Data: make([]byte, 0, flow.BlockSize)}
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	err := s.Read(ctx, b)
	var gone *messages.GoneError
	if !errors.As(err, &gone) || !gone.Unavailable() || !strings.Contains(err.Error(), f.url()) {
		t.Fatalf("got %v", err)
	}
	again := make(chan error, 1)
	go func() { again <- s.Read(ctx, b) }()
	select {
	case err := <-again:
		t.Fatalf("it does not wait: %v", err)
	case <-time.After(300 * time.Millisecond):
	}
	f.start()
	if err := <-again; err != nil || len(b.Ends) > 0 {
		t.Fatalf("%v, %q", err, b.Data)
	}
	f.publish(2, 4)
	if got, _ := read(t, s, 2); got != "m-2 m-3" {
		t.Error(got)
	}
}

func TestStreamErrors(t *testing.T) {
	f := newFixture(t, func(o *server.Options) { o.Authorization = "letmein" }, nats.Token("letmein"))
	f.stream(jetstream.StreamConfig{Name: "S", Subjects: []string{"s.>"}})
	f.publish(0, 1)
	for name, c := range map[string]struct {
		config SourceConfig
		says   string
	}{
		"no url":           {SourceConfig{Stream: "S"}, "url is empty"},
		"nothing to read":  {SourceConfig{URL: "x"}, "give stream"},
		"no stream":        {SourceConfig{URL: "x", Subject: "a", Durable: "d"}, "give stream as well"},
		"no time":          {SourceConfig{URL: "x", Stream: "S", Start: "yesterday"}, `start "yesterday"`},
		"two logins":       {SourceConfig{URL: "x", Stream: "S", User: "u", Token: "letmein"}, "choose one"},
		"no such file":     {SourceConfig{URL: "x", Stream: "S", TLS: connect.ClientTLS{CA: "none.pem"}}, "tls.ca"},
		"half of an ident": {SourceConfig{URL: "x", Stream: "S", TLS: connect.ClientTLS{Cert: "c.pem"}}, "both cert and key"},
	} {
		if _, err := NewSource(c.config, connect.Input{}); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
	open := func(c SourceConfig) error {
		c.URL = strings.Replace(f.url(), "nats://", "nats://"+c.User+":"+c.Password+"@", 1)
		c.User, c.Password = "", ""
		s, err := NewSource(c, connect.Input{})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close(context.Background())
		return s.Open(context.Background())
	}
	var gone *messages.GoneError
	err := open(SourceConfig{Stream: "S", User: "me", Password: "hunter2"})
	if err == nil || errors.As(err, &gone) || strings.Contains(err.Error(), "hunter2") || !strings.Contains(err.Error(), "uthorization") {
		t.Errorf("a wrong password: %v", err)
	}
	good := SourceConfig{URL: f.url(), Token: "letmein"}
	good.Stream = "NONE"
	s, _ := NewSource(good, connect.Input{})
	if err := s.Open(context.Background()); err == nil || errors.As(err, &gone) || !strings.Contains(err.Error(), "nats stream add NONE") {
		t.Errorf("no such stream: %v", err)
	}
	good.Stream = "S"
	s, _ = NewSource(good, connect.Input{})
	if err := s.(*Source).Seek(context.Background(), map[string]json.RawMessage{"S": []byte(`{"sequence":9}`)}); err != nil {
		t.Fatal(err)
	}
	if err := s.Open(context.Background()); err == nil || !strings.Contains(err.Error(), "made anew") {
		t.Errorf("a stream that was made anew: %v", err)
	}
	if err := s.(*Source).Seek(context.Background(), map[string]json.RawMessage{"T": []byte(`{"sequence":9}`)}); err == nil || !strings.Contains(err.Error(), "stream T") {
		t.Errorf("another stream: %v", err)
	}
	if err := s.(*Source).Seek(context.Background(), map[string]json.RawMessage{"S": []byte(`[]`)}); err == nil {
		t.Error("a position of another kind is taken")
	}
}

// What was acknowledged does not come again, what was not does.
func TestDurable(t *testing.T) {
	f := newFixture(t, nil)
	f.stream(jetstream.StreamConfig{Name: "S", Subjects: []string{"s.>"}, Retention: jetstream.WorkQueuePolicy})
	f.publish(0, 3)
	config := SourceConfig{Stream: "S", Durable: "workers"}
	s := f.source(config).(*DurableSource)
	got, b := read(t, s, 3)
	if got != "m-0 m-1 m-2" {
		t.Fatal(got)
	}
	first := b.Position
	f.publish(3, 5)
	if got, _ = read(t, s, 2); got != "m-3 m-4" {
		t.Fatal(got)
	}
	if err := s.Ack(context.Background(), map[string]any{"S": first}); err != nil {
		t.Fatal(err)
	}
	c, err := f.js.Consumer(context.Background(), "S", "workers")
	if err != nil {
		t.Fatal(err)
	}
	pending := -1
	for range 100 {
		info, err := c.Info(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		if pending = info.NumAckPending; pending == 2 {
			break
		}
		time.Sleep(20 * time.Millisecond)
	}
	if pending != 2 {
		t.Errorf("%d messages are not acknowledged", pending)
	}
	stream, err := f.js.Stream(context.Background(), "S")
	if err != nil {
		t.Fatal(err)
	}
	if n := stream.CachedInfo().State.Msgs; n != 2 {
		t.Errorf("the work queue holds %d", n)
	}
	open := 0
	for _, batch := range s.acks.open {
		open += len(batch.to)
	}
	if open != 2 {
		t.Errorf("%d messages are open", open)
	}
	// A consumer that acknowledges otherwise would lose what is not safe.
	if _, err := f.js.CreateConsumer(context.Background(), "S", jetstream.ConsumerConfig{Durable: "other", FilterSubject: "t", AckPolicy: jetstream.AckAllPolicy}); err == nil {
		t.Log("made")
	}
	g := newFixture(t, nil)
	g.stream(jetstream.StreamConfig{Name: "S", Subjects: []string{"s.>"}})
	if _, err := g.js.CreateConsumer(context.Background(), "S", jetstream.ConsumerConfig{Durable: "other", AckPolicy: jetstream.AckNonePolicy}); err != nil {
		t.Fatal(err)
	}
	wrong, err := NewSource(SourceConfig{URL: g.url(), Stream: "S", Durable: "other"}, connect.Input{})
	if err != nil {
		t.Fatal(err)
	}
	if err := wrong.Open(context.Background()); err == nil || !strings.Contains(err.Error(), "explicit") {
		t.Errorf("got %v", err)
	}
}

// Core NATS: what comes while the program is there.
func TestCore(t *testing.T) {
	f := newFixture(t, nil)
	if err := errors.Join(f.conn.Publish("a.0", []byte("early")), f.conn.Flush()); err != nil {
		t.Fatal(err)
	}
	if err := f.conn.Flush(); err != nil { // or it would not be early
		t.Fatal(err)
	}
	s := f.source(SourceConfig{Subject: "a.*"}).(*CoreSource)
	for _, text := range []string{"one", "two"} {
		if err := f.conn.Publish("a.1", []byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	got, b := read(t, s, 2)
	if got != "one two" || b.Position != nil {
		t.Errorf("%s, position %v", got, b.Position)
	}
	var m Meta
	m.At(b, flow.Record{})
	if m.Subject != "a.1" || m.Sequence != 0 || m.Time.IsZero() {
		t.Errorf("%+v", m)
	}
	// What was handed over when the program stops is handed on.
	if err := f.conn.Publish("a.1", []byte("last")); err != nil {
		t.Fatal(err)
	}
	if err := f.conn.Flush(); err != nil {
		t.Fatal(err)
	}
	for range 200 {
		if n, _, _ := s.sub.Pending(); n == 1 {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	b = &flow.Batch{}
	if err := s.Drain(b); err != nil || string(b.Data) != "last" {
		t.Errorf("%q %v", b.Data, err)
	}
	if err := s.Drain(&flow.Batch{}); err != io.EOF {
		t.Errorf("got %v", err)
	}
	if _, ok := any(s).(flow.Seeker); ok {
		t.Error("core NATS can't go back")
	}
}
