package nats

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/flowc-dev/flowc/runtime/codec/envelope"
	"github.com/flowc-dev/flowc/runtime/connect"
	"github.com/flowc-dev/flowc/runtime/connect/edge"
	"github.com/flowc-dev/flowc/runtime/flow"
	"github.com/flowc-dev/flowc/runtime/flowtest"
)

func edgePacket(records ...string) *flow.Out {
	o := &flow.Out{Count: len(records), Keys: [][]string{nil}}
	for _, r := range records {
		o.Data = append(o.Data, r...)
		o.Ends = append(o.Ends, uint32(len(o.Data)))
		key, _, _ := strings.Cut(r, ":")
		o.Keys[0] = append(o.Keys[0], key)
	}
	return o
}

func (f *fixture) edgeSink(change func(*EdgeSinkConfig)) *EdgeSink {
	f.t.Helper()
	c := EdgeSinkConfig{URL: f.url(), Stream: "E", Partitions: 2, Schema: `"string"`, Writer: "w-0", Ends: true, MaxBytes: 1 << 30, Replicas: 1}
	if change != nil {
		change(&c)
	}
	s, err := NewEdgeSink(c, connect.Output{Node: "out", Format: "bytes", Keys: []string{"key"}})
	if err != nil {
		f.t.Fatal(err)
	}
	if keeping, ok := s.(*edge.Keeping); ok {
		return keeping.Begin.(*EdgeSink)
	}
	return s.(*EdgeSink)
}

// endEdge ends a writer's run.
func endEdge(t *testing.T, s *EdgeSink) {
	t.Helper()
	if err := s.End(context.Background()); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(context.Background(), true); err != nil {
		t.Fatal(err)
	}
}

// crashed gives another writer what a checkpoint has of one.
func crashed(t *testing.T, from, to *EdgeSink) {
	t.Helper()
	state, err := edge.Sink(from, from.packing).(flow.Stateful).State()
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(state)
	if err != nil {
		t.Fatal(err)
	}
	if err := edge.Sink(to, to.packing).(flow.Stateful).Restore(context.Background(), text); err != nil {
		t.Fatal(err)
	}
}

func (f *fixture) edgeSource(partition int, change func(*EdgeSourceConfig)) *EdgeSource {
	f.t.Helper()
	c := EdgeSourceConfig{URL: f.url(), Stream: "E", Partitions: 2, Partition: partition, Schema: `"string"`, Writers: 1, MaxBytes: 1 << 30, Replicas: 1}
	if change != nil {
		change(&c)
	}
	s, err := NewEdgeSource(c, connect.Input{Node: "in", Format: "bytes"})
	if err != nil {
		f.t.Fatal(err)
	}
	return s.(*EdgeSource)
}

func (f *fixture) open(s interface{ Open(context.Context) error }) {
	f.t.Helper()
	if err := s.Open(context.Background()); err != nil {
		f.t.Fatal(err)
	}
}

// readAll reads to the end; positions are those behind each batch.
func readAll(t *testing.T, s *EdgeSource) (records []string, positions []json.RawMessage) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	for {
		b := &flow.Batch{}
		err := s.Read(ctx, b)
		if err == io.EOF {
			return records, positions
		}
		if err != nil {
			t.Fatal(err)
		}
		begin := uint32(0)
		for _, end := range b.Ends {
			records = append(records, string(b.Data[begin:end]))
			begin = end
		}
		if b.Position != nil {
			p, err := json.Marshal(b.Position)
			if err != nil {
				t.Fatal(err)
			}
			positions = append(positions, p)
		}
	}
}

// Records come out as they went in, those of a key in one partition in their order,
// and the readers end when the writers have.
func TestEdge(t *testing.T) {
	f := newFixture(t, nil)
	sink := f.edgeSink(nil)
	f.open(sink)
	want := map[string][]string{}
	big := strings.Repeat("x", flow.BlockSize/3)
	for packet := range 10 {
		var records []string
		for i := range 20 {
			r := fmt.Sprintf("k%d:%d-%d", i%7, packet, i)
			if i%5 == 0 {
				r += big // several envelopes for a partition
			}
			key, _, _ := strings.Cut(r, ":")
			want[key] = append(want[key], r)
			records = append(records, r)
		}
		if err := sink.Write(context.Background(), edgePacket(records...)); err != nil {
			t.Fatal(err)
		}
	}
	endEdge(t, sink)
	got := map[string][]string{}
	for p := range 2 {
		source := f.edgeSource(p, nil)
		f.open(source)
		records, positions := readAll(t, source)
		mine := map[string]bool{}
		for _, r := range records {
			key, _, _ := strings.Cut(r, ":")
			if !mine[key] && got[key] != nil {
				t.Errorf("the key %s is in both partitions", key)
			}
			mine[key] = true
			got[key] = append(got[key], r)
		}
		if len(mine) == 0 {
			t.Errorf("nothing is in partition %d", p)
		}
		// A reader that goes on behind the last position has ended.
		again := f.edgeSource(p, nil)
		if err := again.Seek(context.Background(), map[string]json.RawMessage{"E": positions[len(positions)-1]}); err != nil {
			t.Fatal(err)
		}
		f.open(again)
		if records, _ := readAll(t, again); len(records) != 0 {
			t.Errorf("behind the end are %d records", len(records))
		}
		for _, s := range []*EdgeSource{source, again} {
			if err := s.Close(context.Background()); err != nil {
				t.Error(err)
			}
		}
	}
	for key := range want {
		if strings.Join(want[key], "\n") != strings.Join(got[key], "\n") {
			t.Errorf("%s: %d records in, %d out, or in another order", key, len(want[key]), len(got[key]))
		}
	}
}

// What a steady writer sends again after a crash is skipped; what another one sends
// again is there twice, and nothing of either is lost.
func TestEdgeAfterCrash(t *testing.T) {
	for _, steady := range []bool{true, false} {
		t.Run(fmt.Sprint("steady ", steady), func(t *testing.T) {
			f := newFixture(t, nil)
			one := func(c *EdgeSinkConfig) { c.Partitions, c.Steady = 1, steady }
			write := func(s *EdgeSink, records ...string) {
				t.Helper()
				if err := s.Write(context.Background(), edgePacket(records...)); err != nil {
					t.Fatal(err)
				}
			}
			first := f.edgeSink(one)
			f.open(first)
			write(first, "a:1", "a:2")
			second := f.edgeSink(one)
			crashed(t, first, second)
			write(first, "a:3", "a:4")
			first.inner.link.close() // killed
			f.open(second)
			write(second, "a:3")
			write(second, "a:4", "a:5") // in other packets
			endEdge(t, second)
			source := f.edgeSource(0, func(c *EdgeSourceConfig) { c.Partitions = 1 })
			f.open(source)
			defer source.Close(context.Background())
			records, _ := readAll(t, source)
			want := "a:1 a:2 a:3 a:4 a:5"
			if !steady {
				want = "a:1 a:2 a:3 a:4 a:3 a:4 a:5"
			}
			if got := strings.Join(records, " "); got != want {
				t.Errorf("got %s, want %s", got, want)
			}
		})
	}
}

// A steady writer that lost its checkpoint begins anew, and its numbers hide nothing.
func TestEdgeLostCheckpoint(t *testing.T) {
	f := newFixture(t, nil)
	for range 2 {
		s := f.edgeSink(func(c *EdgeSinkConfig) { c.Partitions, c.Steady = 1, true })
		f.open(s)
		if err := s.Write(context.Background(), edgePacket("a:1", "a:2")); err != nil {
			t.Fatal(err)
		}
		if err := s.Close(context.Background(), false); err != nil {
			t.Fatal(err)
		}
	}
	end := f.edgeSink(func(c *EdgeSinkConfig) { c.Partitions = 1 })
	f.open(end)
	endEdge(t, end)
	source := f.edgeSource(0, func(c *EdgeSourceConfig) { c.Partitions = 1 })
	f.open(source)
	defer source.Close(context.Background())
	if records, _ := readAll(t, source); len(records) != 4 {
		t.Errorf("got %q", records)
	}
}

// An end is that of a run: what is left of another one ends nobody.
func TestEdgeEndsARun(t *testing.T) {
	for _, steady := range []bool{true, false} {
		t.Run(fmt.Sprint("steady ", steady), func(t *testing.T) {
			f := newFixture(t, nil)
			one := func(c *EdgeSinkConfig) { c.Partitions, c.Steady = 1, steady }
			read := func() *EdgeSource {
				s := f.edgeSource(0, func(c *EdgeSourceConfig) { c.Partitions = 1 })
				f.open(s)
				t.Cleanup(func() { s.Close(context.Background()) })
				return s
			}
			first, again := f.edgeSink(one), f.edgeSink(one)
			f.open(first)
			if err := first.Write(context.Background(), edgePacket("a:1")); err != nil {
				t.Fatal(err)
			}
			crashed(t, first, again)
			endEdge(t, first)
			reader := read()
			records, _ := readAll(t, reader)
			if got := strings.Join(records, " "); got != "a:1" {
				t.Errorf("the first run is %s", got)
			}
			_, position := reader.from.Position(nil)
			if err := reader.Ack(context.Background(), map[string]any{"E": position}); err != nil {
				t.Fatal(err)
			}
			// It was killed before it knew that it had ended, and says so again.
			f.open(again)
			endEdge(t, again)
			// Both begin anew. The reader comes to what is left first.
			anew := f.edgeSink(one)
			f.open(anew)
			if err := anew.Write(context.Background(), edgePacket("a:2")); err != nil {
				t.Fatal(err)
			}
			endEdge(t, anew)
			if records, _ := readAll(t, read()); strings.Join(records, " ") != "a:2" {
				t.Errorf("the second run is %q", records)
			}
		})
	}
}

// A writer that does not come to an end says neither that it begins nor that it ends.
func TestEdgeEndless(t *testing.T) {
	f := newFixture(t, nil)
	sink := f.edgeSink(func(c *EdgeSinkConfig) { c.Ends = false })
	f.open(sink)
	endEdge(t, sink)
	stream, err := f.js.Stream(context.Background(), "E")
	if err != nil {
		t.Fatal(err)
	}
	if n := stream.CachedInfo().State.Msgs; n != 0 {
		t.Errorf("%d messages", n)
	}
}

// What the checkpoint has passed leaves the stream, of its own partition alone.
func TestEdgePurges(t *testing.T) {
	f := newFixture(t, nil)
	sink := f.edgeSink(func(c *EdgeSinkConfig) { c.Ends = false })
	f.open(sink)
	defer sink.Close(context.Background(), false)
	for i := range 10 {
		if err := sink.Write(context.Background(), edgePacket(fmt.Sprintf("k%d:x", i))); err != nil {
			t.Fatal(err)
		}
	}
	source := f.edgeSource(0, nil)
	f.open(source)
	defer source.Close(context.Background())
	left := func(partition int) uint64 {
		stream, err := f.js.Stream(context.Background(), "E")
		if err != nil {
			t.Fatal(err)
		}
		info, err := stream.Info(context.Background(), jetstream.WithSubjectFilter(subject("E", partition)))
		if err != nil {
			t.Fatal(err)
		}
		return info.State.Subjects[subject("E", partition)]
	}
	before := [2]uint64{left(0), left(1)}
	if before[0] == 0 || before[1] == 0 {
		t.Fatalf("a partition is empty: %v", before)
	}
	var last any
	for n := uint64(0); n < before[0]; {
		b := &flow.Batch{}
		if err := source.Read(context.Background(), b); err != nil {
			t.Fatal(err)
		}
		n += uint64(len(b.Ends))
		if b.Position != nil {
			last = b.Position
		}
	}
	if err := source.Ack(context.Background(), map[string]any{"E": last}); err != nil {
		t.Fatal(err)
	}
	if after := [2]uint64{left(0), left(1)}; after != [2]uint64{0, before[1]} {
		t.Errorf("there were %v, and %v are left", before, after)
	}
}

// A stream for another number of partitions is refused while it holds records.
func TestEdgePartitions(t *testing.T) {
	f := newFixture(t, nil)
	sink := f.edgeSink(func(c *EdgeSinkConfig) { c.Ends = false })
	f.open(sink)
	if err := sink.Write(context.Background(), edgePacket("a:1")); err != nil {
		t.Fatal(err)
	}
	if err := sink.Close(context.Background(), false); err != nil {
		t.Fatal(err)
	}
	three := f.edgeSink(func(c *EdgeSinkConfig) { c.Partitions = 3 })
	err := three.Open(context.Background())
	if err == nil || !strings.Contains(err.Error(), "an edge of a flowc pipeline, 2 partitions and holds 1 messages, and 3 partitions are asked for") {
		t.Fatalf("got %v", err)
	}
	stream, err := f.js.Stream(context.Background(), "E")
	if err != nil {
		t.Fatal(err)
	}
	if err := stream.Purge(context.Background()); err != nil {
		t.Fatal(err)
	}
	three = f.edgeSink(func(c *EdgeSinkConfig) { c.Partitions = 3 })
	f.open(three)
	defer three.Close(context.Background(), false)
	f.stream(jetstream.StreamConfig{Name: "OTHER", Subjects: []string{"OTHER.*"}})
	other := f.edgeSink(func(c *EdgeSinkConfig) { c.Stream = "OTHER" })
	if err := other.Open(context.Background()); err == nil || !strings.Contains(err.Error(), "that is no edge of a pipeline") {
		t.Errorf("got %v", err)
	}
}

// Records of a version that the reader can't read stop it; others do not.
func TestEdgeSchema(t *testing.T) {
	f := newFixture(t, nil)
	for _, c := range []struct{ reader, writer, want string }{
		{`{"id":"string"}`, `{"id":"string","more":"int"}`, ""},
		{`{"id":"string","more":"int"}`, `{"id":"string"}`, "message 1 of the stream S1: its records are of another version of the pipeline: more is not written, and must be there where it is read"},
	} {
		stream := "S0"
		if c.want != "" {
			stream = "S1"
		}
		sink := f.edgeSink(func(s *EdgeSinkConfig) { s.Stream, s.Partitions, s.Schema = stream, 1, c.writer })
		f.open(sink)
		if err := sink.Write(context.Background(), edgePacket(`{"id":"a"}`)); err != nil {
			t.Fatal(err)
		}
		if err := sink.Close(context.Background(), false); err != nil {
			t.Fatal(err)
		}
		source := f.edgeSource(0, func(s *EdgeSourceConfig) { s.Stream, s.Partitions, s.Schema = stream, 1, c.reader })
		f.open(source)
		var err error
		for err == nil {
			b := &flow.Batch{}
			if err = source.Read(context.Background(), b); len(b.Ends) > 0 {
				break
			}
		}
		got := ""
		if err != nil {
			got = err.Error()
			var fatal interface{ Fatal() bool }
			if !errors.As(err, &fatal) || !fatal.Fatal() {
				t.Errorf("%v would be tried again", err)
			}
		}
		if got != c.want {
			t.Errorf("got %q, want %q", got, c.want)
		}
		source.Close(context.Background())
	}
}

// A full stream holds the writer up, and loses nothing.
func TestEdgeFull(t *testing.T) {
	f := newFixture(t, nil)
	sink := f.edgeSink(func(c *EdgeSinkConfig) { c.Partitions, c.MaxBytes, c.Ends = 1, 4096, false })
	f.open(sink)
	defer sink.Close(context.Background(), false)
	packet := edgePacket("a:" + strings.Repeat("x", 3000))
	if err := sink.Write(context.Background(), packet); err != nil {
		t.Fatal(err)
	}
	err := sink.Write(context.Background(), packet)
	var gone interface{ Unavailable() bool }
	if !errors.As(err, &gone) || !gone.Unavailable() {
		t.Fatalf("got %v, which is not waited for", err)
	}
	stream, err := f.js.Stream(context.Background(), "E")
	if err != nil {
		t.Fatal(err)
	}
	if err := stream.Purge(context.Background()); err != nil {
		t.Fatal(err)
	}
	if err := sink.Write(context.Background(), packet); err != nil {
		t.Error(err)
	}
}

// Whoever comes first makes the stream, and another size is taken over.
func TestEdgeSize(t *testing.T) {
	f := newFixture(t, nil)
	size := func() int64 {
		stream, err := f.js.Stream(context.Background(), "E")
		if err != nil {
			t.Fatal(err)
		}
		return stream.CachedInfo().Config.MaxBytes
	}
	source := f.edgeSource(0, func(c *EdgeSourceConfig) { c.MaxBytes = 1 << 20 })
	f.open(source)
	defer source.Close(context.Background())
	if got := size(); got != 1<<20 {
		t.Errorf("the reader makes a stream of %d bytes", got)
	}
	sink := f.edgeSink(func(c *EdgeSinkConfig) { c.MaxBytes = 2 << 20 })
	f.open(sink)
	defer sink.Close(context.Background(), false)
	if got := size(); got != 2<<20 {
		t.Errorf("the stream has %d bytes still", got)
	}
	// One server can't keep three copies.
	three := f.edgeSink(func(c *EdgeSinkConfig) { c.Replicas = 3 })
	if err := three.Open(context.Background()); err == nil {
		t.Error("three copies in one server")
	}
}

func TestNoSuchCopy(t *testing.T) {
	for _, copy := range []int{-1, 2} {
		if _, err := NewEdgeSource(EdgeSourceConfig{URL: "nats://localhost", Stream: "E", Partitions: 2, Partition: copy}, connect.Input{Node: "in"}); err == nil {
			t.Errorf("copy %d of 2 is taken", copy)
		}
	}
}

// The end of an edge keeps what the interfaces promise.
func TestEdgeSourceConforms(t *testing.T) {
	flowtest.Source(t, func(t testing.TB) *flowtest.SourceWorld {
		f := newFixture(t, nil)
		number := uint64(0)
		return &flowtest.SourceWorld{
			Make: func() flow.Source {
				return f.edgeSource(0, func(c *EdgeSourceConfig) { c.Partitions, c.Writers = 1, 0 })
			},
			Feed: func(records ...string) {
				if err := func() error { // there may be no reader yet that has made it
					l, err := newLink(SourceConfig{URL: f.url()}.access("feed"))
					if err != nil {
						return err
					}
					if err := l.open(context.Background()); err != nil {
						return err
					}
					defer l.close()
					return makeStream(context.Background(), l, "E", 1, 1<<30, 1)
				}(); err != nil {
					t.Fatal(err)
				}
				for _, r := range records {
					e := envelope.Begin(nil, envelope.Header{Writer: "w", Epoch: 1, First: number, Schema: `"string"`})
					number++
					if _, err := f.js.Publish(context.Background(), subject("E", 0), envelope.Seal(envelope.Add(e, []byte(r)), 0)); err != nil {
						t.Fatal(err)
					}
				}
			},
			Stop:   f.stop,
			Start:  f.start,
			NotIts: ofServer,
		}
	})
}

// Envelopes are as large as the server takes.
func TestEdgeSmallPayload(t *testing.T) {
	f := newFixture(t, func(o *server.Options) { o.MaxPayload = 2048 })
	sink := f.edgeSink(func(c *EdgeSinkConfig) { c.Partitions = 1 })
	f.open(sink)
	var records []string
	for i := range 20 {
		records = append(records, fmt.Sprintf("a:%d%s", i, strings.Repeat("x", 500)))
	}
	records[7] = "a:" + strings.Repeat("y", 3000)
	err := sink.Write(context.Background(), edgePacket(records...))
	var partial *flow.PartialError
	if !errors.As(err, &partial) || len(partial.Failed) != 1 || partial.Failed[7] == nil {
		t.Fatalf("got %v", err)
	}
	endEdge(t, sink)
	source := f.edgeSource(0, func(c *EdgeSourceConfig) { c.Partitions = 1 })
	f.open(source)
	defer source.Close(context.Background())
	if got, _ := readAll(t, source); strings.Join(got, " ") != strings.Join(append(records[:7:7], records[8:]...), " ") {
		t.Errorf("got %d records", len(got))
	}
}

// So does its begin.
func TestEdgeSinkConforms(t *testing.T) {
	flowtest.Sink(t, func(t testing.TB) *flowtest.SinkWorld {
		f := newFixture(t, nil)
		return &flowtest.SinkWorld{
			Make: func() flow.Sink {
				return f.edgeSink(func(c *EdgeSinkConfig) { c.Partitions = 1 })
			},
			Packet: func(records ...string) *flow.Out { return edgePacket(records...) },
			Visible: func() (out []string) {
				stream, err := f.js.Stream(context.Background(), "E")
				if errors.Is(err, jetstream.ErrStreamNotFound) {
					return nil
				}
				if err != nil {
					t.Fatal(err)
				}
				next := map[uint64]uint64{}
				for i := uint64(1); i <= stream.CachedInfo().State.LastSeq; i++ {
					m, err := stream.GetMsg(context.Background(), i)
					if err != nil {
						t.Fatal(err)
					}
					h, records, err := envelope.Open(m.Data)
					if err != nil {
						t.Fatal(err)
					}
					for number := h.First; ; number++ {
						r, _, ok, err := records.Next()
						if err != nil {
							t.Fatal(err)
						}
						if !ok {
							break
						}
						if number >= next[h.Epoch] { // as a reader sees it
							out, next[h.Epoch] = append(out, string(r)), number+1
						}
					}
				}
				return out
			},
			Kill:   func(s flow.Sink) { s.(*EdgeSink).inner.link.close() },
			Stop:   f.stop,
			Start:  f.start,
			NotIts: ofServer,
		}
	})
}

// A server that has no room for a stream says what to do.
func TestEdgeNoRoom(t *testing.T) {
	f := newFixture(t, func(o *server.Options) { o.JetStreamMaxStore = 1 << 20 })
	err := f.edgeSource(0, nil).Open(context.Background())
	var fatal interface{ Fatal() bool }
	if !errors.As(err, &fatal) || !fatal.Fatal() || !strings.Contains(err.Error(), "`max_bytes`") {
		t.Error("got ", err)
	}
}
