package check

import (
	"go/ast"
	"go/token"
	"go/types"
	"slices"
	"strings"

	"github.com/flowc-dev/flowc/ir"
	"github.com/flowc-dev/flowc/ir/diag"
	"github.com/flowc-dev/flowc/ir/source"
)

// insertBefore is a fix that writes something before a place.
func insertBefore(at source.Span, text, title string) diag.Fix {
	at.End = at.Start
	return diag.Fix{Title: title, Safe: true, Edits: []diag.Edit{{Span: at, New: text}}}
}

// hintUndefined looks for names near to one that is not known.
func (j *job) hintUndefined(d *diag.Diagnostic, name string, path []ast.Node) {
	if base, _, ok := strings.Cut(name, "."); ok {
		// A name of a package: the caret belongs under it alone.
		if sel := innermost[*ast.SelectorExpr](path); sel != nil {
			d.Span = j.nodeSpan(sel.Sel)
			if pkg := j.packageNamed(base); pkg != nil {
				d.Near(sel.Sel.Name, exported(pkg))
			}
		}
		return
	}
	switch {
	case name == "in":
		d.Helpf("there is no record here")
		return
	case name == "meta":
		d.Helpf("no metadata comes with these records")
		return
	case j.in != nil && j.fieldOf(j.in.Type(), name) != nil:
		f := j.fieldOf(j.in.Type(), name)
		d.Caret("did you mean `in.%s`?", f.Name()).Replace(d.Span, "in."+f.Name(), "write `in.%s`", f.Name())
		return
	}
	if j.foreign(d, name, path) {
		return
	}
	names := j.localNames()
	if sel := innermost[*ast.SelectorExpr](path); sel != nil {
		for n := range stdByName {
			names = append(names, n)
		}
		slices.Sort(names)
	}
	d.Near(name, names)
}

// innermost is the first node of a kind on a path.
func innermost[T ast.Node](path []ast.Node) T {
	for _, n := range path {
		if t, ok := n.(T); ok {
			return t
		}
	}
	var none T
	return none
}

func (j *job) packageNamed(name string) *types.Package {
	if p, ok := j.pkg.Scope().Lookup(name).(*types.PkgName); ok {
		return p.Imported()
	}
	return nil
}

// exported are the names that a package exports.
func exported(p *types.Package) []string {
	return slices.DeleteFunc(p.Scope().Names(), func(n string) bool { return !p.Scope().Lookup(n).Exported() })
}

// fieldOf is the field that a name means in a struct: by Go name, or by the name
// that it has on the wire.
func (j *job) fieldOf(t types.Type, name string) *types.Var {
	s, ok := derefStruct(t)
	if !ok {
		return nil
	}
	for i := range s.NumFields() {
		f := s.Field(i)
		if f.Name() == name {
			return f
		}
		if of := j.c.universe.fields[f]; of != nil && of.Name == name {
			return f
		}
	}
	return nil
}

// hintField is about a field or method that a type lacks.
func (j *job) hintField(d *diag.Diagnostic, path []ast.Node) {
	sel := innermost[*ast.SelectorExpr](path)
	if sel == nil {
		return
	}
	d.Span = j.nodeSpan(sel.Sel)
	t := j.typeOf(sel.X)
	if t == nil {
		return
	}
	d.Lacks = j.member(t, sel.Sel.Name)
	if !j.foreignMember(d, t, sel, path) {
		j.hintMember(d, t, sel.Sel.Name)
	}
	j.hintDeclared(d, t)
	if p, ok := t.(*types.Pointer); ok {
		j.optionalHelp(d, sel.X, p.Elem())
	}
}

// member names a member of a type, whether it has it or not.
func (j *job) member(t types.Type, name string) string {
	if p, ok := types.Unalias(t).(*types.Pointer); ok {
		t = p.Elem()
	}
	return j.typeText(t) + "." + name
}

// hintMember offers a field or method with a name near to another.
func (j *job) hintMember(d *diag.Diagnostic, t types.Type, name string) {
	if f := j.fieldOf(t, name); f != nil {
		d.Caret("did you mean `%s`?", f.Name()).Replace(d.Span, f.Name(), "write `%s`", f.Name())
		return
	}
	d.Near(name, members(t))
}

// members are the names of fields and methods of a type, sorted.
func members(t types.Type) []string {
	var names []string
	if s, ok := derefStruct(t); ok {
		for i := range s.NumFields() {
			if s.Field(i).Exported() {
				names = append(names, s.Field(i).Name())
			}
		}
	}
	set := types.NewMethodSet(t)
	if _, isPtr := t.(*types.Pointer); !isPtr && !types.IsInterface(t) {
		set = types.NewMethodSet(types.NewPointer(t))
	}
	for i := range set.Len() {
		if m := set.At(i).Obj(); m.Exported() {
			names = append(names, m.Name())
		}
	}
	slices.Sort(names)
	return names
}

// hintDeclared points to where an event type is declared.
func (j *job) hintDeclared(d *diag.Diagnostic, t types.Type) {
	if p, ok := t.(*types.Pointer); ok {
		t = p.Elem()
	}
	if of := j.c.universe.irTypes[types.Unalias(t)]; of != nil && !of.Span.IsZero() {
		name := of.Name
		if name == "" {
			name = "the type"
		}
		d.NoteAt(of.Span, "%s is declared here", name)
	}
}

// hintKey is about a key of a composite literal that the struct lacks.
func (j *job) hintKey(d *diag.Diagnostic, path []ast.Node) {
	kv := innermost[*ast.KeyValueExpr](path)
	lit := innermost[*ast.CompositeLit](path)
	if kv == nil || lit == nil {
		return
	}
	key, ok := kv.Key.(*ast.Ident)
	t := j.typeOf(lit)
	if !ok || t == nil {
		return
	}
	d.Span = j.nodeSpan(key)
	d.Lacks = j.member(t, key.Name)
	if f := j.fieldOf(t, key.Name); f != nil {
		d.Caret("did you mean `%s`?", f.Name()).Replace(d.Span, f.Name(), "write `%s`", f.Name())
	} else {
		d.Near(key.Name, members(t))
	}
	j.hintDeclared(d, t)
}

// hintOptional is about a pointer that was used as a value: a field with `?`.
func (j *job) hintOptional(d *diag.Diagnostic, path []ast.Node) {
	if len(path) == 0 {
		return
	}
	operands := []ast.Expr{}
	for _, n := range path[:min(2, len(path))] {
		switch n := n.(type) {
		case *ast.BinaryExpr:
			operands = append(operands, n.X, n.Y)
		case ast.Expr:
			operands = append(operands, n)
		}
	}
	for _, x := range operands {
		x = j.unwrapped(x)
		if p, ok := j.typeOf(x).(*types.Pointer); ok && j.isOptional(x) {
			j.optionalHelp(d, x, p.Elem())
			return
		}
	}
}

// isOptional tells whether an expression is a field that may be missing.
func (j *job) isOptional(x ast.Expr) bool {
	sel, ok := x.(*ast.SelectorExpr)
	if !ok {
		return false
	}
	s := j.info.Selections[sel]
	if s == nil {
		return false
	}
	v, ok := s.Obj().(*types.Var)
	if !ok {
		return false
	}
	f := j.c.universe.fields[v]
	return f != nil && f.Pointer()
}

// optionalHelp says what to do with a field that may be missing.
func (j *job) optionalHelp(d *diag.Diagnostic, x ast.Expr, elem types.Type) {
	if !j.isOptional(x) {
		return
	}
	text := j.source(x)
	zero := zeroText(j.c.universe, elem)
	d.Notef("`%s` is optional, so it is a pointer in Go, nil where it is missing", text)
	if zero == "" {
		d.Helpf("use `*%s` where `%s != nil`", text, text)
		return
	}
	d.Helpf("`or(%s, %s)` gives its value, or a default", text, zero)
	d.Fix(diag.Fix{Title: "write `or(" + text + ", " + zero + ")`", Edits: []diag.Edit{{Span: j.nodeSpan(x), New: "or(" + text + ", " + zero + ")"}}})
}

// zeroText is how a zero value of a simple type is written.
func zeroText(u *universe, t types.Type) string {
	if e := u.isEnum(t); e != nil {
		return ""
	}
	b, ok := t.Underlying().(*types.Basic)
	switch {
	case !ok:
		return ""
	case b.Info()&types.IsString != 0:
		return `""`
	case b.Info()&types.IsNumeric != 0:
		return "0"
	case b.Info()&types.IsBoolean != 0:
		return "false"
	}
	return ""
}

// hintResult proposes how to make a value what is wanted.
func (j *job) hintResult(d *diag.Diagnostic, result ast.Expr, t types.Type) {
	u := j.c.universe
	want := j.s.Want
	text := j.source(result)
	switch {
	case want.Kind == WantBool && types.Identical(t, types.Typ[types.String]):
		if name, ok := nearOperator(text); ok {
			d.Helpf("%s", name)
		}
	case want.Kind == WantType && (want.Type.Kind == ir.Decimal || want.Type.Kind == ir.Number):
		j.hintToDecimal(d, result, t)
	case want.Kind == WantType && u.isDecimal(t):
		j.hintFromDecimal(d, result, j.typeOfIR(want.Type))
	case want.Kind == WantType && goNumber(t) && goNumber(j.typeOfIR(want.Type)):
		d.Helpf("write `%s(%s)`, or declare it with the type %s", j.typeText(j.typeOfIR(want.Type)), oneLine(text), j.typeText(t))
	}
}

// goNumber tells of Go's own types of numbers; constants convert by themselves.
func goNumber(t types.Type) bool {
	b, ok := t.(*types.Basic)
	return ok && b.Info()&types.IsNumeric != 0 && b.Info()&types.IsUntyped == 0
}

// nearOperator notices a string that was meant to be code.
func nearOperator(text string) (string, bool) {
	if strings.HasPrefix(text, `"in.`) || strings.HasPrefix(text, "`in.") {
		return "this is text: leave out the quotes to make it Go", true
	}
	return "", false
}

// hintEnum is about an enum where text is wanted, and text where an enum is.
func (j *job) hintEnum(d *diag.Diagnostic, msg string, path []ast.Node) {
	for _, n := range path[:min(1, len(path))] {
		if x, ok := n.(ast.Expr); ok {
			if e := j.c.universe.isEnum(j.typeOf(x)); e != nil && strings.HasPrefix(msg, "cannot use ") {
				d.Notef("an enum is text of its own type; its values are %s", strings.Join(e.Values, ", "))
			}
		}
	}
}

// hintRune is about text in single quotes.
func (j *job) hintRune(d *diag.Diagnostic, msg string, path []ast.Node) {
	lit := innermost[*ast.BasicLit](path)
	if b := innermost[*ast.BinaryExpr](path); lit == nil && b != nil {
		for _, x := range []ast.Expr{b.X, b.Y} {
			if l, ok := x.(*ast.BasicLit); ok && l.Kind == token.CHAR {
				lit = l
			}
		}
	}
	if lit == nil || lit.Kind != token.CHAR || !strings.Contains(msg, "rune") {
		return
	}
	d.Span = j.nodeSpan(lit)
	d.Caret("strings stand in double quotes").
		Replace(d.Span, `"`+strings.Trim(lit.Value, "'")+`"`, "use double quotes")
}

// hintOr is about `or` on what is never missing.
func (j *job) hintOr(d *diag.Diagnostic, path []ast.Node) {
	call := innermost[*ast.CallExpr](path)
	if call == nil || len(call.Args) != 2 {
		return
	}
	x := call.Args[0]
	t := j.typeOf(x)
	if t == nil {
		return
	}
	if p, ok := t.(*types.Pointer); ok {
		if y := j.typeOf(call.Args[1]); y != nil {
			d.Span = j.nodeSpan(call.Args[1])
			d.Message = "the default of `" + oneLine(j.source(x)) + "` must be " + article(j.typeText(p.Elem())) + ", and `" + oneLine(j.source(call.Args[1])) + "` is " + article(j.typeText(y))
		}
		return
	}
	d.Span = j.nodeSpan(x)
	d.Message = "`" + oneLine(j.source(x)) + "` is never missing, so `or` has nothing to replace"
	d.Replace(j.nodeSpan(call), j.source(x), "write `%s`", oneLine(j.source(x)))
}
