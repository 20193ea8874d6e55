package postgres

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/flowc-dev/flowc/runtime/codec/row"
	"github.com/flowc-dev/flowc/runtime/connect"
	"github.com/flowc-dev/flowc/runtime/connect/postgres/pgtest"
	"github.com/flowc-dev/flowc/runtime/flow"
	"github.com/flowc-dev/flowc/runtime/flowtest"
)

// A table keeps what the interfaces promise, read once, again and again, or in
// chunks, with a server that goes away.
func TestSourceConforms(t *testing.T) {
	server, worlds := pgtest.New(t), 0
	for name, every := range map[string]time.Duration{"once": 0, "every": time.Millisecond, "range": 0} {
		t.Run(name, func(t *testing.T) {
			flowtest.Source(t, func(t testing.TB) *flowtest.SourceWorld {
				worlds++
				table := fmt.Sprintf("read%d", worlds)
				server.Exec(`CREATE TABLE ` + table + ` (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, text text)`)
				w := &flowtest.SourceWorld{
					Make: func() flow.Source {
						s, err := NewSource(SourceConfig{DSN: server.DSN(), Table: table, Key: "id", Every: every}, connect.Input{Node: "in"})
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
						s, err := NewSource(SourceConfig{DSN: server.DSN(), Table: table, Key: "id"}, connect.Input{Node: "in", Range: &asked})
						if err != nil {
							t.Fatal(err)
						}
						return s
					},
					Feed: func(records ...string) {
						var list []string
						for _, r := range records {
							list = append(list, "('"+strings.ReplaceAll(r, "'", "''")+"')")
						}
						server.Exec(`INSERT INTO ` + table + ` (text) VALUES ` + strings.Join(list, ", "))
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
					Stop:  server.Stop,
					Start: server.Start,
				}
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

// So does a table that is written, with and without a key, or by changes.
func TestSinkConforms(t *testing.T) {
	server, worlds := pgtest.New(t), 0
	for name, c := range map[string]struct {
		key     []string
		unique  string
		longest int // an index holds no more
	}{"insert": {}, "upsert": {[]string{"text"}, ", UNIQUE (text)", 2000}, "changes": {[]string{"text"}, ", UNIQUE (text)", 2000}} {
		t.Run(name, func(t *testing.T) {
			flowtest.Sink(t, func(t testing.TB) *flowtest.SinkWorld {
				worlds++
				table := fmt.Sprintf("written%d", worlds)
				server.Exec(`CREATE TABLE ` + table + ` (n bigint GENERATED ALWAYS AS IDENTITY, text text NOT NULL CHECK (text <> 'bad')` + c.unique + `)`)
				server.Exec(`DROP TABLE IF EXISTS flowc_checkpoints`)
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
						s, err := NewSink(SinkConfig{DSN: server.DSN(), Table: table, Key: c.key}, connect.Output{Node: "out", Changes: name == "changes", Columns: []connect.Column{{Name: "text", Type: "string"}}})
						if err != nil {
							t.Fatal(err)
						}
						return s
					},
					Packet:  packet,
					Visible: func() []string { return server.Exec(`SELECT text FROM ` + table + ` ORDER BY n`) },
					Longest: c.longest,
					Refused: func(good ...string) (*flow.Out, []int) {
						return packet(slices.Concat([]string{"bad"}, good, []string{"bad"})...), []int{0, len(good) + 1}
					},
					Kill:  func(s flow.Sink) { _ = s.(*Sink).server.conn.Conn().Close() },
					Stop:  server.Stop,
					Start: server.Start,
				}
			})
		})
	}
}
