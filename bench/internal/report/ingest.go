package report

import (
	"fmt"
	"strings"
	"time"

	"github.com/flowc-dev/flowc/bench/internal/ingest"
	"github.com/flowc-dev/flowc/bench/internal/load/result"
	"github.com/flowc-dev/flowc/bench/internal/stats"
)

// Ingest gives the section of a workload of servers.
func Ingest(w ingest.Workload, rows []*ingest.Row) string {
	t := Table{Header: []string{"", "requests/s", "ratio (min–max)"}}
	for _, part := range ingest.Loads {
		t.Header = append(t.Header, fmt.Sprintf("p50 / p99 / p99.9 at %.0f %%", 100*part))
	}
	t.Header = append(t.Header, "RSS MB", "result")
	var reference []float64
	for _, row := range rows {
		if row.Server.Name == w.Reference {
			reference = most(row)
		}
	}
	var b strings.Builder
	for _, row := range rows {
		switch {
		case row.Wrong != "":
			t.Rows = append(t.Rows, []string{row.Server.Name, "WRONG"})
			fmt.Fprintf(&b, "\n%s is WRONG: %s\n", row.Server.Name, firstLine(row.Wrong))
		case row.Absent != "":
			t.Rows = append(t.Rows, []string{row.Server.Name, "absent"})
			fmt.Fprintf(&b, "\nAbsent (%s): %s.\n", row.Absent, row.Server.Name)
		default:
			t.Rows = append(t.Rows, ingestFigures(row, reference))
		}
	}
	return fmt.Sprintf("**%s** %s. Goal: %s.\n\n", w.ID, w.Title, w.Goal) + t.Markdown() + b.String()
}

func ingestFigures(row *ingest.Row, reference []float64) []string {
	rates := most(row)
	cells := []string{row.Server.Name, count(stats.Of(rates).Median), stats.Paired(rates, reference).String()}
	for i := range ingest.Loads {
		quantile := func(of func(result.Phase) time.Duration) string {
			var all []float64
			for _, r := range row.Rounds {
				all = append(all, float64(of(r.Loads[i])))
			}
			return short(time.Duration(stats.Of(all).Median))
		}
		cells = append(cells, strings.Join([]string{
			quantile(func(p result.Phase) time.Duration { return p.P50 }),
			quantile(func(p result.Phase) time.Duration { return p.P99 }),
			quantile(func(p result.Phase) time.Duration { return p.P999 }),
		}, " / "))
	}
	var peak []float64
	for _, r := range row.Rounds {
		peak = append(peak, rss(r.Usage))
	}
	kind := "same lines, any order"
	if !row.Server.Writes {
		kind = "none"
	}
	return append(cells, fmt.Sprintf("%.0f", stats.Of(peak).Max), kind)
}

func most(row *ingest.Row) []float64 {
	var rates []float64
	for _, r := range row.Rounds {
		rates = append(rates, r.Most.PerSecond())
	}
	return rates
}

// short gives a duration with two or three digits: 84µs, 1.2ms.
func short(d time.Duration) string {
	switch {
	case d < time.Millisecond:
		return fmt.Sprintf("%dµs", d.Microseconds())
	case d < 100*time.Millisecond:
		return fmt.Sprintf("%.1fms", d.Seconds()*1e3)
	}
	return fmt.Sprintf("%.0fms", d.Seconds()*1e3)
}
