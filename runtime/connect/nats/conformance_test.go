package nats

import (
	"context"
	"strconv"
	"strings"
	"testing"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/flowc-dev/flowc/runtime/connect"
	"github.com/flowc-dev/flowc/runtime/flow"
	"github.com/flowc-dev/flowc/runtime/flowtest"
)

// ofServer tells that a goroutine is the server's, which keeps consumers for a while.
func ofServer(stack string) bool { return strings.Contains(stack, "nats-server") }

// A stream that is read by its sequence keeps what the interfaces promise.
func TestSourceConforms(t *testing.T) { flowtest.Source(t, newSourceWorld) }

// So do chunks of it that are read at once.
func TestRangeConforms(t *testing.T) {
	flowtest.Source(t, func(t testing.TB) *flowtest.SourceWorld {
		w := newSourceWorld(t)
		w.Make, w.Fixed = func() flow.Source { return w.Range(-1, -1, 3) }, true
		return w
	})
}

func newSourceWorld(t testing.TB) *flowtest.SourceWorld {
	f := newFixture(t, nil)
	f.stream(jetstream.StreamConfig{Name: "S", Subjects: []string{"s.>"}})
	return &flowtest.SourceWorld{
		Make: func() flow.Source {
			s, err := NewSource(SourceConfig{URL: f.url(), Stream: "S"}, connect.Input{Node: "in", Format: "text"})
			if err != nil {
				t.Fatal(err)
			}
			return s
		},
		Range: func(from, to, parallel int) flow.Source {
			asked := connect.Range{Parallel: parallel}
			if from >= 0 {
				asked.From = strconv.Itoa(from + 1)
			}
			if to >= 0 {
				asked.To = strconv.Itoa(to + 1)
			}
			s, err := NewSource(SourceConfig{URL: f.url(), Stream: "S"}, connect.Input{Node: "in", Format: "text", Range: &asked})
			if err != nil {
				t.Fatal(err)
			}
			return s
		},
		Feed: func(records ...string) {
			for _, r := range records {
				if _, err := f.js.Publish(context.Background(), "s.a", []byte(r)); err != nil {
					t.Fatal(err)
				}
			}
		},
		Stop:   f.stop,
		Start:  f.start,
		NotIts: ofServer,
	}
}

// So does a stream that is written to.
func TestSinkConforms(t *testing.T) {
	flowtest.Sink(t, func(t testing.TB) *flowtest.SinkWorld {
		f := newFixture(t, nil)
		f.stream(jetstream.StreamConfig{Name: "S", Subjects: []string{"s.>"}})
		const wildcard = "s.*" // no subject to write to
		packet := func(records []string, bad ...int) *flow.Out {
			o := &flow.Out{Count: len(records), Keys: [][]string{make([]string, len(records))}}
			for i, r := range records {
				o.Data = append(append(o.Data, r...), '\n')
				o.Ends = append(o.Ends, uint32(len(o.Data)))
				o.Keys[0][i] = "s.a"
			}
			for _, i := range bad {
				o.Keys[0][i] = wildcard
			}
			return o
		}
		return &flowtest.SinkWorld{
			Make: func() flow.Sink {
				s, err := NewSink(SinkConfig{URL: f.url()}, connect.Output{Node: "out", Format: "text", Keys: []string{"subject"}})
				if err != nil {
					t.Fatal(err)
				}
				return s
			},
			Packet: func(records ...string) *flow.Out { return packet(records) },
			Visible: func() (out []string) {
				stream, err := f.js.Stream(context.Background(), "S")
				if err != nil {
					t.Fatal(err)
				}
				for i := uint64(1); i <= stream.CachedInfo().State.LastSeq; i++ {
					m, err := stream.GetMsg(context.Background(), i)
					if err != nil {
						t.Fatal(err)
					}
					out = append(out, string(m.Data))
				}
				return out
			},
			Refused: func(good ...string) (*flow.Out, []int) {
				records := append([]string{"bad"}, good...)
				records = append(records, "bad")
				return packet(records, 0, len(records)-1), []int{0, len(records) - 1}
			},
			Kill:   func(s flow.Sink) { s.(*Sink).link.close() },
			Stop:   f.stop,
			Start:  f.start,
			NotIts: ofServer,
		}
	})
}
