package nats

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/flowc-dev/flowc/runtime/connect"
)

// Letters are the messages of the sink's subject, in a stream that has others too,
// and stay where they are: a work queue still has them.
func TestLetters(t *testing.T) {
	f := newFixture(t, nil)
	for _, retention := range []jetstream.RetentionPolicy{jetstream.LimitsPolicy, jetstream.WorkQueuePolicy} {
		name := "L" + fmt.Sprint(int(retention))
		stream, err := f.js.CreateStream(t.Context(), jetstream.StreamConfig{Name: name, Subjects: []string{name + ".>"}, Retention: retention})
		if err != nil {
			t.Fatal(err)
		}
		var want []string
		read := func() (got []string) {
			s, err := NewSink(SinkConfig{URL: f.url(), Subject: name + ".dead"}, connect.Output{Node: "dead", Format: "ndjson"})
			if err == nil {
				err = s.(*Sink).Letters(t.Context(), func(letter []byte) error {
					got = append(got, string(letter))
					return nil
				})
			}
			if err != nil {
				t.Fatal(err)
			}
			return got
		}
		if got := read(); len(got) > 0 {
			t.Errorf("letters of an empty stream: %q", got)
		}
		for i := range 20 {
			subject := name + ".dead"
			if i%3 == 0 {
				subject = name + ".other"
			} else {
				want = append(want, fmt.Sprint(i))
			}
			if _, err := f.js.Publish(t.Context(), subject, fmt.Append(nil, i)); err != nil {
				t.Fatal(err)
			}
		}
		if err := stream.DeleteMsg(t.Context(), 6); err != nil { // a hole in the numbers: 5
			t.Fatal(err)
		}
		want = slices.DeleteFunc(want, func(s string) bool { return s == "5" })
		for range 2 {
			if got := read(); !slices.Equal(got, want) {
				t.Errorf("letters %q, not %q", got, want)
			}
		}
		if info, err := stream.Info(context.Background()); err != nil || info.State.Msgs != 19 {
			t.Errorf("the stream has %d messages: %v", info.State.Msgs, err)
		}
	}
	s, err := NewSink(SinkConfig{URL: f.url(), Subject: "nowhere"}, connect.Output{Node: "dead", Format: "ndjson"})
	if err != nil {
		t.Fatal(err)
	}
	err = s.(*Sink).Letters(t.Context(), func([]byte) error { return nil })
	if err == nil || !strings.Contains(err.Error(), "no stream takes the subject nowhere: make one") {
		t.Errorf("the error is %v", err)
	}
}
