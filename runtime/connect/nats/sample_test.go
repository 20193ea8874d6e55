package nats

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/flowc-dev/flowc/runtime/connect"
	"github.com/flowc-dev/flowc/runtime/flow"
)

// A sample has the oldest and the newest messages of a stream, and takes none away
// from those who share its work.
func TestSample(t *testing.T) {
	f := newFixture(t, nil)
	stream, err := f.js.CreateStream(t.Context(), jetstream.StreamConfig{Name: "WORK", Subjects: []string{"work.>"}, Retention: jetstream.WorkQueuePolicy})
	if err != nil {
		t.Fatal(err)
	}
	sample := func(c SourceConfig, n int) (got []string, err error) {
		c.URL = f.url()
		s, err := NewSource(c, connect.Input{Node: "in", Format: "ndjson"})
		if err == nil {
			err = s.(flow.Sampler).Sample(t.Context(), n, func(record []byte) error {
				got = append(got, string(record))
				return nil
			})
		}
		return got, err
	}
	if got, err := sample(SourceConfig{Stream: "WORK", Subject: "work.a"}, 10); err == nil || !strings.Contains(err.Error(), "the stream WORK has no messages of work.a yet") {
		t.Errorf("%q, %v", got, err)
	}
	for i := range 100 {
		if _, err := f.js.Publish(t.Context(), "work."+[]string{"a", "b"}[i%2], fmt.Append(nil, i)); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		config SourceConfig
		n      int
		want   []string
	}{
		{SourceConfig{Stream: "WORK"}, 5, []string{"0", "1", "2", "98", "99"}},
		{SourceConfig{Stream: "WORK", Durable: "d"}, 4, []string{"0", "1", "98", "99"}},
		{SourceConfig{Stream: "WORK", Subject: "work.b"}, 4, []string{"1", "3", "99"}}, // of the newest two numbers
		{SourceConfig{Stream: "WORK", Subject: "work.*"}, 1000, nil},
	} {
		got, err := sample(c.config, c.n)
		if err != nil || c.want != nil && !slices.Equal(got, c.want) || c.want == nil && len(got) != 100 {
			t.Errorf("%+v: %q, not %q: %v", c.config, got, c.want, err)
		}
	}
	if info, err := stream.Info(t.Context()); err != nil || info.State.Msgs != 100 || info.State.Consumers != 0 {
		t.Errorf("%+v, %v", info.State, err)
	}
	if _, err := sample(SourceConfig{Stream: "NONE"}, 4); err == nil || !strings.Contains(err.Error(), "there is no stream NONE") {
		t.Errorf("the error is %v", err)
	}
	if _, err := sample(SourceConfig{Subject: "work.a"}, 4); err == nil || !strings.Contains(err.Error(), "core NATS keeps no messages") {
		t.Errorf("the error is %v", err)
	}
}
