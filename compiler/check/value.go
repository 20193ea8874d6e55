package check

import (
	"go/ast"
	"go/types"

	"github.com/flowc-dev/flowc/ir"
	"github.com/flowc-dev/flowc/ir/diag"
)

// valueType finds the type of the snippet's value, and reports one that no
// record can hold.
func (j *job) valueType() bool {
	w := j.s.Want
	var t types.Type
	var at ast.Node = j.fn.Body
	switch {
	case len(j.returns) > 0:
		id, _ := j.fn.Type.Results.List[0].Type.(*ast.Ident)
		t = j.info.Types[id].Type
		if len(j.returns[0].Results) > 0 {
			at = j.returns[0].Results[0]
		}
	default:
		t, at = j.info.Types[j.expr].Type, j.expr
	}
	if t == nil {
		j.l.Errorf(diag.WrongResult, j.nodeSpan(at), "%s %s, and this has none", w.who(), w.must())
		return false
	}
	t = types.Default(t)
	j.result = t
	switch w.Kind {
	case WantBool:
		j.irResult = &ir.Type{Kind: ir.Bool}
		return true
	case WantType:
		j.irResult = w.Type
		_, j.optional = types.Unalias(t).(*types.Pointer)
		j.optional = j.optional && w.Optional
		return true
	case WantList:
		return j.listType(t, at)
	}
	typ, optional, why := j.c.typeFromGo(t)
	if why != "" {
		j.l.Errorf(diag.WrongResult, j.nodeSpan(at), "%s can't be a value of type %s: it %s", w.who(), j.typeText(t), why)
		return false
	}
	j.irResult, j.optional = typ, optional || j.mayBeMissing(j.expr)
	return true
}

// mayBeMissing tells whether an expression is an optional field, whose type does
// not say so: a missing list, map or raw value is just nil.
func (j *job) mayBeMissing(e ast.Expr) bool {
	sel, ok := ast.Unparen(e).(*ast.SelectorExpr)
	if !ok {
		return false
	}
	s := j.info.Selections[sel]
	if s == nil || s.Kind() != types.FieldVal || len(s.Index()) != 1 {
		return false
	}
	t := s.Recv()
	if p, ok := t.Underlying().(*types.Pointer); ok {
		t = p.Elem()
	}
	if named, ok := types.Unalias(t).(*types.Named); ok && named.Obj().Pkg() != j.c.universe.pkg {
		return false // a type of the user's has pointers for what may be missing
	}
	u, ok := t.Underlying().(*types.Struct)
	return ok && isOptionalTag(u.Tag(s.Index()[0]))
}

// listType finds the elements of a flatmap's value.
func (j *job) listType(t types.Type, at ast.Node) bool {
	w := j.s.Want
	var elem types.Type
	switch u := t.Underlying().(type) {
	case *types.Slice:
		elem = u.Elem()
	case *types.Signature:
		elem = seqElem(u)
		j.seq = elem != nil
	}
	if elem == nil {
		d := j.l.Errorf(diag.WrongResult, j.nodeSpan(at), "%s %s, and this is %s", w.who(), w.must(), article(j.typeText(t)))
		d.Helpf("for one value a record use `map`")
		return false
	}
	if w.Type != nil {
		if !types.Identical(elem, j.typeOfIR(w.Type)) {
			j.l.Errorf(diag.WrongResult, j.nodeSpan(at), "%s %s, and this holds %s", w.who(), w.must(), j.typeText(elem))
			return false
		}
		j.irResult = w.Type
		return true
	}
	typ, optional, why := j.c.typeFromGo(elem)
	if why == "" && optional {
		why = "is a pointer"
	}
	if why != "" {
		j.l.Errorf(diag.WrongResult, j.nodeSpan(at), "%s can't give values of type %s: it %s", w.who(), j.typeText(elem), why)
		return false
	}
	j.irResult = typ
	return true
}

// seqElem is the type that an iter.Seq yields, nil where a function is none.
func seqElem(s *types.Signature) types.Type {
	if s.Results().Len() != 0 || s.Params().Len() != 1 {
		return nil
	}
	yield, ok := s.Params().At(0).Type().Underlying().(*types.Signature)
	if !ok || yield.Params().Len() != 1 || yield.Results().Len() != 1 ||
		!types.Identical(yield.Results().At(0).Type(), types.Typ[types.Bool]) {
		return nil
	}
	return yield.Params().At(0).Type()
}
