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

	"github.com/nats-io/nats.go/jetstream"

	"github.com/flowc-dev/flowc/runtime/connect"
	"github.com/flowc-dev/flowc/runtime/flow"
)

// ofRange reads a range to its end; last is the last batch with messages.
func (f *fixture) ofRange(asked connect.Range, c SourceConfig) (text string, s flow.Source, last *flow.Batch, err error) {
	f.t.Helper()
	c.URL = f.url()
	if s, err = NewSource(c, connect.Input{Node: "in", Format: "text", Range: &asked}); err != nil {
		return "", nil, nil, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	defer s.Close(context.Background())
	if err := s.Open(ctx); err != nil {
		return "", nil, nil, err
	}
	var got []string
	for {
		b := &flow.Batch{Data: make([]byte, 0, flow.BlockSize)}
		if err := s.Read(ctx, b); errors.Is(err, io.EOF) {
			return strings.Join(got, " "), s, last, nil
		} else if err != nil {
			return strings.Join(got, " "), s, last, err
		}
		from := uint32(0)
		for _, end := range b.Ends {
			got = append(got, string(b.Data[from:end]))
			from, last = end, b
		}
	}
}

// A range is one of sequence numbers or of times, and of the messages of a subject.
// It ends where there are no more of them, whatever else stands in the stream.
func TestRange(t *testing.T) {
	f := newFixture(t, nil)
	f.stream(jetstream.StreamConfig{Name: "S", Subjects: []string{"s.>"}})
	put := func(subject string, texts ...string) {
		for _, text := range texts {
			if _, err := f.js.Publish(t.Context(), subject, []byte(text)); err != nil {
				t.Fatal(err)
			}
		}
	}
	put("s.a", "a1", "a2", "a3")
	put("s.b", "b4")
	time.Sleep(1100 * time.Millisecond) // a time has no more than seconds
	middle := time.Now().UTC().Truncate(time.Second).Format(time.RFC3339)
	put("s.a", "a5")
	put("s.b", "b6", "b7")
	of := SourceConfig{Stream: "S"}
	a := SourceConfig{Stream: "S", Subject: "s.a"}
	b := SourceConfig{Stream: "S", Subject: "s.b"}
	for _, c := range []struct {
		config SourceConfig
		asked  connect.Range
		want   string
	}{
		{of, connect.Range{}, "a1 a2 a3 b4 a5 b6 b7"},
		{of, connect.Range{From: "2", To: "5"}, "a2 a3 b4"},
		{of, connect.Range{To: middle}, "a1 a2 a3 b4"},
		{of, connect.Range{From: middle}, "a5 b6 b7"},
		{of, connect.Range{From: "3", To: middle}, "a3 b4"},
		{of, connect.Range{From: "6", To: "100"}, "b6 b7"},
		{of, connect.Range{From: "8"}, ""},
		{of, connect.Range{From: "2030-01-01"}, ""},
		{a, connect.Range{}, "a1 a2 a3 a5"},
		{a, connect.Range{From: "3", To: "5"}, "a3"},
		{a, connect.Range{From: "6"}, ""},
		{b, connect.Range{To: "4"}, ""},
		{b, connect.Range{From: "3", To: "7"}, "b4 b6"},
	} {
		got, _, _, err := f.ofRange(c.asked, c.config)
		if err != nil || got != c.want {
			t.Errorf("%s of %q: got %q (%v), want %q", c.asked, c.config.Subject, got, err, c.want)
		}
	}
	// Messages that were taken out of the stream are not waited for.
	stream, err := f.js.Stream(t.Context(), "S")
	if err != nil {
		t.Fatal(err)
	}
	for _, gone := range []uint64{3, 7} {
		if err := stream.DeleteMsg(t.Context(), gone); err != nil {
			t.Fatal(err)
		}
	}
	got, s, last, err := f.ofRange(connect.Range{From: "2", Parallel: 1}, of)
	if err != nil || got != "a2 b4 a5 b6" {
		t.Errorf("%q %v", got, err)
	}
	if at, err := json.Marshal(s.(flow.Placer).Place(last, flow.Record{Index: len(last.Ends) - 1})); err != nil || string(at) != `{"stream":"S","subject":"s.b","sequence":6}` {
		t.Errorf("%s %v", at, err)
	}
	if s.(flow.Placer).Place(last, flow.Record{Index: 100}) != nil {
		t.Error("a message that there is not has a place")
	}
}

// What is no range is said.
func TestRangeErrors(t *testing.T) {
	f := newFixture(t, nil)
	for want, c := range map[string]struct {
		config SourceConfig
		asked  connect.Range
	}{
		`range.from: "soon" is none of a sequence number, a time`: {SourceConfig{Stream: "S"}, connect.Range{From: "soon"}},
		"range: it ends at 1, which is before":                    {SourceConfig{Stream: "S"}, connect.Range{From: "2", To: "1"}},
		"give stream":                                             {SourceConfig{Subject: "s"}, connect.Range{}},
		"with durable the server has them":                        {SourceConfig{Stream: "S", Durable: "d"}, connect.Range{}},
		"there is no stream gone":                                 {SourceConfig{Stream: "gone"}, connect.Range{}},
	} {
		if _, _, _, err := f.ofRange(c.asked, c.config); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, and not %s", fmt.Sprint(c), err, want)
		}
	}
}
