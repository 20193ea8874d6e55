package report

import (
	"fmt"
	"strings"

	"github.com/flowc-dev/flowc/bench/internal/compile"
)

// Compile gives the section of the compiler's own figures.
func Compile(rows []compile.Row) string {
	t := Table{Header: []string{"", "goal", "median", "min–max"}}
	var b strings.Builder
	reasons := map[string]bool{}
	for _, row := range rows {
		if row.Absent != "" {
			t.Rows = append(t.Rows, []string{row.What, row.Goal, "absent"})
			if !reasons[row.Absent] {
				reasons[row.Absent] = true
				fmt.Fprintf(&b, "\nAbsent: %s.\n", row.Absent)
			}
			continue
		}
		r, unit := row.Range(), func(v float64) string { return fmt.Sprintf("%.0f ms", v*1e3) }
		if row.Bytes {
			unit = func(v float64) string { return fmt.Sprintf("%.1f MB", v/1e6) }
		}
		t.Rows = append(t.Rows, []string{row.What, row.Goal, unit(r.Median), unit(r.Min) + "–" + unit(r.Max)})
	}
	return "**The compiler** (time on the clock).\n\n" + t.Markdown() + b.String()
}
