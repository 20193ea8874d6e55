package diag

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/flowc-dev/flowc/ir/source"
)

// TextOptions say how Text renders.
type TextOptions struct {
	// Color writes ANSI colours.
	Color bool
	// All shows every diagnostic, not only the first Max.
	All bool
	// Max is how many are shown without All; 0 means ten.
	Max int
	// Width is the number of columns that a source line may take; longer ones
	// are cut around what they are shown for. 0 means 120.
	Width int
	// Path gives the name of a file that the reader's terminal can follow; nil
	// takes the file's own name.
	Path func(*source.File) string
}

// Text renders a list for people, and for tools that read
// file:line:column: lines:
//
//	orders.yaml:16:37: error: in.Totl undefined [go-type]
//	   |
//	16 |     filter: in.Region == "EU" && in.Totl > 0
//	   |                                     ^^^^ did you mean `Total`?
//
// It ends with a count. Errors go before warnings where not all are shown; the
// order is that of the list, which [List.Sort] makes that of the text.
func Text(w io.Writer, l List, o TextOptions) error {
	if len(l) == 0 {
		return nil
	}
	if o.Max <= 0 {
		o.Max = 10
	}
	if o.Width <= 0 {
		o.Width = 120
	}
	if o.Path == nil {
		o.Path = func(f *source.File) string { return f.Name }
	}
	t := &textWriter{Writer: bufio.NewWriter(w), TextOptions: o}
	shown := l
	if !o.All {
		shown = firstOf(l, o.Max)
	}
	for i, d := range shown {
		if i > 0 {
			t.WriteByte('\n')
		}
		t.diagnostic(d)
	}
	t.WriteByte('\n')
	if more := len(l) - len(shown); more > 0 {
		fmt.Fprintf(t, "… and %d more (--all shows them)\n", more)
	}
	if c := Summary(l); c != "" {
		fmt.Fprintln(t, c)
	}
	return t.Flush()
}

// Summary counts a list in words: "2 errors, 1 warning", "" where there are
// none of these.
func Summary(l List) string {
	var parts []string
	for _, s := range []Severity{Error, Warning} {
		switch n := l.Count(s); n {
		case 0:
		case 1:
			parts = append(parts, "1 "+s.String())
		default:
			parts = append(parts, fmt.Sprintf("%d %ss", n, s))
		}
	}
	return strings.Join(parts, ", ")
}

// firstOf takes n diagnostics, errors before others, in the order of the list.
func firstOf(l List, n int) List {
	if len(l) <= n {
		return l
	}
	left := n
	take := map[*Diagnostic]bool{}
	for s := Error; s <= Note; s++ {
		for _, d := range l {
			if d.Severity == s && left > 0 && !take[d] {
				take[d] = true
				left--
			}
		}
	}
	return slices.DeleteFunc(slices.Clone(l), func(d *Diagnostic) bool { return !take[d] })
}

// The colours of what is written.
const (
	bold   = "\x1b[1m"
	red    = "\x1b[1;31m"
	yellow = "\x1b[1;33m"
	cyan   = "\x1b[1;36m"
	blue   = "\x1b[34m"
)

func severityColor(s Severity) string {
	return [...]string{red, yellow, cyan}[s]
}

type textWriter struct {
	*bufio.Writer
	TextOptions
	gutter int // digits of the greatest line number that the diagnostic shows
}

// in returns a text in a colour.
func (t *textWriter) in(color, s string) string {
	if !t.Color || s == "" {
		return s
	}
	return color + s + "\x1b[0m"
}

func (t *textWriter) diagnostic(d *Diagnostic) {
	t.gutter = 1
	for _, s := range d.places() {
		t.gutter = max(t.gutter, len(fmt.Sprint(s.EndPos().Line)))
	}
	code := ""
	if d.Code != "" {
		code = fmt.Sprintf(" [%s]", d.Code)
	}
	t.head(d.Span, d.Severity, d.Message, code)
	pictured := t.picture(d)
	remarks := t.remarks(d)
	for _, n := range d.Notes {
		if n.Span.IsZero() {
			continue
		}
		if pictured && !remarks {
			t.bar()
		}
		pictured, remarks = false, false
		t.head(n.Span, Note, n.Text, "")
		t.noteLine(n.Span)
	}
}

// places are the spans whose lines a diagnostic shows.
func (d *Diagnostic) places() []source.Span {
	places := []source.Span{d.Span}
	for _, l := range d.Labels {
		places = append(places, l.Span)
	}
	for _, n := range d.Notes {
		places = append(places, n.Span)
	}
	return slices.DeleteFunc(places, source.Span.IsZero)
}

// head writes the first line of a diagnostic or of a note.
func (t *textWriter) head(at source.Span, s Severity, message, code string) {
	place := ""
	if !at.IsZero() {
		p := at.Pos()
		place = fmt.Sprintf("%s:%d:%d: ", t.Path(at.File), p.Line, p.Column)
	}
	message = strings.ReplaceAll(printableText(message), "\n", "\n    ")
	fmt.Fprintf(t, "%s%s: %s%s\n", t.in(bold, place), t.in(severityColor(s), s.String()), t.in(bold, message), code)
}

// remarks writes the notes without a place, the help and the fixes.
func (t *textWriter) remarks(d *Diagnostic) bool {
	any := false
	say := func(kind, text, tag string) {
		any = true
		lead := strings.Repeat(" ", t.gutter+1)
		text = strings.ReplaceAll(printableText(text), "\n", "\n"+lead+strings.Repeat(" ", len(kind)+4))
		fmt.Fprintf(t, "%s%s %s %s%s\n", lead, t.in(blue, "="), t.in(bold, kind+":"), text, tag)
	}
	for _, n := range d.Notes {
		if n.Span.IsZero() {
			say("note", n.Text, "")
		}
	}
	for _, h := range d.Help {
		say("help", h, "")
	}
	width := 0
	for _, f := range d.Fixes {
		width = max(width, stringWidth(f.Title))
	}
	for i, f := range d.Fixes {
		if len(d.Fixes) == 1 && saidByLabel(f, d.Label) {
			continue
		}
		effect := "changes results"
		if f.Safe {
			effect = "safe"
		}
		pad := strings.Repeat(" ", min(width, 70)-min(stringWidth(f.Title), 70)+2)
		say("help", f.Title, t.in(cyan, fmt.Sprintf("%s[fix %d, %s]", pad, i+1, effect)))
	}
	return any
}

// saidByLabel tells whether the label at the caret names what the only fix
// writes: "did you mean `filter`?" needs no "write `filter`".
func saidByLabel(f Fix, label string) bool {
	name, ok := strings.CutPrefix(f.Title, "write ")
	return ok && f.Safe && strings.Contains(label, "did you mean "+name)
}

// bar writes an empty gutter.
func (t *textWriter) bar() {
	fmt.Fprintf(t, "%s%s\n", strings.Repeat(" ", t.gutter+1), t.in(blue, "|"))
}

// sourceLine writes a numbered line.
func (t *textWriter) sourceLine(number int, text string) {
	lead := t.in(blue, fmt.Sprintf("%*d |", t.gutter, number))
	fmt.Fprintln(t, strings.TrimRight(lead+" "+text, " \t"))
}

// under writes a line below a source line.
func (t *textWriter) under(text string) {
	lead := strings.Repeat(" ", t.gutter+1) + t.in(blue, "|")
	fmt.Fprintln(t, strings.TrimRight(lead+" "+text, " "))
}

// noteLine shows the line of a note, underlined where it is about a part of it.
func (t *textWriter) noteLine(at source.Span) {
	if !showable(at) {
		return
	}
	t.bar()
	line := t.cut(at.File, at.Line(), []mark{{from: at.Start, to: at.End}})
	t.sourceLine(at.Line(), line.text)
	if strings.TrimSpace(string(at.File.Line(at.Line()))) != strings.TrimSpace(firstLine(at.Text())) {
		t.marks(line, []mark{{from: at.Start, to: at.End, sign: '-'}})
	}
}

func firstLine(s string) string {
	s, _, _ = strings.Cut(s, "\n")
	return s
}

// showable tells whether a span has a line to show: the empty span at the start
// of a file stands for the file.
func showable(at source.Span) bool {
	return !at.IsZero() && (at.Start > 0 || at.End > 0)
}

// picture shows the lines of the diagnostic's span and labels, of one file
// after the other, with what is said about them.
func (t *textWriter) picture(d *Diagnostic) bool {
	byFile := map[*source.File][]mark{}
	var files []*source.File
	add := func(at source.Span, sign byte, text string) {
		if !showable(at) {
			return
		}
		if byFile[at.File] == nil {
			files = append(files, at.File)
		}
		byFile[at.File] = append(byFile[at.File], split(at, sign, text, d.Severity)...)
	}
	add(d.Span, '^', d.Label)
	for _, l := range d.Labels {
		add(l.Span, '-', l.Text)
	}
	for i, f := range files {
		if i > 0 || f != d.Span.File {
			at := byFile[f][0].from
			p := f.Position(at)
			fmt.Fprintf(t, "%s%s %s:%d:%d\n", strings.Repeat(" ", t.gutter), t.in(blue, "-->"), t.Path(f), p.Line, p.Column)
		}
		t.bar()
		t.file(f, byFile[f])
	}
	return len(files) > 0
}

// split makes the marks of a span: one for a span inside a line, two for one
// over several lines, at its first and its last.
func split(at source.Span, sign byte, text string, s Severity) []mark {
	f := at.File
	first, last := at.Line(), f.Position(max(at.Start, at.End-1)).Line
	if first == last {
		return []mark{{at.Start, at.End, sign, text, s, false}}
	}
	end := f.Offset(first, 1) + len(f.Line(first))
	start := f.Offset(last, 1)
	for start < at.End-1 && (f.Text[start] == ' ' || f.Text[start] == '\t') {
		start++
	}
	return []mark{{at.Start, max(end, at.Start), sign, "", s, last > first+1}, {start, at.End, sign, text, s, false}}
}

// file shows the marked lines of a file, in order.
func (t *textWriter) file(f *source.File, all []mark) {
	slices.SortStableFunc(all, func(a, b mark) int { return cmp.Compare(a.from, b.from) })
	for len(all) > 0 {
		number := f.Position(all[0].from).Line
		n := 1
		for n < len(all) && f.Position(all[n].from).Line == number {
			n++
		}
		line := t.cut(f, number, all[:n])
		t.sourceLine(number, line.text)
		t.marks(line, all[:n])
		if slices.ContainsFunc(all[:n], func(m mark) bool { return m.more }) {
			fmt.Fprintln(t, t.in(blue, "..."))
		}
		all = all[n:]
	}
}
