package scan

import (
	"os"
	"testing"

	"github.com/flowc-dev/flowc/bench/internal/data"
)

// lines gives events made by a generator of the suite, in memory.
func lines(b *testing.B, generate func(path string, n int) error, n int) []byte {
	b.Helper()
	path := b.TempDir() + "/events.ndjson"
	if err := generate(path, n); err != nil {
		b.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		b.Fatal(err)
	}
	return text
}

func BenchmarkPayments(b *testing.B) {
	const events = 250 // a chunk's worth: stays in the cache, as in a run
	text := lines(b, data.Payments, events)
	p := NewPayments()
	outs := [][]byte{nil}
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		outs[0] = outs[0][:0]
		if err := p.Process(text, outs); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/events, "ns/event")
}
