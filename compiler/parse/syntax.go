package parse

import (
	"strings"

	"github.com/goccy/go-yaml/token"

	"github.com/flowc-dev/flowc/ir/diag"
	"github.com/flowc-dev/flowc/ir/source"
)

// reportMisplaced tells of a scalar that cannot be decoded, or of a text that
// goccy's scanner and ours read differently.
func reportMisplaced(f *source.File, m *misplaced, l *diag.List) {
	if m.err != nil {
		at := source.Span{File: f, Start: m.err.from, End: min(m.err.to, len(f.Text))}
		l.Errorf(diag.YAMLSyntax, at, "%s", m.err.message).Helpf("%s", m.err.help)
		return
	}
	at := restOfLine(f, m.offset)
	if d := goInYAMLAt(f, m.offset, "YAML does not read this as one value"); d != nil {
		l.Add(d)
		return
	}
	l.Errorf(diag.YAMLSyntax, at, "YAML parsers read this differently, so it is refused").
		Helpf("quote the value, or write it below a `|`")
}

// reportInvalid tells of what goccy's scanner refuses.
func reportInvalid(p *placement, tokens token.Tokens, tk *token.Token, l *diag.List) {
	f := p.file
	offset := 0
	for _, before := range tokens {
		if at, ok := p.at[before]; ok {
			offset = max(offset, at.end)
		}
	}
	for offset < len(f.Text) && isSpace(f.Text[offset]) {
		offset++
	}
	switch {
	case strings.Contains(tk.Error, "tab character") || strings.Contains(tk.Error, `character '\t'`) || strings.Contains(tk.Error, "character '\t'"):
		reportTab(f, p.lastEnd(tokens), l)
		return
	case strings.Contains(tk.Error, "reserved character"):
		offset = max(offset, errorOffset(f, tk, offset))
		if d := goInYAMLAt(f, offset, "YAML reserves `%c` at the start of a value", f.Text[min(offset, len(f.Text)-1)]); d != nil {
			l.Add(d)
			return
		}
		l.Errorf(diag.YAMLSyntax, source.Span{File: f, Start: offset, End: min(offset+1, len(f.Text))}, "YAML reserves this character: no plain value begins with it").
			Helpf("quote the value: `'%s'`", strings.ReplaceAll(lineFrom(f, offset), "'", "''"))
		return
	}
	reportAt(f, tk.Error, offset, l)
}

// lastEnd is where the last token with a place ends.
func (p *placement) lastEnd(tokens token.Tokens) int {
	end := 0
	for _, tk := range tokens {
		end = max(end, p.at[tk].end)
	}
	return end
}

// reportTab finds the tab that indents a line at or behind an offset.
func reportTab(f *source.File, from int, l *diag.List) {
	for line := f.Position(from).Line; line <= f.Lines(); line++ {
		text, start := f.Line(line), f.Offset(line, 1)
		n := 0
		for n < len(text) && (text[n] == ' ' || text[n] == '\t') {
			n++
		}
		lead := string(text[:n])
		tab := strings.IndexByte(lead, '\t')
		if tab < 0 || start+n < from {
			continue
		}
		at := source.Span{File: f, Start: start + tab, End: start + n}
		l.Errorf(diag.YAMLTab, at, "YAML is indented with spaces, not with tabs").
			Replace(source.Span{File: f, Start: start, End: start + n}, strings.ReplaceAll(lead, "\t", "  "), "write spaces")
		return
	}
	l.Errorf(diag.YAMLTab, restOfLine(f, from), "YAML is indented with spaces, not with tabs").Helpf("replace the tabs by spaces")
}

// reportSyntax tells of what goccy's parser refuses.
func reportSyntax(p *placement, tokens token.Tokens, err *syntaxError, l *diag.List) {
	offset := p.lastEnd(tokens)
	if err.token != nil {
		if at, ok := p.at[err.token]; ok {
			offset = at.start
		} else if prev := err.token.Prev; prev != nil {
			if at, ok := p.at[prev]; ok {
				offset = at.end
			}
		}
	}
	reportAt(p.file, err.message, offset, l)
}

// reportAt tells of a syntax error at an offset, as one of Go where the line
// holds some.
func reportAt(f *source.File, message string, offset int, l *diag.List) {
	at := restOfLine(f, offset)
	if d := goInYAMLAt(f, offset, "YAML does not read this as one value"); d != nil && goBroken(f, offset) {
		d.Message = goReason(f, offset)
		l.Add(d)
		return
	}
	text, help := reword(message)
	d := l.Errorf(diag.YAMLSyntax, at, "%s", text)
	if help != "" {
		d.Helpf("%s", help)
	}
}

// goBroken tells whether the value of the line has one of the forms that YAML
// takes apart, so that an error of another kind in it is told as such.
func goBroken(f *source.File, offset int) bool { return goReason(f, offset) != "" }

// goReason says what YAML does to the Go of the line at offset.
func goReason(f *source.File, offset int) string {
	value, ok := goValue(f, offset)
	if !ok {
		return ""
	}
	text := value.Text()
	switch c := text[0]; {
	case c == '[' || c == '{':
		return "YAML reads `" + string(c) + "` at the start of a value as a collection, not as Go"
	case c == '"' || c == '\'':
		return "YAML ends a value that begins with a quote at the closing quote, and here more follows"
	case c == '*':
		return "YAML reads `*` at the start of a value as an alias, not as Go"
	case c == '&':
		return "YAML reads `&` at the start of a value as an anchor, not as Go"
	case c == '@' || c == '`' || c == '%' || c == '!':
		return "YAML does not let a value begin with `" + string(c) + "`"
	case c == '|' || c == '>':
		return ""
	case strings.Contains(text, ": ") || strings.HasSuffix(text, ":"):
		return "YAML reads `: ` in a value as the end of a key"
	}
	return ""
}

// reword turns goccy's messages into ours, with a way out.
func reword(message string) (text, help string) {
	for _, m := range messages {
		if strings.Contains(message, m.goccy) {
			return m.text, m.help
		}
	}
	return "this is not YAML: " + message, ""
}

var messages = []struct{ goccy, text, help string }{
	{"map key-value is pre-defined", "this line is indented like a part of the value above, which is complete", "align it with the key above, or check what should be nested here"},
	{"non-map value is specified", "this line is no `key: value`, as the lines around it are", "write `key: value`; is the colon, or the space behind it, missing?"},
	{"mapping value is not allowed in this context", "a second `key:` stands in one line", "put it on a line of its own, or quote a value that holds `: `"},
	{"value is not allowed in this context", "this does not belong to what stands before it", "check the indentation, and that the value before is quoted if it needs to be"},
	{"could not find flow mapping end token", "this `{` is never closed", "add the closing `}`"},
	{"sequence end token ']' not found", "this `[` is never closed", "add the closing `]`"},
	{"corresponding to ']'", "this `]` closes nothing", "remove it, or add the `[`"},
	{"corresponding to '}'", "this `}` closes nothing", "remove it, or add the `{`"},
	{"',' or '}' must be specified", "a `,` or `}` is missing before this", "separate entries in {…} with `,`; quote a value that holds `,` `}` `]` or `: `"},
	{"',' or ']' must be specified", "a `,` or `]` is missing before this", "separate values in […] with `,`; quote a value that holds `,` `}` `]` or `: `"},
	{"expected sequence element, but found ','", "a value is missing before this `,`", "remove the `,`"},
	{"could not find flow map content", "an entry is missing here", "write `key: value`"},
	{"block sequence entries are not allowed", "a list cannot begin behind its key on the same line", "begin it on the next line, or write it as `[…]`"},
	{"found an invalid key for this map", "this `:` has no key before it", "write `key: value`; quote a value that begins with `:`"},
	{"unexpected key name", "a key cannot reach over several lines", "is a `:` missing in the line above?"},
	{"implicit line break", "a key cannot reach over several lines", "is a `,` missing in the line above?"},
	{"undefined anchor", "an anchor `&` needs a name and a value", "quote the text if it is no anchor"},
	{"could not find anchor value", "an anchor `&` needs a name and a value", "quote the text if it is no anchor"},
	{"anchor", "an anchor cannot stand here", "write it behind the `:` of the key whose value it names"},
	{"undefined alias", "an alias `*` needs a name", "quote the text if it is no alias"},
	{"alias", "an alias cannot stand here", "quote the text if it is no alias"},
	{"invalid header option", "`|` and `>` are followed by `-`, `+`, a digit from 1 to 9 or the end of the line", "begin the text on the next line"},
	{"could not find multi-line content", "the text of this block is missing", "indent the lines that belong to it"},
	{"invalid number of indent", "the lines of a block must be indented alike", "indent the first lines as the others are"},
	{"value cannot be placed after document separator", "`---` stands on a line of its own", "move what follows to the next line"},
	{"found unexpected document separator", "a document marker stands inside a quoted string", "close the quote, or indent the line"},
	{"unexpected end content", "text follows the end of the document", "remove it, or remove the `...` before it"},
	{"could not find end character", "this quote is never closed", "add the closing quote"},
	{"tag", "a tag has no use here", "remove it, or quote the text"},
}

// restOfLine is the span from an offset to the end of what stands on its line,
// or the next byte that is there.
func restOfLine(f *source.File, offset int) source.Span {
	offset = max(0, min(offset, len(f.Text)))
	end := offset + len(lineFrom(f, offset))
	return source.Span{File: f, Start: offset, End: end}
}
