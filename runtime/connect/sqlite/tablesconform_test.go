package sqlite

import (
	"database/sql/driver"
	"fmt"
	"path/filepath"
	"slices"
	"testing"

	"github.com/flowc-dev/flowc/runtime/codec/row"
	"github.com/flowc-dev/flowc/runtime/connect"
	"github.com/flowc-dev/flowc/runtime/flow"
	"github.com/flowc-dev/flowc/runtime/flowtest"
)

// A sink whose records say which of three tables is theirs keeps what the interfaces
// promise. Between tables nothing keeps an order.
func TestSinkOfManyTablesConforms(t *testing.T) {
	flowtest.Sink(t, func(t testing.TB) *flowtest.SinkWorld {
		path := filepath.Join(t.TempDir(), "x.db")
		db, err := open(path, true)
		if err == nil {
			err = db.exec("PRAGMA journal_mode = WAL")
		}
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = db.close() })
		packet := func(records ...string) *flow.Out {
			o := &flow.Out{Count: len(records), Keys: [][]string{nil}}
			for _, r := range records {
				o.Data = row.AppendText(o.Data, r)
				o.Ends = append(o.Ends, uint32(len(o.Data)))
				name := fmt.Sprintf("t_%d", len(r)%3)
				if r == "bad" {
					name = "t_a.b"
				}
				o.Keys[0] = append(o.Keys[0], name)
			}
			return o
		}
		return &flowtest.SinkWorld{
			Make: func() flow.Sink {
				s, err := NewSink(SinkConfig{Path: path}, connect.Output{
					Node: "out", Columns: []connect.Column{{Name: "text", Type: "string"}},
					Keys: []string{"table"}, Literals: map[string]string{"table": "t_"},
				})
				if err != nil {
					t.Fatal(err)
				}
				return s
			},
			Packet: packet,
			Visible: func() (out []string) {
				for n := range 3 {
					name := fmt.Sprintf("t_%d", n)
					have, err := db.tableColumns(name)
					if err == nil && len(have) > 0 {
						err = db.query(t.Context(), "SELECT text FROM "+name+" ORDER BY rowid", nil, func(row []driver.Value) (bool, error) {
							out = append(out, row[0].(string))
							return true, nil
						})
					}
					if err != nil {
						t.Fatal(err)
					}
				}
				return out
			},
			Unordered: true,
			Refused: func(good ...string) (*flow.Out, []int) {
				return packet(slices.Concat([]string{"bad"}, good, []string{"bad"})...), []int{0, len(good) + 1}
			},
			Kill: func(s flow.Sink) {
				k := s.(*Sink)
				k.ready.Forget()
				_ = k.conn.close()
				k.file.leave(k)
				k.file.holder = nil
			},
		}
	})
}
