package program

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"path/filepath"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/flowc-dev/flowc/runtime/flow"
)

// A teller tells people, or machines, how the run goes and how it ended.
type teller struct {
	w        io.Writer
	name     string
	file     string // of the pipeline
	json     bool
	terminal bool
	log      *slog.Logger
}

func (p *process) teller(t Telemetry, log *slog.Logger) *teller {
	return &teller{w: p.stderr, name: p.spec.Name, file: p.spec.File, json: t.Log == "json", terminal: p.terminal, log: log}
}

// end tells how the run ended: failed records with an example each, the error if
// one ended it, and one line of sums.
func (t *teller) end(p *flow.Program, r *flow.Report, err error) {
	nodes, readable := p.Info().Nodes, readableSinks(p)
	for i := range nodes {
		c, known := r.Nodes[nodes[i].Name]
		if known {
			t.log.Debug("node", "name", nodes[i].Name, "in", c.In, "out", c.Out, "filtered", c.Filtered, "dead", c.Dead,
				"dropped", c.Dropped, "failed", c.Failed, "pending", c.Pending, "retried", c.Retried, "emitted", c.Emitted)
		}
		if e := r.Examples[nodes[i].Name]; e != nil {
			t.failed(&nodes[i], nodes, c, e, readable)
		}
	}
	if err != nil && !t.isTold(r, err) {
		t.died(err)
	}
	sums := r.Totals()
	kept := ""
	if err == nil || sums.In > 0 { // else nothing has begun
		kept = stateOf(p)
	}
	if t.json {
		t.log.Info("ended", "ending", r.Ending, "ok", r.OK, "seconds", r.Seconds, "in", sums.In, "out", sums.Out, "filtered", sums.Filtered,
			"dead", sums.Dead, "dropped", sums.Dropped, "failed", sums.Failed, "pending", sums.Pending, "state", kept)
		return
	}
	fmt.Fprintln(t.w, t.summary(r, sums))
	switch {
	case kept == "":
	case p.StaysComplete(r):
		fmt.Fprintf(t.w, "%s: complete, as %s says: there is nothing to do for another run (--fresh, given to all processes, starts over)\n", t.name, kept)
	default:
		fmt.Fprintf(t.w, "%s: the next run goes on from %s (--fresh starts over)\n", t.name, kept)
	}
}

// readableSinks are the sinks of dead letters that `dlq` can read back.
func readableSinks(p *flow.Program) map[string]bool {
	names := map[string]bool{}
	for _, s := range p.DeadSinks() {
		if s.Readable {
			names[s.Name] = true
		}
	}
	return names
}

// stateOf is what the next run goes on from: a folder, a sink or a store; "" for
// nothing.
func stateOf(p *flow.Program) string {
	kept := p.Kept()
	switch {
	case kept.Sink != "":
		return "the sink `" + kept.Sink + "`"
	case kept.Cells != "":
		return kept.Cells
	case kept.Folder == "":
		return ""
	}
	if whole, err := filepath.Abs(kept.Folder); err == nil {
		return whole
	}
	return kept.Folder
}

// summary is the one line at the end.
func (t *teller) summary(r *flow.Report, s flow.Totals) string {
	parts := []string{count(s.In) + " in", count(s.Out) + " out"}
	for _, p := range []struct {
		n    int64
		word string
	}{{s.Filtered, "filtered"}, {s.Dead, "dead-lettered"}, {s.Dropped, "dropped"}} {
		if p.n > 0 {
			parts = append(parts, count(p.n)+" "+p.word)
		}
	}
	parts = append(parts, count(s.Failed)+" failed")
	if s.Pending > 0 {
		parts = append(parts, count(s.Pending)+" pending")
	}
	if len(r.Nodes) == 0 { // jobs alone
		parts = []string{"ended"}
		if r.Ending == flow.Broken {
			parts[0] = "failed"
		}
	}
	line := fmt.Sprintf("%s: %s in %s", t.name, strings.Join(parts, " · "), seconds(r.Seconds))
	switch r.Ending {
	case flow.CutShort:
		line += " (cut short)"
	case flow.Drained:
		line += " (drained)"
	}
	return line
}

// isTold tells whether an error is that of a record, which stands among the
// examples already.
func (t *teller) isTold(r *flow.Report, err error) bool {
	for _, e := range r.Examples {
		//nolint:errorlint // joined with others, or wrapped, it is to be told
		if err == error(e) || e.Then == flow.Stop && err.Error() == e.Error() {
			return true
		}
	}
	return false
}

func (t *teller) died(err error) {
	if t.json {
		t.log.Error("the pipeline died", "error", err.Error())
		return
	}
	for _, e := range several(err) {
		fmt.Fprintln(t.w, diagnostic(t.name, e))
	}
}

// several takes joined errors apart.
func several(err error) []error {
	var joined interface{ Unwrap() []error }
	if errors.As(err, &joined) {
		return joined.Unwrap()
	}
	return []error{err}
}

// diagnostic is the line of an error: its place first, where it has one, so that
// editors and people can follow it.
func diagnostic(name string, err error) string {
	place, msg := placeOf(err)
	if place == "" {
		place = name
	}
	return place + ": error: " + msg
}

// placeOf takes the place in the pipeline off an error's text, where it has one.
func placeOf(err error) (place, msg string) {
	var node *flow.NodeError
	var record *flow.RecordError
	var many *flow.TooManyError
	var placed *placedError
	switch {
	case errors.As(err, &placed):
		place = placed.place
	case errors.As(err, &node):
		place = node.Line
	case errors.As(err, &many):
		place = many.Line
	case errors.As(err, &record):
		place = record.Line
	}
	msg, cut := strings.CutPrefix(err.Error(), place+": ")
	if !cut {
		place = ""
	}
	return place, msg
}

// failed tells about the records that failed in a node.
func (t *teller) failed(n *flow.Node, nodes []flow.Node, c flow.Count, e *flow.RecordError, readable map[string]bool) {
	if t.json {
		args := []any{
			"node", n.Name, "line", e.Line, "code", e.Code, "failed", c.Lost(), "of", c.In,
			"error", e.Err.Error(), "record", e.Place(), "value", excerpt(e.Record),
		}
		if e.Letter != "" {
			args = append(args, "letter", e.Letter)
		}
		t.log.Error("records failed", args...)
		return
	}
	line := ""
	if e.Line != "" {
		line = e.Line + ": "
	}
	fmt.Fprintf(t.w, "%serror: `%s` failed on %s of %s records (%s) [%s]\n", line, n.Name, count(c.Lost()), count(c.In), kept(n, nodes, e, readable), e.Code)
	fmt.Fprintf(t.w, "   = %s\n", e.Err)
	place := e.Place()
	if e.Offset >= 0 && e.OwnPlace() == "" {
		place += fmt.Sprintf(" (byte %s)", count(e.Offset))
	}
	if value := excerpt(e.Record); value != "" || place != "" {
		fmt.Fprintf(t.w, "   = record: %s\n", strings.TrimSpace(place+" "+value))
	}
	if dead := deadSinkOf(n, nodes); e.Then == flow.Dead && e.Letter != "" && dead != nil && readable[dead.Name] {
		what, more := e.Letter[:min(shortID, len(e.Letter))], ""
		if t.file != "pipeline.yaml" {
			what = t.file + " " + what
		}
		if c.Lost() > 1 {
			more = fmt.Sprintf(" (--node %s for all %s)", n.Name, count(c.Lost()))
		}
		fmt.Fprintf(t.w, "   = try: flowc dlq show %[1]s; when it is mended: flowc dlq replay %[1]s%[2]s\n", what, more)
	}
}

// shortID is how much of a letter's ID is shown: two letters of a program hardly
// ever begin with the same.
const shortID = 8

// deadSinkOf is the dead-letter sink of a node; nil where it has none.
func deadSinkOf(n *flow.Node, nodes []flow.Node) *flow.Node {
	if dead := n.Policy.Dead; dead >= 0 && dead < len(nodes) {
		return &nodes[dead]
	}
	return nil
}

// kept tells where the records are now.
func kept(n *flow.Node, nodes []flow.Node, e *flow.RecordError, readable map[string]bool) string {
	switch e.Then {
	case flow.Dead:
		dead := deadSinkOf(n, nodes)
		if dead == nil {
			return "kept"
		}
		where := "kept in `" + dead.Name + "`"
		if e.Letter != "" && readable[dead.Name] {
			where += ", id " + e.Letter[:min(shortID, len(e.Letter))]
		}
		return where
	case flow.Drop:
		return "dropped"
	case flow.Reject:
		return "refused"
	}
	return "the pipeline stopped"
}

// excerpt is the begin of a record, on one line.
func excerpt(record []byte) string {
	const most = 200
	if len(record) == 0 {
		return ""
	}
	cut := len(record) > most
	if cut {
		record = record[:most]
	}
	text := strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\r' || r == '\t':
			return ' '
		case r < ' ' || r == utf8.RuneError || r == 0x7f:
			return '·'
		}
		return r
	}, string(record))
	if cut {
		text += " …"
	}
	return text
}

// count is a number with commas between the thousands.
func count(n int64) string {
	s := strconv.FormatInt(n, 10)
	sign := ""
	if n < 0 {
		sign, s = "-", s[1:]
	}
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return sign + s
}

// seconds is a time that people can read: 0.21s, 3m12s.
func seconds(s float64) string {
	if s < 60 {
		return strconv.FormatFloat(s, 'f', 2, 64) + "s"
	}
	whole := int64(s + 0.5)
	if whole < 3600 {
		return fmt.Sprintf("%dm%02ds", whole/60, whole%60)
	}
	return fmt.Sprintf("%dh%02dm%02ds", whole/3600, whole/60%60, whole%60)
}

// size is a number of bytes that people can read.
func size(n int64) string {
	units := []string{"B", "kB", "MB", "GB", "TB", "PB"}
	f := float64(n)
	for f >= 999.5 && len(units) > 1 {
		f /= 1000
		units = units[1:]
	}
	if units[0] == "B" || f >= 99.5 {
		return fmt.Sprintf("%.0f %s", f, units[0])
	}
	return fmt.Sprintf("%.1f %s", f, units[0])
}
