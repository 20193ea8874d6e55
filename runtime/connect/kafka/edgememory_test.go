package kafka

import (
	"context"
	"runtime"
	"runtime/debug"
	"strings"
	"testing"

	"github.com/flowc-dev/flowc/runtime/flow"
)

// A reader holds no more than it says, however well the records can be compressed.
func TestEdgeMemory(t *testing.T) {
	f := newFixture(t)
	sink := f.edgeSink(func(c *EdgeSinkConfig) { c.Partitions, c.Compression = 1, "snappy" })
	f.open(sink)
	records := make([]string, 5000)
	for i := range records {
		records[i] = "a:" + strings.Repeat("x", 200)
	}
	const packets = 120
	for range packets {
		f.write(sink, records...)
	}
	heap := func() int64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return int64(m.HeapAlloc)
	}
	source := f.edgeSource(0, func(c *EdgeSourceConfig) { c.Partitions = 1 })
	f.open(source)
	defer debug.SetGCPercent(debug.SetGCPercent(5))
	before, most := heap(), int64(0)
	for n := 0; n < packets*len(records); {
		b := &flow.Batch{Data: make([]byte, 0, flow.BlockSize)}
		if err := source.Read(context.Background(), b); err != nil {
			t.Fatal(err)
		}
		n += len(b.Ends)
		most = max(most, heap()-before)
	}
	if most > EdgeSourceMemory {
		t.Errorf("it held %d bytes, and says %d", most, EdgeSourceMemory)
	}
	if most < 4<<20 {
		t.Errorf("it held %d bytes: the test says little", most)
	}
}
