package check

import (
	"go/ast"
	"go/token"
	"go/types"
)

// assignOp rewrites `x += y` and its like as binary does `x + y`.
func (j *job) assignOp(n *ast.AssignStmt) bool {
	op, ok := assignOps[n.Tok]
	if !ok || len(n.Lhs) != 1 || len(n.Rhs) != 1 {
		return false
	}
	if _, done := j.marks[n]; done {
		return false
	}
	tx, ty := j.typeOf(n.Lhs[0]), j.typeOf(n.Rhs[0])
	if tx == nil || ty == nil {
		return false
	}
	u, changed := j.c.universe, false
	switch {
	case u.isDecimal(tx):
		if y, ok := j.operand(n.Rhs[0], ty, tx, right, n); ok {
			n.Rhs[0], changed = y, true
		}
		if op == token.REM {
			n.Tok, changed = token.QUO_ASSIGN, true
			j.marks[n] = remainder{}
		}
	case isTime(tx) && (op == token.ADD || op == token.SUB) && (isDuration(ty) || isUntypedInt(ty)):
		x, y := n.Lhs[0], n.Rhs[0]
		mark := timeOp{op: op, x: x, y: y, opPos: n.TokPos, length: true, assigned: true}
		call := j.timeCall(mark, y.Pos(), tx, j.c.universe.imported("time", "Duration"), tx)
		j.marks[n] = mark
		j.replaced = append(j.replaced, call)
		n.Tok, n.Rhs[0], changed = token.ASSIGN, call, true
	case u.isDecimal(ty):
		j.decimalInto(n, tx)
	case isDuration(tx) && (op == token.MUL || op == token.QUO || op == token.REM):
		b, ok := ty.Underlying().(*types.Basic)
		if ok && b.Info()&types.IsInteger != 0 && b.Info()&types.IsUntyped == 0 && !isDuration(ty) {
			n.Rhs[0], changed = j.wrap(n.Rhs[0], toDuration, right), true
		}
	}
	return changed
}

var assignOps = map[token.Token]token.Token{
	token.ADD_ASSIGN: token.ADD, token.SUB_ASSIGN: token.SUB, token.MUL_ASSIGN: token.MUL,
	token.QUO_ASSIGN: token.QUO, token.REM_ASSIGN: token.REM,
}

// minMax lets max and min take decimals and integers together.
func (j *job) minMax(n *ast.CallExpr) bool {
	if !j.isBuiltin(n.Fun, "max", "min") {
		return false
	}
	var want types.Type
	for _, a := range n.Args {
		if t := j.typeOf(a); j.c.universe.isDecimal(t) {
			want = t
			break
		}
	}
	if want == nil {
		return false
	}
	changed := false
	for i, a := range n.Args {
		if t := j.typeOf(a); t != nil {
			if x, ok := j.operand(a, t, want, alone, n); ok {
				n.Args[i], changed = x, true
			}
		}
	}
	j.known[n] = want
	return changed
}

// orForm picks the form of `or` for a list or a map.
func (j *job) orForm(n *ast.CallExpr) bool {
	id, ok := n.Fun.(*ast.Ident)
	u := j.c.universe
	if !ok || len(n.Args) == 0 || j.info.Uses[id] != types.Object(u.or) {
		return false
	}
	t := j.typeOf(n.Args[0])
	if t == nil {
		return false
	}
	mark := orCall{fun: id}
	switch t.Underlying().(type) {
	case *types.Slice:
		mark.of = u.orList
	case *types.Map:
		mark.of = u.orMap
	default:
		return false
	}
	if j.pkg.Scope().Lookup(mark.of.Name()) == nil {
		j.pkg.Scope().Insert(mark.of)
	}
	n.Fun = &ast.Ident{Name: mark.of.Name(), NamePos: id.Pos()}
	j.marks[n] = mark
	return true
}

// isBuiltin tells whether an expression is a built-in function of Go.
func (j *job) isBuiltin(fun ast.Expr, names ...string) bool {
	id, ok := ast.Unparen(fun).(*ast.Ident)
	if !ok {
		return false
	}
	if _, ok := j.info.Uses[id].(*types.Builtin); !ok {
		return false
	}
	for _, n := range names {
		if id.Name == n {
			return true
		}
	}
	return false
}
