package scan

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/flowc-dev/flowc/bench/internal/data"
)

// What Row gives is what Line writes.
func TestRowsAreTheLines(t *testing.T) {
	path := filepath.Join(t.TempDir(), "payments.ndjson")
	if err := data.Payments(path, 2000); err != nil {
		t.Fatal(err)
	}
	lines, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	p, rows, kept := NewPayments(), NewPayments(), 0
	for len(lines) > 0 {
		var line []byte
		line, lines = NextLine(lines)
		want, err := p.Line(line, nil)
		if err != nil {
			t.Fatal(err)
		}
		row, keep, err := rows.Row(line)
		if err != nil || keep != (len(want) > 0) {
			t.Fatalf("%s: kept %v (%v), want %q", line, keep, err, want)
		}
		if !keep {
			continue
		}
		kept++
		for _, value := range [][]byte{row.ID, row.At, row.Account, row.Counterparty, row.Amount, row.Fee} {
			if len(value) == 0 || !bytes.Contains(want, append(append([]byte{'"'}, value...), '"')) {
				t.Fatalf("%q is not in %s", value, want)
			}
		}
	}
	if kept == 0 {
		t.Error("no row was kept")
	}
}
