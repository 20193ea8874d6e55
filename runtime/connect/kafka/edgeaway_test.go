package kafka

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/flowc-dev/flowc/runtime/connect/messages"
	"github.com/flowc-dev/flowc/runtime/flow"
)

// Brokers that go away and come back hold both ends of an edge up, and nothing of it is
// lost, nor comes twice: what was under way is told by its numbers. (Nothing is deleted
// meanwhile: a partition that is empty begins at 0 again when kfake does.)
func TestEdgeBrokersAway(t *testing.T) {
	d := newDurable(t)
	sink := edgeSinkOf(newEdgeSink(t, d.brokers(), func(c *EdgeSinkConfig) { c.Partitions = 1 }))
	source := newEdgeSource(t, d.brokers(), 0, func(c *EdgeSourceConfig) { c.Partitions = 1 })
	for _, end := range []interface{ Open(context.Context) error }{sink, source} {
		if err := end.Open(context.Background()); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	const packets = 200
	var reading sync.WaitGroup
	var got []string
	half := make(chan struct{})
	reading.Go(func() {
		for ctx.Err() == nil {
			b := &flow.Batch{}
			err := source.Read(ctx, b)
			var gone *messages.GoneError
			switch {
			case errors.As(err, &gone):
				continue
			case err == io.EOF:
				return
			case err != nil:
				t.Errorf("behind %d records: %v", len(got), err)
				cancel()
				return
			}
			if got = append(got, texts(b)...); len(got) > packets/4 {
				select {
				case <-half:
				default:
					close(half)
				}
			}
		}
	})
	away := false
	write := func(o *flow.Out) {
		for {
			err := sink.Write(ctx, o)
			var gone *messages.GoneError
			switch {
			case err == nil:
				return
			case !errors.As(err, &gone):
				t.Fatal(err)
			}
			if away {
				d.start()
				away = false
			}
			time.Sleep(10 * time.Millisecond)
		}
	}
	for i := range packets {
		if i == packets/2 {
			<-half
			d.stop()
			away = true
		}
		write(edgePacket(fmt.Sprintf("a:%d", i)))
	}
	if err := errors.Join(sink.End(ctx), sink.Close(ctx, true)); err != nil {
		t.Fatal(err)
	}
	reading.Wait()
	if err := source.Close(ctx); err != nil {
		t.Error(err)
	}
	if len(got) != packets {
		t.Errorf("%d records of %d came", len(got), packets)
	}
	for i, r := range got {
		if r != fmt.Sprintf("a:%d", i) {
			t.Fatalf("record %d is %s", i, r)
		}
	}
}

// A write whose answer is late stays under way, and what is written again behind it is
// the same with the same numbers.
func TestEdgeInDoubt(t *testing.T) {
	f := newFixture(t, kfake.SleepOutOfOrder())
	sink := f.edgeSink(func(c *EdgeSinkConfig) { c.Partitions = 1 })
	f.open(sink)
	f.write(sink, "a:0")
	held, free := make(chan struct{}), make(chan struct{})
	var first sync.Once
	f.cluster.ControlKey(int16(kmsg.Produce), func(kmsg.Request) (kmsg.Response, error, bool) {
		f.cluster.KeepControl()
		first.Do(func() {
			close(held)
			f.cluster.SleepControl(func() { <-free })
		})
		return nil, nil, false
	})
	packet := edgePacket("a:1", "a:2")
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		<-held
		cancel()
	}()
	if err := sink.Write(ctx, packet); !errors.Is(err, context.Canceled) {
		t.Fatalf("got %v", err)
	}
	close(free)
	if err := sink.Write(context.Background(), packet); err != nil {
		t.Fatal(err)
	}
	f.write(sink, "a:3")
	f.end(sink)
	source := f.edgeSource(0, func(c *EdgeSourceConfig) { c.Partitions = 1 })
	f.open(source)
	if records, _ := readAll(t, source); fmt.Sprint(records) != "[a:0 a:1 a:2 a:3]" {
		t.Errorf("got %q", records)
	}
}
