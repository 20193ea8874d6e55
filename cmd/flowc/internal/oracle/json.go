package oracle

import (
	"fmt"
	"regexp"
	"strings"
	"unicode/utf16"
)

// A language is what a pipeline is spelled in: the extension of its file.
type language string

const (
	inYAML language = "yaml"
	inJSON language = "json"
	inCUE  language = "cue"
)

// A bracedWriter writes a pipeline in JSON, or in CUE, which is JSON with fewer
// quotes and commas, and notes the lines of nodes.
type bracedWriter struct {
	strings.Builder
	cue bool
	// indent is that of one level; "" puts all on one line.
	indent string
	depth  int
}

// braced is the text of the pipeline in JSON or CUE. It sets the lines of the
// nodes.
func (p *pipeline) braced() string {
	w := &bracedWriter{cue: p.language == inCUE, indent: p.indent}
	d := p.document()
	if w.cue { // the braces around all of it may be left out
		w.indent = "\t"
		for _, m := range d.members {
			w.member(m)
			w.WriteByte('\n')
		}
		return w.String()
	}
	w.value(d)
	w.WriteByte('\n')
	return w.String()
}

func (w *bracedWriter) lines() int { return 1 + strings.Count(w.String(), "\n") }

func (w *bracedWriter) member(m docMember) {
	if m.node != nil {
		m.node.line = w.lines()
	}
	w.WriteString(w.key(m.key) + ":")
	if w.cue || w.indent != "" {
		w.WriteByte(' ')
	}
	w.value(m.value)
	if m.node != nil {
		m.node.last = w.lines()
	}
}

func (w *bracedWriter) value(d *doc) {
	switch d.kind {
	case dMapping:
		w.around("{", "}", len(d.members), d.inline, func(i int) { w.member(d.members[i]) })
	case dList:
		w.around("[", "]", len(d.items), true, func(i int) { w.value(d.items[i]) })
	case dNumber, dFlag:
		w.WriteString(d.text)
	default:
		w.text(d.text)
	}
}

// around writes the parts of a value between brackets.
func (w *bracedWriter) around(begin, end string, n int, inline bool, part func(i int)) {
	w.WriteString(begin)
	w.depth++
	for i := range n {
		switch {
		case !inline:
			w.lineEnd()
		case i > 0 && w.indent != "":
			w.WriteByte(' ')
		}
		part(i)
		if i+1 < n && (!w.cue || inline) {
			w.WriteByte(',')
		}
	}
	w.depth--
	if !inline && n > 0 {
		w.lineEnd()
	}
	w.WriteString(end)
}

func (w *bracedWriter) lineEnd() {
	if w.indent != "" {
		w.WriteString("\n" + strings.Repeat(w.indent, w.depth))
	}
}

var (
	plainLabel = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)
	wordsOfCUE = regexp.MustCompile(`^(true|false|null|if|for|in|let|import|package|bool|string|bytes|number|int\d*|uint\d*|float\d*|len|and|or|div|mod|quo|rem|close)$`)
)

func (w *bracedWriter) key(key string) string {
	if w.cue && plainLabel.MatchString(key) && !wordsOfCUE.MatchString(key) {
		return key
	}
	return quotedJSON(key, false)
}

// text writes a string; in CUE one of several lines as such.
func (w *bracedWriter) text(text string) {
	if !w.cue || !strings.Contains(text, "\n") {
		w.WriteString(quotedJSON(text, !w.cue && style(text, 5) == 0))
		return
	}
	indent := "\n" + strings.Repeat(w.indent, w.depth)
	w.WriteString(`#"""`)
	for line := range strings.SplitSeq(strings.TrimSuffix(text, "\n"), "\n") {
		w.WriteString(indent + line)
	}
	w.WriteString(indent + `"""#`)
}

// quotedJSON is a JSON string, with escapes that it does not need where escaping.
func quotedJSON(text string, escaping bool) string {
	if !escaping {
		b, err := appendString(nil, text)
		if err != nil {
			panic(err)
		}
		return string(b)
	}
	var b strings.Builder
	b.WriteByte('"')
	for _, c := range text {
		switch {
		case c == '<' || c == '&' || c == '>' || c >= 0x80 && c < 0x10000:
			fmt.Fprintf(&b, `\u%04x`, c)
		case c >= 0x10000:
			hi, lo := utf16.EncodeRune(c)
			fmt.Fprintf(&b, `\u%04x\u%04X`, hi, lo)
		case c == '/':
			b.WriteString(`\/`)
		default:
			q, _ := appendString(nil, string(c))
			b.Write(q[1 : len(q)-1])
		}
	}
	return b.String() + `"`
}
