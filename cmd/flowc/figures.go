package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/flowc-dev/flowc/backends/deploy"
)

// showFigures prints what a program says of itself: its nodes, what waits, the components
// beside it, and what is wrong.
func showFigures(w io.Writer, f *deploy.Figures) {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "  \tin\tout\tfiltered\tdead\tdropped\tfailed\tretried\trate\t  ")
	for i := range f.Nodes {
		n := &f.Nodes[i]
		fmt.Fprintf(t, "  %s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t  %s\n", n.Name, count(n.In), count(n.Out), count(n.Filtered), count(n.Dead), count(n.Dropped),
			count(n.Failed), count(n.Retried), perSecond(n.Rate), progressOf(n))
	}
	_ = t.Flush()
	var facts []string
	if c := f.Checkpoint; c != nil {
		facts = append(facts, fmt.Sprintf("checkpoint %d, %s old", c.Generation, seconds(c.Age)))
	}
	packets, bytes := 0, 0
	for _, q := range f.Queues {
		packets += q.Packets
		bytes += q.Bytes
	}
	if packets > 0 {
		facts = append(facts, fmt.Sprintf("%d batches wait (%s)", packets, byteSize(int64(bytes))))
	}
	if f.Waiting > 0 {
		facts = append(facts, fmt.Sprintf("%d senders wait", f.Waiting))
	}
	facts = append(facts, "memory "+byteSize(int64(f.Memory)), "running for "+seconds(f.Seconds))
	fmt.Fprintf(w, "  %s\n", strings.Join(facts, " · "))
	for _, c := range f.Components {
		fmt.Fprintf(w, "  component %s: %s", c.Name, c.State)
		if c.PID > 0 {
			fmt.Fprintf(w, ", process %d", c.PID)
		}
		if c.Restarts > 0 {
			fmt.Fprintf(w, ", started again %s", times(c.Restarts))
		}
		fmt.Fprintln(w)
	}
	for i := range f.Nodes {
		if ill := f.Nodes[i].Ill; ill != "" {
			fmt.Fprintf(w, "  %s: %s\n", f.Nodes[i].Name, firstLine(ill))
		}
	}
}

// count is a number, and nothing for none.
func count(n int64) string {
	if n == 0 {
		return "-"
	}
	return deploy.Grouped(n)
}

// progressOf is how far a source has got, where that is known.
func progressOf(n *deploy.NodeFigures) string {
	var parts []string
	switch {
	case n.Done != nil:
		parts = append(parts, fmt.Sprintf("%d%%", int(*n.Done*100)))
	case n.Total > 0 && n.Bytes <= n.Total:
		parts = append(parts, fmt.Sprintf("%d%% of %s", n.Bytes*100/n.Total, byteSize(n.Total)))
	case n.Bytes > 0:
		parts = append(parts, byteSize(n.Bytes))
	}
	if n.Left != nil {
		parts = append(parts, seconds(*n.Left)+" left")
	}
	if n.Lag != nil {
		parts = append(parts, deploy.Grouped(*n.Lag)+" wait")
	}
	return strings.Join(parts, ", ")
}

// seconds is a time in seconds, for people.
func seconds(s float64) string {
	d := time.Duration(s * float64(time.Second))
	if d < 10*time.Second {
		return d.Round(100 * time.Millisecond).String()
	}
	return d.Round(time.Second).String()
}

// byteSize is a number of bytes, for people.
func byteSize(n int64) string {
	const kib = 1 << 10
	if n < kib {
		return fmt.Sprintf("%d B", n)
	}
	size, unit := float64(n)/kib, 0
	for size >= kib && unit < 3 {
		size /= kib
		unit++
	}
	return fmt.Sprintf("%.1f %s", size, []string{"KiB", "MiB", "GiB", "TiB"}[unit])
}

// watch looks again and again and shows what it sees, until all of it has ended or somebody
// no longer looks. As JSON each look is a line.
func (a *app) watch(every time.Duration, look func() (*statusResult, error)) error {
	terminal := isTerminal(a.stdout)
	for first := true; ; first = false {
		res, err := look()
		if err != nil {
			return err
		}
		switch {
		case a.format == "json":
			if err := json.NewEncoder(a.stdout).Encode(res); err != nil {
				return environment(err)
			}
			a.printed = true
		case terminal:
			fmt.Fprint(a.stdout, "\x1b[H\x1b[2J")
			res.show(a.stdout)
		default:
			if !first {
				fmt.Fprintln(a.stdout)
			}
			res.show(a.stdout)
		}
		if res.over() {
			return nil
		}
		select {
		case <-a.ctx.Done():
			return nil // that is how one stops to look
		case <-time.After(every):
		}
	}
}

// over tells whether nothing more comes: all runs have ended.
func (r *statusResult) over() bool {
	for _, run := range r.Runs {
		if run.State != deploy.Ended && run.State != deploy.Stopped && run.State != deploy.Failed {
			return false
		}
	}
	return len(r.Runs) > 0
}
