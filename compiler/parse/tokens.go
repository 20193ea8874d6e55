package parse

import (
	"strings"

	"github.com/goccy/go-yaml/token"

	"github.com/flowc-dev/flowc/ir/diag"
	"github.com/flowc-dev/flowc/ir/source"
)

// checkTokens refuses what the language has no use for (tags, directives,
// further documents, keys that are no words) and what would cost the parser
// too much, before the parser sees it: it recurses over nested values and over
// the keys of a mapping, and reads some Go as tags.
func checkTokens(p *placement, tokens token.Tokens, l *diag.List) bool {
	if !checkNesting(p, tokens, l) {
		return false
	}
	ok := true
	content, end := false, false // something of the document was seen, its end
	for i, tk := range tokens {
		if end {
			break
		}
		at, placed := p.span(tk)
		if !placed {
			if tk.Type == token.InvalidType {
				break
			}
			continue
		}
		switch tk.Type {
		case token.CommentType:
			continue
		case token.DocumentHeaderType:
			if !content {
				continue
			}
			secondDocument(p, tokens[:i], at, l)
			return false
		case token.DocumentEndType:
			if rest := firstContent(tokens[i+1:]); rest != nil {
				if second, ok := p.span(rest); ok {
					secondDocument(p, tokens[:i], second, l)
					return false
				}
			}
			end = true // nothing but comments and further `...` follows
		case token.DirectiveType:
			if d := goInYAMLAt(p.file, at.Start, "YAML reads a line that begins with `%%` as a directive"); d != nil {
				l.Add(d)
			} else {
				l.Errorf(diag.YAMLSyntax, at, "a YAML directive has no use here").Helpf("delete this line")
			}
			return false
		case token.TagType:
			if !harmlessTag(tk.Value) {
				refuseTag(p.file, at, l)
				ok = false
			}
		case token.MappingKeyType:
			l.Errorf(diag.YAMLKey, at, "keys with `?` are not part of the language").Helpf("write `key: value`")
			ok = false
		}
		content = true
	}
	if !content && ok && len(tokens) > 0 && tokens.InvalidToken() == nil {
		emptyFile(p.file, l)
		return false
	}
	return ok
}

func firstContent(tokens token.Tokens) *token.Token {
	for _, tk := range tokens {
		if tk.Type != token.CommentType && tk.Type != token.DocumentEndType {
			return tk
		}
	}
	return nil
}

func secondDocument(p *placement, before token.Tokens, at source.Span, l *diag.List) {
	d := l.Errorf(diag.SeveralDocuments, at, "a second document begins here; a file holds one pipeline").
		Helpf("move it into a file of its own, or `include` it")
	if first := firstContent(before); first != nil && first.Type != token.DocumentHeaderType {
		if s, ok := p.span(first); ok {
			d.NoteAt(s, "the first document begins here")
		}
	}
}

// harmlessTag tells whether a tag says what the core schema says already.
func harmlessTag(tag string) bool {
	switch tag {
	case "!!str", "!!map", "!!seq", "!!int", "!!bool", "!!float", "!!null", "!":
		return true
	}
	return false
}

func refuseTag(f *source.File, at source.Span, l *diag.List) {
	tag := at.Text()
	if d := goInYAMLAt(f, at.Start, "YAML reads `%s` as a tag, not as Go", tag); d != nil {
		l.Add(d)
		return
	}
	l.Errorf(diag.YAMLTag, at, "the tag `%s` has no meaning here", tag).
		Helpf("remove it, or quote the value if it is meant as text: `'%s'`", strings.ReplaceAll(lineFrom(f, at.Start), "'", "''"))
}

// checkNesting bounds the depth of the tree and the keys of one mapping.
func checkNesting(p *placement, tokens token.Tokens, l *diag.List) bool {
	type level struct {
		column int // -1 in a flow collection
		dash   bool
		keys   int
	}
	var open []level
	for i, tk := range tokens {
		var start *token.Token
		dash := false
		switch tk.Type {
		case token.MappingStartType, token.SequenceStartType:
			open = append(open, level{column: -1})
		case token.MappingEndType, token.SequenceEndType:
			if n := len(open); n > 0 && open[n-1].column < 0 {
				open = open[:n-1]
			}
		case token.SequenceEntryType:
			start, dash = tk, true
		case token.MappingValueType:
			if i > 0 {
				start = tokens[i-1]
			}
		}
		inFlow := len(open) > 0 && open[len(open)-1].column < 0
		if start != nil && inFlow {
			open[len(open)-1].keys++
		}
		if start != nil && !inFlow {
			c := start.Position.Column
			for n := len(open); n > 0 && open[n-1].column >= 0 && (open[n-1].column > c || open[n-1].column == c && open[n-1].dash && !dash); n-- {
				open = open[:n-1]
			}
			if n := len(open); n > 0 && open[n-1].column == c && open[n-1].dash == dash {
				open[n-1].keys++
			} else {
				open = append(open, level{column: c, dash: dash, keys: 1})
			}
		}
		at, ok := p.span(tk)
		switch {
		case !ok:
		case len(open) > MaxDepth:
			tooDeep(p.file, at.Start, l)
			return false
		case len(open) > 0 && open[len(open)-1].keys > MaxKeys:
			tooMuch(p.file, at, l, "more than %d entries stand in one mapping or list", MaxKeys)
			return false
		}
	}
	return true
}
