package ir

import (
	"strconv"
)

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
