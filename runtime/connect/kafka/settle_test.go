package kafka

import (
	"bytes"
	"context"
	"sync"
	"testing"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// A transaction ends with all topics that it wrote to, also where the client takes
// long to list one that it has already sent records to: here it is busy with
// records, none of which can be sent, that wait for the same topic.
func TestSettle(t *testing.T) {
	for name, opts := range generations {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t, append(opts, kfake.SeedTopics(1, "t"))...)
			s := f.keeper(SinkConfig{})
			f.must(s.Claim(t.Context()))

			asked, known := make(chan struct{}), make(chan struct{})
			ask := sync.OnceFunc(func() { close(asked) })
			f.cluster.ControlKey(int16(kmsg.Metadata), func(kmsg.Request) (kmsg.Response, error, bool) {
				ask()
				f.cluster.SleepControl(func() { <-known })
				return nil, nil, false
			})
			f.must(s.enter(t.Context()))
			first := s.produce(out("a"))
			<-asked
			large := bytes.Repeat([]byte("x"), 2_000_000)
			const busy = 100_000
			refused := make(chan struct{}, busy)
			for range busy {
				s.link.client.Produce(context.Background(), &kgo.Record{Topic: "t", Value: large}, func(*kgo.Record, error) { refused <- struct{}{} })
			}
			close(known)
			s.flight = first
			f.must(s.Write(t.Context(), first.o))
			f.must(s.Commit(t.Context(), 1, 0, []byte("one")))
			f.must(s.Write(t.Context(), out("b")))
			f.must(s.Commit(t.Context(), 2, 1, []byte("two")))
			for range busy {
				<-refused
			}
			f.sees("a", "b")
		})
	}
}
