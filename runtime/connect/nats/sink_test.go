package nats

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/flowc-dev/flowc/runtime/connect"
	"github.com/flowc-dev/flowc/runtime/connect/messages"
	"github.com/flowc-dev/flowc/runtime/flow"
)

// out makes a packet of texts.
func out(texts ...string) *flow.Out {
	o := &flow.Out{Count: len(texts)}
	for _, t := range texts {
		o.Data = append(o.Data, t...)
		o.Ends = append(o.Ends, uint32(len(o.Data)))
	}
	return o
}

func (f *fixture) sink(c SinkConfig, o connect.Output) *Sink {
	f.t.Helper()
	if o.Node = "out"; c.URL == "" {
		c.URL = f.url()
	}
	s, err := NewSink(c, o)
	if err != nil {
		f.t.Fatal(err)
	}
	if err := s.Open(context.Background()); err != nil {
		f.t.Fatal(err)
	}
	f.t.Cleanup(func() { s.Close(context.Background(), true) })
	return s.(*Sink)
}

// stored are the messages of a stream, as "subject id text".
func (f *fixture) stored(name string) []string {
	f.t.Helper()
	stream, err := f.js.Stream(context.Background(), name)
	if err != nil {
		f.t.Fatal(err)
	}
	var all []string
	for i := uint64(1); i <= stream.CachedInfo().State.LastSeq; i++ {
		m, err := stream.GetMsg(context.Background(), i)
		if err != nil {
			f.t.Fatal(err)
		}
		all = append(all, fmt.Sprintf("%s %s %s", m.Subject, m.Header.Get("Nats-Msg-Id"), m.Data))
	}
	return all
}

func TestSink(t *testing.T) {
	f := newFixture(t, nil)
	f.stream(jetstream.StreamConfig{Name: "S", Subjects: []string{"s.>"}})
	s := f.sink(SinkConfig{Headers: map[string]string{"k": "v"}}, connect.Output{Format: "json", Keys: []string{"subject", "meta.id"}})
	o := out("1", "2", "3", "4", "5")
	o.Keys = [][]string{{"s.a", "s.b", "s.*", "elsewhere", "s.a"}, {"i1", "i2", "i3", "i4", "i1"}}
	err := s.Write(context.Background(), o)
	partial, ok := err.(*flow.PartialError)
	if !ok || len(partial.Failed) != 2 {
		t.Fatalf("got %v", err)
	}
	if e := partial.Failed[2]; flow.ClassOf(e) != flow.Permanent || !strings.Contains(e.Error(), "wildcard") {
		t.Errorf("a subject with a wildcard: %v", e)
	}
	if e := partial.Failed[3]; flow.ClassOf(e) != flow.Transient || !strings.Contains(e.Error(), "no stream takes the subject elsewhere") {
		t.Errorf("a subject without a stream: %v", e)
	}
	// The fifth has the id of the first.
	if got := strings.Join(f.stored("S"), ", "); got != "s.a i1 1, s.b i2 2" {
		t.Error(got)
	}
	text := f.sink(SinkConfig{Subject: "s.text"}, connect.Output{Format: "text"})
	if err := text.Write(context.Background(), out("a\n", "b\n")); err != nil {
		t.Fatal(err)
	}
	all := f.stored("S")
	if len(all) != 4 || all[2] != "s.text "+text.nonce+"-0 a" || all[3] != "s.text "+text.nonce+"-1 b" {
		t.Errorf("%q", all)
	}
	large := f.sink(SinkConfig{Subject: "s.large"}, connect.Output{Format: "bytes"})
	err = large.Write(context.Background(), out("fits", strings.Repeat("x", 2<<20)))
	if partial, ok := err.(*flow.PartialError); !ok || len(partial.Failed) != 1 || flow.ClassOf(partial.Failed[1]) != flow.Permanent {
		t.Errorf("got %v", err)
	}
	strict := f.sink(SinkConfig{Subject: "s.strict", Stream: "T"}, connect.Output{Format: "bytes"})
	err = strict.Write(context.Background(), out("x"))
	if partial, ok := err.(*flow.PartialError); !ok || flow.ClassOf(partial.Failed[0]) != flow.Permanent {
		t.Errorf("another stream than the one that is asked for: %v", err)
	}
}

// A write that is repeated because the server went away has the same ids, so that
// what was stored is not stored again; the next one has others.
func TestSinkRepeats(t *testing.T) {
	f := newFixture(t, nil)
	f.stream(jetstream.StreamConfig{Name: "S", Subjects: []string{"s.>"}})
	s := f.sink(SinkConfig{Subject: "s.x"}, connect.Output{Format: "json"})
	if err := s.Write(context.Background(), out("1", "2")); err != nil {
		t.Fatal(err)
	}
	// As if the answers had been lost.
	s.repeated = true
	if err := s.Write(context.Background(), out("1", "2")); err != nil {
		t.Fatal(err)
	}
	if err := s.Write(context.Background(), out("3")); err != nil {
		t.Fatal(err)
	}
	f.stop()
	o := out("4", "5")
	ctx, cancel := context.WithTimeout(context.Background(), 60*time.Second)
	defer cancel()
	var err error
	for range 100 { // the client has to notice
		if err = s.Write(ctx, o); err != nil {
			break
		}
	}
	var gone *messages.GoneError
	if !errors.As(err, &gone) || !strings.Contains(err.Error(), f.url()) {
		t.Fatalf("got %v", err)
	}
	again := make(chan error, 1)
	go func() {
		for {
			err := s.Write(ctx, o)
			if !errors.As(err, &gone) {
				again <- err
				return
			}
		}
	}()
	f.start()
	if err := <-again; err != nil {
		t.Fatal(err)
	}
	var texts []string
	for _, m := range f.stored("S") {
		texts = append(texts, m[strings.LastIndexByte(m, ' ')+1:])
	}
	if got := strings.Join(texts, " "); got != "1 2 3 4 5" {
		t.Error(got)
	}
}

func TestSinkErrors(t *testing.T) {
	for _, subject := range []string{"", "a b", "a.>", "*", ".a", "a.", "a..b"} {
		if _, err := NewSink(SinkConfig{URL: "x", Subject: subject}, connect.Output{}); err == nil {
			t.Errorf("%q is taken", subject)
		}
	}
	s, err := NewSink(SinkConfig{URL: "nats://me:hunter2@127.0.0.1:1,127.0.0.1:2", Subject: "a"}, connect.Output{})
	if err != nil {
		t.Fatal(err)
	}
	var gone *messages.GoneError
	if err := s.Open(context.Background()); !errors.As(err, &gone) || strings.Contains(err.Error(), "hunter2") || !strings.Contains(err.Error(), "127.0.0.1:1") || !strings.Contains(err.Error(), "refused") {
		t.Errorf("got %v", err)
	}
}
