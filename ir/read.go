package ir

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/flowc-dev/flowc/ir/source"
)

// Read makes a program of the text that [Print] wrote, or of one written by
// hand in the same form; lines that begin with # are comments. An error names
// the line. Read checks the form alone: [Verify] checks the program.
func Read(text string) (p *Program, err error) {
	f := &form{in: &reader{text: text, line: 1, startOfLine: true}, named: map[string]*namedType{}}
	defer func() {
		switch e := recover().(type) {
		case nil:
		case *SyntaxError:
			p, err = nil, e
		default:
			panic(e)
		}
	}()
	p = &Program{}
	f.in.next()
	f.program(p)
	f.in.need(tokenEnd, "")
	for _, label := range f.order {
		if n := f.named[label]; !n.declared {
			panic(&SyntaxError{Line: n.line, Message: fmt.Sprintf("the type `%s` is not declared", label)})
		}
	}
	return p, nil
}

// A SyntaxError is a text that [Read] does not understand.
type SyntaxError struct {
	Line    int // from 1
	Message string
}

func (e *SyntaxError) Error() string { return fmt.Sprintf("line %d: %s", e.Line, e.Message) }

// A namedType is one that a label stands for, perhaps declared further down.
type namedType struct {
	typ      *Type
	declared bool
	line     int // of the first use
}

func (f *form) lookup(label string) *namedType {
	n := f.named[label]
	if n == nil {
		n = &namedType{typ: &Type{}, line: f.in.line}
		f.named[label] = n
		f.order = append(f.order, label)
	}
	return n
}

type tokenKind int

const (
	tokenEnd tokenKind = iota
	tokenLine
	tokenWord
	tokenString
	tokenText // lines behind bars
	tokenSpan
	tokenMark // one of {}[](),:=?
)

// A reader cuts the text into tokens, one ahead.
type reader struct {
	text        string
	pos         int
	line        int // of the token ahead
	startOfLine bool

	kind  tokenKind
	token string // a string is unquoted
	ends  int    // line breaks inside the token ahead

	// tried are the words that would have been right here.
	tried []string
	in    []string // the statements around, for messages
}

func (r *reader) fail(format string, args ...any) {
	panic(&SyntaxError{Line: r.line, Message: fmt.Sprintf(format, args...)})
}

// next reads the next token.
func (r *reader) next() {
	r.tried = r.tried[:0]
	r.line += r.ends
	r.ends = 0
	for {
		for r.pos < len(r.text) && strings.IndexByte(" \t\r", r.text[r.pos]) >= 0 {
			r.pos++
		}
		if r.pos < len(r.text) && r.text[r.pos] == '#' {
			end := strings.IndexByte(r.text[r.pos:], '\n')
			if end < 0 {
				end = len(r.text) - r.pos
			}
			r.pos += end
		}
		// Empty lines and lines with a comment alone say nothing.
		if r.startOfLine && r.pos < len(r.text) && r.text[r.pos] == '\n' {
			r.pos++
			r.line++
			continue
		}
		break
	}
	if r.pos == len(r.text) {
		r.kind, r.token = tokenEnd, ""
		if !r.startOfLine {
			r.kind, r.startOfLine = tokenLine, true
		}
		return
	}
	start, first := r.pos, r.text[r.pos]
	if first == '\n' {
		r.kind, r.token, r.ends, r.startOfLine = tokenLine, "", 1, true
		r.pos++
		return
	}
	bar := r.startOfLine && first == '|'
	r.startOfLine = false
	switch {
	case bar:
		r.readBars()
	case strings.IndexByte("{}[](),:=?", first) >= 0:
		r.pos++
		r.kind, r.token = tokenMark, r.text[start:r.pos]
	case first == '@':
		for r.pos++; r.pos < len(r.text) && strings.IndexByte("0123456789:-", r.text[r.pos]) >= 0; r.pos++ {
		}
		if r.text[r.pos-1] == ':' {
			r.pos-- // the colon that ends a name
		}
		r.kind, r.token = tokenSpan, r.text[start:r.pos]
	case first == '"' || first == '`':
		quoted, err := strconv.QuotedPrefix(r.text[r.pos:])
		if err != nil || strings.Contains(quoted, "\n") {
			r.fail("a string that does not end on its line")
		}
		r.pos += len(quoted)
		r.kind = tokenString
		r.token, _ = strconv.Unquote(quoted) // a quoted prefix unquotes
	case isWordByte(first):
		for r.pos < len(r.text) && isWordByte(r.text[r.pos]) {
			r.pos++
		}
		r.kind, r.token = tokenWord, r.text[start:r.pos]
	default:
		r.fail("%q has no meaning here", r.text[start:min(start+1, len(r.text))])
	}
}

// readBars reads a text of several lines.
func (r *reader) readBars() {
	var lines []string
	for {
		rest := r.text[r.pos+1:]
		line, _, more := strings.Cut(rest, "\n")
		r.pos += 1 + len(line)
		lines = append(lines, strings.TrimPrefix(line, " "))
		if !more {
			break
		}
		following := strings.TrimLeft(r.text[r.pos+1:], " \t")
		if !strings.HasPrefix(following, "|") {
			break
		}
		r.pos = len(r.text) - len(following)
	}
	r.kind, r.token = tokenText, strings.Join(lines, "\n")
	r.ends = len(lines) - 1
}

// is tells whether a word or mark is ahead.
func (r *reader) is(word string) bool {
	if (r.kind == tokenWord || r.kind == tokenMark) && r.token == word {
		return true
	}
	if !slices.Contains(r.tried, word) {
		r.tried = append(r.tried, word)
	}
	return false
}

// accept takes a word or mark if it is ahead.
func (r *reader) accept(word string) bool {
	if !r.is(word) {
		return false
	}
	r.next()
	return true
}

// expect takes a word or mark that must be ahead.
func (r *reader) expect(word string) {
	if !r.accept(word) {
		r.unexpected("")
	}
}

// need takes a token of a kind and returns it; what names it in a message.
func (r *reader) need(kind tokenKind, what string) string {
	if r.kind != kind {
		r.unexpected(what)
	}
	token := r.token
	if kind != tokenEnd {
		r.next()
	}
	return token
}

func (r *reader) unexpected(what string) {
	var want []string
	if what != "" {
		want = append(want, what)
	} else {
		for _, w := range r.tried {
			want = append(want, "`"+w+"`")
		}
	}
	found := "`" + r.token + "`"
	switch r.kind {
	case tokenEnd:
		found = "the end of the text"
	case tokenLine:
		found = "the end of the line"
	case tokenString:
		found = "the string " + strconv.Quote(r.token)
	case tokenText:
		found = "a text"
	}
	where := ""
	if len(r.in) > 0 {
		where = " in `" + r.in[len(r.in)-1] + "`"
	}
	if len(want) == 0 {
		r.fail("unexpected %s%s", found, where)
	}
	r.fail("unexpected %s%s, expected %s", found, where, orList(want))
}

// orList joins words as a sentence does.
func orList(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:len(words)-1], ", ") + " or " + words[len(words)-1]
}

// name takes a word or a quoted one.
func (r *reader) name(what string) string {
	if r.kind == tokenString {
		return r.need(tokenString, what)
	}
	return r.need(tokenWord, what)
}

func (r *reader) integer() int64 {
	word := r.need(tokenWord, "a number")
	n, err := strconv.ParseInt(word, 10, 64)
	if err != nil {
		r.fail("`%s` is no whole number", word)
	}
	return n
}

// parseBytes is the inverse of [formatBytes].
func parseBytes(s string) (int64, error) {
	shift := 0
	switch {
	case strings.HasSuffix(s, "MiB"):
		s, shift = strings.TrimSuffix(s, "MiB"), 20
	case strings.HasSuffix(s, "KiB"):
		s, shift = strings.TrimSuffix(s, "KiB"), 10
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n<<shift>>shift != n {
		return 0, fmt.Errorf("%q is no number of bytes (such as 4096, 256KiB or 1MiB)", s)
	}
	return n << shift, nil
}

// span reads @FILE:START-END.
func (f *form) readSpan(token string) source.Span {
	var file, start, end int
	n, err := fmt.Sscanf(token, "@%d:%d-%d", &file, &start, &end)
	if err != nil || n != 3 || fmt.Sprintf("@%d:%d-%d", file, start, end) != token {
		f.in.fail("`%s` is no span (such as @0:12-15)", token)
	}
	if file < 0 || file >= len(f.files) {
		f.in.fail("`%s` names file %d, of %d", token, file, len(f.files))
	}
	return source.Span{File: f.files[file], Start: start, End: end}
}
