package check

import (
	"go/ast"
	"go/token"
	"go/types"
	"reflect"

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
			call := j.coerceAt(start, end)
			if call == nil {
				continue
			}
			j.settle()
			for _, e := range j.errs {
				if s, _ := errRange(e); s == start {
					j.undo(call)
					j.settle()
					break
				}
			}
			again = true
			break
		}
	}
}

// coerceAt converts the operand in a range, if it can be converted at all.
func (j *job) coerceAt(start, end token.Pos) *ast.CallExpr {
	var call *ast.CallExpr
	u := j.c.universe
	astutil.Apply(j.fn.Body, func(cur *astutil.Cursor) bool {
		x, ok := cur.Node().(ast.Expr)
		if !ok || call != nil || x.Pos() != start || x.End() != end {
			return call == nil
		}
		if _, again := j.marks[x].(wrap); again {
			return false
		}
		to := ""
		switch t := j.typeOf(x); {
		case t == nil || j.info.Types[x].IsType():
		case u.isEnum(t) != nil:
			to = toString
		case types.Unalias(t) == u.decimal:
			to = toNumber
		case types.Unalias(t) == u.number:
			to = toDecimal
		}
		if to != "" {
			call, _ = j.wrap(x, to, alone).(*ast.CallExpr)
			cur.Replace(call)
		}
		return false
	}, nil)
	return call
}

// undo takes a conversion away.
func (j *job) undo(call *ast.CallExpr) {
	astutil.Apply(j.fn.Body, func(cur *astutil.Cursor) bool {
		if cur.Node() == ast.Node(call) {
			cur.Replace(call.Args[0])
			return false
		}
		return true
	}, nil)
	delete(j.marks, call)
}
