package report

import (
	"fmt"
	"strings"
	"time"

	"github.com/flowc-dev/flowc/bench/internal/relay"
	"github.com/flowc-dev/flowc/bench/internal/stats"
	"github.com/flowc-dev/flowc/bench/internal/usage"
)

// Relay gives the section of a workload between two servers.
func Relay(w relay.Workload, rows []*relay.Row) string {
	t := Table{Header: []string{"", "events/CPU-s", "ratio (min–max)", "until the last one", "RSS MB", "result"}}
	var reference []float64
	for _, row := range rows {
		if row.Name == w.Reference {
			reference = perCPU(row.Events, row.Runs)
		}
	}
	var b strings.Builder
	for _, row := range rows {
		switch {
		case row.Wrong != "":
			t.Rows = append(t.Rows, []string{row.Name, "WRONG"})
			fmt.Fprintf(&b, "\n%s is WRONG: %s\n", row.Name, firstLine(row.Wrong))
		case row.Absent != "":
			t.Rows = append(t.Rows, []string{row.Name, "absent"})
			fmt.Fprintf(&b, "\nAbsent (%s): %s.\n", row.Absent, row.Name)
		default:
			rates := perCPU(row.Events, row.Runs)
			wall := stats.Of(each(row.Runs, func(u usage.Usage) float64 { return u.Wall.Seconds() })).Median
			t.Rows = append(t.Rows, []string{
				row.Name, count(stats.Of(rates).Median), stats.Paired(rates, reference).String(),
				time.Duration(wall * float64(time.Second)).Round(10 * time.Millisecond).String(),
				fmt.Sprintf("%.0f", stats.Of(each(row.Runs, rss)).Max), "same lines, any order",
			})
		}
	}
	return fmt.Sprintf("**%s** %s. Goal: %s.\n\n", w.ID, w.Title, w.Goal) + t.Markdown() + b.String()
}
