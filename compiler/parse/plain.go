package parse

import (
	"strings"

	"github.com/flowc-dev/flowc/ir/diag"
	"github.com/flowc-dev/flowc/ir/source"
)

// checkPlain refuses plain scalars that YAML does not allow and goccy reads all
// the same: another reader would take them otherwise, or not at all.
func checkPlain(f *source.File, s *scalar, inFlow bool, l *diag.List) {
	text := string(s.text)
	if text == "" {
		return
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
		return
	}
	for i := range len(raw) {
		switch c := raw[i]; {
		case c == ':' && (i+1 == len(raw) || isSpace(raw[i+1]) || inFlow && strings.IndexByte(",[]{}", raw[i+1]) >= 0):
			report(i, "YAML reads `: ` in a value as the end of a key", "a value holds a `:` as a key does", quote)
			return
		case inFlow && strings.IndexByte(",[]{}", c) >= 0:
			report(i, "inside {…} and […] YAML ends a value at `"+string(c)+"`, also in the middle of Go",
				"inside {…} and […] a plain value holds no `"+string(c)+"`", quote)
			return
		}
	}
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
