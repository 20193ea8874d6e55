package parse

import (
	"regexp"
	"slices"
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
		d := l.Errorf(diag.YAMLSyntax, at, "%s", m.err.message).Helpf("%s", m.err.help)
		if m.err.escape {
			d.Replace(source.Span{File: f, Start: at.Start, End: at.Start}, `\`, "write the backslash twice: `\\%s`", at.Text())
		}
		return
	}
	if reason, at := goReason(f, m.offset); reason != "" {
		l.Add(goFix(f, m.offset, at, "%s", reason))
		return
	}
	l.Errorf(diag.YAMLSyntax, restOfLine(f, m.offset), "YAML parsers read this differently, so it is refused").
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
		offset = errorOffset(f, tk, offset)
		if d := goInYAMLAt(f, offset, "YAML reserves `%c` at the start of a value", f.Text[min(offset, len(f.Text)-1)]); d != nil {
			l.Add(d)
			return
		}
		l.Errorf(diag.YAMLSyntax, source.Span{File: f, Start: offset, End: min(offset+1, len(f.Text))}, "YAML reserves this character: no plain value begins with it").
			Helpf("%s", quoteHelp(lineFrom(f, offset)))
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
			if d := unclosed(p, tokens, err.token); d != nil {
				l.Add(d)
				return
			}
		} else if prev := err.token.Prev; prev != nil {
			if at, ok := p.at[prev]; ok {
				offset = at.end
			}
		}
	}
	if d := aboutTokens(p, tokens, err.token); d != nil && goNone(p.file, offset) {
		l.Add(d)
		return
	}
	reportAt(p.file, err.message, offset, l)
}

// goNone tells whether no Go around an offset explains an error.
func goNone(f *source.File, offset int) bool {
	reason, _ := goReason(f, offset)
	return reason == "" && goStatements(f, offset) == nil
}

// aboutTokens explains an error better than its message does, by the token it is
// about and the one before it; nil where it cannot.
func aboutTokens(p *placement, tokens token.Tokens, at *token.Token) *diag.Diagnostic {
	here, ok := p.span(at)
	if !ok {
		return nil
	}
	i := slices.Index(tokens, at)
	text := here.Text()
	if i > 0 && here.Line() == p.file.Position(p.at[tokens[i-1]].end).Line {
		before, _ := p.span(tokens[i-1])
		if kind := tokens[i-1].Type; (kind == token.SingleQuoteType || kind == token.DoubleQuoteType) && at.Type != token.MappingValueType {
			help := "a `'` inside single quotes is written twice: `''`"
			if kind == token.DoubleQuoteType {
				help = "a `\"` inside double quotes is written `\\\"`"
			}
			return diag.Errorf(diag.YAMLSyntax, restOfLine(p.file, here.Start), "text follows a value in quotes").
				Also(before, "the value ends here").Helpf("%s; or put all of it in quotes", help)
		}
	}
	isKey := i >= 0 && i+1 < len(tokens) && tokens[i+1].Type == token.MappingValueType
	first, _, many := strings.Cut(text, "\n")
	switch {
	case at.Type == token.MappingValueType && (i == 0 || p.file.Position(p.at[tokens[i-1]].end).Line < here.Line()):
		return diag.Errorf(diag.YAMLSyntax, here, "a key is missing before this `:`").Helpf("write `key: value`")
	case isKey && many && i > 0 && tokens[i-1].Type == token.MappingValueType:
		value := here.Sub(0, len(strings.TrimRight(first, " \r")))
		return diag.Errorf(diag.YAMLSyntax, value, "this key has a value already, and entries below it as well").
			Helpf("remove the value, or align the entries below with the key")
	case strings.Trim(string(p.file.Text[p.file.Offset(here.Line(), 1):here.Start]), " -") == "":
		if m := tightColon.FindStringSubmatchIndex(first); m != nil {
			colon := here.Sub(m[2], m[3])
			d := diag.Errorf(diag.YAMLSyntax, colon, "a space is missing behind this `:`")
			return d.Replace(source.Span{File: p.file, Start: colon.End, End: colon.End}, " ", "write `%s: `", first[:m[2]])
		}
	}
	return nil
}

// tightColon is a line `key:value`.
var tightColon = regexp.MustCompile(`^[\pL_][\pL\pN_-]*(:)[^\s/:]`)

// unclosed explains a token that does not belong into the brackets around it,
// where it begins a line that is indented no deeper than the line with the
// opening bracket: that one was not closed.
func unclosed(p *placement, tokens token.Tokens, at *token.Token) *diag.Diagnostic {
	var open []*token.Token
	for _, tk := range tokens {
		if tk == at {
			break
		}
		switch tk.Type {
		case token.MappingStartType, token.SequenceStartType:
			open = append(open, tk)
		case token.MappingEndType, token.SequenceEndType:
			if len(open) > 0 {
				open = open[:len(open)-1]
			}
		}
	}
	if len(open) == 0 {
		return nil
	}
	opener, _ := p.span(open[len(open)-1])
	here, ok := p.span(at)
	if !ok || here.Line() <= opener.Line() || here.Pos().Column-1 > indentOf(p.file, opener.Line()) {
		return nil
	}
	closer := "}"
	if opener.Text() == "[" {
		closer = "]"
	}
	if d := closedInComment(p, tokens, opener, closer); d != nil {
		return d
	}
	return diag.Errorf(diag.YAMLSyntax, opener, "this `%s` is never closed", opener.Text()).
		Also(here, "this does not belong inside").
		Helpf("add the closing `%s`", closer)
}

// closedInComment explains brackets whose end YAML has taken for a comment: the
// text before it held a ` #`.
func closedInComment(p *placement, tokens token.Tokens, opener source.Span, closer string) *diag.Diagnostic {
	for _, tk := range tokens {
		at, ok := p.span(tk)
		if tk.Type != token.CommentType || !ok || at.Line() != opener.Line() || at.Start < opener.End || !strings.Contains(at.Text(), closer) {
			continue
		}
		if value, _, ok := goValue(p.file, at.Start); ok && value.Start < at.Start && at.Start < value.End {
			return goFix(p.file, at.Start, at, "YAML cut the Go off at ` #`: it reads the rest of the line as a comment")
		}
		return diag.Errorf(diag.YAMLSyntax, at, "YAML reads ` #` as the start of a comment, and the closing `%s` is in it", closer).
			Also(opener, "opened here").
			Helpf("quote the value that holds ` #`, or close the `%s` before the comment", opener.Text())
	}
	return nil
}

// indentOf is the white space that a line begins with.
func indentOf(f *source.File, line int) int {
	text := f.Line(line)
	return len(text) - len(strings.TrimLeft(string(text), " \t"))
}

// reportAt tells of a syntax error at an offset: as one of Go where YAML has
// taken Go apart there.
func reportAt(f *source.File, message string, offset int, l *diag.List) {
	if value, _, ok := goValue(f, offset); ok {
		// Where it is a mapping, the parser tripped over something inside of it: Go
		// that begins with an address, perhaps.
		if m := addressOf.FindStringIndex(value.Text()); m != nil && value.Text()[0] == '{' {
			offset = value.Start + m[1] - 1
		}
	}
	if reason, at := goReason(f, offset); reason != "" {
		l.Add(goFix(f, offset, at, "%s", reason))
		return
	}
	if d := goStatements(f, offset); d != nil {
		l.Add(d)
		return
	}
	text, help, sign := reword(message)
	at := restOfLine(f, offset)
	if sign && at.End > at.Start {
		at.End = at.Start + 1
	}
	d := l.Errorf(diag.YAMLSyntax, at, "%s", text)
	if help != "" {
		d.Helpf("%s", help)
	}
}

// addressOf is an entry of a flow mapping whose value begins with an address.
var addressOf = regexp.MustCompile(`[{,] *[\w-]+: +&`)

// goReason says what YAML does to the Go around an offset, and where in it; ""
// where there is none, or YAML leaves it whole.
func goReason(f *source.File, offset int) (string, source.Span) {
	value, inFlow, ok := goValue(f, offset)
	if !ok {
		return "", source.Span{}
	}
	text := value.Text()
	switch c := text[0]; {
	case c == '[' || c == '{':
		return "YAML reads `" + string(c) + "` at the start of a value as a collection, not as Go", value.Sub(0, 1)
	case c == '"' || c == '\'':
		return "YAML ends a value that begins with a quote at the closing quote, and here more follows", restOfValue(value, offset)
	case c == '*':
		return "YAML reads `*` at the start of a value as an alias, not as Go", value.Sub(0, 1)
	case c == '&':
		return "YAML reads `&` at the start of a value as an anchor, not as Go", value.Sub(0, 1)
	case c == '!':
		return "YAML reads `!` at the start of a value as a tag, not as Go", value.Sub(0, 1)
	case c == '@' || c == '`' || c == '%':
		return "YAML does not let a value begin with `" + string(c) + "`", value.Sub(0, 1)
	case c == '|' || c == '>':
		return "", source.Span{}
	}
	if i := strings.Index(text+" ", ": "); i >= 0 {
		return "YAML reads `: ` in a value as the end of a key", value.Sub(i, i+1)
	}
	if i := strings.IndexAny(text, ",[]{}"); inFlow && i >= 0 {
		return "inside {…} and […] YAML ends a value at `" + text[i:i+1] + "`, also in the middle of Go", value.Sub(i, i+1)
	}
	return "", source.Span{}
}

// restOfValue is a value from an offset on.
func restOfValue(value source.Span, offset int) source.Span {
	value.Start = max(value.Start, min(offset, value.End))
	return value
}

// reword turns goccy's messages into ours, with a way out; sign tells that the
// message is about one sign.
func reword(message string) (text, help string, sign bool) {
	for _, m := range messages {
		if strings.Contains(message, m.goccy) {
			return m.text, m.help, strings.HasPrefix(m.text, "this `")
		}
	}
	return "this is not YAML: " + message, "", false
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
	{"unexpected key name", "a key cannot reach over several lines", "is a `:` missing in its first line?"},
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
	{"could not find map value", "a value is missing behind this `:`", "write `key: value`"},
	{"unexpected scalar value", "no value can stand here", "is a quote, a `,` or a `:` missing before it?"},
	{"unexpected map key", "no key can stand here", "check the indentation, and the line above"},
	{"no value was found", "this text gives no value", "write `key: value` lines"},
	{"tag", "a tag has no use here", "remove it, or quote the text"},
}

// restOfLine is the span from an offset to the end of what stands on its line,
// or the next byte that is there.
func restOfLine(f *source.File, offset int) source.Span {
	offset = max(0, min(offset, len(f.Text)))
	end := offset + len(lineFrom(f, offset))
	return source.Span{File: f, Start: offset, End: end}
}
