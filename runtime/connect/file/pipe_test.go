//go:build linux || darwin

package file

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/flowc-dev/flowc/runtime/flow"
)

// A pipe gives what there is, and neither opening nor reading it holds up the
// end of the program.
func TestPipe(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(path, 0o644); err != nil {
		t.Fatal(err)
	}
	s := source(t, "text", SourceConfig{Path: path})
	if err := s.Open(context.Background()); err != nil {
		t.Fatal(err)
	}
	soon := func() context.Context {
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
		t.Cleanup(cancel)
		return ctx
	}
	b := &flow.Batch{Data: make([]byte, 0, flow.BlockSize)}
	if err := s.Read(soon(), b); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("opening: %v", err)
	}
	w := make(chan *os.File)
	go func() {
		f, err := os.OpenFile(path, os.O_WRONLY, 0)
		if err != nil {
			t.Error(err)
		}
		f.WriteString("one\ntw")
		w <- f
	}()
	if err := s.Read(context.Background(), b); err != nil || string(b.Data) != "one\n" || b.Position != nil {
		t.Fatalf("%q, %v, %v", b.Data, b.Position, err)
	}
	f := <-w
	b.Data = b.Data[:0]
	if err := s.Read(soon(), b); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("reading: %v", err)
	}
	f.WriteString("o")
	f.Close()
	b.Data = b.Data[:0]
	if err := s.Read(context.Background(), b); err != nil || string(b.Data) != "two" {
		t.Fatalf("%q, %v", b.Data, err)
	}
	if err := s.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
}
