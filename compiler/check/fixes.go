package check

import (
	"strings"

	"github.com/flowc-dev/flowc/ir/diag"
	"github.com/flowc-dev/flowc/ir/source"
)

// Fixes are thought of in Go. Where the Go stands in quotes or in a flow
// collection of YAML, what is written into the file must be written as that
// asks for.

// spellFixes spells the edits of diagnostics for the scalar that they change,
// and drops those that can't be spelled there.
func (j *job) spellFixes(list []*diag.Diagnostic) {
	whole := j.span(0, len(j.s.Text))
	if whole.IsZero() {
		return
	}
	style := styleOf(whole)
	for _, d := range list {
		kept := d.Fixes[:0]
		for _, f := range d.Fixes {
			ok := true
			for i, e := range f.Edits {
				f.Edits[i].New, ok = style.spell(e.New)
				if !ok {
					break
				}
			}
			if ok {
				kept = append(kept, f)
			}
		}
		d.Fixes = kept
	}
}

// A scalarStyle is how a scalar is written: the quote around it, or 0, and for
// a plain one whether it stands in a flow collection.
type scalarStyle struct {
	quote byte
	flow  bool
}

// styleOf looks at the file around a scalar.
func styleOf(s source.Span) scalarStyle {
	text := s.File.Text
	quoteAt := func(i int) byte {
		if i >= 0 && i < len(text) && (text[i] == '\'' || text[i] == '"') {
			return text[i]
		}
		return 0
	}
	if q := quoteAt(s.Start - 1); q != 0 && quoteAt(s.End) == q {
		return scalarStyle{quote: q}
	}
	depth := 0
	line := s.Pos()
	for _, c := range text[s.Start-line.Column+1 : s.Start] {
		switch c {
		case '{', '[':
			depth++
		case '}', ']':
			depth--
		}
	}
	return scalarStyle{flow: depth > 0}
}

// spell writes Go for a place in the scalar.
func (s scalarStyle) spell(text string) (string, bool) {
	switch {
	case s.quote == '"':
		return strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(text), true
	case s.quote == '\'':
		return strings.ReplaceAll(text, "'", "''"), true
	case strings.Contains(text, " #") || strings.Contains(text, ": "):
		return text, false
	case s.flow:
		return text, !strings.ContainsAny(text, ",[]{}")
	}
	return text, true
}
