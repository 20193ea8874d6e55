package check

import (
	"go/ast"
	"go/token"
	"go/types"
	"reflect"
	"slices"

	"golang.org/x/tools/go/ast/astutil"
)

// errRange is the range that an error of go/types is about. go/types keeps it
// in fields for its own tools; where they are missing it is the position alone.
func errRange(e types.Error) (start, end token.Pos) {
	v := reflect.ValueOf(e)
	s, t := v.FieldByName("go116start"), v.FieldByName("go116end")
	if s.IsValid() && t.IsValid() && s.CanInt() && t.CanInt() && s.Int() > 0 && t.Int() >= s.Int() {
		return token.Pos(s.Int()), token.Pos(t.Int())
	}
	return e.Pos, e.Pos
}

// coerce lets an enum stand where text is wanted, and the two forms of decimals
// for one another. Go knows all the places where a value is assigned, so its
// errors are asked: an operand that is refused is converted, and the conversion
// stays if the error is gone.
func (j *job) coerce() {
	tried := map[token.Pos]bool{}
	for again := len(j.errs) > 0; again; {
		again = false
		for _, e := range j.errs {
			start, end := errRange(e)
			if tried[start] {
				continue
			}
			tried[start] = true
			calls := j.coerceAt(start, end)
			if len(calls) == 0 {
				continue
			}
			j.settle()
			for _, e := range j.errs {
				if s, _ := errRange(e); s == start {
					j.undo(calls)
					j.settle()
					break
				}
			}
			again = true
			break
		}
	}
}

// coerceAt converts the operand in a range, or the arguments of a generic
// function there, as far as they can be converted at all.
func (j *job) coerceAt(start, end token.Pos) []*ast.CallExpr {
	var calls []*ast.CallExpr
	convert := func(x ast.Expr) ast.Expr {
		to := j.coercion(x)
		if to == "" {
			return x
		}
		call := j.wrap(x, to, alone)
		if c, ok := call.(*ast.CallExpr); ok {
			calls = append(calls, c)
		}
		return call
	}
	astutil.Apply(j.fn.Body, func(cur *astutil.Cursor) bool {
		if len(calls) > 0 {
			return false
		}
		x, ok := cur.Node().(ast.Expr)
		if !ok {
			return true
		}
		if _, again := j.marks[x].(wrap); again {
			return false
		}
		if x.Pos() == start && x.End() == end {
			if with := convert(x); with != x {
				cur.Replace(with)
				return false
			}
		}
		if call, ok := x.(*ast.CallExpr); ok && call.Fun.Pos() <= start && end <= call.Fun.End() && !j.info.Types[call.Fun].IsType() {
			for i, a := range call.Args {
				if j.c.universe.isEnum(typeOr(j.typeOf(a))) != nil {
					call.Args[i] = convert(a)
				}
			}
		}
		return true
	}, nil)
	return calls
}

// coercion is the conversion that may help an operand, "" for none.
func (j *job) coercion(x ast.Expr) string {
	u := j.c.universe
	t := j.typeOf(x)
	switch {
	case t == nil || j.info.Types[x].IsType():
	case u.isEnum(t) != nil:
		return toString
	case types.Unalias(t) == u.decimal:
		return toNumber
	case types.Unalias(t) == u.number:
		return toDecimal
	}
	return ""
}

// undo takes conversions away.
func (j *job) undo(calls []*ast.CallExpr) {
	astutil.Apply(j.fn.Body, func(cur *astutil.Cursor) bool {
		call, ok := cur.Node().(*ast.CallExpr)
		if ok && slices.Contains(calls, call) {
			cur.Replace(call.Args[0])
			delete(j.marks, call)
			return false
		}
		return true
	}, nil)
}
