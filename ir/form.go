package ir

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/flowc-dev/flowc/ir/source"
)

// A form is the text form in one direction: writing where out is set, reading
// where in is. Every method below describes a piece of the grammar once, by
// doing for a field what the direction asks, so that what is printed and what
// is read can't part. The order of the calls is the order in the text.
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

// ---- words

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
		f.out.word(FormatBytes(*v))
		return
	}
	n, err := ParseBytes(f.in.need(tokenWord, "a number of bytes"))
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

// ---- lines

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

// ---- the program

func (f *form) program(p *Program) {
	if !f.writes() && !f.in.is("program") {
		f.in.unexpected("")
	}
	f.line("program", func() {
		name(f, "the pipeline's name", &p.Name)
		named(f, "hash", &p.Hash)
	})
	eachNew(f, "file", &p.Files, func(file *source.File) {
		f.quoted(&file.Name)
		if !f.writes() {
			*file = *source.NewFile(file.Name, "", nil)
		}
	})
	if !f.writes() {
		f.files = p.Files
	}
	maybe(f, "module", &p.Module, func(m *Module) {
		name(f, "a module path", &m.Path)
		named(f, "folder", &m.Folder)
		named(f, "go", &m.GoVersion)
	})
	each(f, "require", &p.Requires, func(r *Require) {
		name(f, "a module path", &r.Path)
		name(f, "a version", &r.Version)
	})
	f.delivery(&p.Delivery)
	f.telemetry(&p.Telemetry)
	f.targets(&p.Targets)
	each(f, "type", &p.Types, f.declaration)
	f.otherTypes()
	eachNew(f, "let", &p.Lets, f.let)
	eachNew(f, "node", &p.Nodes, f.node)
	eachNew(f, "edge", &p.Edges, f.edge)
	eachNew(f, "region", &p.Regions, f.region)
	eachNew(f, "process", &p.Processes, func(v *Process) {
		name(f, "a name", &v.Name)
		f.list("nodes", &v.Nodes)
	})
	f.when("memory", p.Memory.Total != 0 || len(p.Memory.Parts) > 0, func() {
		f.bytes(&p.Memory.Total)
		f.block(func() {
			each(f, "part", &p.Memory.Parts, func(part *BoundPart) {
				f.bytes(&part.Bytes)
				f.quoted(&part.What)
			})
		})
	})
}

func (f *form) delivery(d *Delivery) {
	empty := *d
	if !f.spans {
		empty.Span = source.Span{}
	}
	f.when("delivery", empty != Delivery{}, func() {
		f.span(&d.Span)
		choice(f, &d.Guarantee, AtMostOnce, AtLeastOnce, EffectivelyOnce)
		f.duration("drain", &d.Drain)
		f.duration("checkpoint", &d.CheckpointEvery)
		named(f, "store", &d.Store)
	})
}

func (f *form) telemetry(t *Telemetry) {
	f.when("telemetry", *t != Telemetry{}, func() {
		named(f, "log", &t.Log)
		named(f, "level", &t.Level)
		named(f, "progress", &t.Progress)
		if f.optional("http", t.HTTP != nil) {
			f.newValue(&t.HTTP)
		}
	})
}

func (f *form) targets(m *map[string][]byte) {
	if f.writes() {
		for _, target := range sortedKeys(*m) {
			options := string((*m)[target])
			f.line("target", func() { f.target(&target, &options) })
		}
		return
	}
	for f.in.is("target") {
		var target, options string
		f.line("target", func() { f.target(&target, &options) })
		if *m == nil {
			*m = map[string][]byte{}
		}
		(*m)[target] = []byte(options)
	}
}

func (f *form) target(target, options *string) {
	name(f, "a target", target)
	f.quoted(options)
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// ---- types

// otherTypes are those that only nodes mention, not the pipeline's types.
func (f *form) otherTypes() {
	if f.writes() {
		// f.others grows on the first walk, whose text is thrown away.
		for i := 0; i < len(f.others); i++ {
			f.line("other type", func() { f.declaration(&f.others[i]) })
		}
		return
	}
	for f.in.is("other") {
		f.line("other", func() {
			f.in.expect("type")
			var t *Type
			f.declaration(&t)
		})
	}
}

// declaration is a type under its label.
func (f *form) declaration(p **Type) {
	var label string
	if f.writes() {
		label = f.labels[*p]
	}
	name(f, "the type's name", &label)
	if !f.writes() {
		n := f.lookup(label)
		if n.declared {
			f.in.fail("the type `%s` is declared twice", label)
		}
		n.declared = true
		*p = n.typ
	}
	t := *p
	// The label is the type's own name where nothing else is said.
	switch {
	case f.optional("unnamed", t.Name == ""):
	case f.optional("named", t.Name != label):
		name(f, "a name", &t.Name)
	default:
		t.Name = label
	}
	f.span(&t.Span)
	f.mark("is")
	f.shape(t, true)
	if f.optional("from", t.Go != nil) {
		if !f.writes() {
			t.Go = &GoType{}
		}
		f.goType(t.Go)
	}
	if t.Kind == Struct {
		f.block(func() { f.fieldLines(&t.Fields) })
	}
}

func (f *form) goType(g *GoType) {
	name(f, "an import path", &g.Package)
	name(f, "a package name", &g.PkgName)
	name(f, "a type name", &g.Name)
	f.flag("pointer", &g.Pointer)
	f.flag("lenient", &g.Lenient)
	f.flag("custom", &g.Custom)
	f.flag("text", &g.Text)
}

func (f *form) fieldLines(v *[]*Field) {
	if f.writes() {
		for _, field := range *v {
			f.out.startLine("")
			mark := len(f.out.text)
			f.field(&field)
			// The first word follows the indent directly.
			f.out.text = slices.Delete(f.out.text, mark, mark+1)
			f.out.endLine()
		}
		return
	}
	for !f.in.is("}") {
		var field *Field
		f.field(&field)
		*v = append(*v, field)
		f.in.need(tokenLine, "")
	}
}

func (f *form) field(p **Field) {
	if !f.writes() {
		*p = &Field{}
	}
	v := *p
	name(f, "a field's name", &v.Name)
	f.span(&v.Span)
	f.flag("?", &v.Optional)
	name(f, "the field's Go name", &v.Go)
	f.typ(&v.Type)
	if f.optional("through", len(v.Embedded) > 0) {
		f.path(&v.Embedded)
	}
	f.flag("lenient", &v.Lenient)
	f.flag("omitempty", &v.OmitEmpty)
	f.flag("required", &v.Required)
	f.text("doc", &v.Doc)
}

var scalarKinds = []TypeKind{String, Int, Int64, Uint64, Float64, Bool, Bytes, Time, Duration, Decimal, Number, JSON, Any, GoNamed}

var typeWords = append([]TypeKind{List, Map, Enum, Struct, "none"}, scalarKinds...)

// typ is a use of a type: its label, or what it is made of.
func (f *form) typ(p **Type) {
	if f.writes() {
		t := *p
		if t == nil {
			f.out.word("none")
			return
		}
		f.collect(t)
		if label := f.labels[t]; label != "" {
			if slices.Contains(typeWords, TypeKind(label)) {
				f.out.word(strconv.Quote(label))
			} else {
				f.out.word(atom(label))
			}
			return
		}
		f.span(&t.Span)
		f.shape(t, false)
		return
	}
	switch {
	case f.in.accept("none"):
	case f.in.kind == tokenSpan, f.in.kind == tokenWord && slices.Contains(typeWords, TypeKind(f.in.token)):
		*p = &Type{}
		f.span(&(*p).Span)
		f.shape(*p, false)
	default:
		*p = f.lookup(f.in.name("a type")).typ
	}
}

// shape is what a type is made of; the fields of a declared struct follow on
// lines of their own.
func (f *form) shape(t *Type, declared bool) {
	if f.writes() {
		name(f, "", &t.Kind)
	} else {
		t.Kind = TypeKind(f.in.need(tokenWord, "a kind of type"))
		if t.Kind == "none" || !slices.Contains(typeWords, t.Kind) {
			f.in.fail("`%s` is no kind of type", t.Kind)
		}
	}
	switch t.Kind {
	case List, Map:
		f.mark("of")
		f.typ(&t.Elem)
	case Enum:
		f.mark("(")
		closed(f, ")", &t.Values, func(v *string) { name(f, "a value", v) })
	case Struct:
		if !declared {
			f.mark("(")
			closed(f, ")", &t.Fields, f.field)
		}
	}
}

// ---- values

func (f *form) setting(s *Setting) {
	name(f, "a key", &s.Key)
	f.span(&s.Span)
	f.mark(":")
	f.typ(&s.Type)
	if f.optional("=", s.Value != nil) {
		f.newValue(&s.Value)
	}
}

func (f *form) newValue(p **Value) {
	if !f.writes() {
		*p = &Value{}
	}
	f.value(*p)
}

func (f *form) value(v *Value) {
	f.span(&v.Span)
	f.flag("secret", &v.Secret)
	switch {
	case f.optional("[", v.Kind == "list"):
		v.Kind = "list"
		closed(f, "]", &v.Items, f.newValue)
	case f.optional("{", v.Kind == "map"):
		v.Kind = "map"
		closed(f, "}", &v.Entries, func(e *Entry) {
			name(f, "a key", &e.Key)
			f.span(&e.Span)
			f.mark(":")
			f.newValue(&e.Value)
		})
	default:
		f.scalar(v)
	}
	if !f.writes() {
		for f.in.accept("over") {
			var s source.Span
			f.span(&s)
			v.Overrides = append(v.Overrides, s)
		}
		return
	}
	if f.spans {
		for i := range v.Overrides {
			f.out.word("over")
			f.span(&v.Overrides[i])
		}
	}
}

// scalar is the parts of a value. A literal says its kind by its look, where
// it has the usual one: "text", 5, 0.5, true, null.
func (f *form) scalar(v *Value) {
	plain := len(v.Parts) == 1 && v.Parts[0].Kind == Literal && !v.Secret && v.Kind != "string" && lookOf(v.Parts[0].Text) == v.Kind
	if f.writes() && plain {
		f.out.word(v.Parts[0].Text)
		f.span(&v.Parts[0].Span)
		return
	}
	if !f.writes() && f.in.kind == tokenWord && lookOf(f.in.token) != "" {
		v.Kind = lookOf(f.in.token)
		v.Parts = []Part{{Kind: Literal, Text: f.in.need(tokenWord, "")}}
		f.span(&v.Parts[0].Span)
		return
	}
	if f.optional("as", v.Kind != "string") {
		name(f, "a kind of value", &v.Kind)
	} else {
		v.Kind = "string"
	}
	if f.optional("nothing", len(v.Parts) == 0) {
		return
	}
	if f.writes() {
		for i := range v.Parts {
			if i > 0 {
				f.out.word("+")
			}
			f.part(&v.Parts[i], v.Secret)
		}
		return
	}
	for {
		var part Part
		f.part(&part, v.Secret)
		v.Parts = append(v.Parts, part)
		if !f.in.accept("+") {
			return
		}
	}
}

// lookOf is the kind that a bare word has as a literal, "" for none.
func lookOf(word string) string {
	if !isBare(strings.TrimPrefix(word, "-")) {
		return ""
	}
	switch word {
	case "true", "false":
		return "bool"
	case "null":
		return "null"
	}
	if strings.Trim(word, "0123456789-.eE+") != "" {
		return ""
	}
	if _, err := strconv.ParseInt(word, 10, 64); err == nil {
		return "int"
	}
	if _, err := strconv.ParseFloat(word, 64); err == nil {
		return "float"
	}
	return ""
}

// hidden is what is printed for literal text in a secret.
const hidden = "***"

func (f *form) part(p *Part, secret bool) {
	show := func(v *string) {
		if f.writes() && secret && *v != "" {
			v = &[]string{hidden}[0]
		}
		f.quoted(v)
	}
	switch {
	case f.optional(string(Env), p.Kind == Env):
		p.Kind = Env
		name(f, "a variable", &p.Text)
		if f.optional("or", p.HasDefault) {
			p.HasDefault = true
			show(&p.Default)
		}
	case f.optional(string(FileRef), p.Kind == FileRef):
		p.Kind = FileRef
		f.quoted(&p.Text)
	case f.optional(string(Record), p.Kind == Record):
		p.Kind = Record
		f.mark("(")
		if !f.writes() {
			p.Expr = &Expr{}
		}
		f.expr(p.Expr, false)
		f.mark(")")
	default:
		if !f.writes() && f.in.kind != tokenString {
			f.in.unexpected("a value")
		}
		p.Kind = Literal
		show(&p.Text)
	}
	f.span(&p.Span)
}

func (f *form) let(l *Let) {
	name(f, "a node", &l.Node)
	name(f, "a name", &l.Name)
	f.span(&l.Span)
	f.mark("as")
	name(f, "a Go name", &l.GoName)
	f.typ(&l.Type)
	f.flag("regexp", &l.Regexp)
	if f.optional("=", l.Value != nil) {
		f.newValue(&l.Value)
	}
}

// ---- expressions

// expr is what the user wrote, -> what it was lowered to where that differs,
// its type and what is known of it. Texts of several lines follow in a block,
// where the expression is the end of a statement.
func (f *form) expr(e *Expr, mayBlock bool) {
	f.span(&e.Span)
	block := mayBlock && (!strconv.CanBackquote(e.Text) || !strconv.CanBackquote(e.Go))
	if !f.writes() {
		block = f.in.kind != tokenString
	}
	if !block {
		f.code(&e.Text)
		if f.optional("->", e.Go != e.Text) {
			f.code(&e.Go)
		} else {
			e.Go = e.Text
		}
	}
	f.mark(":")
	f.typ(&e.Type)
	f.flag("optional", &e.Optional)
	f.flag("body", &e.Body)
	f.flag("errs", &e.Errs)
	f.flag("seq", &e.Seq)
	f.flag("const", &e.Const)
	f.flag("panics", &e.Panics)
	f.flag("keeps", &e.Keeps)
	f.flag("writes", &e.Writes)
	choice(f, &e.Effect, Pure, Clock, Random, IO, Unknown)
	if f.optional("reads", len(e.Reads) > 0) {
		commas(f, &e.Reads, f.path)
	}
	f.list("meta", &e.MetaReads)
	if f.optional("holds", e.Eq != nil) {
		f.fieldEq(&e.Eq)
	}
	f.list("lets", &e.Lets)
	if f.optional("consts", len(e.Consts) > 0) {
		commas(f, &e.Consts, func(c *Const) {
			name(f, "a constant's name", &c.Name)
			name(f, "a constant", &c.Text)
			f.flag("number", &c.Number)
		})
	}
	if f.optional("uses", len(e.Uses) > 0) {
		commas(f, &e.Uses, func(i *Import) {
			name(f, "an import's name", &i.Name)
			f.quoted(&i.Path)
		})
	}
	if f.optional("names", len(e.Types) > 0) {
		commas(f, &e.Types, f.typ)
	}
	if f.optional("lines", f.spans && len(e.Lines) > 0) {
		commas(f, &e.Lines, func(n *int) {
			f.count(func() int64 { return int64(*n) }, func(v int64) { *n = int(v) })
		})
	}
	if block {
		f.block(func() {
			f.when("text", true, func() { f.lines(&e.Text) })
			if !f.writes() {
				e.Go = e.Text
			}
			f.when("go", e.Go != e.Text, func() { f.lines(&e.Go) })
		})
	}
}

// fieldEq is a field and the values with which a condition holds.
func (f *form) fieldEq(p **FieldEq) {
	if !f.writes() {
		*p = &FieldEq{}
	}
	f.path(&(*p).Path)
	f.mark("is")
	f.mark("(")
	closed(f, ")", &(*p).Values, func(s *string) { name(f, "a value", s) })
}

func (f *form) newExpr(p **Expr) {
	if !f.writes() {
		*p = &Expr{}
	}
	f.expr(*p, true)
}

func (f *form) code(v *string) {
	if f.writes() {
		f.out.word(quoteCode(*v))
		return
	}
	*v = f.in.need(tokenString, "code in quotes")
}

// lines is a text of several lines, below its keyword.
func (f *form) lines(v *string) {
	if f.writes() {
		f.out.endLine()
		f.out.lines(*v)
		// endLine of the statement writes the last line break.
		f.out.text = f.out.text[:len(f.out.text)-1]
		return
	}
	f.in.need(tokenLine, "")
	*v = f.in.need(tokenText, "lines that begin with |")
}

// ---- nodes

func (f *form) node(n *Node) {
	name(f, "the node's name", &n.ID)
	if f.optional("of", n.YAML != n.ID) {
		name(f, "a node of the pipeline", &n.YAML)
	} else {
		n.YAML = n.ID
	}
	f.span(&n.Span)
	f.opHead(&n.Op)
	f.flag("pure", &n.Pure)
	f.flag("keeps", &n.Keeps)
	number(f, "parallel", &n.Parallel)
	f.flag("unordered", &n.Unordered)
	named(f, "was", &n.Was)
	named(f, "region", &n.Region)
	named(f, "process", &n.Process)
	f.block(func() {
		f.opBody(n.Op)
		maybe(f, "key", &n.Key, func(e *Expr) { f.expr(e, true) })
		each(f, "out", &n.Out, f.port)
		maybe(f, "on_error", &n.OnError, f.errorPolicy)
	})
}

// port is a type, or a name and a type.
func (f *form) port(p *Port) {
	if f.writes() {
		if p.Name != "" {
			name(f, "", &p.Name)
			f.mark(":")
		}
	} else {
		// A port's name is told from a type's by the colon behind it, so both
		// are read as a type is.
		word := f.in.kind == tokenWord || f.in.kind == tokenString
		if word && strings.HasPrefix(strings.TrimLeft(f.in.text[f.in.pos:], " \t"), ":") {
			p.Name = f.in.name("a port")
			f.in.expect(":")
		}
	}
	f.typ(&p.Type)
	f.span(&p.Span)
}

func (f *form) errorPolicy(e *ErrorPolicy) {
	f.span(&e.Span)
	choice(f, &e.Then, ThenStop, ThenDrop, ThenReject, ThenDead)
	named(f, "to", &e.Dead)
	f.flag("written", &e.Written)
	number(f, "retry", &e.Retry)
	f.duration("backoff", &e.Backoff)
	f.duration("max_backoff", &e.MaxBackoff)
	f.float("max_dead", &e.MaxDead)
}

var verbs = []Verb{VerbFilter, VerbMap, VerbSet, VerbCheck, VerbFlatmap, VerbGo}

// opHead is the word that says what a node does, and what stands beside it.
func (f *form) opHead(p *Op) {
	if !f.writes() {
		switch {
		case f.in.accept("source"):
			*p = &Source{}
		case f.in.accept("decode"):
			*p = &Decode{}
		case f.in.accept("route"):
			*p = &Route{}
		case f.in.accept("encode"):
			*p = &Encode{}
		case f.in.accept("sink"):
			*p = &Sink{}
		default:
			var verb Verb
			if choice(f, &verb, verbs...); verb == "" {
				f.in.unexpected("")
			}
			*p = &Apply{Verb: verb}
		}
	}
	switch op := (*p).(type) {
	case *Source:
		f.keyword("source")
		f.connector(&op.Connector)
		f.flag("bounded", &op.Bounded)
	case *Decode:
		f.keyword("decode")
		name(f, "a codec", &op.Codec)
		choice(f, &op.Validate, Structural, Full, Needed)
	case *Apply:
		f.keyword(string(op.Verb))
	case *Route:
		f.keyword("route")
	case *Encode:
		f.keyword("encode")
		name(f, "a codec", &op.Codec)
		f.flag("raw", &op.Raw)
	case *Sink:
		f.keyword("sink")
		f.connector(&op.Connector)
		f.flag("deadletter", &op.DeadLetter)
		choice(f, &op.Guarantee, AtMostOnce, AtLeastOnce, EffectivelyOnce)
	case nil:
		f.keyword("nothing")
	}
}

// keyword is a word that the reader has taken already.
func (f *form) keyword(word string) {
	if f.writes() {
		f.out.word(word)
	}
}

// connector is a built-in's name, or the word go for the user's own.
func (f *form) connector(v *string) {
	if f.writes() {
		switch *v {
		case "":
			f.out.word("go")
		case "go":
			f.out.word(`"go"`)
		default:
			name(f, "", v)
		}
		return
	}
	if f.in.kind == tokenWord && f.in.token == "go" {
		f.in.next()
		return
	}
	name(f, "a connector, or `go`", v)
}

func (f *form) opBody(op Op) {
	switch op := op.(type) {
	case *Source:
		maybe(f, "go", &op.Go, f.goRef)
		f.facts(&op.Facts)
		each(f, "config", &op.Config, f.setting)
		each(f, "field", &op.Fields, f.assign)
		f.when("meta", op.Meta != nil, func() { f.typ(&op.Meta) })
	case *Decode:
		each(f, "option", &op.Options, f.setting)
		maybe(f, "input", &op.Input, func(e *Expr) { f.expr(e, true) })
		f.when("by", op.By != "", func() { name(f, "a field", &op.By) })
		each(f, "variant", &op.Variants, func(v *Variant) {
			name(f, "a value", &v.Value)
			f.mark("to")
			name(f, "a port", &v.Port)
			f.typ(&v.Type)
		})
		f.when("else", op.Else != "", func() { name(f, "a port", &op.Else) })
		f.portReads(&op.Reads)
		f.when("pushed", len(op.Pushed) > 0, func() {
			commas(f, &op.Pushed, func(s *string) { name(f, "a node", s) })
		})
	case *Apply:
		maybe(f, "expr", &op.Expr, func(e *Expr) { f.expr(e, true) })
		each(f, "assign", &op.Assign, f.assign)
		f.when("unset", len(op.Unset) > 0, func() {
			commas(f, &op.Unset, func(s *string) { name(f, "a field", s) })
		})
		maybe(f, "go", &op.Go, f.goRef)
		each(f, "config", &op.Config, f.setting)
		maybe(f, "batch", &op.Batch, f.batch)
	case *Route:
		f.when("switch", op.On != nil, func() { f.path(&op.On) })
		each(f, "case", &op.Cases, func(c *Case) {
			name(f, "a port", &c.Port)
			if f.optional("is", len(c.Values) > 0) {
				f.mark("(")
				closed(f, ")", &c.Values, func(s *string) { name(f, "a value", s) })
			}
			f.mark(":")
			f.newExpr(&c.Cond)
		})
		f.when("else", op.Else != "", func() { name(f, "a port", &op.Else) })
	case *Encode:
		each(f, "option", &op.Options, f.setting)
	case *Sink:
		maybe(f, "go", &op.Go, f.goRef)
		f.facts(&op.Facts)
		each(f, "config", &op.Config, f.setting)
		each(f, "meta", &op.Meta, f.assign)
		maybe(f, "batch", &op.Batch, f.batch)
	}
}

func (f *form) facts(v *Facts) {
	f.when("facts", *v != Facts{}, func() {
		f.flag("acks", &v.Acks)
		f.flag("replayable", &v.Replayable)
		f.flag("ordered", &v.Ordered)
		f.flag("idempotent", &v.Idempotent)
		f.flag("transactional", &v.Transactional)
		f.flag("prunes_on_ack", &v.PrunesOnAck)
		f.flag("answers", &v.Answers)
		f.size("memory", &v.Memory)
	})
}

func (f *form) batch(b *Batch) {
	number(f, "count", &b.Count)
	f.size("bytes", &b.Bytes)
	f.duration("linger", &b.Linger)
}

func (f *form) assign(a *Assign) {
	name(f, "a name", &a.Name)
	if f.optional("go", a.Go != "") {
		name(f, "a Go name", &a.Go)
	}
	f.span(&a.Span)
	f.mark("=")
	f.newExpr(&a.Expr)
}

// portReads is a line for each port; the port "" has none before the paths.
func (f *form) portReads(m *map[string][]Path) {
	if f.writes() {
		if *m != nil && len(*m) == 0 {
			f.line("reads", func() { f.out.word("nothing") })
		}
		for _, port := range sortedKeys(*m) {
			paths := (*m)[port]
			f.line("reads", func() {
				if port != "" {
					f.mark("from")
					name(f, "", &port)
				}
				f.pathList(&paths)
			})
		}
		return
	}
	for f.in.is("reads") {
		if *m == nil {
			*m = map[string][]Path{}
		}
		f.line("reads", func() {
			if f.in.accept("nothing") {
				return
			}
			var port string
			if f.in.accept("from") {
				name(f, "a port", &port)
			}
			var paths []Path
			f.pathList(&paths)
			(*m)[port] = paths
		})
	}
}

func (f *form) goRef(g *GoRef) {
	name(f, "what the pipeline says", &g.Use)
	f.span(&g.Span)
	f.block(func() {
		f.when("symbol", g.Package != "" || g.PkgName != "" || g.Symbol != "", func() {
			name(f, "an import path", &g.Package)
			name(f, "a package name", &g.PkgName)
			name(f, "a symbol", &g.Symbol)
		})
		f.when("make", g.Make != "" || g.TypeName != "" || g.Pointer, func() {
			choice(f, &g.Make, MakeNone, MakeNew, MakeNewErr, MakeLiteral, MakeFunc, MakeFuncErr)
			named(f, "type", &g.TypeName)
			f.flag("pointer", &g.Pointer)
		})
		f.when("call", g.Method != "" || g.Shape != "" || g.Context || g.Errs || g.InPtr || g.OutPtr, func() {
			choice(f, &g.Shape, ShapeFilter, ShapeMap, ShapeSlice, ShapeSeq, ShapeEmit, ShapePorts, ShapeBatch, ShapeSourceSeq,
				ShapeSourceRead, ShapeSink, ShapeSinkBatch, ShapeFlowSource, ShapeFlowProcess, ShapeFlowSink)
			named(f, "method", &g.Method)
			f.flag("context", &g.Context)
			f.flag("errs", &g.Errs)
			f.flag("in_pointer", &g.InPtr)
			f.flag("out_pointer", &g.OutPtr)
		})
		f.when("takes", g.In != nil, func() { f.typ(&g.In) })
		f.when("gives", g.Out != nil, func() { f.typ(&g.Out) })
		f.plan(&g.Plan)
		each(f, "emit", &g.Ports, f.port)
		f.when("configured", g.Config != nil || g.ConfigPtr, func() {
			f.typ(&g.Config)
			f.flag("pointer", &g.ConfigPtr)
		})
		f.method("open", &g.Open)
		f.method("flush", &g.Flush)
		f.method("healthy", &g.Healthy)
		f.method("close", &g.Close)
		f.when("has", g.Seek || g.Ack || g.Committed || g.Idempotent, func() {
			f.flag("seek", &g.Seek)
			f.flag("ack", &g.Ack)
			f.flag("committed", &g.Committed)
			f.flag("idempotent", &g.Idempotent)
		})
		f.when("position", g.Position != nil, func() { f.typ(&g.Position) })
		f.when("declared", f.spans && !g.Declared.IsZero(), func() { f.span(&g.Declared) })
	})
}

// plan is how an event becomes what a component takes, a line a part. A part
// that is made like one around it, n levels up, says `again n`.
func (f *form) plan(v *[]Conv) {
	f.convs("plan", v)
	if !f.writes() {
		tie(*v, [][]Conv{*v})
	}
}

func (f *form) convs(keyword string, v *[]Conv) {
	f.around = append(f.around, *v)
	each(f, keyword, v, f.conv)
	f.around = f.around[:len(f.around)-1]
}

func (f *form) conv(c *Conv) {
	choice(f, &c.How, HowAssign, HowConvert, HowFields, HowElements, HowFromString, HowToString, HowCompose, HowDecompose, HowUnmarshalText, HowMarshalText)
	if f.optional("from", len(c.From) > 0) {
		f.path(&c.From)
	}
	if f.optional("to", len(c.To) > 0) {
		f.path(&c.To)
	}
	f.flag("optional", &c.Optional)
	f.flag("pointer", &c.Pointer)
	f.flag("fails", &c.Fails)
	f.mark("as")
	f.typ(&c.Type)
	if up := f.levelsUp(c.Each); f.optional("again", up > 0) {
		f.count(func() int64 { return int64(up) }, func(n int64) {
			if n < 1 || int(n) > len(f.around) {
				f.in.fail("there are no %d levels around", n)
			}
			// The slice around is still growing: tie takes its place.
			c.Each = make([]Conv, n)
			c.Each[0].How = convAgain
		})
		return
	}
	f.block(func() { f.convs("part", &c.Each) })
}

// convAgain marks, while a plan is read, a part that is made like one around.
const convAgain How = "again"

// levelsUp tells how far up a slice stands around itself, 0 if it does not.
func (f *form) levelsUp(each []Conv) int {
	if len(each) == 0 {
		return 0
	}
	for up := 1; up <= len(f.around); up++ {
		if a := f.around[len(f.around)-up]; len(a) > 0 && &a[0] == &each[0] {
			return up
		}
	}
	return 0
}

// tie puts the slices around in the place of marks; around ends with list.
func tie(list []Conv, around [][]Conv) {
	for i := range list {
		c := &list[i]
		if len(c.Each) > 0 && c.Each[0].How == convAgain {
			c.Each = around[len(around)-len(c.Each)]
			continue
		}
		tie(c.Each, append(around[:len(around):len(around)], c.Each))
	}
}

func (f *form) method(keyword string, m *Method) {
	f.when(keyword, *m != Method{}, func() {
		f.flag("has", &m.Has)
		f.flag("context", &m.Context)
		f.flag("errs", &m.Errs)
		f.flag("bool", &m.Bool)
		f.flag("out", &m.Out)
	})
}

// ---- edges and partitions

func (f *form) edge(e *Edge) {
	if f.writes() {
		from := atom(e.From)
		if e.Port != "" {
			from += ":" + atom(e.Port)
		}
		f.out.word(from)
	} else if name(f, "a node", &e.From); f.in.accept(":") {
		name(f, "a port", &e.Port)
	}
	f.mark("->")
	name(f, "a node", &e.To)
	f.span(&e.Span)
	if f.writes() {
		if e.Kind != Data {
			name(f, "", &e.Kind)
		}
	} else if choice(f, &e.Kind, Data, Error, Late); e.Kind == "" {
		e.Kind = Data
	}
	f.mark("carries")
	f.typ(&e.Type)
	choice(f, &e.Origin, Intact, Made, Mixed)
	f.flag("raw", &e.Raw)
	f.paths("live", &e.Live)
	f.list("meta", &e.Meta)
	choice(f, &e.Own, Move, Share, Clone)
	f.flag("ordered", &e.Ordered)
	choice(f, &e.Via, Call, Queue, Cut)
	number(f, "batch", &e.Batch)
	number(f, "depth", &e.Depth)
	f.size("bytes", &e.Bytes)
	f.why(&e.Why)
}

// why is a sentence for people, at the end of a line.
func (f *form) why(v *string) {
	f.text("because", v)
}

func (f *form) region(r *Region) {
	name(f, "a name", &r.Name)
	f.mark("head")
	name(f, "a node", &r.Head)
	f.mark("lanes")
	f.count(func() int64 { return int64(r.Lanes) }, func(n int64) { r.Lanes = int(n) })
	f.list("nodes", &r.Nodes)
	f.why(&r.Why)
}
