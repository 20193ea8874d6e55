package postgres

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/flowc-dev/flowc/runtime/connect"
	"github.com/flowc-dev/flowc/runtime/connect/postgres/pgtest"
	"github.com/flowc-dev/flowc/runtime/flow"
	"github.com/flowc-dev/flowc/runtime/flowtest"
)

// Changes keep what the interfaces promise: what is there at first, and what comes,
// with a server that goes away.
func TestChangesConform(t *testing.T) {
	server, worlds := pgtest.New(t), 0
	flowtest.Source(t, func(t testing.TB) *flowtest.SourceWorld {
		worlds++
		table := fmt.Sprintf("changed%d", worlds)
		// A row a page, so that rows stand in the table in the order in which they came.
		server.Exec(`CREATE TABLE ` + table + ` (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, text text, pad text NOT NULL DEFAULT repeat('x', 4200));
ALTER TABLE ` + table + ` ALTER pad SET STORAGE PLAIN; ALTER TABLE ` + table + ` REPLICA IDENTITY FULL`)
		t.Cleanup(func() { dropSlot(t, server, slotName("p", table)) })
		return &flowtest.SourceWorld{
			Make: func() flow.Source {
				s, err := NewSource(SourceConfig{DSN: server.DSN(), Table: table}, connect.Input{Node: table, Pipeline: "p", Changes: true, Columns: []connect.Column{{Name: "text", Type: "string"}}})
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
					var v struct{ After struct{ Text string } }
					if err := json.Unmarshal([]byte(line), &v); err != nil {
						v.After.Text = "no JSON: " + line
					}
					out = append(out, v.After.Text)
				}
				return out
			},
			Acked: func() string { // the server takes note when it has a moment
				last := ""
				for {
					now := server.Exec(`SELECT confirmed_flush_lsn FROM pg_replication_slots WHERE slot_name = '` + slotName("p", table) + `'`)[0]
					if now == last {
						return now
					}
					last = now
					time.Sleep(300 * time.Millisecond)
				}
			},
			Stop:  server.Stop,
			Start: server.Start,
		}
	})
}

// dropSlot drops a slot that nobody uses any more, in a moment.
func dropSlot(t testing.TB, server *pgtest.Server, name string) {
	t.Helper()
	for range 500 {
		if _, err := server.Try(`SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = '` + name + `'`); err == nil {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Errorf("the slot %s stays in use", name)
}
