package report

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/flowc-dev/flowc/bench/internal/stats"
	"github.com/flowc-dev/flowc/bench/internal/suite"
	"github.com/flowc-dev/flowc/bench/internal/usage"
)

// Result gives the section of a workload: its table, and what was left out.
func Result(r suite.Result) string {
	var b strings.Builder
	fmt.Fprintf(&b, "**%s** %s.", r.Workload.ID, r.Workload.Title)
	if r.Workload.Goal != "" {
		fmt.Fprintf(&b, " Goal: %s.", r.Workload.Goal)
	}
	b.WriteString("\n\n")
	b.WriteString(table(r).Markdown())
	for _, row := range r.Rows {
		if row.Wrong != "" {
			fmt.Fprintf(&b, "\n%s is WRONG: %s\n", row.Contender.Name, firstLine(row.Wrong))
		}
	}
	for _, group := range byReason(r.Rows) {
		fmt.Fprintf(&b, "\nAbsent (%s): %s.\n", group.reason, strings.Join(group.names, " · "))
	}
	return b.String()
}

type absence struct {
	reason string
	names  []string
}

// byReason gathers the absent rows: several often lack the same thing.
func byReason(rows []*suite.Row) []absence {
	var all []absence
	for _, row := range rows {
		if row.Absent == "" {
			continue
		}
		i := slices.IndexFunc(all, func(a absence) bool { return a.reason == row.Absent })
		if i < 0 {
			i = len(all)
			all = append(all, absence{reason: row.Absent})
		}
		all[i].names = append(all[i].names, row.Contender.Name)
	}
	return all
}

func table(r suite.Result) Table {
	one := "events/CPU-s"
	if r.Workload.Nanoseconds {
		one = "CPU ns/event"
	}
	t := Table{Header: []string{"", one, "ratio (min–max)", "wall, 1 core", "events/s, 2 cores", "2 cores × 1", "RSS MB", "result"}}
	var reference *suite.Row
	for _, row := range r.Rows {
		if row.Contender.Name == r.Workload.Reference {
			reference = row
		}
	}
	for _, row := range r.Rows {
		switch {
		case row.Wrong != "":
			t.Rows = append(t.Rows, []string{row.Contender.Name, "WRONG"})
		case row.Absent != "":
			t.Rows = append(t.Rows, []string{row.Contender.Name, "absent"})
		default:
			t.Rows = append(t.Rows, figures(row, reference, r.Workload.Nanoseconds))
		}
	}
	return t
}

func figures(row, reference *suite.Row, nanoseconds bool) []string {
	oneCore := row.Runs[0]
	rate := perCPU(row.Events, oneCore)
	cells := []string{row.Contender.Name, count(stats.Of(rate).Median)}
	if nanoseconds {
		cells[1] = fmt.Sprintf("%.1f", 1e9/stats.Of(rate).Median)
	}
	ratio := ""
	if reference != nil && len(reference.Runs[0]) > 0 {
		ratio = stats.Paired(rate, perCPU(reference.Events, reference.Runs[0])).String()
	}
	wall := each(oneCore, func(u usage.Usage) float64 { return u.Wall.Seconds() })
	cells = append(cells, ratio, time.Duration(stats.Of(wall).Median*float64(time.Second)).Round(time.Millisecond).String())
	peak := each(oneCore, rss)
	if len(row.Runs) > 1 {
		twoCores := row.Runs[1]
		rates := each(twoCores, func(u usage.Usage) float64 { return float64(row.Events) / u.Wall.Seconds() })
		faster := stats.Paired(wall, each(twoCores, func(u usage.Usage) float64 { return u.Wall.Seconds() }))
		cells = append(cells, count(stats.Of(rates).Median), fmt.Sprintf("%.2f", faster.Median))
		peak = append(peak, each(twoCores, rss)...)
	} else {
		cells = append(cells, "", "")
	}
	return append(cells, fmt.Sprintf("%.0f", stats.Of(peak).Max), row.Contender.Rule.String())
}

func rss(u usage.Usage) float64 { return float64(u.MaxRSS) / (1 << 20) }

func perCPU(events int, runs []usage.Usage) []float64 {
	return each(runs, func(u usage.Usage) float64 { return float64(events) / u.CPU().Seconds() })
}

func each(runs []usage.Usage, figure func(usage.Usage) float64) []float64 {
	figures := make([]float64, len(runs))
	for i, u := range runs {
		figures[i] = figure(u)
	}
	return figures
}

// count gives a rate as the tables of the design have it: 2.4M, .71M, 82k.
func count(v float64) string {
	switch {
	case v >= 1e7:
		return fmt.Sprintf("%.0fM", v/1e6)
	case v >= 1e6:
		return fmt.Sprintf("%.2fM", v/1e6)
	case v >= 1e5:
		return strings.TrimPrefix(fmt.Sprintf("%.2fM", v/1e6), "0")
	case v >= 1e3:
		return fmt.Sprintf("%.0fk", v/1e3)
	}
	return fmt.Sprintf("%.0f", v)
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	return line
}
