package report

import (
	"fmt"

	"github.com/flowc-dev/flowc/bench/internal/costs"
	"github.com/flowc-dev/flowc/bench/internal/stats"
)

// Planned gives the section of what `flowc plan` says beside what programs take.
func Planned(rows []costs.Row) string {
	t := Table{Header: []string{"", "taken, ns a record (min–max)", "by a sample", "ratio", "by the table", "ratio"}}
	for _, row := range rows {
		taken := stats.Of(row.Taken)
		t.Rows = append(t.Rows, []string{
			row.Pipeline, fmt.Sprintf("%.0f (%.0f–%.0f)", taken.Median, taken.Min, taken.Max),
			fmt.Sprintf("%.0f", row.BySample), fmt.Sprintf("%.2f", row.BySample/taken.Median),
			fmt.Sprintf("%.0f", row.ByTable), fmt.Sprintf("%.2f", row.ByTable/taken.Median),
		})
	}
	return "**`flowc plan`** beside what pipelines take that its table was not made from: processor time for a record, on one core; what filters let through is a sample's in both. Goal: ratios of 0.7 to 1.3.\n\n" + t.Markdown()
}
