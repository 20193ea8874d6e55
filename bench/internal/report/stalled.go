package report

import (
	"fmt"
	"strings"

	"github.com/flowc-dev/flowc/bench/internal/stalled"
)

// Stalled gives the section of what is held while a sink stands still.
func Stalled(rows []stalled.Row) string {
	t := Table{Header: []string{"records of", "input", "RSS", "bound, as `explain` says", "ratio"}}
	var b strings.Builder
	for _, row := range rows {
		switch {
		case row.Absent != "":
			fmt.Fprintf(&b, "\nAbsent: %s.\n", row.Absent)
			continue
		case row.Wrong != "":
			t.Rows = append(t.Rows, []string{size(row.Record), "WRONG"})
			fmt.Fprintf(&b, "\nRecords of %s are WRONG: %s\n", size(row.Record), firstLine(row.Wrong))
			continue
		}
		t.Rows = append(t.Rows, []string{
			size(row.Record), size(row.Input), size(row.RSS), size(row.Bound), fmt.Sprintf("%.2f", float64(row.RSS)/float64(row.Bound)),
		})
	}
	return "**Memory with a stalled sink**: a file into an HTTP server that takes one request and never answers. Goal: RSS ≤ the bound.\n\n" + t.Markdown() + b.String()
}

// size gives a number of bytes as people write it: 1 KB, 97 MB.
func size(n int64) string {
	switch {
	case n >= 1<<20:
		return fmt.Sprintf("%d MB", n>>20)
	case n >= 1<<10:
		return fmt.Sprintf("%d KB", n>>10)
	}
	return fmt.Sprintf("%d B", n)
}
