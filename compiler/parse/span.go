package parse

import (
	"unicode/utf8"

	"github.com/goccy/go-yaml/token"

	"github.com/flowc-dev/flowc/ir/source"
)

// This is the only file that deals with positions of goccy's tokens. They are
// not to be trusted: columns count runes and ignore tabs, offsets drift behind
// comments, and the content of a block scalar has column 0. So the tokens are
// laid over the text again, in order: between two of them stand only white
// space and comments, and each is known by its first bytes. Lines and columns
// are then written back into the tokens, since the parser decides by them what
// belongs to what.

// A placed token is the range of the text that a token covers, with its
// decoded content if it is a scalar.
type placed struct {
	start, end int
	scalar     *scalar
}

// A placement says where each token of a text stands.
type placement struct {
	file *source.File
	at   map[*token.Token]placed

	line, offset, column int // of the token placed last
}

// span is where a token stands, false for one that the parser made up.
func (p *placement) span(tk *token.Token) (source.Span, bool) {
	at, ok := p.at[tk]
	return source.Span{File: p.file, Start: at.start, End: at.end}, ok
}

// A misplaced token is one that the text cannot be reconciled with: the text
// is wrong (err), or the two readings of it differ (err nil).
type misplaced struct {
	offset int // where the text was when the token did not fit
	err    *scalarError
}

// place finds every token in the text, from an offset on.
func place(f *source.File, from int, tokens token.Tokens) (*placement, *misplaced) {
	p := &placement{file: f, at: make(map[*token.Token]placed, len(tokens))}
	src, cur := f.Text, from
	for i := 0; i < len(tokens); i++ {
		tk := tokens[i]
		for cur < len(src) && isSpace(src[cur]) {
			cur++
		}
		at := placed{start: cur}
		switch tk.Type {
		case token.InvalidType:
			return p, misquoted(src, cur)
		case token.LiteralType, token.FoldedType:
			if cur >= len(src) || src[cur] != '|' && src[cur] != '>' {
				return p, &misplaced{offset: cur}
			}
			var err *scalarError
			at.scalar, at.end, err = blockScalar(src, cur, p.parentColumn(tokens[:i]))
			if err != nil {
				return p, &misplaced{cur, err}
			}
			i = skipContent(tokens, i)
		case token.SingleQuoteType, token.DoubleQuoteType:
			decode, quote := singleQuoted, byte('\'')
			if tk.Type == token.DoubleQuoteType {
				decode, quote = doubleQuoted, '"'
			}
			if cur >= len(src) || src[cur] != quote {
				return p, &misplaced{offset: cur}
			}
			s, err := decode(src, cur)
			if err != nil {
				return p, &misplaced{cur, err}
			}
			at.scalar, at.end = s, s.end
		case token.CommentType:
			if cur >= len(src) || src[cur] != '#' {
				return p, &misplaced{offset: cur}
			}
			at.end = lineEnd(src, cur)
		default:
			end, ok := matchToken(src, cur, indicatorOr(tk))
			if !ok {
				return p, &misplaced{offset: cur}
			}
			at.end = end
			if isPlainScalar(tk) {
				at.scalar = plainScalar(src, cur, end)
			}
		}
		p.at[tk] = at
		p.correct(tk, at.start)
		cur = at.end
	}
	for cur < len(src) && isSpace(src[cur]) {
		cur++
	}
	if cur < len(src) {
		return p, &misplaced{offset: cur}
	}
	return p, nil
}

// misquoted tells, of a token that goccy's scanner refuses, whether it is a
// quoted scalar: then our own decoder says where in it the mistake is.
func misquoted(src []byte, at int) *misplaced {
	if at >= len(src) {
		return nil
	}
	var err *scalarError
	switch src[at] {
	case '\'':
		_, err = singleQuoted(src, at)
	case '"':
		_, err = doubleQuoted(src, at)
	}
	if err == nil {
		return nil
	}
	return &misplaced{at, err}
}

// correct writes the place into the token, as its parser counts: runes, from 1.
// It goes on from the token before, so that a long line is counted once.
func (p *placement) correct(tk *token.Token, offset int) {
	pos := p.file.Position(offset)
	if pos.Line != p.line {
		p.line, p.offset, p.column = pos.Line, offset-pos.Column+1, 1
	}
	p.column += utf8.RuneCount(p.file.Text[p.offset:offset])
	p.offset = offset
	tk.Position.Line, tk.Position.Column = p.line, p.column
}

// skipContent returns the index of the token that holds the content of the
// block scalar whose header is tokens[i]; its text has been read already. A
// comment may stand behind the header.
func skipContent(tokens token.Tokens, i int) int {
	j := i + 1
	if j < len(tokens) && tokens[j].Type == token.CommentType {
		j++
	}
	if j < len(tokens) && isPlainScalar(tokens[j]) {
		return j
	}
	return i
}

// parentColumn is the indentation of the collection that a block scalar behind
// these tokens belongs to: the column, from 0, of its key or dash.
func (p *placement) parentColumn(before token.Tokens) int {
	for i := len(before) - 1; i >= 0; i-- {
		switch before[i].Type {
		case token.SequenceEntryType, token.MappingKeyType:
			return before[i].Position.Column - 1
		case token.MappingValueType:
			if i > 0 {
				return before[i-1].Position.Column - 1
			}
		case token.DocumentHeaderType:
			return -1
		}
	}
	return -1
}

// indicatorOr is how a token is spelled in the text.
func indicatorOr(tk *token.Token) string {
	switch tk.Type {
	case token.DocumentHeaderType:
		return "---"
	case token.DocumentEndType:
		return "..."
	case token.SequenceEntryType:
		return "-"
	case token.MappingKeyType:
		return "?"
	case token.MappingValueType:
		return ":"
	case token.MergeKeyType:
		return "<<"
	case token.CollectEntryType:
		return ","
	case token.SequenceStartType:
		return "["
	case token.SequenceEndType:
		return "]"
	case token.MappingStartType:
		return "{"
	case token.MappingEndType:
		return "}"
	case token.AnchorType:
		return "&"
	case token.AliasType:
		return "*"
	case token.DirectiveType:
		return "%"
	}
	return tk.Value
}

// matchToken follows a value through the text, not minding white space (plain
// scalars fold their lines), and returns where it ends.
func matchToken(src []byte, at int, value string) (int, bool) {
	start, end := at, at
	for i := 0; i < len(value); i++ {
		if isSpace(value[i]) {
			continue
		}
		for end > start && at < len(src) && isSpace(src[at]) {
			at++
		}
		if at >= len(src) || src[at] != value[i] {
			return 0, false
		}
		at++
		end = at
	}
	return end, true
}

// isPlainScalar tells whether a token is an unquoted scalar (or the content of
// a block scalar).
func isPlainScalar(tk *token.Token) bool {
	switch tk.Type {
	case token.StringType, token.NullType, token.BoolType, token.FloatType, token.InfinityType, token.NanType,
		token.IntegerType, token.BinaryIntegerType, token.OctetIntegerType, token.HexIntegerType:
		return true
	}
	return false
}

// errorOffset is where in the text an error token of the parser points; from
// is the first offset it can be.
func errorOffset(f *source.File, tk *token.Token, from int) int {
	return max(from, f.RuneOffset(tk.Position.Line, tk.Position.Column))
}
