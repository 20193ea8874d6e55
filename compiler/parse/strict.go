package parse

// YAML that goccy takes and other readers do not, or take otherwise, is refused
// here: a pipeline must not mean two things.

import (
	"strings"

	"github.com/flowc-dev/flowc/ir/diag"
	"github.com/flowc-dev/flowc/ir/source"
)

// checkPlain refuses plain scalars that YAML does not allow and goccy reads all
// the same: another reader would take them otherwise, or not at all. It tells
// whether the text is worth reading all the same.
func checkPlain(f *source.File, s *scalar, inFlow bool, l *diag.List) (readable bool) {
	text := string(s.text)
	if text == "" {
		return true
	}
	at := func(i int) source.Span { return source.Span{File: f, Start: s.start + i, End: s.start + i + 1} }
	raw := string(f.Text[s.start:s.end])
	report := func(i int, goText, text, help string) {
		if d := goInYAMLAt(f, s.start+i, "%s", goText); d != nil {
			d.Span = at(i)
			l.Add(d)
			return
		}
		l.Errorf(diag.YAMLSyntax, at(i), "%s", text).Helpf("%s", help)
	}
	quote := quoteHelp(text)
	first := raw[0]
	if strings.IndexByte(",[]{}#&*!|>'\"%@`", first) >= 0 || strings.IndexByte("-?:", first) >= 0 && (len(raw) == 1 || isSpace(raw[1])) {
		report(0, "YAML does not let a value begin with `"+string(first)+"`", "no plain value begins with `"+string(first)+"`", quote)
		return true
	}
	for i := range len(raw) {
		switch c := raw[i]; {
		case c == ':' && (i+1 == len(raw) || isSpace(raw[i+1]) || inFlow && strings.IndexByte(",[]{}", raw[i+1]) >= 0):
			report(i, "YAML reads `: ` in a value as the end of a key", "a value holds a `:` as a key does", quote)
			return false
		case inFlow && strings.IndexByte(",[]{}", c) >= 0:
			report(i, "inside {…} and […] YAML ends a value at `"+string(c)+"`, also in the middle of Go",
				"inside {…} and […] a plain value holds no `"+string(c)+"`", quote)
			return true
		}
	}
	return true
}

// checkColon refuses `{key:value}`: in a flow mapping YAML wants a space behind
// the colon (or a key in quotes), and takes the whole as a key otherwise.
func checkColon(f *source.File, key *Node, colon source.Span, l *diag.List) {
	if key.Style != Plain || colon.End >= len(f.Text) || colon.Text() != ":" {
		return
	}
	if c := f.Text[colon.End]; isSpace(c) || strings.IndexByte(",[]{}", c) >= 0 {
		return
	}
	l.Errorf(diag.YAMLSyntax, colon, "a space is missing behind this `:`").
		Replace(source.Span{File: f, Start: colon.End, End: colon.End}, " ", "write `%s: `", key.Text)
}

// checkKey refuses what goccy takes for the start of an entry and other readers
// do not.
func (t *tree) checkKey(key *Node, colon source.Span, inFlow bool) {
	if inFlow {
		checkColon(t.file, key, colon, t.list)
	} else {
		t.checkTabs(key.Span.Start)
	}
	if key.Span.EndPos().Line > key.Span.Line() || !inFlow && colon.Line() > key.Span.Line() {
		t.list.Errorf(diag.YAMLSyntax, key.Span, "a key reaches over several lines").Helpf("is a `:` missing in its first line?")
	}
}

// checkIndent refuses a value that begins on a line below what it belongs to,
// in line and column, and is not indented deeper: goccy takes some of these for
// the value (that of an empty dash before a key), other readers do not. Lists
// may begin right below their key.
func (t *tree) checkIndent(v *Node, line, column int, same bool) {
	at := v.Place().Pos()
	if at.Line <= line || at.Column > column || same && at.Column == column {
		return
	}
	t.list.Errorf(diag.YAMLSyntax, restOfLine(t.file, v.Place().Start), "this is not indented below what stands before it, which has no value").
		Helpf("indent it, or write a value in line %d", line)
}

// checkTabs refuses a tab before a key or a dash on its line.
func (t *tree) checkTabs(at int) {
	start := t.file.Offset(t.file.Position(at).Line, 1)
	for i := start; i < at; i++ {
		if t.file.Text[i] == '\t' {
			reportTab(t.file, start, t.list)
			return
		}
		if t.file.Text[i] != ' ' {
			return
		}
	}
}
