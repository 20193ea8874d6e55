package sqlite

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/flowc-dev/flowc/runtime/codec/row"
	"github.com/flowc-dev/flowc/runtime/connect"
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

// newDB is a database with what SQL makes of it.
func newDB(t *testing.T, statements ...string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "test?%41.db") // a name that a URL must not take apart
	sql(t, path, statements...)
	return path
}

// sql runs statements.
func sql(t *testing.T, path string, statements ...string) {
	t.Helper()
	c, err := open(path, true)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range statements {
		if err := c.exec(s); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
	if err := c.close(); err != nil {
		t.Fatal(err)
	}
}

// rowsOf are the rows of a query, a line each.
func rowsOf(t *testing.T, path, query string) string {
	t.Helper()
	c, err := open(path, false)
	if err != nil {
		t.Fatal(err)
	}
	defer c.close()
	var b strings.Builder
	err = c.query(context.Background(), query, nil, func(row []driver.Value) (bool, error) {
		for i, v := range row {
			if i > 0 {
				b.WriteByte('|')
			}
			if v != nil {
				fmt.Fprintf(&b, "%v", v)
			}
		}
		b.WriteByte('\n')
		return true, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// openSink makes a sink and opens it.
func openSink(t *testing.T, c SinkConfig, columns []connect.Column) *Sink {
	t.Helper()
	s, err := NewSink(c, connect.Output{Node: "out", Columns: columns})
	if err == nil {
		err = s.Open(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close(context.Background(), false) })
	return s.(*Sink)
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
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
