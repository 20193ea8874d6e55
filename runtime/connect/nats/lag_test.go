package nats

import (
	"testing"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/flowc-dev/flowc/runtime/flow"
)

// A source knows how many messages wait behind the last one that it has read.
func TestLag(t *testing.T) {
	f := newFixture(t, nil)
	f.stream(jetstream.StreamConfig{Name: "S", Subjects: []string{"s.>"}})
	if _, known := (&Source{}).Lag(); known {
		t.Error("it knows what waits before it has asked")
	}
	f.publish(0, 5)
	s := f.source(SourceConfig{Stream: "S"})
	behind := s.(flow.Lagging)
	if n, known := behind.Lag(); n != 5 || !known {
		t.Errorf("before it reads %d wait, known %v", n, known)
	}
	if got, _ := read(t, s, 5); got != "m-0 m-1 m-2 m-3 m-4" {
		t.Error(got)
	}
	if n, known := behind.Lag(); n != 0 || !known {
		t.Errorf("with all read %d wait, known %v", n, known)
	}
}
