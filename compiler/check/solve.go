package check

import (
	"errors"
	"go/ast"
	"go/token"
	"go/types"
	"strings"

	"github.com/flowc-dev/flowc/ir/diag"
)

// solve finds the type of the snippet's value, rewriting until nothing is left
// to rewrite, and reports what is wrong. It is false after an error.
func (j *job) solve() bool {
	if j.expr == nil {
		if !j.body() {
			return false
		}
	} else {
		j.expression()
	}
	j.settle()
	if j.callWithError() {
		j.settle()
	}
	if j.expr != nil && j.s.Want.Optional && len(j.returns) == 0 {
		t := j.typeOf(j.expr)
		if t == nil || types.Identical(t, types.Typ[types.UntypedNil]) {
			t = types.Typ[types.UntypedNil]
			if id, ok := ast.Unparen(j.expr).(*ast.Ident); ok && id.Name == "nil" {
				t = types.NewPointer(j.wanted())
			}
		}
		j.mustReturn(j.wantedOr(t), false)
		j.settle()
	}
	j.coerce()
	if j.expr == nil && j.inferred() && len(j.errs) == 0 {
		// Only now is the type of the result known: check the returns against it.
		if !j.inferReturns() {
			return false
		}
		j.settle()
		j.coerce()
	}
	j.refuse()
	j.report()
	return !j.failed && j.valueType()
}

// settle checks and rewrites until nothing is left to rewrite.
func (j *job) settle() {
	for range maxRounds {
		j.check()
		if !j.rewrite() {
			return
		}
	}
}

// check runs go/types over the snippet.
func (j *job) check() {
	j.errs = nil
	j.known = nil
	j.info = &types.Info{
		Types:      map[ast.Expr]types.TypeAndValue{},
		Defs:       map[*ast.Ident]types.Object{},
		Uses:       map[*ast.Ident]types.Object{},
		Implicits:  map[ast.Node]types.Object{},
		Selections: map[*ast.SelectorExpr]*types.Selection{},
		Instances:  map[*ast.Ident]types.Instance{},
	}
	conf := types.Config{Error: func(err error) {
		if e, ok := errors.AsType[types.Error](err); ok {
			j.errs = append(j.errs, e)
		}
	}}
	// The error is in j.errs, with all others.
	_ = types.NewChecker(&conf, j.fset, j.pkg, j.info).Files([]*ast.File{j.file})
}

// inferred tells whether the type of the value is not known beforehand.
func (j *job) inferred() bool {
	w := j.s.Want
	return w.Kind == WantAny || w.Kind == WantList || w.Optional
}

// expression prepares the syntax of an expression: as what a function returns
// where its type is known, else as what is assigned to nothing.
func (j *job) expression() {
	if j.inferred() {
		return
	}
	j.mustReturn(j.wanted(), false)
}

// mustReturn makes an expression what the function around it returns.
func (j *job) mustReturn(t types.Type, withError bool) {
	j.setResult(t, withError)
	ret := &ast.ReturnStmt{Return: j.expr.Pos(), Results: []ast.Expr{ast.Unparen(j.expr)}}
	j.fn.Body.List[0] = ret
	j.returns = []*ast.ReturnStmt{ret}
}

// wanted is the Go type that the value must have.
func (j *job) wanted() types.Type {
	if j.s.Want.Kind == WantBool {
		return types.Typ[types.Bool]
	}
	return j.typeOfIR(j.s.Want.Type)
}

// setResult gives the function around the snippet its results.
func (j *job) setResult(t types.Type, withError bool) {
	result := &ast.Field{Type: &ast.Ident{Name: j.nameType(t), NamePos: j.fn.Body.Lbrace}}
	j.fn.Type.Results = &ast.FieldList{List: []*ast.Field{result}}
	if withError {
		j.fn.Type.Results.List = append(j.fn.Type.Results.List, &ast.Field{Type: &ast.Ident{Name: "error", NamePos: j.fn.Body.Lbrace}})
	}
	j.errResult = withError
}

// nameType gives a type a name that nobody can write.
func (j *job) nameType(t types.Type) string {
	for name := wantName; ; name += "'" {
		o := j.pkg.Scope().Lookup(name)
		if o == nil {
			j.pkg.Scope().Insert(types.NewTypeName(token.NoPos, j.pkg, name, t))
			return name
		}
		if types.Identical(o.Type(), t) {
			return name
		}
	}
}

// body prepares the syntax of a function body: it finds its returns and gives
// the function its results.
func (j *job) body() bool {
	j.returns = nil
	ast.Inspect(j.fn.Body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncLit:
			return false
		case *ast.ReturnStmt:
			j.returns = append(j.returns, n)
		}
		return true
	})
	if len(j.returns) == 0 {
		if a, ok := j.fn.Body.List[0].(*ast.AssignStmt); ok && len(j.fn.Body.List) == 1 && a.Tok == token.ASSIGN {
			at := j.offset(a.TokPos)
			if strings.HasPrefix(j.s.Text[at+1:], "~") {
				j.noMatch(at)
				return false
			}
			d := j.l.Errorf(diag.GoSyntax, j.span(at, at+1), "`=` assigns, and %s %s", j.s.Want.who(), j.s.Want.must())
			d.Caret("did you mean `==`?").Replace(d.Span, "==", "write `==`")
			return false
		}
		d := j.l.Errorf(diag.MustReturn, j.whole(), "%s: a function body must return a value", j.s.Want.who())
		if stmt, ok := lastExpr(j.fn.Body); ok {
			d.Span = j.nodeSpan(stmt)
			d.Fix(insertBefore(d.Span, "return ", "return it"))
		}
		return false
	}
	withError := false
	for _, r := range j.returns {
		withError = withError || len(r.Results) == 2
	}
	if j.inferred() {
		j.setResult(types.Universe.Lookup("any").Type(), withError)
	} else {
		j.setResult(j.wanted(), withError)
	}
	return true
}

// lastExpr is the last statement of a body where it is an expression, which
// was probably meant to be returned.
func lastExpr(b *ast.BlockStmt) (ast.Expr, bool) {
	if len(b.List) == 0 {
		return nil, false
	}
	s, ok := b.List[len(b.List)-1].(*ast.ExprStmt)
	if !ok {
		return nil, false
	}
	return s.X, true
}

// callWithError notices that what is returned is a call that gives a value and
// an error, and makes the function return both.
func (j *job) callWithError() bool {
	if j.errResult {
		return false
	}
	single := func(e ast.Expr) (types.Type, bool) {
		t, ok := j.info.Types[ast.Unparen(e)].Type.(*types.Tuple)
		if ok && t.Len() == 2 && types.Identical(t.At(1).Type(), types.Universe.Lookup("error").Type()) {
			return t.At(0).Type(), true
		}
		return nil, false
	}
	if j.expr != nil {
		t, ok := single(j.expr)
		if !ok {
			return false
		}
		j.tuple = true
		if !j.inferred() {
			t = j.wanted()
		} else if j.s.Want.Optional {
			t = j.wantedOr(t)
		}
		j.mustReturn(t, true)
		return true
	}
	for _, r := range j.returns {
		if len(r.Results) == 1 {
			if _, ok := single(r.Results[0]); ok {
				if j.inferred() {
					j.setResult(types.Universe.Lookup("any").Type(), true)
				} else {
					j.setResult(j.wanted(), true)
				}
				return true
			}
		}
	}
	return false
}

// inferReturns finds the type that all returns give. A constant without a type
// takes that of the others.
func (j *job) inferReturns() bool {
	var result types.Type
	var first, constant, other ast.Expr
	for _, r := range j.returns {
		if len(r.Results) == 0 {
			continue
		}
		x := r.Results[0]
		tv := j.info.Types[x]
		t := tv.Type
		if tuple, ok := t.(*types.Tuple); ok {
			t = tuple.At(0).Type()
		}
		if _, basic := t.(*types.Basic); tv.Value != nil && basic {
			if constant == nil || wider(t, j.info.Types[constant].Type) {
				constant = x
			} else if u := j.info.Types[constant].Type; !types.Identical(t, u) && !wider(u, t) {
				other = x
			}
		}
		if _, basic := t.(*types.Basic); t == nil || tv.IsNil() || tv.Value != nil && basic {
			continue
		}
		if result == nil {
			result, first = t, x
		} else if !types.Identical(result, t) {
			j.failed = true
			j.l.Errorf(diag.WrongResult, j.nodeSpan(x), "%s must have one type, and this return gives %s", j.s.Want.who(), j.typeText(t)).
				Also(j.nodeSpan(first), "this one gives %s", j.typeText(result))
			return false
		}
	}
	if result == nil && other != nil {
		j.failed = true
		j.l.Errorf(diag.WrongResult, j.nodeSpan(other), "%s must have one type, and this return gives %s", j.s.Want.who(), j.typeText(j.info.Types[other].Type)).
			Also(j.nodeSpan(constant), "this one gives %s", j.typeText(j.info.Types[constant].Type))
		return false
	}
	if result == nil && constant != nil {
		result = types.Default(j.info.Types[constant].Type)
	}
	if result == nil {
		j.failed = true
		j.l.Errorf(diag.WrongResult, j.nodeSpan(j.returns[0]), "the type of `nil` is not known: return a typed value somewhere, or name the type with `out:`")
		return false
	}
	if j.s.Want.Optional {
		result = j.wantedOr(result)
	}
	j.setResult(result, j.errResult)
	return true
}

// wider tells whether a number constant of type t needs a wider type than one
// of type u: 1.5 beside 1.
func wider(t, u types.Type) bool {
	return types.Identical(t, types.Typ[types.Float64]) && types.Identical(u, types.Typ[types.Int])
}

// wantedOr is the wanted type, or a pointer to it where the value is a pointer.
func (j *job) wantedOr(t types.Type) types.Type {
	if _, pointer := types.Unalias(t).(*types.Pointer); pointer {
		return types.NewPointer(j.wanted())
	}
	return j.wanted()
}
