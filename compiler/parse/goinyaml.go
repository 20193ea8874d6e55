package parse

import (
	"fmt"
	"go/scanner"
	"go/token"
	"regexp"
	"strings"

	"github.com/flowc-dev/flowc/ir/diag"
	"github.com/flowc-dev/flowc/ir/source"
)

// goKeys are the keys whose values hold Go, and goParents those whose values'
// values do.
var (
	goKeys    = map[string]bool{"filter": true, "map": true, "flatmap": true, "key": true, "text": true, "group": true}
	goParents = map[string]bool{"map": true, "set": true, "check": true, "route": true, "let": true, "fields": true, "meta": true, "aggregate": true}
)

// GoInYAML explains a value that should hold Go where YAML has taken the Go
// apart, nil where it has not. It is for a value whose Go was refused, or that
// is no scalar at all: what it says is then the reason. (A value in quotes
// around a single word is one of these cases, so it is not to be called for Go
// that is well.) The fix it offers restores what was written.
func GoInYAML(n *Node) *diag.Diagnostic {
	if n == nil || n.Style == JSON || n.Style == CUE {
		return nil
	}
	f := n.Span.File
	switch {
	case n.Anchor != "" && !n.Aliased && n.Alias.IsZero():
		return goFix(f, n.AnchorSpan.Start, n.AnchorSpan, "YAML reads `&%s` as an anchor, not as Go", n.Anchor)
	case !n.Alias.IsZero():
		return goFix(f, n.Alias.Start, n.Alias, "YAML reads `%s` as an alias of what is written in line %d, not as Go", n.Alias.Text(), n.Span.Line())
	case n.Kind == Sequence && n.Style == Flow:
		return goFix(f, n.Span.Start, n.Span, "YAML reads `[` at the start of a value as a list, not as Go")
	case n.Kind == Mapping && n.Style == Flow:
		return goFix(f, n.Span.Start, n.Span, "YAML reads `{` at the start of a value as a mapping, not as Go")
	case n.Kind == Mapping:
		return goMapping(n)
	case n.Kind == Sequence:
		return nil
	case n.Style == DoubleQuoted || n.Style == SingleQuoted:
		return goQuoted(n)
	case n.Style == Plain && !n.Comment.IsZero() && unfinished(n.Text):
		return goFix(f, n.Span.Start, n.Comment, "YAML cut the Go off at ` #`: it reads the rest of the line as a comment")
	case n.Style == Plain && n.InFlow && unfinished(n.Text):
		return goInFlow(n)
	case n.Style == Plain && n.Span.EndPos().Line > n.Span.Line(), n.Style == Folded && strings.Count(n.Span.Text(), "\n") > 1:
		return goFolded(n)
	}
	return nil
}

var word = regexp.MustCompile(`^[\pL_][\pL\pN_ -]*$`)

// goQuoted explains `"info"`: quotes are YAML's, so Go sees a name.
func goQuoted(n *Node) *diag.Diagnostic {
	if !word.MatchString(n.Text) {
		return nil
	}
	d := diag.Errorf(diag.GoInYAML, n.Span, "YAML takes the quotes off: Go reads the name `%s`, not a string", n.Text)
	return d.Replace(n.Span, quoteYAML(fmt.Sprintf("%q", n.Text)), "keep the quotes for Go: write `%s`", quoteYAML(fmt.Sprintf("%q", n.Text)))
}

// goMapping explains statements that YAML reads as entries: `case 1: return x`.
func goMapping(n *Node) *diag.Diagnostic {
	for _, m := range n.Members {
		if strings.ContainsAny(m.Key.Text, " ()=\"") {
			return blockFix(diag.Errorf(diag.GoInYAML, m.Key.Span, "YAML reads `%s:` as a key, not as Go", m.Key.Text), n)
		}
	}
	return nil
}

func goFolded(n *Node) *diag.Diagnostic {
	d := diag.Errorf(diag.GoInYAML, n.Span, "YAML joins these lines into one, and Go needs its line breaks")
	if n.Style == Folded {
		at := n.Span.Sub(0, 1)
		d.Span = at
		return d.Replace(at, "|", "write `|`, which keeps the lines, instead of `>`")
	}
	return blockFix(d, n)
}

// blockFix offers the `|` form for a value of several lines that begin below
// its key.
func blockFix(d *diag.Diagnostic, n *Node) *diag.Diagnostic {
	f, start := n.Span.File, n.Span.Start
	line := f.Offset(n.Span.Line(), 1)
	if strings.TrimSpace(string(f.Text[line:start])) != "" {
		return d.Helpf("write `|` behind the key, and the Go in the lines below it, indented")
	}
	at := start
	for at > 0 && isSpace(f.Text[at-1]) {
		at--
	}
	if at == 0 || f.Text[at-1] != ':' {
		return d.Helpf("write `|` behind the key, and the Go in the lines below it, indented")
	}
	return d.Replace(source.Span{File: f, Start: at, End: at}, " |", "write `|` behind the key: what follows is then taken as it stands")
}

// goInFlow explains Go that a flow collection has cut at `,` `]` or `}`.
func goInFlow(n *Node) *diag.Diagnostic {
	f, i := n.Span.File, n.Span.End
	for i < len(f.Text) && isSpace(f.Text[i]) {
		i++
	}
	if i == len(f.Text) || strings.IndexByte(",]}[{:", f.Text[i]) < 0 {
		return nil
	}
	at := source.Span{File: f, Start: i, End: i + 1}
	d := diag.Errorf(diag.GoInYAML, at, "inside {…} and […] YAML ends a value at `%c`, also in the middle of Go", f.Text[i]).
		Also(n.Span, "all that Go gets to see")
	whole := goExtent(f, n.Span.Start)
	return d.Replace(whole, quoteYAML(whole.Text()), "put the Go in single quotes: `%s`", quoteYAML(whole.Text()))
}

// unfinished tells whether Go breaks off: a string or a bracket is open.
func unfinished(text string) bool {
	var s scanner.Scanner
	broken, depth := false, 0
	fs := token.NewFileSet()
	s.Init(fs.AddFile("", -1, len(text)), []byte(text), func(token.Position, string) { broken = true }, 0)
	last := token.EOF
	for {
		_, tok, lit := s.Scan()
		switch tok {
		case token.LPAREN, token.LBRACK, token.LBRACE:
			depth++
		case token.RPAREN, token.RBRACK, token.RBRACE:
			depth--
		case token.EOF:
			return broken || depth > 0 || last.IsOperator() && last != token.RPAREN && last != token.RBRACK && last != token.RBRACE
		}
		if tok != token.SEMICOLON || lit != "\n" {
			last = tok
		}
	}
}

// goInYAMLAt is the diagnostic for a place inside the value of a key that holds
// Go, where the parser stumbles; nil where the key holds something else.
func goInYAMLAt(f *source.File, offset int, format string, args ...any) *diag.Diagnostic {
	value, _, ok := goValue(f, offset)
	if !ok {
		return nil
	}
	end := offset
	for end < value.End && !isSpace(f.Text[end]) {
		end++
	}
	return goFix(f, offset, source.Span{File: f, Start: offset, End: max(end, min(offset+1, len(f.Text)))}, format, args...)
}

// goFix builds the diagnostic with the ways to write the value at an offset.
func goFix(f *source.File, offset int, at source.Span, format string, args ...any) *diag.Diagnostic {
	d := diag.Errorf(diag.GoInYAML, at, format, args...)
	value, inFlow, ok := goValue(f, offset)
	if !ok {
		return d.Helpf("put the whole Go in single quotes: `'…'`")
	}
	text := value.Text()
	quoted := quoteYAML(text)
	d.Replace(value, quoted, "put the Go in single quotes: `%s`", quoted)
	if !inFlow && lineFrom(f, value.End) == "" { // a comment behind would become Go
		indent := len(keyLine.FindSubmatch(f.Line(value.Line()))[1]) + 2
		d.Replace(value, "|\n"+strings.Repeat(" ", indent)+text, "or write it below a `|`, where YAML changes nothing")
	}
	return d
}

// goStatements explains a line that YAML cannot take as an entry where it stands
// below a key that holds Go, as statements without a `|`.
func goStatements(f *source.File, offset int) *diag.Diagnostic {
	line := f.Position(offset).Line
	above := line - 1
	for above > 0 && (len(strings.TrimSpace(string(f.Line(above)))) == 0 || indentOf(f, above) >= indentOf(f, line)) {
		above--
	}
	m := openKey.FindSubmatchIndex(f.Line(above))
	if m == nil || !goKeys[string(f.Line(above)[m[2]:m[3]])] || entryLine.Match(f.Line(line)) {
		return nil
	}
	at := f.Offset(above, 1) + m[3] + 1
	d := diag.Errorf(diag.GoInYAML, restOfLine(f, f.Offset(line, 1)+indentOf(f, line)), "YAML reads these lines as entries or as one line, not as Go")
	return d.Replace(source.Span{File: f, Start: at, End: at}, " |", "write `|` behind the key: what follows is then taken as it stands")
}

var (
	openKey   = regexp.MustCompile(`^[ \t-]*([\pL_][\pL\pN_]*):[ \t]*(?:#.*)?$`) // `key:` and nothing behind it
	entryLine = regexp.MustCompile(`^[ \t-]*['"]?[\pL_][\pL\pN_.-]*['"]?\??:[ \t]`)
)

// moreGo reports, in a text whose reading stopped, the Go below the last error
// that YAML cannot read either, so that all of it is told at once.
func moreGo(f *source.File, l *diag.List) {
	last := 0
	for _, d := range *l {
		if d.Code == diag.InputLimit || d.Code == diag.BadText || d.Code == diag.SeveralDocuments {
			return
		}
		last = max(last, d.Span.EndPos().Line)
	}
	block, inBlock := 0, false
	for line := 1; line <= f.Lines(); line++ {
		text := f.Line(line)
		indent := indentOf(f, line)
		if indent < len(text) && indent <= block {
			inBlock = false
		}
		if inBlock {
			continue
		}
		if column, ok := headerColumn(text); ok {
			block, inBlock = column, true
		}
		m := keyLine.FindSubmatchIndex(text)
		if m == nil || line <= last || strings.IndexByte("!@`%", text[m[8]]) < 0 {
			continue
		}
		start := f.Offset(line, 1) + m[8]
		if reason, at := goReason(f, start); reason != "" {
			l.Add(goFix(f, start, at, "%s", reason))
		}
	}
}
