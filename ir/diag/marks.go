package diag

import (
	"cmp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/flowc-dev/flowc/ir/source"
)

// A mark underlines a part of one line and says something about it.
type mark struct {
	from, to int // offsets in the file
	sign     byte
	text     string
	severity Severity
	more     bool // the span goes on below
}

// A shownLine is a source line as it is written: printable, and cut to the
// width where it is too long.
type shownLine struct {
	text  string
	cells []cell // what each rune of text stands for
}

// A cell is one rune of a shown line: the offset in the file that it begins at,
// and how many columns it takes.
type cell struct {
	offset, width int
	tab           bool
}

// cut prepares a line. A line that is too long keeps the part around its marks.
func (t *textWriter) cut(f *source.File, number int, marks []mark) shownLine {
	text, start := f.Line(number), f.Offset(number, 1)
	var line shownLine
	var b strings.Builder
	total := 0
	for i := 0; i < len(text); {
		r, n := utf8.DecodeRune(text[i:])
		r = printable(r)
		b.WriteRune(r)
		w := runeWidth(r)
		line.cells = append(line.cells, cell{start + i, w, r == '\t'})
		total += w
		i += n
	}
	line.text = b.String()
	room := max(20, t.Width-t.gutter-3)
	if total <= room {
		return line
	}
	// The window begins a little before the first mark (before the primary one
	// where they do not all fit).
	focus := marks[0].from
	for _, m := range marks {
		if m.sign == '^' && m.to-focus > room*2/3 {
			focus = m.from
		}
	}
	runes := []rune(line.text)
	at := 0
	for at < len(line.cells)-1 && line.cells[at].offset < focus {
		at++
	}
	from, before := at, 0
	for from > 0 && before < room/3 {
		from--
		before += line.cells[from].width
	}
	to, width := from, 0
	for to < len(runes) && width+line.cells[to].width <= room-2 {
		width += line.cells[to].width
		to++
	}
	for to == len(runes) && from > 0 && width+line.cells[from-1].width <= room-2 {
		from--
		width += line.cells[from].width
	}
	cells, shown := line.cells[from:to], string(runes[from:to])
	if from > 0 {
		cells = append([]cell{{line.cells[from].offset, 1, false}}, cells...)
		shown = "…" + shown
	}
	if to < len(runes) {
		shown += "…"
	}
	return shownLine{shown, cells}
}

// column is where, in cells, an offset stands in the line.
func (l shownLine) column(offset int) int {
	n, _ := slices.BinarySearchFunc(l.cells, offset, func(c cell, o int) int { return cmp.Compare(c.offset, o) })
	// Of a cut line the first two cells have one offset; the second is it.
	if n+1 < len(l.cells) && l.cells[n+1].offset == l.cells[n].offset && l.cells[n].offset <= offset {
		n++
	}
	return n
}

// lead is white space as wide as the cells [from, to): tabs are copied, so that
// it lines up whatever the terminal makes of them.
func (l shownLine) lead(from, to int) string {
	var b strings.Builder
	for i := from; i < to; i++ {
		switch {
		case i >= len(l.cells):
			b.WriteByte(' ')
		case l.cells[i].tab:
			b.WriteByte('\t')
		default:
			b.WriteString(strings.Repeat(" ", l.cells[i].width))
		}
	}
	return b.String()
}

// columns is the width of the cells [from, to), at least one.
func (l shownLine) columns(from, to int) int {
	n := 0
	for i := from; i < min(to, len(l.cells)); i++ {
		if l.cells[i].tab {
			n++
		} else {
			n += l.cells[i].width
		}
	}
	return max(1, n)
}

// marks writes the lines below a source line: the underlines, and what is said
// about each. The text of the last stands behind it; the others hang below, from
// the right to the left. Marks that overlap or touch get lines of their own.
func (t *textWriter) marks(line shownLine, marks []mark) {
	marks = slices.Clone(marks)
	slices.SortStableFunc(marks, func(a, b mark) int { return cmp.Compare(a.from, b.from) })
	for i := 1; i < len(marks); i++ {
		if marks[i].from <= max(marks[i-1].to, marks[i-1].from+1) {
			slices.SortStableFunc(marks, func(a, b mark) int { return cmp.Compare(b.sign, a.sign) })
			for _, m := range marks {
				t.row(line, []mark{m}, false)
			}
			return
		}
	}
	t.row(line, marks, false)
	hanging := slices.DeleteFunc(marks[:len(marks)-1], func(m mark) bool { return m.text == "" })
	if len(hanging) > 0 {
		t.row(line, hanging, true)
	}
	for ; len(hanging) > 0; hanging = hanging[:len(hanging)-1] {
		last := hanging[len(hanging)-1]
		lead, at := t.hang(line, hanging[:len(hanging)-1])
		t.under(lead + line.lead(at, line.column(last.from)) + t.mark(last, printableText(last.text)))
	}
}

// row writes the underlines of marks, and behind them the text of the last; or
// the bars that texts hang from.
func (t *textWriter) row(line shownLine, marks []mark, bars bool) {
	if bars {
		text, _ := t.hang(line, marks)
		t.under(text)
		return
	}
	var b strings.Builder
	at := 0
	for i, m := range marks {
		from := max(at, line.column(m.from))
		to := max(from+1, line.column(m.to))
		b.WriteString(line.lead(at, from))
		text := strings.Repeat(string(m.sign), line.columns(from, to))
		if i == len(marks)-1 && m.text != "" {
			text += " " + printableText(m.text)
		}
		b.WriteString(t.mark(m, text))
		at = to
	}
	t.under(b.String())
}

// hang is a bar for each mark, and the column behind the last.
func (t *textWriter) hang(line shownLine, marks []mark) (string, int) {
	var b strings.Builder
	at := 0
	for _, m := range marks {
		from := line.column(m.from)
		b.WriteString(line.lead(at, from))
		b.WriteString(t.mark(m, "|"))
		if from < len(line.cells) && line.cells[from].width > 1 && !line.cells[from].tab {
			b.WriteByte(' ')
		}
		at = from + 1
	}
	return b.String(), at
}

// mark colours what belongs to a mark.
func (t *textWriter) mark(m mark, text string) string {
	if m.sign == '^' {
		return t.in(severityColor(m.severity), text)
	}
	return t.in(blue, text)
}
