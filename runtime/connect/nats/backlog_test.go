package nats

import (
	"context"
	"fmt"
	"testing"

	"github.com/flowc-dev/flowc/runtime/flow"
)

// What waits is what no checkpoint has passed, of all partitions; a stream that is not
// there has nothing.
func TestEdgeBacklog(t *testing.T) {
	f := newFixture(t, nil)
	asked := f.edgeSource(1, nil)
	defer asked.Close(context.Background())
	backlog := func() int64 {
		t.Helper()
		n, err := asked.Backlog(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	if n := backlog(); n != 0 {
		t.Errorf("%d messages wait in no stream", n)
	}
	sink := f.edgeSink(func(c *EdgeSinkConfig) { c.Ends = false })
	f.open(sink)
	defer sink.Close(context.Background(), false)
	for i := range 10 {
		if err := sink.Write(context.Background(), edgePacket(fmt.Sprintf("k%d:x", i))); err != nil {
			t.Fatal(err)
		}
	}
	all := backlog()
	if all < 10 {
		t.Fatalf("%d messages wait, and 10 were written", all)
	}
	source := f.edgeSource(0, nil)
	f.open(source)
	defer source.Close(context.Background())
	b := &flow.Batch{}
	for b.Position == nil || len(b.Ends) == 0 {
		*b = flow.Batch{}
		if err := source.Read(context.Background(), b); err != nil {
			t.Fatal(err)
		}
	}
	if err := source.Ack(context.Background(), map[string]any{"E": b.Position}); err != nil {
		t.Fatal(err)
	}
	if n := backlog(); n >= all || n == 0 {
		t.Errorf("%d messages wait of %d, and some of one partition were read", n, all)
	}
}

// The server of an edge keeps cells as well, where a store of its own would have them.
func TestEdgeCells(t *testing.T) {
	f := newFixture(t, nil)
	source := f.edgeSource(0, nil)
	cells, err := source.Cells()
	if err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	if err := cells.Open(ctx, "shop-priced"); err != nil {
		t.Fatal(err)
	}
	defer cells.Close(ctx)
	version, err := cells.Put(ctx, "hosts", []byte("a"), 0)
	if err != nil {
		t.Fatal(err)
	}
	own, err := NewStore(StoreConfig{URL: f.url(), Bucket: "flowc"})
	if err != nil {
		t.Fatal(err)
	}
	if err := own.Open(ctx, "shop-priced"); err != nil {
		t.Fatal(err)
	}
	defer own.Close(ctx)
	if value, found, err := own.Get(ctx, "hosts"); err != nil || string(value) != "a" || found != version {
		t.Errorf("the store has %q of version %d, want version %d: %v", value, found, version, err)
	}
}
