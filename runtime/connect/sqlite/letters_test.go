package sqlite

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/flowc-dev/flowc/runtime/connect"
	"github.com/flowc-dev/flowc/runtime/connect/table"
	"github.com/flowc-dev/flowc/runtime/flow"
)

// letterOf is a letter with a number.
func letterOf(n int) *flow.Letter {
	return &flow.Letter{
		ID: fmt.Sprint(n), Pipeline: "p", Node: "n", Line: "p.yaml:3", Code: "c", Error: "e", Attempts: n, Source: "s",
		Time: time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC), Position: []byte("null"), Data: []byte{0, 255},
	}
}

// attempts are those of the letters that a sink gives back.
func attempts(t *testing.T, s *Sink) (all []int) {
	t.Helper()
	must(t, s.Letters(t.Context(), func(data []byte) error {
		l, err := flow.ParseLetter("dead", data)
		if err == nil {
			all = append(all, l.Attempts)
		}
		return err
	}))
	return all
}

// Letters are read page by page, in the order of writing, from a table or a file that
// may not be there yet, and by another one than who writes.
func TestLetters(t *testing.T) {
	path := filepath.Join(t.TempDir(), "sub", "dead.db")
	s, err := NewSink(SinkConfig{Path: path, Table: "letters"}, connect.Output{Node: "dead", Columns: table.LetterColumns()})
	must(t, err)
	writer := s.(*Sink)
	if got := attempts(t, writer); len(got) > 0 {
		t.Errorf("letters of no file: %v", got)
	}
	must(t, writer.Open(t.Context()))
	defer writer.Close(t.Context(), false)
	const all = 3*letterPage + 1
	o := &flow.Out{}
	for i := range all {
		o.Data = table.AppendLetter(o.Data, letterOf(i))
		o.Ends = append(o.Ends, uint32(len(o.Data)))
		o.Count++
	}
	must(t, writer.Write(t.Context(), o))
	if got := attempts(t, writer); len(got) > 0 {
		t.Errorf("letters that are not committed: %v", got)
	}
	must(t, writer.Sync(t.Context()))
	got := attempts(t, writer)
	if len(got) != all {
		t.Fatalf("%d letters, not %d", len(got), all)
	}
	for i, n := range got {
		if n != i {
			t.Fatalf("letter %d is %d", i, n)
		}
	}
	// Who reads holds nobody up who writes, in the middle as well.
	stop := errors.New("enough")
	seen := 0
	err = writer.Letters(t.Context(), func([]byte) error {
		if seen++; seen == 1 {
			must(t, writer.Write(t.Context(), o))
			must(t, writer.Sync(t.Context()))
		}
		if seen > all {
			return stop
		}
		return nil
	})
	if !errors.Is(err, stop) {
		t.Errorf("it ends with %v", err)
	}
}

// A table that is not one of letters is not read as one.
func TestLettersMisfit(t *testing.T) {
	path := newDB(t, "CREATE TABLE letters (id TEXT, time TEXT)")
	s, err := NewSink(SinkConfig{Path: path, Table: "letters"}, connect.Output{Node: "dead", Columns: table.LetterColumns()})
	must(t, err)
	err = s.(*Sink).Letters(t.Context(), func([]byte) error { return nil })
	if err == nil || !strings.Contains(err.Error(), "has no column `pipeline` (TEXT)") {
		t.Errorf("the error is %v", err)
	}
}
