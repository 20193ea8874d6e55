package diag

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"github.com/flowc-dev/flowc/ir/source"
)

// GitHub writes a list as workflow commands, which GitHub shows at the lines of
// a pull request. path gives the name of a file from the root of the
// repository; nil takes the file's own name.
func GitHub(w io.Writer, l List, path func(*source.File) string) error {
	if path == nil {
		path = func(f *source.File) string { return f.Name }
	}
	out := bufio.NewWriter(w)
	for _, d := range l {
		command := [...]string{"error", "warning", "notice"}[d.Severity]
		var properties []string
		if !d.Span.IsZero() {
			from, to := d.Span.Pos(), d.Span.EndPos()
			properties = append(properties, "file="+githubProperty.Replace(path(d.Span.File)), fmt.Sprintf("line=%d", from.Line))
			// Columns of a range over several lines are refused.
			if from.Line == to.Line {
				properties = append(properties, fmt.Sprintf("col=%d", from.Column), fmt.Sprintf("endColumn=%d", max(to.Column, from.Column+1)))
			} else {
				properties = append(properties, fmt.Sprintf("endLine=%d", to.Line))
			}
		}
		if d.Code != "" {
			properties = append(properties, "title="+githubProperty.Replace(string(d.Code)))
		}
		lead := ""
		if len(properties) > 0 {
			lead = " " + strings.Join(properties, ",")
		}
		fmt.Fprintf(out, "::%s%s::%s\n", command, lead, githubData.Replace(plain(d)))
	}
	return out.Flush()
}

var (
	githubData     = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	githubProperty = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
)

// plain is all that a diagnostic says, as lines of text without pictures.
func plain(d *Diagnostic) string {
	lines := []string{d.Message}
	if d.Label != "" {
		lines[0] += ": " + d.Label
	}
	at := func(s source.Span) string {
		if s.IsZero() {
			return ""
		}
		p := s.Pos()
		return fmt.Sprintf("%s:%d:%d: ", s.File.Name, p.Line, p.Column)
	}
	for _, l := range d.Labels {
		lines = append(lines, at(l.Span)+l.Text)
	}
	for _, n := range d.Notes {
		lines = append(lines, at(n.Span)+"note: "+n.Text)
	}
	for _, h := range d.Help {
		lines = append(lines, "help: "+h)
	}
	for _, f := range d.Fixes {
		if !(len(d.Fixes) == 1 && saidByLabel(f, d.Label)) {
			lines = append(lines, "help: "+f.Title)
		}
	}
	return strings.Join(lines, "\n")
}
