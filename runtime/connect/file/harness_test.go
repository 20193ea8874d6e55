package file

import (
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/flowc-dev/flowc/runtime/codec/frame"
	"github.com/flowc-dev/flowc/runtime/codec/zstd"
	"github.com/flowc-dev/flowc/runtime/connect"
	"github.com/flowc-dev/flowc/runtime/flow"
)

func TestMain(m *testing.M) {
	pollEvery = 2 * time.Millisecond
	os.Exit(m.Run())
}

// input is what the compiler says for a format.
func input(format string) connect.Input {
	in := connect.Input{Node: "in", Format: format, Zstd: zstd.NewReader, Header: format == "csv"}
	in.Frame = func() frame.Framer {
		switch format {
		case "json":
			return &frame.JSONValues{}
		case "csv":
			return frame.CSVRows{Delimiter: ',', Quote: '"'}
		case "bytes":
			return frame.Whole{}
		}
		return frame.Lines{}
	}
	return in
}

// source makes a source that has not been opened.
func source(t testing.TB, format string, c SourceConfig) *Source {
	t.Helper()
	if c.MaxRecord == 0 {
		c.MaxRecord = 16 << 20
	}
	s, err := NewSource(c, input(format))
	if err != nil {
		t.Fatal(err)
	}
	return s.(*Source)
}

// A record is what came out of a source.
type record struct {
	path, text   string
	line, offset int64
	header       string
}

// records are those of a batch, framed and with their meta as generated code
// does it.
func records(b *flow.Batch, format string) []record {
	var out []record
	f := input(format).Frame()
	if j, ok := b.Frame.(*frame.JSONValues); ok {
		copied := *j
		f = &copied
	}
	header := ""
	if h, ok := b.Frame.(*frame.Header); ok {
		header = string(h.Row)
	}
	var m Meta
	for pos := 0; ; {
		start, end, next, ok := f.Next(b.Data, pos)
		if !ok {
			return out
		}
		m.At(b, flow.Record{Start: start, End: end})
		out = append(out, record{m.Path, string(b.Data[start:end]), m.Line, m.Offset, header})
		pos = next
	}
}

// A step is a batch and the position behind it, as a checkpoint has it.
type step struct {
	records  []record
	split    string
	position json.RawMessage
}

// steps reads an opened source to its end.
func steps(t testing.TB, s *Source, format string) ([]step, error) {
	t.Helper()
	var out []step
	b := &flow.Batch{}
	for {
		b.Data, b.Base, b.Offset, b.Frame, b.Position = make([]byte, 0, flow.BlockSize), -1, -1, nil, nil
		err := s.Read(context.Background(), b)
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return out, err
		}
		position, err := json.Marshal(b.Position)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, step{records(b, format), b.Split, position})
	}
}

// read opens a source, reads all, and closes it.
func read(t testing.TB, s *Source, format string) ([]record, error) {
	t.Helper()
	defer s.Close(context.Background())
	if err := s.Open(context.Background()); err != nil {
		return nil, err
	}
	list, err := steps(t, s, format)
	var all []record
	for _, st := range list {
		all = append(all, st.records...)
	}
	return all, err
}

func texts(records []record) []string {
	var out []string
	for _, r := range records {
		out = append(out, r.text)
	}
	return out
}

func write(t testing.TB, path, text string) string {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func appendTo(t testing.TB, path, text string) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o644)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteString(text); err != nil {
		t.Fatal(err)
	}
}

// pack writes a compressed file in members of the given texts.
func pack(t testing.TB, path string, members ...string) string {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for _, m := range members {
		var w io.WriteCloser = gzip.NewWriter(f)
		if filepath.Ext(path) == ".zst" {
			if w, err = zstd.NewWriter(f); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := io.WriteString(w, m); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
	}
	return path
}

func content(t testing.TB, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}
