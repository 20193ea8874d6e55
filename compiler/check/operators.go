package check

import (
	"go/ast"
	"go/token"
	"go/types"

	"golang.org/x/tools/go/ast/astutil"
)

// What the rewriting leaves on the nodes it made, for lowering and for errors.
type (
	// A wrap is on a conversion that the compiler put around an operand.
	wrap struct {
		x    ast.Expr
		to   string // toDecimal, toNumber, toString or toDuration
		side side
	}
	// A timeOp is on a call that stands for an operator on times.
	timeOp struct {
		op    token.Token
		x, y  ast.Expr
		opPos token.Pos
		// length tells that the right operand of + or - is a duration, swapped that
		// the left one is.
		length, swapped bool
		// assigned tells that it is the operator of `x += y`.
		assigned bool
	}
	// A remainder is on a `/` of decimals that is written `%`: go/types knows no
	// `%` of floats.
	remainder struct{}
	// An orCall is on a call of `or` on a list or a map.
	orCall struct {
		fun *ast.Ident // as it was written
		of  *types.Func
	}
)

// A side says of which operand a wrap is.
type side int

const (
	left side = iota
	right
	alone // no operand: an argument, what is assigned
)

// maxRounds bounds the rounds of check and rewrite. Nearly everything takes two:
// the types of rewritten expressions, and of variables that are declared with
// them, are known at once.
const maxRounds = 50

// rewrite gives code that Go's rules refuse, and the language's do not, a form
// that go/types understands. It tells whether it changed anything.
func (j *job) rewrite() bool {
	if !j.shape.operators {
		return false
	}
	changed := false
	j.known = map[ast.Expr]types.Type{}
	j.locals = map[types.Object]types.Type{}
	astutil.Apply(j.fn.Body, nil, func(cur *astutil.Cursor) bool {
		switch n := cur.Node().(type) {
		case *ast.ParenExpr:
			if t := j.known[n.X]; t != nil {
				j.known[n] = t
			}
		case *ast.UnaryExpr:
			if t := j.known[n.X]; t != nil && (n.Op == token.SUB || n.Op == token.ADD) {
				j.known[n] = t
			}
		case *ast.BinaryExpr:
			changed = j.binary(cur, n) || changed
		case *ast.AssignStmt:
			changed = j.assignOp(n) || changed
			if n.Tok == token.DEFINE && len(n.Lhs) == len(n.Rhs) {
				for i, x := range n.Lhs {
					j.local(x, n.Rhs[i])
				}
			}
		case *ast.ValueSpec:
			if n.Type == nil && len(n.Names) == len(n.Values) {
				for i, x := range n.Names {
					j.local(x, n.Values[i])
				}
			}
		case *ast.CallExpr:
			changed = j.minMax(n) || changed
			changed = j.orForm(n) || changed
		case *ast.SliceExpr:
			// A part of an enum's text is text.
			if j.c.universe.isEnum(j.typeOf(n.X)) != nil {
				n.X = j.wrap(n.X, toString, alone)
				changed = true
			}
		}
		return true
	})
	if j.expr != nil {
		// It may have been replaced itself.
		if len(j.returns) > 0 {
			j.expr = j.returns[0].Results[0]
		} else {
			j.expr = j.assign.Rhs[0]
		}
	}
	return changed
}

// typeOf is the type of an expression, nil where it has none for its errors.
func (j *job) typeOf(e ast.Expr) types.Type {
	if t := j.known[e]; t != nil {
		return t
	}
	if t := j.info.Types[e].Type; t != nil {
		return t
	}
	if id, ok := e.(*ast.Ident); ok {
		o := j.info.ObjectOf(id)
		if t := j.locals[o]; t != nil {
			return t
		}
		// The left side of an assignment to a name has its type there alone.
		if o != nil {
			return o.Type()
		}
	}
	return nil
}

// local notes the type of a variable that is declared with a rewritten
// expression, for the rest of the round.
func (j *job) local(name, value ast.Expr) {
	id, ok := name.(*ast.Ident)
	if !ok {
		return
	}
	if o := j.info.Defs[id]; o != nil && j.known[value] != nil {
		j.locals[o] = j.known[value]
	}
}

// wrap puts a conversion around an operand.
func (j *job) wrap(x ast.Expr, to string, s side) ast.Expr {
	if to == toDuration && j.pkg.Scope().Lookup(to) == nil {
		if t := j.c.universe.imported("time", "Duration"); t != types.Typ[types.Invalid] {
			j.pkg.Scope().Insert(types.NewTypeName(token.NoPos, j.pkg, toDuration, t))
		}
	}
	call := hiddenCall(to, x.Pos(), x)
	j.marks[call] = wrap{x, to, s}
	j.replaced = append(j.replaced, call)
	return call
}

// hiddenCall is a call that covers the range of its last argument from pos on.
func hiddenCall(name string, pos token.Pos, args ...ast.Expr) *ast.CallExpr {
	return &ast.CallExpr{Fun: &ast.Ident{Name: name, NamePos: pos}, Lparen: pos, Args: args, Rparen: args[len(args)-1].End() - 1}
}

// unwrapped is the expression under the conversions that the compiler put
// there, and under parentheses.
func (j *job) unwrapped(e ast.Expr) ast.Expr {
	for {
		e = ast.Unparen(e)
		w, ok := j.marks[e].(wrap)
		if !ok {
			return e
		}
		e = w.x
	}
}

func (j *job) binary(cur *astutil.Cursor, n *ast.BinaryExpr) bool {
	if _, done := j.marks[n].(remainder); done && j.known[n] == nil {
		return false
	}
	tx, ty := j.typeOf(n.X), j.typeOf(n.Y)
	if tx == nil || ty == nil {
		return false
	}
	u := j.c.universe
	switch {
	case u.isDecimal(tx) || u.isDecimal(ty):
		return j.decimalOp(n, tx, ty)
	case isTime(tx) || isTime(ty):
		return j.timeOp(cur, n, tx, ty)
	case isDuration(tx) || isDuration(ty):
		return j.durationOp(n, tx, ty)
	case u.isEnum(tx) != nil || u.isEnum(ty) != nil:
		return j.enumOp(n, tx, ty)
	}
	return false
}

// arithmetic and comparisons are the operators that decimals have.
func arithmetic(op token.Token) bool {
	switch op {
	case token.ADD, token.SUB, token.MUL, token.QUO, token.REM:
		return true
	}
	return false
}

func comparison(op token.Token) bool {
	switch op {
	case token.EQL, token.NEQ, token.LSS, token.LEQ, token.GTR, token.GEQ:
		return true
	}
	return false
}

// decimalOp makes both operands of an operator decimals of one form: that of
// the left one.
func (j *job) decimalOp(n *ast.BinaryExpr, tx, ty types.Type) bool {
	if !arithmetic(n.Op) && !comparison(n.Op) {
		return false
	}
	u, changed := j.c.universe, false
	result := tx
	if !u.isDecimal(tx) {
		result = ty
	}
	if x, ok := j.operand(n.X, tx, result, left, n); ok {
		n.X, changed = x, true
	}
	if y, ok := j.operand(n.Y, ty, result, right, n); ok {
		n.Y, changed = y, true
	}
	if n.Op == token.REM {
		n.Op, changed = token.QUO, true
		j.marks[n] = remainder{}
	}
	if changed {
		j.replaced = append(j.replaced, n)
	}
	if arithmetic(n.Op) {
		j.known[n] = result
	}
	return changed
}

// operand makes an operand of type t a decimal of the type want, where it is
// not one already. An untyped constant becomes one by itself.
func (j *job) operand(e ast.Expr, t, want types.Type, s side, op ast.Node) (ast.Expr, bool) {
	if types.Identical(t, want) {
		return nil, false
	}
	to := toDecimal
	if want == j.c.universe.number {
		to = toNumber
	}
	basic, ok := t.Underlying().(*types.Basic)
	switch {
	case j.c.universe.isDecimal(t):
		return j.wrap(e, to, s), true
	case !ok || basic.Info()&types.IsUntyped != 0 || isDuration(t):
		return nil, false
	case basic.Info()&types.IsInteger != 0:
		return j.wrap(e, to, s), true
	case basic.Info()&types.IsFloat != 0:
		j.floatOperand(e, t, op)
		return j.wrap(e, to, s), true
	}
	return nil, false
}

// named tells whether a type is a named one of a package.
func named(t types.Type, path, name string) bool {
	n, ok := types.Unalias(t).(*types.Named)
	return ok && n.Obj().Pkg() != nil && n.Obj().Pkg().Path() == path && n.Obj().Name() == name
}

func isTime(t types.Type) bool     { return t != nil && named(t, "time", "Time") }
func isDuration(t types.Type) bool { return t != nil && named(t, "time", "Duration") }

// isUntypedInt tells whether a type is that of an untyped integer constant.
func isUntypedInt(t types.Type) bool {
	b, ok := t.(*types.Basic)
	return ok && (b.Kind() == types.UntypedInt || b.Kind() == types.UntypedRune)
}

// timeOp makes an operator on times a call of a function with its types.
func (j *job) timeOp(cur *astutil.Cursor, n *ast.BinaryExpr, tx, ty types.Type) bool {
	length := func(t types.Type) bool { return isDuration(t) || isUntypedInt(t) }
	mark := timeOp{op: n.Op, x: n.X, y: n.Y, opPos: n.OpPos}
	duration := j.c.universe.imported("time", "Duration")
	var result types.Type
	switch {
	case isTime(tx) && isTime(ty) && comparison(n.Op):
		result = types.Typ[types.Bool]
	case isTime(tx) && isTime(ty) && n.Op == token.SUB:
		result = duration
	case isTime(tx) && length(ty) && (n.Op == token.ADD || n.Op == token.SUB):
		result, ty, mark.length = tx, duration, true
	case isTime(ty) && length(tx) && n.Op == token.ADD:
		result, tx, mark.swapped = ty, duration, true
	default:
		return false
	}
	call := j.timeCall(mark, n.X.Pos(), tx, ty, result)
	j.replaced = append(j.replaced, call)
	j.known[call] = result
	cur.Replace(call)
	return true
}

// timeCall is the call that stands for an operator: of a function that nobody
// can name and that has exactly its types.
func (j *job) timeCall(mark timeOp, pos token.Pos, x, y, result types.Type) *ast.CallExpr {
	name := hidden + mark.op.String() + x.String() + "," + y.String()
	if j.pkg.Scope().Lookup(name) == nil {
		sig := types.NewSignatureType(nil, nil, nil, vars(j.pkg, x, y), vars(j.pkg, result), false)
		j.pkg.Scope().Insert(types.NewFunc(token.NoPos, j.pkg, name, sig))
	}
	call := hiddenCall(name, pos, mark.x, mark.y)
	j.marks[call] = mark
	return call
}

// durationOp lets a duration be multiplied with and divided by an integer
// variable, which Go refuses.
func (j *job) durationOp(n *ast.BinaryExpr, tx, ty types.Type) bool {
	integer := func(t types.Type) bool {
		b, ok := t.Underlying().(*types.Basic)
		return ok && b.Info()&types.IsInteger != 0 && b.Info()&types.IsUntyped == 0 && !isDuration(t)
	}
	switch {
	case isDuration(tx) && integer(ty) && (n.Op == token.MUL || n.Op == token.QUO || n.Op == token.REM):
		n.Y = j.wrap(n.Y, toDuration, right)
		j.known[n] = tx
	case isDuration(ty) && integer(tx) && n.Op == token.MUL:
		n.X = j.wrap(n.X, toDuration, left)
		j.known[n] = ty
	default:
		return false
	}
	j.replaced = append(j.replaced, n)
	return true
}

// enumOp lets an enum be compared with any text, and be put together with it:
// the result is text, no enum.
func (j *job) enumOp(n *ast.BinaryExpr, tx, ty types.Type) bool {
	u := j.c.universe
	ex, ey := u.isEnum(tx) != nil, u.isEnum(ty) != nil
	text := func(t types.Type, e ast.Expr) bool {
		return types.Identical(t, types.Typ[types.String]) && j.info.Types[e].Value == nil
	}
	switch {
	case n.Op == token.ADD:
		cx, cy := j.info.Types[n.X].Value != nil, j.info.Types[n.Y].Value != nil
		if cx && cy {
			return false
		}
		if ex && !cx {
			n.X = j.wrap(n.X, toString, left)
		}
		if ey && !cy {
			n.Y = j.wrap(n.Y, toString, right)
		}
		j.known[n] = types.Typ[types.String]
	case !comparison(n.Op):
		return false
	case ex && ey && !types.Identical(tx, ty):
		n.X, n.Y = j.wrap(n.X, toString, left), j.wrap(n.Y, toString, right)
	case ex && !ey && text(ty, n.Y):
		n.X = j.wrap(n.X, toString, left)
	case ey && !ex && text(tx, n.X):
		n.Y = j.wrap(n.Y, toString, right)
	default:
		return false
	}
	j.replaced = append(j.replaced, n)
	return true
}
