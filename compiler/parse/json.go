package parse

import (
	"bytes"
	"fmt"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/flowc-dev/flowc/ir/diag"
	"github.com/flowc-dev/flowc/ir/source"
)

// readJSON reads one JSON value (RFC 8259, strictly) that begins at from.
func readJSON(f *source.File, from int, l *diag.List) *Node {
	r := &jsonReader{file: f, src: f.Text, at: from, list: l}
	n, err := r.value(0)
	if err == nil {
		if r.space(); r.at < len(r.src) {
			err = r.errorf(r.at, "text follows the value", "a file holds one value; remove what follows, or put it into a file of its own")
		}
	}
	if err != nil {
		l.Add(err)
		return nil
	}
	return n
}

type jsonReader struct {
	file   *source.File
	src    []byte
	at     int
	values int
	list   *diag.List // for what does not end the reading
}

func (r *jsonReader) errorf(at int, message, help string) *diag.Diagnostic {
	end := at
	if at < len(r.src) {
		_, n := utf8.DecodeRune(r.src[at:])
		end += n
	}
	d := diag.Errorf(diag.JSONSyntax, source.Span{File: r.file, Start: at, End: end}, "%s", message)
	if help != "" {
		d.Helpf("%s", help)
	}
	return d
}

func (r *jsonReader) space() {
	for r.at < len(r.src) && isSpace(r.src[r.at]) {
		r.at++
	}
}

// value reads one value inside depth collections.
func (r *jsonReader) value(depth int) (*Node, *diag.Diagnostic) {
	r.space()
	if r.values++; r.values > MaxValues || depth > MaxDepth {
		message := fmt.Sprintf("the file holds more than %d values", MaxValues)
		if depth > MaxDepth {
			message = fmt.Sprintf("values are nested more than %d deep here", MaxDepth)
		}
		return nil, diag.Errorf(diag.InputLimit, source.Span{File: r.file, Start: r.at, End: r.at + 1}, "%s", message).
			Helpf("is this the right file? data belongs into files that a source reads")
	}
	start := r.at
	if start == len(r.src) {
		return nil, r.errorf(start, "the text ends where a value is expected", "")
	}
	switch c := r.src[start]; {
	case c == '{':
		return r.object(depth)
	case c == '[':
		return r.array(depth)
	case c == '"':
		return r.str()
	case c == '-' || '0' <= c && c <= '9':
		return r.number()
	case 'a' <= c|0x20 && c|0x20 <= 'z':
		return r.word()
	case c == '\'' || c == '`':
		return nil, r.errorf(start, "JSON strings stand in double quotes", "write `\"…\"`")
	case c == '/' || c == '#':
		return nil, r.comment()
	case c == ',' || c == ']' || c == '}':
		return nil, r.errorf(start, fmt.Sprintf("a value is missing before this `%c`", c), "remove the comma before it, or add the value")
	}
	return nil, r.errorf(start, "no JSON value begins like this", "values are \"…\", numbers, true, false, null, {…} and […]")
}

func (r *jsonReader) span(start int) source.Span {
	return source.Span{File: r.file, Start: start, End: r.at}
}

func (r *jsonReader) object(depth int) (*Node, *diag.Diagnostic) {
	n := &Node{Kind: Mapping, Style: JSON}
	start := r.at
	r.at++
	first := map[string]*Node{}
	for {
		r.space()
		if r.at < len(r.src) && r.src[r.at] == '}' && len(first) == 0 {
			break
		}
		if r.at == len(r.src) {
			return nil, r.errorf(start, "this `{` is never closed", "add the closing `}`")
		}
		if r.src[r.at] != '"' {
			help := "write `\"key\": value`"
			switch r.src[r.at] {
			case '}':
				help = "remove the comma before it"
			case '/', '#':
				return nil, r.comment()
			}
			return nil, r.errorf(r.at, "a key in double quotes is expected here", help)
		}
		key, err := r.str()
		if err != nil {
			return nil, err
		}
		if r.space(); r.at == len(r.src) || r.src[r.at] != ':' {
			return nil, r.errorf(r.at, "a `:` is missing behind the key", "write `\"key\": value`")
		}
		r.at++
		value, err := r.value(depth + 1)
		if err != nil {
			return nil, err
		}
		if before := first[key.Text]; before != nil {
			duplicateKey(before, key, r.list)
		} else {
			first[key.Text] = key
			n.Members = append(n.Members, &Member{key, value})
		}
		if r.space(); r.at < len(r.src) && r.src[r.at] == ',' {
			r.at++
			continue
		}
		if r.at < len(r.src) && r.src[r.at] == '}' {
			break
		}
		if r.at == len(r.src) {
			return nil, r.errorf(start, "this `{` is never closed", "add the closing `}`")
		}
		return nil, r.errorf(r.at, "a `,` or `}` is missing before this", "")
	}
	r.at++
	n.Span = r.span(start)
	return n, nil
}

func (r *jsonReader) array(depth int) (*Node, *diag.Diagnostic) {
	n := &Node{Kind: Sequence, Style: JSON}
	start := r.at
	r.at++
	for {
		if r.space(); r.at < len(r.src) && r.src[r.at] == ']' && len(n.Items) == 0 {
			break
		}
		if r.at == len(r.src) {
			return nil, r.errorf(start, "this `[` is never closed", "add the closing `]`")
		}
		value, err := r.value(depth + 1)
		if err != nil {
			return nil, err
		}
		n.Items = append(n.Items, value)
		if r.space(); r.at < len(r.src) && r.src[r.at] == ',' {
			r.at++
			continue
		}
		if r.at < len(r.src) && r.src[r.at] == ']' {
			break
		}
		if r.at == len(r.src) {
			return nil, r.errorf(start, "this `[` is never closed", "add the closing `]`")
		}
		return nil, r.errorf(r.at, "a `,` or `]` is missing before this", "")
	}
	r.at++
	n.Span = r.span(start)
	return n, nil
}

func (r *jsonReader) comment() *diag.Diagnostic {
	return r.errorf(r.at, "JSON has no comments", "remove it, or write the pipeline in YAML")
}

func (r *jsonReader) word() (*Node, *diag.Diagnostic) {
	start := r.at
	for r.at < len(r.src) && ('a' <= r.src[r.at] && r.src[r.at] <= 'z' || 'A' <= r.src[r.at] && r.src[r.at] <= 'Z') {
		r.at++
	}
	n := r.literal(start)
	switch n.Text {
	case "true", "false":
		n.Kind = Bool
	case "null":
		n.Kind = Null
	default:
		d := diag.Errorf(diag.JSONSyntax, n.Span, "`%s` is no JSON value", n.Text)
		if !d.Near(n.Text, []string{"true", "false", "null"}) {
			d.Replace(n.Span, `"`+n.Text+`"`, "write `\"%s\"`", n.Text)
		}
		return nil, d
	}
	return n, nil
}

// literal is the node of what was read since start, as it is written.
func (r *jsonReader) literal(start int) *Node {
	var b textBuilder
	b.copy(r.src, start, r.at)
	return &Node{Style: JSON, Text: string(b.text), runs: b.runs, Span: r.span(start)}
}

func (r *jsonReader) digits() (n int) {
	for r.at < len(r.src) && '0' <= r.src[r.at] && r.src[r.at] <= '9' {
		r.at++
		n++
	}
	return n
}

func (r *jsonReader) number() (*Node, *diag.Diagnostic) {
	start, kind := r.at, Int
	if r.src[r.at] == '-' {
		r.at++
	}
	first := r.at
	n := r.digits()
	if n == 0 {
		return nil, r.errorf(start, "a digit is missing behind the `-`", "")
	}
	if n > 1 && r.src[first] == '0' {
		return nil, r.errorf(start, "a JSON number does not begin with 0", "remove the zero, or quote the value if it is no number")
	}
	if r.at < len(r.src) && r.src[r.at] == '.' {
		kind = Float
		if r.at++; r.digits() == 0 {
			return nil, r.errorf(r.at, "a digit is missing behind the decimal point", "")
		}
	}
	if r.at < len(r.src) && (r.src[r.at] == 'e' || r.src[r.at] == 'E') {
		kind = Float
		if r.at++; r.at < len(r.src) && (r.src[r.at] == '+' || r.src[r.at] == '-') {
			r.at++
		}
		if r.digits() == 0 {
			return nil, r.errorf(r.at, "a digit is missing in the exponent", "")
		}
	}
	num := r.literal(start)
	num.Kind = kind
	return num, nil
}

// str reads the string whose opening quote is here.
func (r *jsonReader) str() (*Node, *diag.Diagnostic) {
	var b textBuilder
	start := r.at
	for i := start + 1; i < len(r.src); {
		switch c := r.src[i]; {
		case c == '"':
			r.at = i + 1
			return &Node{Kind: String, Style: JSON, Text: string(b.text), runs: b.runs, Span: r.span(start)}, nil
		case c < ' ':
			if c == '\n' || c == '\r' {
				return nil, r.errorf(start, "this string is not closed on its line", "add the closing `\"`; a line break inside is written `\\n`")
			}
			return nil, r.errorf(i, "a tab stands inside a string", "write `\\t`")
		case c != '\\':
			n := bytes.IndexAny(r.src[i:], "\"\\\n\r\t")
			if n < 0 {
				n = len(r.src) - i
			}
			b.copy(r.src, i, i+n)
			i += n
		default:
			text, end, err := r.escape(i)
			if err != nil {
				return nil, err
			}
			b.put(text, i, end)
			i = end
		}
	}
	return nil, r.errorf(start, "this string is never closed", "add the closing `\"`")
}

var jsonEscapes = map[byte]string{'"': `"`, '\\': `\`, '/': "/", 'b': "\b", 'f': "\f", 'n': "\n", 'r': "\r", 't': "\t"}

func (r *jsonReader) escape(i int) (text string, end int, err *diag.Diagnostic) {
	if i+1 == len(r.src) {
		return "", 0, r.errorf(i, "the text ends inside an escape", "")
	}
	c := r.src[i+1]
	if text, ok := jsonEscapes[c]; ok {
		return text, i + 2, nil
	}
	if c != 'u' {
		d := r.errorf(i, fmt.Sprintf("`%s` is no escape of JSON", r.src[i:min(i+2, len(r.src))]), "write a backslash twice: `\\\\`")
		d.Span.End = min(i+2, len(r.src))
		return "", 0, d
	}
	v, ok := hexRune(r.src, i+2, 4)
	end = i + 6
	if ok && utf16.IsSurrogate(v) {
		ok = false
		if end+1 < len(r.src) && r.src[end] == '\\' && r.src[end+1] == 'u' {
			low, lowOK := hexRune(r.src, end+2, 4)
			if v = utf16.DecodeRune(v, low); lowOK && v != utf8.RuneError {
				ok, end = true, end+6
			}
		}
		if !ok {
			return "", 0, r.errorf(i, "half of a surrogate pair", "write both halves, or the character itself")
		}
	}
	if !ok {
		return "", 0, r.errorf(i, "`\\u` needs four hexadecimal digits", "")
	}
	return string(v), end, nil
}
