//go:build unix

package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/parquet-go/parquet-go"

	"github.com/flowc-dev/flowc/runtime/flowtest"
)

// A chaosRow is a record of the chaos worlds, as the library itself reads and
// writes it: it knows nothing of how flowc makes files.
type chaosRow struct {
	ID  int64  `parquet:"id"`
	Key string `parquet:"key"`
	Pad string `parquet:"pad"`
}

// columns reads Parquet files, those that were rotated in the order of their
// numbers and before the one that has no number.
func (r *chaosRun) columns(t *testing.T, pattern string) flowtest.Place {
	t.Helper()
	p := flowtest.Place{Name: pattern}
	files, err := filepath.Glob(r.path(pattern))
	if err != nil {
		t.Fatal(err)
	}
	slices.SortFunc(files, func(a, b string) int {
		last := func(path string) string { return strings.Replace(path, "t.parquet", "t-~.parquet", 1) }
		return strings.Compare(last(a), last(b))
	})
	for _, f := range files {
		rows, err := parquet.ReadFile[chaosRow](f)
		if err != nil {
			t.Fatalf("%s: %v", f, err)
		}
		for _, row := range rows {
			pad, err := json.Marshal(row.Pad)
			if err != nil {
				t.Fatal(err)
			}
			p.Records = append(p.Records, flowtest.Found{ID: strconv.FormatInt(row.ID, 10), Data: fmt.Appendf(nil, `{"id":%d,"key":"%s","pad":%s}`, row.ID, row.Key, pad)})
		}
	}
	err = filepath.WalkDir(r.dir, func(path string, d os.DirEntry, err error) error {
		if err == nil && strings.Contains(d.Name(), ".rows-") {
			t.Errorf("%s is left over", path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// tables writes the input of a run into Parquet files of several row groups.
func (r *chaosRun) tables(t *testing.T, files, each int) {
	t.Helper()
	if err := os.Mkdir(r.path("in"), 0o755); err != nil {
		t.Fatal(err)
	}
	var records []flowtest.Record
	for i := range files {
		var rows []chaosRow
		for id := i * each; id < (i+1)*each; id++ {
			record := chaosRecord(id)
			var row chaosRow
			if err := json.Unmarshal(record.Data, &row); err != nil {
				t.Fatal(err)
			}
			rows, records = append(rows, row), append(records, record)
		}
		if err := parquet.WriteFile(r.path(fmt.Sprintf("in/%d.parquet", i)), rows, parquet.MaxRowsPerRowGroup(7000), parquet.PageBufferSize(8<<10)); err != nil {
			t.Fatal(err)
		}
	}
	if err := r.ledger.Promise(records...); err != nil {
		t.Error(err)
	}
}
