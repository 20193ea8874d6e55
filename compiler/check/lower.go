package check

import (
	"go/ast"
	"go/token"
	"go/types"
	"slices"
	"strings"

	"golang.org/x/tools/go/ast/astutil"

	"github.com/flowc-dev/flowc/ir"
	"github.com/flowc-dev/flowc/ir/diag"
)

// Import paths of the runtime packages that lowered text names.
const (
	DecimalPath = runtimePath + "decimal"
	FlowPath    = runtimePath + "flow"
)

// A lowering edits the text of a checked snippet into what a generated program
// contains.
type lowering struct {
	*job
	ed     *editor
	uses   map[ir.Import]bool
	lets   map[string]bool
	consts map[string]ir.Const
	taken  map[string]bool // names that the text declares or uses, see fresh
	seen   map[ast.Node]bool
	rename map[types.Object]string
	named  map[string]*ir.Type
}

// lower makes the ir.Expr of a snippet without mistakes.
func (j *job) lower() *ir.Expr {
	w := &lowering{
		job: j, ed: newEditor(j.s.Text),
		uses: map[ir.Import]bool{}, lets: map[string]bool{}, consts: map[string]ir.Const{},
		named: map[string]*ir.Type{}, seen: map[ast.Node]bool{}, rename: map[types.Object]string{},
	}
	w.avoid()
	astutil.Apply(j.fn.Body, w.enter, w.leave)
	if j.failed {
		return nil
	}
	e := &ir.Expr{
		Text: j.s.Text, Span: j.whole(), Body: j.expr == nil || j.tuple,
		Type: j.irResult, Optional: j.optional, Errs: j.errResult, Seq: j.seq,
	}
	from, to := 0, len(j.s.Text)
	if j.expr != nil {
		from, to = j.offset(j.expr.Pos()), j.offset(j.expr.End())
		tv := j.info.Types[j.expr]
		e.Const = tv.Value != nil
	}
	w.finish(e, from, to)
	j.analyze(e)
	return e
}

// finish renders the text with what it needs.
func (w *lowering) finish(e *ir.Expr, from, to int) {
	text, origins := w.ed.render(from, to)
	prefix := ""
	if w.tuple {
		prefix = "return "
	}
	if own := w.ownCopy(); own != "" {
		prefix = own + prefix
		if w.expr != nil && !w.tuple {
			prefix, e.Body = own+"return ", true
		}
	}
	if prefix != "" {
		for i := range origins {
			origins[i].out += len(prefix)
		}
		first := from
		if len(origins) > 0 {
			first = origins[0].in
		}
		origins = append([]origin{{0, first, true}}, origins...)
		text = prefix + text
	}
	e.Go, e.Lines = w.layOut(text, origins)
	for i := range w.uses {
		e.Uses = append(e.Uses, i)
	}
	slices.SortFunc(e.Uses, func(a, b ir.Import) int { return strings.Compare(a.Path+a.Name, b.Path+b.Name) })
	for _, t := range w.named {
		e.Types = append(e.Types, t)
	}
	slices.SortFunc(e.Types, func(a, b *ir.Type) int { return strings.Compare(a.Name, b.Name) })
	for name := range w.lets {
		e.Lets = append(e.Lets, name)
	}
	slices.Sort(e.Lets)
	for _, c := range w.consts {
		e.Consts = append(e.Consts, c)
	}
	slices.SortFunc(e.Consts, func(a, b ir.Const) int { return strings.Compare(a.Name, b.Name) })
}

// avoid gives local names that would hide a package, a constant or a let value
// of the lowered text another name.
func (w *lowering) avoid() {
	if len(w.info.Defs) <= 1 && len(w.info.Implicits) == 0 {
		return // the function around the snippet is all that is declared
	}
	ast.Inspect(w.fn.Body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.Ident:
			if o := w.info.Defs[n]; o != nil && w.hides(n.Name) {
				if v, ok := o.(*types.Var); !ok || !v.IsField() {
					w.rename[o] = w.fresh(n.Name + "_")
				}
			}
		case *ast.TypeSwitchStmt:
			// Its variable is another object in each case.
			a, ok := n.Assign.(*ast.AssignStmt)
			if !ok {
				break
			}
			id, ok := a.Lhs[0].(*ast.Ident)
			if !ok || !w.hides(id.Name) {
				break
			}
			name := w.fresh(id.Name + "_")
			w.ed.replace(w.from(id), w.to(id), name)
			for _, c := range n.Body.List {
				if o := w.info.Implicits[c]; o != nil {
					w.rename[o] = name
				}
			}
		}
		return true
	})
}

// hides tells whether a local name would hide something that the lowered text
// may name, or stand beside a parameter of the same name in one block.
func (w *lowering) hides(name string) bool {
	switch name {
	case "decimal", "flow", "in", "meta", "ctx":
		return true
	case "time":
		return w.pkg.Scope().Lookup(toDuration) != nil
	}
	for _, p := range w.s.Params {
		if p.Name == name {
			return true
		}
	}
	if constantName(name) {
		return true
	}
	for _, l := range w.job.lets {
		if l.let.GoName == name {
			return true
		}
	}
	return false
}

// constantName tells whether a name may be one of constName.
func constantName(name string) bool {
	rest, ok := strings.CutPrefix(name, "dec")
	if !ok {
		rest, ok = strings.CutPrefix(name, "num")
	}
	rest = strings.TrimPrefix(rest, "Neg")
	return ok && rest != "" && rest[0] >= '0' && rest[0] <= '9'
}

// fresh is a name that the text does not hold.
func (w *lowering) fresh(name string) string {
	if w.taken == nil {
		w.taken = map[string]bool{}
		ast.Inspect(w.fn.Body, func(n ast.Node) bool {
			if id, ok := n.(*ast.Ident); ok {
				w.taken[id.Name] = true
			}
			return true
		})
	}
	for w.taken[name] {
		name += "_"
	}
	w.taken[name] = true
	return name
}

func (w *lowering) from(n ast.Node) int { return w.offset(n.Pos()) }
func (w *lowering) to(n ast.Node) int   { return w.offset(n.End()) }

// need notes an import.
func (w *lowering) need(path string) {
	w.uses[ir.Import{Name: stdOrRuntimeName(path), Path: path}] = true
}

func stdOrRuntimeName(path string) string {
	return path[strings.LastIndexByte(path, '/')+1:]
}

// enter looks at a node before its children: a constant decimal is replaced as
// a whole, and what stands twice in the tree is edited once.
func (w *lowering) enter(cur *astutil.Cursor) bool {
	n := cur.Node()
	if n == nil || w.seen[n] {
		return false
	}
	w.seen[n] = true
	e, ok := n.(ast.Expr)
	if !ok {
		return true
	}
	tv := w.info.Types[e]
	if tv.Value != nil && w.c.universe.isDecimal(tv.Type) {
		w.constant(e, types.Unalias(tv.Type) == w.c.universe.number)
		return false
	}
	return true
}

// constant replaces an expression by a package-level variable with its value.
func (w *lowering) constant(e ast.Expr, number bool) {
	text, ok := plainLiteral(e)
	var err error
	if !ok {
		var x exact
		if x, err = w.exactOf(e); err == nil {
			text, err = x.text()
		}
	}
	if err != nil {
		w.failed = true
		d := w.l.Errorf(diag.DecimalConstant, w.nodeSpan(e), "`%s` can't be a decimal constant: %v", oneLine(w.source(e)), err)
		switch err {
		case errNeverEnds:
			d.Helpf("divide last: a division of decimals is rounded to 38 digits")
		case errTooLong:
			d.Helpf("write as many digits as you mean")
		case errDropsFraction:
			d.Helpf("write one of the numbers with a point, as in 1.0")
		}
		return
	}
	w.ed.replace(w.from(e), w.to(e), w.constName(text, number))
}

// constNames makes the text of a decimal part of a name.
var constNames = strings.NewReplacer("-", "Neg", ".", "_")

// constName is the name of a constant; it follows from its value, so that equal
// constants of a program are one variable.
func (w *lowering) constName(text string, number bool) string {
	name := "dec"
	if number {
		name = "num"
	}
	name += constNames.Replace(text)
	w.consts[name] = ir.Const{Name: name, Text: text, Number: number}
	return name
}

// leave edits a node whose children are done.
func (w *lowering) leave(cur *astutil.Cursor) bool {
	switch n := cur.Node().(type) {
	case *ast.Ident:
		w.ident(n, cur)
	case *ast.UnaryExpr:
		w.unary(n)
	case *ast.ParenExpr:
		w.paren(n)
	case *ast.BinaryExpr:
		w.binary(n)
	case *ast.CallExpr:
		w.call(n)
	case *ast.AssignStmt:
		w.assignment(n)
	case *ast.IncDecStmt:
		w.incDec(n)
	case *ast.SwitchStmt:
		w.switchStmt(n)
	}
	return true
}

// ident lowers a name.
func (w *lowering) ident(id *ast.Ident, cur *astutil.Cursor) {
	o := w.info.ObjectOf(id)
	if o == nil || strings.HasPrefix(id.Name, hidden) {
		return
	}
	put := func(text string) { w.ed.replace(w.from(id), w.to(id), text) }
	if as := w.rename[o]; as != "" {
		put(as)
		return
	}
	switch {
	case o == w.in || o == w.meta:
		w.variable(id, o, cur)
	case w.job.lets[o] != nil:
		l := w.job.lets[o].let
		w.lets[l.GoName] = true
		w.job.lets[o].used = true
		put(l.GoName)
	case o == w.c.universe.decimal.Obj() || o == w.c.universe.number.Obj():
		w.need(DecimalPath)
		put("decimal.Decimal")
	case o == w.c.universe.or:
		w.need(FlowPath)
		put("flow.Or")
	case isTypeName(o) && w.c.universe.isEnum(o.Type()) != nil:
		put("string") // what an enum is in the generated program
	case isTypeName(o):
		if t := w.c.universe.irTypes[types.Unalias(o.Type())]; t != nil && t.Kind == ir.Struct && t.Go == nil && t.Name == id.Name {
			w.named[t.Name] = t
		}
	default:
		if p, ok := o.(*types.PkgName); ok {
			e := w.packages[p]
			e.used = true
			w.uses[ir.Import{Name: id.Name, Path: e.pkg.Path()}] = true
		}
	}
}

func isTypeName(o types.Object) bool {
	_, ok := o.(*types.TypeName)
	return ok
}

// variable lowers `in` and `meta`, which are pointers in the generated program:
// a field is selected through the pointer, all else needs what it points to.
func (w *lowering) variable(id *ast.Ident, o types.Object, cur *astutil.Cursor) {
	star := "*" + id.Name
	switch p := cur.Parent().(type) {
	case *ast.SelectorExpr:
		if _, isPtr := o.Type().Underlying().(*types.Pointer); !isPtr && !types.IsInterface(o.Type()) {
			return
		}
	case *ast.UnaryExpr:
		if p.Op == token.AND {
			return // &in is the pointer: unary takes the & away
		}
	case *ast.ReturnStmt, *ast.KeyValueExpr, *ast.CompositeLit:
		w.ed.replace(w.from(id), w.to(id), star)
		return
	case *ast.AssignStmt:
		w.ed.replace(w.from(id), w.to(id), star)
		return
	case *ast.CallExpr:
		if _, marked := w.marks[p]; !marked && cur.Name() == "Args" {
			w.ed.replace(w.from(id), w.to(id), star)
			return
		}
	}
	if id == w.expr {
		w.ed.replace(w.from(id), w.to(id), star)
		return
	}
	w.ed.replace(w.from(id), w.to(id), "("+star+")")
}

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
	case m.op == token.SUB:
		w.operator(m.x, m.y, m.opPos, m.op, "", "Sub", ")")
	case m.op == token.EQL:
		w.operator(m.x, m.y, m.opPos, m.op, "", "Equal", ")")
	case m.op == token.NEQ:
		w.operator(m.x, m.y, m.opPos, m.op, "!", "Equal", ")")
	case m.op == token.LSS:
		w.operator(m.x, m.y, m.opPos, m.op, "", "Before", ")")
	case m.op == token.GEQ:
		w.operator(m.x, m.y, m.opPos, m.op, "!", "Before", ")")
	case m.op == token.GTR:
		w.operator(m.x, m.y, m.opPos, m.op, "", "After", ")")
	case m.op == token.LEQ:
		w.operator(m.x, m.y, m.opPos, m.op, "!", "After", ")")
	}
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
		if _, assigned := w.marks[n]; assigned && !w.isAssigned(n) {
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

// isAssigned tells whether a call stands for the operator of `x += y`, which
// assignment lowers.
func (w *lowering) isAssigned(n *ast.CallExpr) bool {
	m, ok := w.marks[n].(timeOp)
	return ok && m.opPos > token.NoPos && w.from(n) == w.from(m.y) && !m.swapped
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

// ownCopy is what a function body begins with that writes to its record: a copy
// of it, so that nobody else sees the change. It is empty for others.
func (w *lowering) ownCopy() string {
	if !w.writesRecord() {
		return ""
	}
	own := w.fresh("own")
	return own + " := *in\nin = &" + own + "\n"
}
