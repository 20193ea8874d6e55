package postgres

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/flowc-dev/flowc/runtime/codec/row"
	"github.com/flowc-dev/flowc/runtime/connect"
	"github.com/flowc-dev/flowc/runtime/connect/postgres/pgtest"
	"github.com/flowc-dev/flowc/runtime/flow"
)

var idName = []connect.Column{{Name: "id", Type: "int64"}, {Name: "name", Type: "string", Optional: true}}

// idNames makes a packet of records of idName; a name that is empty is missing.
func idNames(pairs ...any) *flow.Out {
	o := &flow.Out{}
	for i := 0; i < len(pairs); i += 2 {
		o.Data = row.AppendInt(o.Data, int64(pairs[i].(int)))
		if name := pairs[i+1].(string); name != "" {
			o.Data = row.AppendText(o.Data, name)
		} else {
			o.Data = row.AppendNull(o.Data)
		}
		o.Ends = append(o.Ends, uint32(len(o.Data)))
		o.Count++
	}
	return o
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func openSink(t *testing.T, server *pgtest.Server, c SinkConfig, columns []connect.Column) *Sink {
	t.Helper()
	c.DSN = server.DSN()
	s, err := NewSink(c, connect.Output{Node: "out", Columns: columns})
	if err == nil {
		err = s.Open(t.Context())
	}
	must(t, err)
	t.Cleanup(func() { _ = s.Close(context.Background(), false) })
	return s.(*Sink)
}

// failedOf are the errors of single records.
func failedOf(t *testing.T, err error) map[int]error {
	t.Helper()
	var partial *flow.PartialError
	if !errors.As(err, &partial) {
		t.Fatalf("no error of single records: %v", err)
	}
	return partial.Failed
}

func wantRows(t *testing.T, server *pgtest.Server, sql string, want ...string) {
	t.Helper()
	if got := server.Exec(sql); strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("%s: %q, not %q", sql, got, want)
	}
}

// readAll reads to the end; from is a position, nil for the start.
func readAll(t *testing.T, server *pgtest.Server, c SourceConfig, wanted []connect.Column, from json.RawMessage) (lines string, last json.RawMessage) {
	t.Helper()
	c.DSN = server.DSN()
	s, err := NewSource(c, connect.Input{Node: "in", Columns: wanted})
	must(t, err)
	if from != nil {
		must(t, s.(flow.Seeker).Seek(t.Context(), map[string]json.RawMessage{"": from}))
	}
	must(t, s.Open(t.Context()))
	defer s.Close(context.Background())
	var b strings.Builder
	for {
		batch := &flow.Batch{Data: make([]byte, 0, flow.BlockSize)}
		err := s.Read(t.Context(), batch)
		if err == io.EOF {
			return b.String(), last
		}
		must(t, err)
		b.Write(batch.Data)
		last, err = json.Marshal(batch.Position)
		must(t, err)
	}
}
