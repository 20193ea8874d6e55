package parse

import (
	"slices"

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
	header, content, end := false, false, false // what was seen of the document
	for i, tk := range tokens {
		if end || len(*l) > maxErrors {
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
			if !content && !header {
				header = true
				continue
			}
			secondDocument(p, tokens[:i], at, l)
			return false
		case token.DocumentEndType:
			rest := slices.IndexFunc(tokens[i+1:], func(tk *token.Token) bool {
				return tk.Type != token.CommentType && tk.Type != token.DocumentEndType
			})
			if rest >= 0 {
				if second, ok := p.span(tokens[i+1+rest]); ok {
					secondDocument(p, tokens[:i], second, l)
					return false
				}
			}
			end = true // nothing but comments and further `...` follows
		case token.DirectiveType:
			if d := goInYAMLAt(p.file, at.Start, "YAML does not let a value begin with `%%`"); d != nil {
				l.Add(d)
			} else if at.Pos().Column > 1 {
				l.Errorf(diag.YAMLSyntax, at, "no plain value begins with `%%`").
					Helpf("%s", quoteHelp(lineFrom(p.file, at.Start)))
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
	if ok && firstContent(tokens) == nil {
		emptyFile(p.file, l)
		return false
	}
	return ok
}

// firstContent is the first token that is more than a comment or a marker.
func firstContent(tokens token.Tokens) *token.Token {
	for _, tk := range tokens {
		if tk.Type != token.CommentType && tk.Type != token.DocumentHeaderType && tk.Type != token.DocumentEndType {
			return tk
		}
	}
	return nil
}

func secondDocument(p *placement, before token.Tokens, at source.Span, l *diag.List) {
	d := l.Errorf(diag.SeveralDocuments, at, "a second document begins here; a file holds one pipeline").
		Helpf("move it into a file of its own, or `include` it")
	if first := firstContent(before); first != nil {
		if s, ok := p.span(first); ok {
			d.NoteAt(s, "the first document begins here")
		}
	}
}

// harmlessTag tells whether a tag says what the core schema says already.
func harmlessTag(tag string) bool {
	switch tag {
	case "!!str", "!!map", "!!seq", "!!int", "!!bool", "!!float", "!!null":
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
		Helpf("remove it, or %s if it is meant as text", quoteHelp(lineFrom(f, at.Start)))
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
			tooMuch(at, l, "more than %d entries stand in one mapping or list", MaxKeys)
			return false
		}
	}
	return true
}
