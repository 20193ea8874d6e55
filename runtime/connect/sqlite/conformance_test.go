package sqlite

import (
	"database/sql/driver"
	"encoding/json"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/flowc-dev/flowc/runtime/codec/row"
	"github.com/flowc-dev/flowc/runtime/connect"
	"github.com/flowc-dev/flowc/runtime/flow"
	"github.com/flowc-dev/flowc/runtime/flowtest"
)

// holding is a database that another program can hold for itself alone, which is
// how SQLite goes away.
func holding(t testing.TB, path string) (stop, start func()) {
	var other *conn
	end := func() {
		if other != nil {
			_ = other.exec("ROLLBACK")
			_ = other.close()
			other = nil
		}
	}
	t.Cleanup(end)
	return func() {
		var err error
		if other, err = open(path, true); err == nil {
			err = other.exec("BEGIN EXCLUSIVE")
		}
		if err != nil {
			t.Fatal(err)
		}
	}, end
}

// A table keeps what the interfaces promise, read once, again and again, or in
// chunks.
func TestSourceConforms(t *testing.T) {
	for name, every := range map[string]time.Duration{"once": 0, "every": time.Millisecond, "range": 0} {
		t.Run(name, func(t *testing.T) {
			flowtest.Source(t, func(t testing.TB) *flowtest.SourceWorld {
				path := filepath.Join(t.TempDir(), "x.db")
				run := func(statement string, args ...driver.Value) {
					c, err := open(path, true)
					if err == nil {
						err = c.query(t.Context(), statement, values(args...), func([]driver.Value) (bool, error) { return true, nil })
					}
					if err != nil {
						t.Fatal(err)
					}
					_ = c.close()
				}
				run(`CREATE TABLE t (id INTEGER PRIMARY KEY, text TEXT)`)
				w := &flowtest.SourceWorld{
					Make: func() flow.Source {
						s, err := NewSource(SourceConfig{Path: path, Table: "t", Key: "id", Every: every}, connect.Input{Node: "in"})
						if err != nil {
							t.Fatal(err)
						}
						return s
					},
					Range: func(from, to, parallel int) flow.Source {
						asked := connect.Range{Parallel: parallel}
						if from >= 0 {
							asked.From = strconv.Itoa(from + 1)
						}
						if to >= 0 {
							asked.To = strconv.Itoa(to + 1)
						}
						s, err := NewSource(SourceConfig{Path: path, Table: "t", Key: "id"}, connect.Input{Node: "in", Range: &asked})
						if err != nil {
							t.Fatal(err)
						}
						return s
					},
					Feed: func(records ...string) {
						list, err := json.Marshal(records)
						if err != nil {
							t.Fatal(err)
						}
						run(`INSERT INTO t (text) SELECT value FROM json_each(?) ORDER BY key`, string(list))
					},
					Records: func(b *flow.Batch) (out []string) {
						for line := range strings.Lines(string(b.Data)) {
							var v struct{ Text string }
							if err := json.Unmarshal([]byte(line), &v); err != nil {
								v.Text = "no JSON: " + line
							}
							out = append(out, v.Text)
						}
						return out
					},
				}
				w.Stop, w.Start = holding(t, path)
				if name == "range" {
					w.Make, w.Fixed = func() flow.Source { return w.Range(-1, -1, 3) }, true
				} else if every > 0 {
					w.Range = nil
				}
				return w
			})
		})
	}
}

// So does a table that is written, with and without a key, or by changes. It does not go away: who
// has a transaction open has the file.
func TestSinkConforms(t *testing.T) {
	for name, c := range map[string]struct {
		key   []string
		table string
	}{
		"insert":  {nil, `CREATE TABLE t (text TEXT NOT NULL CHECK (text <> 'bad'))`},
		"upsert":  {[]string{"text"}, `CREATE TABLE t (text TEXT NOT NULL UNIQUE CHECK (text <> 'bad'))`},
		"changes": {[]string{"text"}, `CREATE TABLE t (text TEXT NOT NULL UNIQUE CHECK (text <> 'bad'))`},
	} {
		t.Run(name, func(t *testing.T) {
			flowtest.Sink(t, func(t testing.TB) *flowtest.SinkWorld {
				path := filepath.Join(t.TempDir(), "x.db")
				db, err := open(path, true)
				if err == nil {
					err = db.exec("PRAGMA journal_mode = WAL")
				}
				if err == nil {
					err = db.exec(c.table)
				}
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() { _ = db.close() })
				packet := func(records ...string) *flow.Out {
					o := &flow.Out{Count: len(records)}
					for _, r := range records {
						if name == "changes" {
							o.Data = row.AppendRow(row.AppendNull(row.AppendChange(o.Data, "insert", nil)))
						}
						o.Data = row.AppendText(o.Data, r)
						o.Ends = append(o.Ends, uint32(len(o.Data)))
					}
					return o
				}
				return &flowtest.SinkWorld{
					Make: func() flow.Sink {
						s, err := NewSink(SinkConfig{Path: path, Table: "t", Key: c.key}, connect.Output{Node: "out", Changes: name == "changes", Columns: []connect.Column{{Name: "text", Type: "string"}}})
						if err != nil {
							t.Fatal(err)
						}
						return s
					},
					Packet: packet,
					Visible: func() (out []string) {
						err := db.query(t.Context(), "SELECT text FROM t ORDER BY rowid", nil, func(row []driver.Value) (bool, error) {
							out = append(out, row[0].(string))
							return true, nil
						})
						if err != nil {
							t.Fatal(err)
						}
						return out
					},
					Refused: func(good ...string) (*flow.Out, []int) {
						return packet(slices.Concat([]string{"bad"}, good, []string{"bad"})...), []int{0, len(good) + 1}
					},
					Kill: func(s flow.Sink) {
						k := s.(*Sink)
						_ = k.insert.(driver.Stmt).Close()
						_ = k.changes.close()
						_ = k.conn.close()
						k.file.leave(k)
						k.file.holder = nil
					},
				}
			})
		})
	}
}
