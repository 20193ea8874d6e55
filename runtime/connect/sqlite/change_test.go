package sqlite

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/flowc-dev/flowc/runtime/connect"
	"github.com/flowc-dev/flowc/runtime/connect/table/tabletest"
)

// Changes leave the table as if each had been made by itself, in its order.
func TestChanges(t *testing.T) {
	for seed := range uint64(6) {
		path := filepath.Join(t.TempDir(), "t.db")
		s, err := NewSink(SinkConfig{Path: path, Table: "t", Key: tabletest.Key}, connect.Output{Node: "out", Columns: tabletest.Columns, Changes: true})
		must(t, err)
		must(t, s.Open(t.Context()))
		table := tabletest.New(seed)
		for i := range 40 {
			must(t, s.Write(t.Context(), table.Packet(1+i*3)))
			if i%7 == 0 {
				must(t, s.Sync(t.Context()))
			}
		}
		must(t, s.Sync(t.Context()))
		must(t, s.Close(t.Context(), true))
		got := strings.Split(strings.TrimSuffix(rowsOf(t, path, "SELECT a || '|' || b || '|' || n || '|' || coalesce(text, 'NULL') FROM t"), "\n"), "\n")
		slices.Sort(got)
		if want := table.Rows(); !slices.Equal(got, want) {
			t.Errorf("seed %d: the table holds\n%v\nand not\n%v", seed, got, want)
		}
	}
	if _, err := NewSink(SinkConfig{Path: "t.db", Table: "t"}, connect.Output{Columns: tabletest.Columns, Changes: true}); err == nil {
		t.Error("changes are applied without a key")
	}
}
