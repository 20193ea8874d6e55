package check

import (
	"go/ast"
	"go/token"
	"go/types"
	"strings"
)

func (w *lowering) isDecimal(e ast.Expr) bool { return w.c.universe.isDecimal(w.typeOf(e)) }

func (w *lowering) unary(n *ast.UnaryExpr) {
	op := w.offset(n.OpPos)
	switch {
	case n.Op == token.AND:
		if id, ok := n.X.(*ast.Ident); ok && (w.info.Uses[id] == types.Object(w.in) && w.in != nil || w.info.Uses[id] == types.Object(w.meta) && w.meta != nil) {
			w.ed.replace(op, op+1, "")
		}
	case n.Op == token.SUB && w.isDecimal(n):
		w.ed.replace(op, w.skip(op+1), "")
		w.method(n.X, ".Neg()")
	case n.Op == token.ADD && w.isDecimal(n):
		w.ed.replace(op, w.skip(op+1), "")
	}
}

// skip is the offset behind blanks.
func (w *lowering) skip(at int) int {
	for at < len(w.s.Text) && (w.s.Text[at] == ' ' || w.s.Text[at] == '\t') {
		at++
	}
	return at
}

// method puts a call behind an expression.
func (w *lowering) method(x ast.Expr, call string) {
	if w.isPrimary(x) {
		w.ed.around(w.from(x), w.to(x), "", call)
	} else {
		w.ed.around(w.from(x), w.to(x), "(", ")"+call)
	}
}

// isPrimary tells whether a selector can follow the lowered form of an
// expression as it stands.
func (w *lowering) isPrimary(x ast.Expr) bool {
	if tv := w.info.Types[x]; tv.Value != nil && w.c.universe.isDecimal(tv.Type) {
		return true
	}
	switch x := x.(type) {
	case *ast.Ident, *ast.SelectorExpr, *ast.IndexExpr, *ast.ParenExpr, *ast.TypeAssertExpr, *ast.SliceExpr:
		return true
	case *ast.CallExpr:
		if m, ok := w.marks[x].(wrap); ok && m.side == right && w.isDecimal(m.x) {
			return w.isPrimary(m.x)
		}
		return true
	case *ast.BinaryExpr:
		return arithmetic(x.Op) && w.isDecimal(x)
	case *ast.UnaryExpr:
		return (x.Op == token.SUB || x.Op == token.ADD) && w.isDecimal(x)
	}
	return false
}

// paren drops parentheses around what has become a call.
func (w *lowering) paren(n *ast.ParenExpr) {
	x := n.X
	call := false
	switch x := x.(type) {
	case *ast.BinaryExpr:
		call = arithmetic(x.Op) && w.isDecimal(x)
	case *ast.CallExpr:
		if m, ok := w.marks[x].(timeOp); ok {
			call = !comparison(m.op)
		}
	}
	// A line break next to a parenthesis would end the statement without it.
	inner := w.s.Text[w.from(n)+1:w.from(x)] + w.s.Text[w.to(x):w.to(n)-1]
	if !call || strings.Trim(inner, " \t") != "" {
		return
	}
	w.ed.replace(w.from(n), w.from(n)+1, "")
	w.ed.replace(w.to(n)-1, w.to(n), "")
}

var decimalMethods = map[token.Token]string{
	token.ADD: "Add", token.SUB: "Sub", token.MUL: "Mul", token.QUO: "Quo", token.REM: "Rem",
}

// operator replaces an operator between two operands by a call: before what is
// put before it all, with the method, close after the right operand.
func (w *lowering) operator(x, y ast.Expr, opPos token.Pos, op token.Token, before, method, close string) {
	at := w.offset(opPos)
	from := at
	for from > 0 && (w.s.Text[from-1] == ' ' || w.s.Text[from-1] == '\t') {
		from--
	}
	w.ed.replace(from, w.skip(at+len(op.String())), "."+method+"(")
	if w.isPrimary(x) {
		w.ed.around(w.from(x), w.to(x), before, "")
	} else {
		w.ed.around(w.from(x), w.to(x), before+"(", ")")
	}
	w.ed.around(w.from(y), w.to(y), "", close)
}

func (w *lowering) binary(n *ast.BinaryExpr) {
	if !w.isDecimal(n.X) || !w.isDecimal(n.Y) {
		return
	}
	op, written := n.Op, n.Op
	if _, rem := w.marks[n].(remainder); rem {
		op, written = token.REM, token.REM
	}
	switch {
	case arithmetic(op):
		w.operator(n.X, n.Y, n.OpPos, written, "", decimalMethods[op], ")")
	case op == token.EQL:
		w.operator(n.X, n.Y, n.OpPos, written, "", "Equal", ")")
	case op == token.NEQ:
		w.operator(n.X, n.Y, n.OpPos, written, "!", "Equal", ")")
	default:
		w.operator(n.X, n.Y, n.OpPos, written, "", "Cmp", ") "+op.String()+" 0")
	}
}

// timeOperator lowers an operator on times.
func (w *lowering) timeOperator(m timeOp) {
	switch {
	case m.swapped:
		x, _ := w.ed.render(w.from(m.x), w.to(m.x))
		y, _ := w.ed.render(w.from(m.y), w.to(m.y))
		if !w.isPrimary(m.y) {
			y = "(" + y + ")"
		}
		w.ed.replace(w.from(m.x), w.to(m.y), y+".Add("+x+")")
	case m.length && m.op == token.SUB:
		w.negate(m.y)
		w.operator(m.x, m.y, m.opPos, m.op, "", "Add", ")")
	case m.length:
		w.operator(m.x, m.y, m.opPos, m.op, "", "Add", ")")
	default:
		call := timeMethods[m.op]
		w.operator(m.x, m.y, m.opPos, m.op, call.before, call.name, ")")
	}
}

// timeMethods say what an operator between two times is called.
var timeMethods = map[token.Token]struct{ before, name string }{
	token.SUB: {"", "Sub"},
	token.EQL: {"", "Equal"}, token.NEQ: {"!", "Equal"},
	token.LSS: {"", "Before"}, token.GEQ: {"!", "Before"},
	token.GTR: {"", "After"}, token.LEQ: {"!", "After"},
}

// negate puts a minus before a duration.
func (w *lowering) negate(y ast.Expr) {
	switch y := ast.Unparen(y).(type) {
	case *ast.BinaryExpr:
		if y.Op != token.ADD && y.Op != token.SUB {
			break
		}
		w.ed.around(w.from(y), w.to(y), "-(", ")")
		return
	case *ast.UnaryExpr:
		w.ed.around(w.from(y), w.to(y), "-(", ")")
		return
	}
	w.ed.around(w.from(y), w.to(y), "-", "")
}

func (w *lowering) call(n *ast.CallExpr) {
	switch m := w.marks[n].(type) {
	case timeOp:
		if !m.assigned {
			w.timeOperator(m)
		}
		return
	case wrap:
		w.wrapped(m)
		return
	case orCall:
		w.need(FlowPath)
		name := "flow.OrList"
		if m.of == w.c.universe.orMap {
			name = "flow.OrMap"
		}
		w.ed.replace(w.from(m.fun), w.to(m.fun), name)
		return
	}
	switch {
	case w.info.Types[n.Fun].IsType() && len(n.Args) == 1 && w.isDecimal(n):
		w.conversion(n)
	case w.isBuiltin(n.Fun, "max", "min") && w.isDecimal(n):
		w.need(DecimalPath)
		name := "decimal.Max"
		if id, ok := ast.Unparen(n.Fun).(*ast.Ident); ok && id.Name == "min" {
			name = "decimal.Min"
		}
		w.ed.replace(w.from(n.Fun), w.to(n.Fun), name)
	}
}

// wrapped lowers a conversion that the compiler put around an operand.
func (w *lowering) wrapped(m wrap) {
	from, to := w.from(m.x), w.to(m.x)
	switch m.to {
	case toString:
		w.ed.around(from, to, "string(", ")")
	case toDuration:
		w.need("time")
		w.ed.around(from, to, "time.Duration(", ")")
	case toDecimal, toNumber:
		if w.isDecimal(m.x) {
			if m.side == alone {
				w.method(m.x, form(m.to == toNumber))
			}
			return
		}
		open, close := w.integer(m.x)
		if m.to == toNumber && m.side != right {
			close += form(true)
		}
		w.need(DecimalPath)
		w.ed.around(from, to, open+"(", ")"+close)
	}
}

// form is the method that gives a decimal its form.
func form(number bool) string {
	if number {
		return ".AsNumber()"
	}
	return ".AsString()"
}

// integer is the conversion of an integer to a decimal, without its outer
// parentheses.
func (w *lowering) integer(x ast.Expr) (open, close string) {
	b, _ := w.typeOf(x).Underlying().(*types.Basic)
	fn, kind := "decimal.FromInt64", types.Int64
	if b != nil && b.Info()&types.IsUnsigned != 0 {
		fn, kind = "decimal.FromUint64", types.Uint64
	}
	if types.Identical(w.typeOf(x), types.Typ[kind]) {
		return fn, ""
	}
	return fn + "(" + types.Typ[kind].Name(), ")"
}

// conversion lowers `decimal(x)`.
func (w *lowering) conversion(n *ast.CallExpr) {
	x := n.Args[0]
	number := types.Unalias(w.typeOf(n)) == w.c.universe.number
	if w.isDecimal(x) {
		w.ed.replace(w.from(n.Fun), w.to(n.Fun), "")
		if !types.Identical(w.typeOf(n), w.typeOf(x)) {
			w.ed.around(w.from(n), w.to(n), "", form(number))
		}
		return
	}
	w.need(DecimalPath)
	open, close := w.integer(x)
	w.ed.replace(w.from(n.Fun), w.to(n.Fun), open)
	if number {
		close += form(true)
	}
	w.ed.around(w.from(n), w.to(n), "", close)
}

// target is the lowered text of what is assigned to, ready for a selector.
func (w *lowering) target(x ast.Expr) string {
	text, _ := w.ed.render(w.from(x), w.to(x))
	if !w.isPrimary(x) {
		return "(" + text + ")"
	}
	return text
}

// assignment lowers `x += y`.
func (w *lowering) assignment(n *ast.AssignStmt) {
	if len(n.Lhs) != 1 || len(n.Rhs) != 1 {
		return
	}
	at := w.offset(n.TokPos)
	if m, ok := w.marks[n].(timeOp); ok {
		if m.op == token.SUB {
			w.negate(m.y)
		}
		w.ed.replace(at, at+2, "= "+w.target(n.Lhs[0])+".Add(")
		w.ed.around(w.from(m.y), w.to(m.y), "", ")")
		return
	}
	op, ok := assignOps[n.Tok]
	if !ok || !w.isDecimal(n.Lhs[0]) {
		return
	}
	if _, rem := w.marks[n].(remainder); rem {
		op = token.REM
	}
	w.ed.replace(at, at+2, "= "+w.target(n.Lhs[0])+"."+decimalMethods[op]+"(")
	w.ed.around(w.from(n.Rhs[0]), w.to(n.Rhs[0]), "", ")")
}

// incDec lowers `x++`.
func (w *lowering) incDec(n *ast.IncDecStmt) {
	if !w.isDecimal(n.X) {
		return
	}
	method := ".Add("
	if n.Tok == token.DEC {
		method = ".Sub("
	}
	at := w.offset(n.TokPos)
	w.ed.replace(at, at+2, " = "+w.target(n.X)+method+w.constName("1", false)+")")
}

// switchStmt lowers a switch over a decimal or a time to one over conditions.
func (w *lowering) switchStmt(n *ast.SwitchStmt) {
	if n.Tag == nil || !w.isDecimal(n.Tag) && !isTime(w.typeOf(n.Tag)) {
		return
	}
	tag := w.fresh("tag")
	cases := 0
	for _, s := range n.Body.List {
		cc, ok := s.(*ast.CaseClause)
		if !ok {
			continue
		}
		for _, x := range cc.List {
			cases++
			w.ed.around(w.from(x), w.to(x), tag+".Equal(", ")")
		}
	}
	if cases == 0 {
		tag = "_ "
		w.ed.around(w.from(n.Tag), w.to(n.Tag), "_ = ", ";")
		return
	}
	w.ed.around(w.from(n.Tag), w.to(n.Tag), tag+" := ", ";")
}
