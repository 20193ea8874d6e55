package stdin

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/flowc-dev/flowc/runtime/codec/frame"
	"github.com/flowc-dev/flowc/runtime/connect"
	"github.com/flowc-dev/flowc/runtime/flow"
)

// source makes the source over a reader in the place of standard input.
func source(t *testing.T, in io.Reader, max int64) *Source {
	t.Helper()
	s, err := NewSource(SourceConfig{MaxRecord: max}, connect.Input{Format: "text", Frame: func() frame.Framer { return frame.Lines{} }})
	if err != nil {
		t.Fatal(err)
	}
	s.(*Source).in = in
	if err := s.Open(context.Background()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close(context.Background()) })
	return s.(*Source)
}

func batch() *flow.Batch {
	return &flow.Batch{Data: make([]byte, 0, flow.BlockSize), Base: -1, Offset: -1}
}

// Lines of a pipe come when they are there; waiting ends with the program, and
// nothing that was read gets lost by it.
func TestPipe(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	before := runtime.NumGoroutine()
	s := source(t, r, 1000)
	var m Meta
	step := func(write, want string, line, offset int64) {
		t.Helper()
		io.WriteString(w, write)
		b := batch()
		if want == "" {
			ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
			defer cancel()
			if err := s.Read(ctx, b); !errors.Is(err, context.DeadlineExceeded) {
				t.Fatalf("%q, %v", b.Data, err)
			}
			return
		}
		if err := s.Read(context.Background(), b); err != nil || string(b.Data) != want || b.Position != nil {
			t.Fatalf("%q, %v, %v; want %q", b.Data, b.Position, err, want)
		}
		m.At(b, flow.Record{Start: 0, End: len(want) - 1})
		if m.Line != line || m.Offset != offset {
			t.Fatalf("line %d, offset %d; want %d, %d", m.Line, m.Offset, line, offset)
		}
	}
	step("one\ntwo\nth", "one\ntwo\n", 1, 0)
	step("re", "", 0, 0)
	step("e\n", "three\n", 3, 8)
	step("last", "", 0, 0)
	w.Close()
	step("", "last", 4, 14)
	if err := s.Read(context.Background(), batch()); err != io.EOF {
		t.Fatal(err)
	}
	if err := s.Read(context.Background(), batch()); err != io.EOF {
		t.Fatal("the end came once only")
	}
	for range 100 {
		if runtime.NumGoroutine() <= before {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
	t.Error("a goroutine is left")
}

func TestManyBlocks(t *testing.T) {
	text := strings.Repeat("a line of text\n", 100_000)
	for _, in := range []io.Reader{strings.NewReader(text), iotestHalf{strings.NewReader(text)}} {
		s := source(t, in, 1000)
		total := 0
		for {
			b := batch()
			err := s.Read(context.Background(), b)
			if err == io.EOF {
				break
			}
			if err != nil || len(b.Data)%15 != 0 {
				t.Fatalf("%d bytes, %v", len(b.Data), err)
			}
			total += len(b.Data)
		}
		if total != len(text) {
			t.Errorf("%d bytes of %d", total, len(text))
		}
	}
}

// iotestHalf reads odd amounts.
type iotestHalf struct{ r io.Reader }

func (h iotestHalf) Read(p []byte) (int, error) { return h.r.Read(p[:(len(p)+1)/2]) }

// A regular file makes nobody wait: no goroutine reads ahead.
func TestRegularFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "in")
	os.WriteFile(path, []byte("a\nb"), 0o644)
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	s := source(t, f, 1000)
	if s.pump != nil {
		t.Error("a file is pumped")
	}
	b := batch()
	if err := s.Read(context.Background(), b); err != nil || string(b.Data) != "a\n" {
		t.Errorf("%q, %v", b.Data, err)
	}
}

func TestErrors(t *testing.T) {
	dir, err := os.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer dir.Close()
	in := connect.Input{Format: "text", Frame: func() frame.Framer { return frame.Lines{} }}
	s, err := NewSource(SourceConfig{MaxRecord: 10}, in)
	if err != nil {
		t.Fatal(err)
	}
	s.(*Source).in = dir
	if err := s.Open(context.Background()); err == nil || !strings.Contains(err.Error(), "folder") {
		t.Errorf("a folder: %v", err)
	}
	if _, err := NewSource(SourceConfig{}, in); err == nil {
		t.Error("no max_record")
	}
	broken := errors.New("broken")
	s2 := source(t, io.MultiReader(strings.NewReader("a\nb"), failing{broken}), 1000)
	b := batch()
	if err := s2.Read(context.Background(), b); err != nil || string(b.Data) != "a\n" {
		t.Fatalf("%q, %v", b.Data, err)
	}
	if err := s2.Read(context.Background(), batch()); !errors.Is(err, broken) {
		t.Errorf("%v", err)
	}
	s3 := source(t, strings.NewReader("a\n"+strings.Repeat("x", 200)+"\nb\n"), 100)
	var skipped *flow.RecordError
	if err := s3.Read(context.Background(), batch()); err != nil {
		t.Fatal(err)
	}
	if err := s3.Read(context.Background(), batch()); !errors.As(err, &skipped) || skipped.TextLine != 2 || skipped.Split != "stdin" {
		t.Errorf("%+v", err)
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }
