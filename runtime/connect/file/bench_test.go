package file

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/flowc-dev/flowc/runtime/flow"
)

// What reading costs: blocks of whole lines beside the same bytes read plainly.
func BenchmarkRead(b *testing.B) {
	const size = 64 << 20
	dir, err := os.MkdirTemp("/dev/shm", "flowc-bench-") //nolint:usetesting // in memory where there is such a place: reading is measured, not the disk
	if err != nil {
		dir = b.TempDir()
	}
	defer os.RemoveAll(dir)
	path := write(b, filepath.Join(dir, "in.txt"), strings.Repeat(strings.Repeat("x", 999)+"\n", size/1000))
	b.Run("plain", func(b *testing.B) {
		b.SetBytes(size)
		buf := make([]byte, flow.BlockSize)
		for range b.N {
			f, err := os.Open(path)
			if err != nil {
				b.Fatal(err)
			}
			for err == nil {
				_, err = f.Read(buf)
			}
			f.Close()
		}
	})
	b.Run("blocks", func(b *testing.B) {
		b.SetBytes(size)
		b.ReportAllocs()
		batch := &flow.Batch{Data: make([]byte, 0, flow.BlockSize)}
		for range b.N {
			s := source(b, "text", SourceConfig{Path: path})
			if err := s.Open(context.Background()); err != nil {
				b.Fatal(err)
			}
			for {
				batch.Data = batch.Data[:0]
				err := s.Read(context.Background(), batch)
				if errors.Is(err, io.EOF) {
					break
				}
				if err != nil {
					b.Fatal(err)
				}
			}
			s.Close(context.Background())
		}
	})
}
