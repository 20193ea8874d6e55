package ir

import (
	"strconv"
	"strings"
	"time"

	"github.com/flowc-dev/flowc/ir/source"
)

// A form is the text form in one direction: writing where out is set, reading
// where in is. Every method describes a piece of the grammar once, by doing for
// a field what the direction asks, so that what is printed and what is read
// can't part. The order of the calls is the order in the text.
type form struct {
	out   *printer
	in    *reader
	spans bool
	files []*source.File

	// Writing: the labels of declared types, and those found on the way.
	labels     map[*Type]string
	declared   map[string]bool
	others     []*Type
	collecting map[*Type]bool
	// Reading: what labels stand for, in the order of their first use.
	named map[string]*namedType
	order []string

	// around are the conversions around the one at hand, outermost first.
	around [][]Conv
}

func (f *form) writes() bool { return f.out != nil }

// mark is a word or punctuation that always stands.
func (f *form) mark(word string) {
	if f.writes() {
		if strings.Contains(":,()]?", word) {
			f.out.glue(word)
		} else {
			f.out.word(word)
		}
		return
	}
	f.in.expect(word)
}

// optional is a word that stands where present is true; it returns that.
func (f *form) optional(word string, present bool) bool {
	if !f.writes() {
		return f.in.accept(word)
	}
	if present {
		f.mark(word)
	}
	return present
}

func (f *form) flag(word string, v *bool) { *v = f.optional(word, *v) }

// name is a word, quoted where it must be.
func name[S ~string](f *form, what string, v *S) {
	if f.writes() {
		f.out.word(atom(string(*v)))
		return
	}
	*v = S(f.in.name(what))
}

// named is a keyword and a name, where the name is not empty.
func named[S ~string](f *form, word string, v *S) {
	if f.optional(word, *v != "") {
		name(f, "a name", v)
	}
}

// choice is one of several words, or none for "".
func choice[S ~string](f *form, v *S, words ...S) {
	if f.writes() {
		if *v != "" {
			name(f, "", v)
		}
		return
	}
	for _, w := range words {
		if f.in.accept(string(w)) {
			*v = w
			return
		}
	}
}

// quoted is a string in quotes.
func (f *form) quoted(v *string) {
	if f.writes() {
		f.out.word(quote(*v))
		return
	}
	*v = f.in.need(tokenString, "a quoted string")
}

func (f *form) text(word string, v *string) {
	if f.optional(word, *v != "") {
		f.quoted(v)
	}
}

// number is a keyword and a number, where it is not 0.
func number[N ~int | ~int64](f *form, word string, v *N) {
	if f.optional(word, *v != 0) {
		f.count(func() int64 { return int64(*v) }, func(n int64) { *v = N(n) })
	}
}

func (f *form) count(get func() int64, set func(int64)) {
	if f.writes() {
		f.out.word(strconv.FormatInt(get(), 10))
		return
	}
	set(f.in.integer())
}

func (f *form) float(word string, v *float64) {
	if !f.optional(word, *v != 0) {
		return
	}
	if f.writes() {
		f.out.word(strconv.FormatFloat(*v, 'g', -1, 64))
		return
	}
	n, err := strconv.ParseFloat(f.in.need(tokenWord, "a number"), 64)
	if err != nil {
		f.in.fail("`%s` takes a number", word)
	}
	*v = n
}

// duration is nanoseconds, written as Go does.
func (f *form) duration(word string, v *int64) {
	if !f.optional(word, *v != 0) {
		return
	}
	if f.writes() {
		f.out.word(strings.Replace(time.Duration(*v).String(), "µs", "us", 1))
		return
	}
	d, err := time.ParseDuration(f.in.need(tokenWord, "a duration"))
	if err != nil {
		f.in.fail("`%s` takes a duration such as 30s", word)
	}
	*v = int64(d)
}

// size is a keyword and a number of bytes, where it is not 0.
func (f *form) size(word string, v *int64) {
	if f.optional(word, *v != 0) {
		f.bytes(v)
	}
}

func (f *form) bytes(v *int64) {
	if f.writes() {
		f.out.word(formatBytes(*v))
		return
	}
	n, err := parseBytes(f.in.need(tokenWord, "a number of bytes"))
	if err != nil {
		f.in.fail("%s", err)
	}
	*v = n
}

// list is a keyword and names with commas, where there are any.
func (f *form) list(word string, v *[]string) {
	if f.optional(word, len(*v) > 0) {
		commas(f, v, func(s *string) { name(f, "a name", s) })
	}
}

// commas is one item or several with commas.
func commas[T any](f *form, v *[]T, item func(*T)) {
	if f.writes() {
		for i := range *v {
			if i > 0 {
				f.mark(",")
			}
			item(&(*v)[i])
		}
		return
	}
	for {
		var one T
		item(&one)
		*v = append(*v, one)
		if !f.in.accept(",") {
			return
		}
	}
}

// closed is a list in brackets of which the first is already read.
func closed[T any](f *form, end string, v *[]T, item func(*T)) {
	if !f.writes() && f.in.accept(end) {
		return
	}
	commas(f, v, item)
	f.mark(end)
}

// path is Go names with dots.
func (f *form) path(v *Path) {
	if f.writes() {
		f.out.word(atom(strings.Join(*v, ".")))
		return
	}
	*v = strings.Split(f.in.name("a path of fields"), ".")
}

// paths tells an empty list ("none") from an unknown one, which is not there.
func (f *form) paths(word string, v *[]Path) {
	if f.optional(word, *v != nil) {
		f.pathList(v)
	}
}

func (f *form) pathList(v *[]Path) {
	if f.optional("none", len(*v) == 0) {
		*v = []Path{}
		return
	}
	commas(f, v, f.path)
}

func (f *form) span(v *source.Span) {
	if f.writes() {
		if f.spans && !v.IsZero() {
			if text := f.spanText(*v); text != "" {
				f.out.word(text)
			}
		}
		return
	}
	if f.in.kind == tokenSpan {
		*v = f.readSpan(f.in.need(tokenSpan, ""))
	}
}

// line is a statement: a keyword, and what item says of it.
func (f *form) line(keyword string, item func()) {
	if f.writes() {
		f.out.startLine(keyword)
		item()
		f.out.endLine()
		return
	}
	f.in.in = append(f.in.in, keyword)
	f.in.next()
	item()
	f.in.need(tokenLine, "")
	f.in.in = f.in.in[:len(f.in.in)-1]
}

// when is a statement that stands where present is true.
func (f *form) when(keyword string, present bool, item func()) {
	if f.writes() && present || !f.writes() && f.in.is(keyword) {
		f.line(keyword, item)
	}
}

// each is a statement for each item.
func each[T any](f *form, keyword string, v *[]T, item func(*T)) {
	if f.writes() {
		for i := range *v {
			f.line(keyword, func() { item(&(*v)[i]) })
		}
		return
	}
	for f.in.is(keyword) {
		var one T
		f.line(keyword, func() { item(&one) })
		*v = append(*v, one)
	}
}

// eachNew is each for lists of pointers.
func eachNew[T any](f *form, keyword string, v *[]*T, item func(*T)) {
	each(f, keyword, v, func(p **T) {
		if !f.writes() {
			*p = new(T)
		}
		item(*p)
	})
}

// maybe is a statement for what a pointer points to.
func maybe[T any](f *form, keyword string, v **T, item func(*T)) {
	f.when(keyword, *v != nil, func() {
		if !f.writes() {
			*v = new(T)
		}
		item(*v)
	})
}

// block is lines in braces, at the end of a statement.
func (f *form) block(body func()) {
	if f.writes() {
		f.out.block(body)
		return
	}
	if !f.in.accept("{") {
		return
	}
	f.in.need(tokenLine, "")
	body()
	f.in.expect("}")
}
