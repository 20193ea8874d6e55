package ir

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/flowc-dev/flowc/ir/source"
)

// An Option changes how a program is printed.
type Option int

// WithSpans prints where everything stands (`@0:12-15` is bytes 12 to 15 of
// the first file) and the line tables of expressions. Without it the text says
// only what the program means, so that a comment or an empty line in the
// pipeline changes nothing.
const WithSpans Option = 1

// Print returns the program as text. [Read] gives an equal program back, with
// these exceptions: the texts and paths of files and the folder of the module
// stay behind, spans and line tables do so without [WithSpans], and literal
// text in a secret value is printed as `***`.
//
// README.md of this package explains the form by examples; form.go holds its
// grammar, once for both directions.
func Print(p *Program, options ...Option) string {
	f := &form{out: &printer{}, labels: map[*Type]string{}, declared: map[string]bool{}}
	for _, o := range options {
		f.spans = f.spans || o == WithSpans
	}
	f.files = p.Files
	for _, t := range p.Types {
		f.declare(t)
	}
	for _, t := range p.Types {
		f.collect(t.parts()...)
	}
	// The first walk finds the types that are only reached from nodes, the
	// second one writes.
	f.program(p)
	f.out = &printer{}
	f.program(p)
	return string(f.out.text)
}

// A printer writes lines and remembers how deep it is.
type printer struct {
	text   []byte
	indent int
}

func (o *printer) word(s string) {
	if n := len(o.text); n == 0 || o.text[n-1] != '(' && o.text[n-1] != '[' {
		o.text = append(o.text, ' ')
	}
	o.text = append(o.text, s...)
}

// glue writes without a space in front.
func (o *printer) glue(s string) { o.text = append(o.text, s...) }

func (o *printer) startLine(keyword string) {
	o.glue(strings.Repeat("  ", o.indent))
	o.glue(keyword)
}

func (o *printer) endLine() { o.glue("\n") }

// block writes what body writes in braces, and nothing if it writes nothing.
func (o *printer) block(body func()) {
	mark := len(o.text)
	o.glue(" {\n")
	start := len(o.text)
	o.indent++
	body()
	o.indent--
	if len(o.text) == start {
		o.text = o.text[:mark]
		return
	}
	o.startLine("}")
}

// lines writes a text of several lines, each behind a bar.
func (o *printer) lines(text string) {
	for line := range strings.SplitSeq(text, "\n") {
		o.startLine("  |")
		if line != "" {
			o.word(line)
		}
		o.endLine()
	}
}

// isBare tells whether a word needs no quotes.
func isBare(s string) bool {
	if s == "" || strings.IndexByte("#+-<>", s[0]) >= 0 {
		return false
	}
	for i := range len(s) {
		if !isWordByte(s[i]) {
			return false
		}
	}
	return true
}

func isWordByte(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' ||
		strings.IndexByte("_-.*/#+$~%!&<>^", c) >= 0
}

func atom(s string) string {
	if isBare(s) {
		return s
	}
	return strconv.Quote(s)
}

// quote picks the quotes that need the fewest escapes.
func quote(s string) string {
	if strings.ContainsAny(s, `"\`) {
		return quoteCode(s)
	}
	return strconv.Quote(s)
}

// quoteCode puts code in back quotes wherever that is exact.
func quoteCode(s string) string {
	if strconv.CanBackquote(s) {
		return "`" + s + "`"
	}
	return strconv.Quote(s)
}

// formatBytes writes a number of bytes as the text form and explanations do:
// in KiB and MiB where that is exact.
func formatBytes(n int64) string {
	switch {
	case n != 0 && n%(1<<20) == 0:
		return strconv.FormatInt(n>>20, 10) + "MiB"
	case n != 0 && n%(1<<10) == 0:
		return strconv.FormatInt(n>>10, 10) + "KiB"
	}
	return strconv.FormatInt(n, 10)
}

func (f *form) spanText(s source.Span) string {
	for i, file := range f.files {
		if file == s.File {
			return fmt.Sprintf("@%d:%d-%d", i, s.Start, s.End)
		}
	}
	return ""
}

// declare gives a type a label, under which it is then written everywhere.
func (f *form) declare(t *Type) {
	if _, ok := f.labels[t]; ok {
		return
	}
	label := t.Name
	switch {
	case label != "":
	case t.Go != nil && t.Go.PkgName != "":
		label = t.Go.PkgName + "." + t.Go.Name
	case t.Go != nil:
		label = t.Go.Name
	default:
		label = "anonymous"
	}
	if t.Go != nil && t.Go.Pointer {
		label = "*" + label
	}
	for i := 2; f.declared[label]; i++ {
		base, _, _ := strings.Cut(label, "#")
		label = base + "#" + strconv.Itoa(i)
	}
	f.declared[label] = true
	f.labels[t] = label
}

// parts are the types a type is made of.
func (t *Type) parts() []*Type {
	var parts []*Type
	if t.Elem != nil {
		parts = append(parts, t.Elem)
	}
	for _, f := range t.Fields {
		parts = append(parts, f.Type)
	}
	return parts
}

// collect labels the types below that can't be written in line: named ones,
// the user's, and those that hold themselves.
func (f *form) collect(types ...*Type) {
	for _, t := range types {
		if t == nil || f.labels[t] != "" {
			continue
		}
		if t.Name != "" || t.Go != nil || f.collecting[t] {
			f.declare(t)
			f.others = append(f.others, t)
			f.collect(t.parts()...)
			continue
		}
		if f.collecting == nil {
			f.collecting = map[*Type]bool{}
		}
		f.collecting[t] = true
		f.collect(t.parts()...)
		delete(f.collecting, t)
	}
}
