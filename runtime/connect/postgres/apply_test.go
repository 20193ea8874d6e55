package postgres

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/flowc-dev/flowc/runtime/codec/row"
	"github.com/flowc-dev/flowc/runtime/connect"
	"github.com/flowc-dev/flowc/runtime/connect/postgres/pgtest"
	"github.com/flowc-dev/flowc/runtime/connect/table/tabletest"
	"github.com/flowc-dev/flowc/runtime/flow"
)

// Changes leave the table as if each had been made by itself, in its order, however
// many come at once, and whatever else the table has.
func TestApply(t *testing.T) {
	server := pgtest.New(t)
	for seed := range uint64(6) {
		name := fmt.Sprintf("applied%d", seed)
		server.Exec(`CREATE TABLE ` + name + ` (b varchar(5), a int, n numeric(10,0) UNIQUE, text text, more text DEFAULT 'm', PRIMARY KEY (a, b))`)
		s, err := NewSink(SinkConfig{DSN: server.DSN(), Table: name, Key: tabletest.Key}, connect.Output{Node: "out", Columns: tabletest.Columns, Changes: true})
		must(t, err)
		must(t, s.Open(t.Context()))
		table := tabletest.New(seed)
		for i := range 40 {
			must(t, s.Write(t.Context(), table.Packet(1+int(seed)*i*3)))
			if i%7 == 0 {
				must(t, s.Sync(t.Context()))
			}
		}
		must(t, s.Sync(t.Context()))
		got := server.Exec("SELECT a, b, n, text FROM " + name)
		slices.Sort(got)
		if want := table.Rows(); !slices.Equal(got, want) {
			t.Errorf("seed %d: the table holds\n%v\nand not\n%v", seed, got, want)
		}
		must(t, s.Close(t.Context(), true))
	}
}

// One change of many that the table does not take, or that says too little, fails
// alone.
func TestApplyRefuses(t *testing.T) {
	server := pgtest.New(t)
	server.Exec(`CREATE TABLE refuses (id bigint PRIMARY KEY, name text CHECK (name <> 'bad'))`)
	s, err := NewSink(SinkConfig{DSN: server.DSN(), Table: "refuses", Key: []string{"id"}}, connect.Output{Node: "out", Columns: idName, Changes: true})
	must(t, err)
	must(t, s.Open(t.Context()))
	defer s.Close(t.Context(), false)
	put := func(o *flow.Out, op string, unchanged []string, id int, name string) {
		o.Data = row.AppendNull(row.AppendChange(o.Data, op, unchanged))
		o.Data = row.AppendText(row.AppendInt(row.AppendRow(o.Data), int64(id)), name)
		o.Ends, o.Count = append(o.Ends, uint32(len(o.Data))), o.Count+1
	}
	o := &flow.Out{}
	put(o, "insert", nil, 1, "one")
	put(o, "insert", nil, 2, "bad")
	put(o, "delete", nil, 1, "one") // it has an after, and no before
	put(o, "merge", nil, 3, "three")
	put(o, "insert", []string{"name"}, 4, "")
	put(o, "update", []string{"id"}, 4, "four")
	put(o, "update", []string{"name"}, 5, "") // of no row
	put(o, "update", nil, 6, "six")
	failed := failedOf(t, s.Write(t.Context(), o))
	for i, want := range map[int]string{
		1: "violates check constraint", 2: "the delete does not say which row it took", 3: "`op` is \"merge\"", 4: "the insert lacks values", 5: "the key is among the values that are not known",
	} {
		if failed[i] == nil || !strings.Contains(failed[i].Error(), want) {
			t.Errorf("change %d: not %q: %v", i, want, failed[i])
		}
	}
	if len(failed) != 5 {
		t.Errorf("%d changes failed: %v", len(failed), failed)
	}
	must(t, s.Sync(t.Context()))
	wantRows(t, server, "SELECT * FROM refuses ORDER BY id", "1|one", "6|six")
	if _, err := NewSink(SinkConfig{DSN: server.DSN(), Table: "refuses"}, connect.Output{Columns: idName, Changes: true}); err == nil {
		t.Error("changes are applied without a key")
	}
}
