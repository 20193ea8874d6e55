package nats

import (
	"context"
	"errors"
	"io"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/flowc-dev/flowc/runtime/connect"
	"github.com/flowc-dev/flowc/runtime/flow"
)

// under is how many messages go through a connection that is closed for good again and
// again.
const under = 3000

// feed publishes messages while the test goes on, to the end: their number is their text.
func (d *doorman) feed(subject string) {
	done := make(chan error, 1)
	go func() {
		for i := range under {
			if _, err := d.js.Publish(context.Background(), subject, strconv.AppendInt(nil, int64(i), 10)); err != nil {
				done <- err
				return
			}
		}
		done <- nil
	}()
	d.t.Cleanup(func() {
		if err := <-done; err != nil {
			d.t.Error(err)
		}
	})
}

// through reads, through whatever becomes of the connection, and closes it for good
// three times on the way, until `ended`. It calls `each` with a batch and its texts.
func (d *doorman) through(s flow.Source, each func(b *flow.Batch, texts []string), ended func() bool) {
	d.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	count, closings, told := 0, 0, 0
	for !ended() {
		b := &flow.Batch{Data: make([]byte, 0, flow.BlockSize), Limit: 50}
		short, done := context.WithTimeout(ctx, 300*time.Millisecond) // so that the end is seen
		err := s.Read(short, b)
		done()
		switch {
		case err == nil:
		case isGone(err):
			if !strings.Contains(err.Error(), d.proxy.Address()) {
				d.t.Errorf("it does not say what is gone: %v", err)
			}
			told++
			time.Sleep(20 * time.Millisecond)
			continue
		case ctx.Err() == nil && errors.Is(err, context.DeadlineExceeded):
			continue
		default:
			d.t.Fatalf("after %d messages: %v", count, err)
		}
		texts := textsOf(b)
		count += len(texts)
		each(b, texts)
		if closings < 3 && count > (closings+1)*under/4 && d.refuses.Load() == 0 {
			closings++
			d.closeForGood()
		}
	}
	if closings < 3 || told == 0 {
		d.t.Errorf("the connection was closed %d times, which was told %d times", closings, told)
	}
}

func textsOf(b *flow.Batch) (texts []string) {
	begin := uint32(0)
	for _, end := range b.Ends {
		texts = append(texts, string(b.Data[begin:end]))
		begin = end
	}
	return texts
}

// A stream is read on behind the last message: each comes once, in its order.
func TestClosedStream(t *testing.T) {
	d := newDoorman(t)
	d.stream(jetstream.StreamConfig{Name: "S", Subjects: []string{"s.>"}})
	s := d.source(SourceConfig{URL: d.proxied(), Stream: "S"})
	d.feed("s.a")
	next := 0
	d.through(s, func(_ *flow.Batch, texts []string) {
		for _, text := range texts {
			if text != strconv.Itoa(next) {
				t.Fatalf("message %s comes where %d should", text, next)
			}
			next++
		}
	}, func() bool { return next == under })
}

// A consumer on the server hands out again what was lost with the connection, and has
// each acknowledgement of what is safe: a work queue is empty at the end.
func TestClosedDurable(t *testing.T) {
	d := newDoorman(t)
	d.stream(jetstream.StreamConfig{Name: "S", Subjects: []string{"s.>"}, Retention: jetstream.WorkQueuePolicy})
	if _, err := d.js.CreateConsumer(t.Context(), "S", jetstream.ConsumerConfig{Durable: "workers", AckPolicy: jetstream.AckExplicitPolicy, AckWait: time.Second, MaxAckPending: 500}); err != nil {
		t.Fatal(err)
	}
	s := d.source(SourceConfig{URL: d.proxied(), Stream: "S", Durable: "workers"}).(*DurableSource)
	d.feed("s.a")
	had := map[string]bool{}
	d.through(s, func(b *flow.Batch, texts []string) {
		for _, text := range texts {
			had[text] = true
		}
		if b.Position == nil {
			return
		}
		if err := s.Ack(t.Context(), map[string]any{"S": b.Position}); err != nil && !isGone(err) {
			t.Fatal(err)
		}
	}, func() bool {
		if len(had) < under {
			return false
		}
		stream, err := d.js.Stream(t.Context(), "S")
		if err != nil {
			t.Fatal(err)
		}
		return stream.CachedInfo().State.Msgs == 0
	})
}

// What is safe is acknowledged when there is a connection again, also where nothing new
// comes: it does not come again.
func TestClosedBeforeAck(t *testing.T) {
	d := newDoorman(t)
	d.stream(jetstream.StreamConfig{Name: "S", Subjects: []string{"s.>"}, Retention: jetstream.WorkQueuePolicy})
	s := d.source(SourceConfig{URL: d.proxied(), Stream: "S", Durable: "workers"}).(*DurableSource)
	d.publish(0, 3)
	_, b := read(t, s, 3)
	d.closeForGood()
	d.closed()
	if err := s.Ack(t.Context(), map[string]any{"S": b.Position}); !isGone(err) {
		t.Fatalf("got %v", err)
	}
	d.acknowledged(s)
}

// So it is where the server was away: its consumer is the same one behind that.
func TestAwayBeforeAck(t *testing.T) {
	d := newDoorman(t)
	d.stream(jetstream.StreamConfig{Name: "S", Subjects: []string{"s.>"}, Retention: jetstream.WorkQueuePolicy})
	s := d.source(SourceConfig{Stream: "S", Durable: "workers"}).(*DurableSource)
	d.publish(0, 3)
	_, b := read(t, s, 3)
	d.stop()
	d.until("the client notices", func() bool { return s.link.Err() != nil })
	if err := s.Ack(t.Context(), map[string]any{"S": b.Position}); !isGone(err) {
		t.Fatalf("got %v", err)
	}
	d.start()
	d.acknowledged(s)
}

// acknowledged reads until the work queue S has nothing left, which comes sooner than
// that the server hands it out again.
func (d *doorman) acknowledged(s flow.Source) {
	d.t.Helper()
	d.until("what is safe is acknowledged", func() bool {
		short, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
		defer cancel()
		if err := s.Read(short, &flow.Batch{}); err != nil && !isGone(err) && !errors.Is(err, context.DeadlineExceeded) {
			d.t.Fatal(err)
		}
		stream, err := d.js.Stream(context.Background(), "S")
		if err != nil {
			d.t.Fatal(err)
		}
		return stream.CachedInfo().State.Msgs == 0
	})
}

// Acknowledgements are for the consumer that handed out their messages: one that was
// made anew, on a stream that was, has other messages under the same numbers.
func TestAcksOfAnotherConsumer(t *testing.T) {
	d := newDoorman(t)
	queue := jetstream.StreamConfig{Name: "S", Subjects: []string{"s.>"}, Retention: jetstream.WorkQueuePolicy}
	d.stream(queue)
	s := d.source(SourceConfig{URL: d.proxied(), Stream: "S", Durable: "workers"}).(*DurableSource)
	d.publish(0, 3)
	_, b := read(t, s, 3)
	if err := d.js.DeleteStream(t.Context(), "S"); err != nil {
		t.Fatal(err)
	}
	d.stream(queue)
	d.publish(3, 6)
	d.closeForGood()
	d.closed()
	got := map[string]bool{}
	for len(got) < 3 {
		more := &flow.Batch{}
		if err := s.Read(t.Context(), more); err != nil && !isGone(err) {
			t.Fatal(err)
		}
		for _, text := range textsOf(more) {
			got[text] = true
		}
	}
	if err := s.Ack(t.Context(), map[string]any{"S": b.Position}); err != nil {
		t.Fatal(err)
	}
	stream, err := d.js.Stream(t.Context(), "S")
	if err != nil {
		t.Fatal(err)
	}
	if n := stream.CachedInfo().State.Msgs; n != 3 || !got["m-3"] || !got["m-4"] || !got["m-5"] {
		t.Errorf("%d messages that nobody has written wait, of %v", n, got)
	}
}

// What a subject had brought when the connection was closed is handed on, and what
// comes when there is another one comes once.
func TestClosedCore(t *testing.T) {
	d := newDoorman(t)
	s := d.source(SourceConfig{URL: d.proxied(), Subject: "a.*"}).(*CoreSource)
	var want []string
	say := func() {
		for range 100 {
			text := strconv.Itoa(len(want))
			if err := d.conn.Publish("a.1", []byte(text)); err != nil {
				t.Fatal(err)
			}
			want = append(want, text)
		}
	}
	say()
	d.until("the messages came", func() bool { return s.box.count() == len(want) })
	d.closeForGood()
	d.closed()
	came := make(chan string, 10_000)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for ctx.Err() == nil {
			b := &flow.Batch{Data: make([]byte, 0, flow.BlockSize)}
			if err := s.Read(ctx, b); err != nil && !isGone(err) && ctx.Err() == nil {
				t.Error(err)
				return
			}
			for _, text := range textsOf(b) {
				came <- text
			}
		}
	}()
	var got []string
	take := func() {
		for len(got) < len(want) {
			select {
			case text := <-came:
				got = append(got, text)
			case <-ended:
				t.Fatalf("%d messages of %d", len(got), len(want))
			}
		}
	}
	take()
	for range 2 {
		d.until("it is subscribed", func() bool { return d.refuses.Load() == 0 && d.server.GlobalAccount().Interest("a.1") > 0 })
		say()
		take()
		d.closeForGood()
	}
	cancel()
	<-ended
	if close(came); len(came) > 0 || !slices.Equal(got, want) {
		t.Errorf("%d came, and %d more: %q", len(got), len(came), got)
	}
}

// What was not confirmed is written again, and stands in the stream once.
func TestClosedSink(t *testing.T) {
	d := newDoorman(t)
	d.stream(jetstream.StreamConfig{Name: "S", Subjects: []string{"s.>"}})
	s := d.sink(SinkConfig{URL: d.proxied(), Subject: "s.a"}, connect.Output{Format: "text"})
	const packets, each = 200, 20
	gone := 0
	for i := range packets {
		var texts []string
		for n := range each {
			texts = append(texts, strconv.Itoa(i*each+n))
		}
		switch i {
		case 50:
			d.closeForGood()
		case 100, 150:
			go d.closeForGood() // while something is written, or waits for answers
		}
		for {
			err := s.Write(t.Context(), out(texts...))
			if err == nil {
				break
			}
			if !isGone(err) || !strings.Contains(err.Error(), d.proxy.Address()) {
				t.Fatalf("packet %d: %v", i, err)
			}
			gone++
		}
	}
	if gone == 0 {
		t.Error("the connection was never away")
	}
	all := d.stored("S")
	if len(all) != packets*each {
		t.Errorf("%d messages, not %d", len(all), packets*each)
	}
	for i, m := range all {
		if !strings.HasSuffix(m, " "+strconv.Itoa(i)) {
			t.Fatalf("message %d is %q", i, m)
		}
	}
}

// A sink that has nothing to write comes back as well.
func TestClosedIdleSink(t *testing.T) {
	d := newDoorman(t)
	d.stream(jetstream.StreamConfig{Name: "S", Subjects: []string{"s.>"}})
	s := d.sink(SinkConfig{URL: d.proxied(), Subject: "s.a"}, connect.Output{Format: "text"})
	if err := s.Healthy(t.Context()); err != nil {
		t.Fatal(err)
	}
	d.closeForGood()
	d.closed()
	if err := s.Healthy(t.Context()); !isGone(err) {
		t.Errorf("got %v", err)
	}
	d.until("the sink is well", func() bool { return s.Healthy(t.Context()) == nil })
	if err := s.Write(t.Context(), out("x")); err != nil {
		t.Error(err)
	}
}

// Answers that were under way do not come any more: nobody waits for them.
func TestClosedBeforeAnswers(t *testing.T) {
	d := newDoorman(t)
	d.stream(jetstream.StreamConfig{Name: "S", Subjects: []string{"s.>"}})
	s := d.sink(SinkConfig{URL: d.proxied(), Subject: "s.a"}, connect.Output{Format: "text"})
	d.proxy.Mute(true)
	written := make(chan error, 1)
	go func() { written <- s.Write(t.Context(), out("a", "b")) }()
	d.until("the messages are stored", func() bool { return len(d.stored("S")) == 2 })
	s.link.present().Close() // as the client does where the server says something that it does not know
	if err := <-written; !isGone(err) || errors.Is(err, jetstream.ErrAsyncPublishTimeout) {
		t.Errorf("got %v", err)
	}
	d.proxy.Heal()
	d.until("they are written", func() bool {
		err := s.Write(t.Context(), out("a", "b"))
		if err != nil && !isGone(err) {
			t.Fatal(err)
		}
		return err == nil
	})
	if all := d.stored("S"); len(all) != 2 {
		t.Errorf("%q", all)
	}
}

// A checkpoint is written when there is a connection again.
func TestClosedStore(t *testing.T) {
	d := newDoorman(t)
	s := newTestStore(t, StoreConfig{URL: d.proxied(), Bucket: "state"})
	if err := s.Open(t.Context(), "p"); err != nil {
		t.Fatal(err)
	}
	version := uint64(0)
	for _, value := range []string{"one", "two", "three"} {
		var err error
		if version, err = s.Put(t.Context(), flow.CheckpointCell, []byte(value), version); err != nil {
			t.Fatal(err)
		}
		d.closeForGood()
		d.closed()
		d.until("the checkpoint is read", func() bool {
			got, at, err := s.Get(t.Context(), flow.CheckpointCell)
			switch {
			case err == nil && (string(got) != value || at != version):
				t.Errorf("%q of version %d, not %q of %d", got, at, value, version)
			case err != nil && flow.ClassOf(err) != flow.Transient:
				t.Fatal(err)
			}
			return err == nil
		})
	}
}

// Dead letters are given back, and samples are, through it: each once.
func TestClosedBrowser(t *testing.T) {
	d := newDoorman(t)
	d.stream(jetstream.StreamConfig{Name: "S", Subjects: []string{"s.>"}})
	var want []string
	for i := range 100 {
		want = append(want, strconv.Itoa(i))
		if _, err := d.js.Publish(t.Context(), "s.a", []byte(want[i])); err != nil {
			t.Fatal(err)
		}
	}
	sink, err := NewSink(SinkConfig{URL: d.proxied(), Subject: "s.a"}, connect.Output{Node: "dead", Format: "text"})
	if err != nil {
		t.Fatal(err)
	}
	source, err := NewSource(SourceConfig{URL: d.proxied(), Stream: "S"}, connect.Input{Node: "in", Format: "text"})
	if err != nil {
		t.Fatal(err)
	}
	for name, browse := range map[string]func(yield func([]byte) error) error{
		"letters": func(yield func([]byte) error) error { return sink.(*Sink).Letters(t.Context(), yield) },
		"sample":  func(yield func([]byte) error) error { return source.(*Source).Sample(t.Context(), 100, yield) },
	} {
		var got []string
		err := browse(func(data []byte) error {
			if got = append(got, string(data)); len(got)%40 == 0 {
				d.closeForGood()
			}
			return nil
		})
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: %v, %q", name, err, got)
		}
	}
}

// A range is read to its end.
func TestClosedRange(t *testing.T) {
	d := newDoorman(t)
	d.stream(jetstream.StreamConfig{Name: "S", Subjects: []string{"s.>"}})
	d.publish(0, 2000)
	s, err := NewSource(SourceConfig{URL: d.proxied(), Stream: "S"}, connect.Input{Node: "in", Format: "text", Range: &connect.Range{Parallel: 1}})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Open(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close(context.Background()) })
	count, closed := 0, false
	for {
		b := &flow.Batch{Data: make([]byte, 0, flow.BlockSize), Limit: 100}
		err := s.Read(t.Context(), b)
		if err == io.EOF { // and not what wraps it, as a connection that is lost
			break
		}
		if err != nil && !isGone(err) {
			t.Fatal(err)
		}
		for _, text := range textsOf(b) {
			if text != "m-"+strconv.Itoa(count) {
				t.Fatalf("%q comes where %d should", text, count)
			}
			count++
		}
		if !closed && count >= 500 {
			closed = true
			d.closeForGood()
		}
	}
	if count != 2000 || !closed {
		t.Errorf("%d messages", count)
	}
}

// An Open that fails leaves nothing behind that ends the next one.
func TestOpenAgain(t *testing.T) {
	f := newFixture(t, func(o *server.Options) { o.JetStream = false })
	s, err := NewSource(SourceConfig{URL: f.url(), Stream: "S"}, connect.Input{Node: "in", Format: "text"})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Open(t.Context()); !isGone(err) {
		t.Fatalf("a server that has no streams yet: %v", err)
	}
	t.Cleanup(func() { _ = s.Close(context.Background()) })
	f.stop()
	f.opts.JetStream = true
	f.start()
	f.stream(jetstream.StreamConfig{Name: "S", Subjects: []string{"s.>"}})
	f.publish(0, 1)
	if err := s.Open(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got, _ := read(t, s, 1); got != "m-0" {
		t.Error(got)
	}
}

// Nobody makes connections for what is closed.
func TestCloseWhileAway(t *testing.T) {
	d := newDoorman(t)
	s := d.sink(SinkConfig{URL: d.proxied(), Subject: "s.a"}, connect.Output{Format: "text"})
	d.closeForGood()
	d.refuses.Add(1_000_000)
	reopening := func() bool {
		stacks := make([]byte, 1<<20)
		return strings.Contains(string(stacks[:runtime.Stack(stacks, true)]), "nats.(*link).reopen")
	}
	d.until("it is made anew", reopening)
	if err := s.Close(t.Context(), true); err != nil {
		t.Fatal(err)
	}
	d.until("nobody tries any more", func() bool { return !reopening() })
}
