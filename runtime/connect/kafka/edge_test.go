package kafka

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/flowc-dev/flowc/runtime/codec/envelope"
	"github.com/flowc-dev/flowc/runtime/connect"
	"github.com/flowc-dev/flowc/runtime/connect/edge"
	"github.com/flowc-dev/flowc/runtime/flow"
	"github.com/flowc-dev/flowc/runtime/flowtest"
)

// edgePacket is a packet of records, each with what stands before its colon as the key.
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

func newEdgeSink(t testing.TB, brokers []string, change func(*EdgeSinkConfig)) flow.Sink {
	t.Helper()
	c := EdgeSinkConfig{Brokers: brokers, Topic: "E", Partitions: 2, Schema: `"string"`, Writer: "w-0", Ends: true, MaxBytes: 1 << 30, MaxMessage: 1_000_000}
	if change != nil {
		change(&c)
	}
	s, err := NewEdgeSink(c, connect.Output{Node: "out", Format: "bytes", Keys: []string{"key"}})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func newEdgeSource(t testing.TB, brokers []string, number int, change func(*EdgeSourceConfig)) *EdgeSource {
	t.Helper()
	c := EdgeSourceConfig{Brokers: brokers, Topic: "E", Partitions: 2, Partition: number, Schema: `"string"`, Writers: 1, MaxMessage: 1_000_000}
	if change != nil {
		change(&c)
	}
	s, err := NewEdgeSource(c, connect.Input{Node: "in", Format: "bytes"})
	if err != nil {
		t.Fatal(err)
	}
	return s.(*EdgeSource)
}

// edgeSinkOf is the sink itself.
func edgeSinkOf(s flow.Sink) *EdgeSink {
	if keeping, ok := s.(*edge.Keeping); ok {
		return keeping.Begin.(*EdgeSink)
	}
	return s.(*EdgeSink)
}

func (f *fixture) edgeSink(change func(*EdgeSinkConfig)) *EdgeSink {
	f.t.Helper()
	s := newEdgeSink(f.t, f.brokers(), change)
	return edgeSinkOf(s)
}

func (f *fixture) edgeSource(number int, change func(*EdgeSourceConfig)) *EdgeSource {
	f.t.Helper()
	return newEdgeSource(f.t, f.brokers(), number, change)
}

// open opens an end of an edge, and closes its connections when the test is over.
func (f *fixture) open(s interface{ Open(context.Context) error }) {
	f.t.Helper()
	if err := s.Open(context.Background()); err != nil {
		f.t.Fatal(err)
	}
	switch s := s.(type) {
	case *EdgeSink:
		f.t.Cleanup(s.topic.close)
	case *EdgeSource:
		f.t.Cleanup(s.from.topic.close)
	}
}

// write writes records as one packet.
func (f *fixture) write(s *EdgeSink, records ...string) {
	f.t.Helper()
	if err := s.Write(context.Background(), edgePacket(records...)); err != nil {
		f.t.Fatal(err)
	}
}

// end ends a writer's run.
func (f *fixture) end(s *EdgeSink) {
	f.t.Helper()
	if err := s.End(context.Background()); err != nil {
		f.t.Fatal(err)
	}
	if err := s.Close(context.Background(), true); err != nil {
		f.t.Fatal(err)
	}
}

// admin asks the cluster.
func (f *fixture) admin() *kadm.Client {
	f.t.Helper()
	client, err := kgo.NewClient(append([]kgo.Opt{kgo.SeedBrokers(f.brokers()...)}, f.login...)...)
	if err != nil {
		f.t.Fatal(err)
	}
	f.t.Cleanup(client.Close)
	return kadm.NewClient(client)
}

// left is how many messages are in a partition of the edge.
func (f *fixture) left(number int32) int64 {
	f.t.Helper()
	admin := f.admin()
	var at [2]int64
	for i, list := range []func(context.Context, ...string) (kadm.ListedOffsets, error){admin.ListStartOffsets, admin.ListEndOffsets} {
		offsets, err := list(context.Background(), "E")
		if err != nil {
			f.t.Fatal(err)
		}
		o, ok := offsets.Lookup("E", number)
		if !ok || o.Err != nil {
			f.t.Fatalf("no offsets of E/%d: %v", number, o.Err)
		}
		at[i] = o.Offset
	}
	return at[1] - at[0]
}

// empty deletes all that is in the topic of the edge.
func (f *fixture) empty() {
	f.t.Helper()
	admin := f.admin()
	ends, err := admin.ListEndOffsets(context.Background(), "E")
	if err != nil {
		f.t.Fatal(err)
	}
	answers, err := admin.DeleteRecords(context.Background(), ends.Offsets())
	if err != nil || answers.Error() != nil {
		f.t.Fatal(err, answers.Error())
	}
}

// readAll reads to the end; positions are those behind each batch.
func readAll(t *testing.T, s *EdgeSource) (records []string, positions []any) {
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
			t.Fatalf("after %d records: %v", len(records), err)
		}
		records = append(records, texts(b)...)
		if b.Position != nil {
			positions = append(positions, b.Position)
		}
	}
}

// seek has a source go on at a position, by way of its JSON.
func seek(t *testing.T, s *EdgeSource, position any) {
	t.Helper()
	text, err := json.Marshal(position)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Seek(context.Background(), map[string]json.RawMessage{s.from.of.String(): text}); err != nil {
		t.Fatal(err)
	}
}

func isFatal(err error) bool { return flow.ClassOf(err) == flow.Fatal }

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

// Records come out as they went in, those of a key in one partition in their order,
// and the readers end when the writers have.
func TestEdge(t *testing.T) {
	f := newFixture(t)
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
		f.write(sink, records...)
	}
	f.end(sink)
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
		seek(t, again, positions[len(positions)-1])
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
		if !slices.Equal(want[key], got[key]) {
			t.Errorf("%s: %d records in, %d out, or in another order", key, len(want[key]), len(got[key]))
		}
	}
}

// Without a key records go round.
func TestEdgeInTurn(t *testing.T) {
	f := newFixture(t)
	s, err := NewEdgeSink(EdgeSinkConfig{Brokers: f.brokers(), Topic: "E", Partitions: 2, Schema: `"string"`, Writer: "w", Ends: true, MaxBytes: 1 << 30, MaxMessage: 1_000_000},
		connect.Output{Node: "out", Format: "text"})
	if err != nil {
		t.Fatal(err)
	}
	sink := edgeSinkOf(s)
	f.open(sink)
	for _, r := range []string{"a\n", "b\n", "c\n"} {
		f.write(sink, r)
	}
	f.end(sink)
	for p, want := range []string{"a c", "b"} {
		source := f.edgeSource(p, nil)
		f.open(source)
		if records, _ := readAll(t, source); strings.Join(records, " ") != want {
			t.Errorf("partition %d has %q, want %s", p, records, want)
		}
	}
}

// What a steady writer sends again after a crash is skipped; what another one sends
// again is there twice, and nothing of either is lost.
func TestEdgeAfterCrash(t *testing.T) {
	for _, steady := range []bool{true, false} {
		t.Run(fmt.Sprint("steady ", steady), func(t *testing.T) {
			f := newFixture(t)
			one := func(c *EdgeSinkConfig) { c.Partitions, c.Steady = 1, steady }
			first := f.edgeSink(one)
			f.open(first)
			f.write(first, "a:1", "a:2")
			second := f.edgeSink(one)
			crashed(t, first, second)
			f.write(first, "a:3", "a:4")
			first.topic.close() // killed
			f.open(second)
			f.write(second, "a:3")
			f.write(second, "a:4", "a:5") // in other packets
			f.end(second)
			source := f.edgeSource(0, func(c *EdgeSourceConfig) { c.Partitions = 1 })
			f.open(source)
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
	f := newFixture(t)
	for range 2 {
		s := f.edgeSink(func(c *EdgeSinkConfig) { c.Partitions, c.Steady = 1, true })
		f.open(s)
		f.write(s, "a:1", "a:2")
		if err := s.Close(context.Background(), false); err != nil {
			t.Fatal(err)
		}
	}
	end := f.edgeSink(func(c *EdgeSinkConfig) { c.Partitions = 1 })
	f.open(end)
	f.end(end)
	source := f.edgeSource(0, func(c *EdgeSourceConfig) { c.Partitions = 1 })
	f.open(source)
	if records, _ := readAll(t, source); len(records) != 4 {
		t.Errorf("got %q", records)
	}
}

// A reader that was killed goes on behind its checkpoint, in a partition that begins
// there by then.
func TestEdgeReaderKilled(t *testing.T) {
	f := newFixture(t)
	sink := f.edgeSink(func(c *EdgeSinkConfig) { c.Partitions = 1 })
	f.open(sink)
	for i := range 5 {
		f.write(sink, fmt.Sprintf("a:%d", i))
	}
	one := func(c *EdgeSourceConfig) { c.Partitions = 1 }
	first := f.edgeSource(0, one)
	f.open(first)
	var last any
	for n := 0; n < 2; {
		b := &flow.Batch{Limit: 1}
		if err := first.Read(context.Background(), b); err != nil {
			t.Fatal(err)
		}
		n += len(b.Ends)
		if b.Position != nil {
			last = b.Position
		}
	}
	if err := first.Ack(context.Background(), map[string]any{"E/0": last}); err != nil {
		t.Fatal(err)
	}
	if n := f.left(0); n != 3 {
		t.Errorf("behind the checkpoint are %d messages, not 3", n)
	}
	f.end(sink)
	first.from.topic.close()
	second := f.edgeSource(0, one)
	seek(t, second, last)
	f.open(second)
	records, positions := readAll(t, second)
	if got := strings.Join(records, " "); got != "a:2 a:3 a:4" {
		t.Errorf("got %s", got)
	}
	if err := second.Ack(context.Background(), map[string]any{"E/0": positions[len(positions)-1]}); err != nil {
		t.Fatal(err)
	}
	if n := f.left(0); n != 0 {
		t.Errorf("%d messages are left when all was read", n)
	}
	// Back at an earlier checkpoint it gives what there is.
	third := f.edgeSource(0, one)
	seek(t, third, &edgePosition{Offset: 1})
	f.open(third)
	if third.from.next != 7 {
		t.Errorf("it goes on at %d", third.from.next)
	}
	// A topic that was made anew is told.
	fourth := f.edgeSource(0, one)
	seek(t, fourth, &edgePosition{Offset: 100})
	if err := fourth.Open(context.Background()); !isFatal(err) || !strings.Contains(err.Error(), "was made anew; start with --fresh") {
		t.Errorf("got %v", err)
	}
	// So is another edge's checkpoint.
	if err := f.edgeSource(0, one).Seek(context.Background(), map[string]json.RawMessage{"X/0": json.RawMessage(`{}`)}); err == nil {
		t.Error("the checkpoint of another edge is taken")
	}
}

// A writer that does not come to an end says neither that it begins nor that it ends.
func TestEdgeEndless(t *testing.T) {
	f := newFixture(t)
	sink := f.edgeSink(func(c *EdgeSinkConfig) { c.Ends = false })
	f.open(sink)
	f.end(sink)
	if n := f.left(0) + f.left(1); n != 0 {
		t.Errorf("%d messages", n)
	}
}

// An end is that of a run: what is left of another one ends nobody.
func TestEdgeEndsARun(t *testing.T) {
	f := newFixture(t)
	one := func(c *EdgeSinkConfig) { c.Partitions = 1 }
	read := func() *EdgeSource {
		s := f.edgeSource(0, func(c *EdgeSourceConfig) { c.Partitions = 1 })
		f.open(s)
		return s
	}
	first, again := f.edgeSink(one), f.edgeSink(one)
	f.open(first)
	f.write(first, "a:1")
	crashed(t, first, again)
	f.end(first)
	reader := read()
	records, positions := readAll(t, reader)
	if got := strings.Join(records, " "); got != "a:1" {
		t.Errorf("the first run is %s", got)
	}
	if err := reader.Ack(context.Background(), map[string]any{"E/0": positions[len(positions)-1]}); err != nil {
		t.Fatal(err)
	}
	if n := f.left(0); n != 0 {
		t.Errorf("%d messages are left of a run that was read", n)
	}
	// It was killed before it knew that it had ended, and says so again.
	f.open(again)
	f.end(again)
	// Both begin anew. The reader comes to what is left first.
	anew := f.edgeSink(one)
	f.open(anew)
	f.write(anew, "a:2")
	f.end(anew)
	if records, _ := readAll(t, read()); strings.Join(records, " ") != "a:2" {
		t.Errorf("the second run is %q", records)
	}
}

// What the checkpoint has passed leaves the topic, of its own partition alone.
func TestEdgeDeletes(t *testing.T) {
	f := newFixture(t)
	sink := f.edgeSink(func(c *EdgeSinkConfig) { c.Ends = false })
	f.open(sink)
	for i := range 10 {
		f.write(sink, fmt.Sprintf("k%d:x", i))
	}
	source := f.edgeSource(0, nil)
	f.open(source)
	before := [2]int64{f.left(0), f.left(1)}
	if before[0] == 0 || before[1] == 0 {
		t.Fatalf("a partition is empty: %v", before)
	}
	var last any
	for n := int64(0); n < before[0]; {
		b := &flow.Batch{}
		if err := source.Read(context.Background(), b); err != nil {
			t.Fatal(err)
		}
		n += int64(len(b.Ends))
		if b.Position != nil {
			last = b.Position
		}
	}
	if err := source.Ack(context.Background(), map[string]any{"E/0": last}); err != nil {
		t.Fatal(err)
	}
	if after := [2]int64{f.left(0), f.left(1)}; after != [2]int64{0, before[1]} {
		t.Errorf("there were %v, and %v are left", before, after)
	}
}

// Records of a version that the reader can't read stop it; others do not.
func TestEdgeSchema(t *testing.T) {
	f := newFixture(t)
	for i, c := range []struct{ reader, writer, want string }{
		{`{"id":"string"}`, `{"id":"string","more":"int"}`, ""},
		{`{"id":"string","more":"int"}`, `{"id":"string"}`, "the message at offset 0 of S1/0: its records are of another version of the pipeline: more is not written, and must be there where it is read"},
	} {
		topic := fmt.Sprintf("S%d", i)
		sink := f.edgeSink(func(s *EdgeSinkConfig) { s.Topic, s.Partitions, s.Schema = topic, 1, c.writer })
		f.open(sink)
		f.write(sink, `{"id":"a"}`)
		source := f.edgeSource(0, func(s *EdgeSourceConfig) { s.Topic, s.Partitions, s.Schema = topic, 1, c.reader })
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
			if got = err.Error(); !isFatal(err) {
				t.Errorf("%v would be tried again", err)
			}
		}
		if got != c.want {
			t.Errorf("got %q, want %q", got, c.want)
		}
	}
}

// Where as much waits as may the writer is held up, and goes on when it was read.
func TestEdgeFull(t *testing.T) {
	f := newFixture(t)
	sink := f.edgeSink(func(c *EdgeSinkConfig) { c.Partitions, c.MaxBytes, c.Ends = 1, 4096, false })
	f.open(sink)
	packet := edgePacket("a:" + strings.Repeat("x", 3000))
	for range 2 {
		if err := sink.Write(context.Background(), packet); err != nil {
			t.Fatal(err)
		}
	}
	err := sink.Write(context.Background(), packet)
	var gone interface{ Unavailable() bool }
	if !errors.As(err, &gone) || !gone.Unavailable() || !strings.Contains(err.Error(), "`max_bytes`") {
		t.Fatalf("got %v, which is not waited for", err)
	}
	if n := f.left(0); n != 2 {
		t.Errorf("%d messages are there", n)
	}
	f.empty()
	if err := sink.Write(context.Background(), packet); err != nil {
		t.Error(err)
	}
}

func TestNoSuchCopy(t *testing.T) {
	for _, copy := range []int{-1, 2} {
		if _, err := NewEdgeSource(EdgeSourceConfig{Brokers: []string{"localhost:1"}, Topic: "E", Partitions: 2, Partition: copy, MaxMessage: 1000}, connect.Input{Node: "in"}); err == nil {
			t.Errorf("copy %d of 2 is taken", copy)
		}
	}
}

// A record that is longer than the brokers take fails by itself.
func TestEdgeLongRecord(t *testing.T) {
	f := newFixture(t)
	sink := f.edgeSink(func(c *EdgeSinkConfig) { c.Partitions, c.MaxMessage = 1, 2048 })
	f.open(sink)
	var records []string
	for i := range 20 {
		records = append(records, fmt.Sprintf("a:%d%s", i, strings.Repeat("x", 500)))
	}
	records[7] = "a:" + strings.Repeat("y", 3000)
	err := sink.Write(context.Background(), edgePacket(records...))
	var partial *flow.PartialError
	if !errors.As(err, &partial) || len(partial.Failed) != 1 || flow.ClassOf(partial.Failed[7]) != flow.Permanent {
		t.Fatalf("got %v", err)
	}
	f.end(sink)
	source := f.edgeSource(0, func(c *EdgeSourceConfig) { c.Partitions, c.MaxMessage = 1, 2048 })
	f.open(source)
	if got, _ := readAll(t, source); !slices.Equal(got, append(records[:7:7], records[8:]...)) {
		t.Errorf("got %d records", len(got))
	}
}

// The end of an edge keeps what the interfaces promise.
func TestEdgeSourceConforms(t *testing.T) {
	flowtest.Source(t, func(t testing.TB) *flowtest.SourceWorld {
		d := newDurable(t)
		number := uint64(0)
		return &flowtest.SourceWorld{
			Make: func() flow.Source {
				return newEdgeSource(t, d.brokers(), 0, func(c *EdgeSourceConfig) { c.Partitions, c.Writers = 1, 0 })
			},
			Feed: func(records ...string) {
				topic, err := newEdgeTopic(SourceConfig{Brokers: d.brokers()}.access("feed"), "E", 1, 0, 1_000_000)
				if err != nil {
					t.Fatal(err)
				}
				if err := topic.start(context.Background(), append(producing("none", 1_000_000), kgo.RecordPartitioner(kgo.ManualPartitioner()))...); err != nil {
					t.Fatal(err)
				}
				defer topic.close()
				if err := topic.ensure(context.Background()); err != nil { // there may be no reader yet that has made it
					t.Fatal(err)
				}
				for _, r := range records {
					e := envelope.Begin(nil, envelope.Header{Writer: "w", Epoch: 1, First: number, Schema: `"string"`})
					number++
					message := &kgo.Record{Topic: "E", Value: envelope.Seal(envelope.Add(e, []byte(r)), 0), Headers: []kgo.RecordHeader{{Key: partitionsHeader, Value: []byte("1")}}}
					if err := topic.client.ProduceSync(context.Background(), message).FirstErr(); err != nil {
						t.Fatal(err)
					}
				}
			},
			Longest: 900_000,
			Stop:    d.stop,
			Start:   d.start,
			NotIts:  ofCluster,
		}
	})
}

// So does its begin.
func TestEdgeSinkConforms(t *testing.T) {
	flowtest.Sink(t, func(t testing.TB) *flowtest.SinkWorld {
		d := newDurable(t)
		return &flowtest.SinkWorld{
			Make: func() flow.Sink {
				return edgeSinkOf(newEdgeSink(t, d.brokers(), func(c *EdgeSinkConfig) { c.Partitions = 1 }))
			},
			Packet: func(records ...string) *flow.Out { return edgePacket(records...) },
			Visible: func() (out []string) {
				next := map[uint64]uint64{}
				for _, text := range d.committed("E") {
					h, records, err := envelope.Open([]byte(text))
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
			Longest: 900_000,
			Kill:    func(s flow.Sink) { edgeSinkOf(s).topic.close() },
			Stop:    d.stop,
			Start:   d.start,
			NotIts:  ofCluster,
		}
	})
}
