package kafka

import (
	"context"
	"fmt"
	"testing"

	"github.com/flowc-dev/flowc/runtime/flow"
)

// What waits is what no checkpoint has passed, of all partitions; a topic that is not
// there has nothing.
func TestEdgeBacklog(t *testing.T) {
	f := newFixture(t)
	asked := f.edgeSource(1, nil)
	t.Cleanup(asked.from.topic.close)
	backlog := func() int64 {
		t.Helper()
		n, err := asked.Backlog(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	if n := backlog(); n != 0 {
		t.Errorf("%d messages wait in no topic", n)
	}
	sink := f.edgeSink(func(c *EdgeSinkConfig) { c.Ends = false })
	f.open(sink)
	for i := range 10 {
		f.write(sink, fmt.Sprintf("k%d:x", i))
	}
	before := [2]int64{f.left(0), f.left(1)}
	if n := backlog(); before[0] == 0 || n != before[0]+before[1] {
		t.Errorf("%d messages wait, and there are %v", n, before)
	}
	source := f.edgeSource(0, nil)
	f.open(source)
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
	if n := backlog(); n != before[1] {
		t.Errorf("%d messages wait, and %d were not read", n, before[1])
	}
	if err := asked.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
	if n := backlog(); n != before[1] {
		t.Errorf("after another start %d messages wait", n)
	}
}
