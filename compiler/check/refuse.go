package check

import (
	"go/ast"
	"go/token"
	"go/types"

	"github.com/flowc-dev/flowc/ir/diag"
)

// refuse reports what Go allows and a pipeline does not: code that would mean
// something else in the generated program, where a decimal is no float64, and
// code that would reach beyond its record.
func (j *job) refuse() {
	j.enumConstants()
	ast.Inspect(j.fn.Body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.GoStmt:
			j.not(n, "a goroutine could outlive its record").
				Helpf("`parallel:` on the node runs several records at once")
		case *ast.CallExpr:
			j.refuseCall(n)
		case *ast.BinaryExpr:
			j.refuseBinary(n)
		case *ast.AssignStmt:
			j.refuseAssign(n)
		case *ast.IncDecStmt:
			j.refuseTarget(n.X)
			if j.isDecimalExpr(n.X) {
				j.refuseTwice(n.X)
			}
		case *ast.RangeStmt:
			if n.Tok == token.ASSIGN {
				j.refuseTarget(n.Key)
				j.refuseTarget(n.Value)
			}
		case *ast.UnaryExpr:
			if n.Op == token.AND {
				j.refuseTarget(n.X)
			}
		case *ast.SwitchStmt:
			j.refuseSwitch(n)
		case *ast.MapType:
			if t := j.typeOf(n.Key); t != nil && !j.comparable(t) {
				j.not(n.Key, "%s can't be the key of a map: equal decimals may be written differently (1.5, 1.50)", article(j.typeText(t))).
					Helpf("use its text: a map[string]…, and `.String()`")
			}
		case *ast.TypeSpec:
			if t := j.typeOf(n.Type); j.c.universe.isDecimal(t) && !n.Assign.IsValid() {
				j.not(n.Type, "a type can't be derived from %s", j.typeText(t)).Helpf("write `type %s = %s`", n.Name.Name, j.typeText(t))
			}
		case *ast.GenDecl:
			if n.Tok == token.CONST {
				j.refuseConst(n)
			}
		}
		return true
	})
	j.refuseInstances()
}

func (j *job) isDecimalExpr(e ast.Expr) bool { return j.c.universe.isDecimal(j.typeOf(e)) }

// refuseBinary is about comparisons of whole structs, which Go does field by
// field and bit by bit, and about division by zero.
func (j *job) refuseBinary(n *ast.BinaryExpr) {
	switch n.Op {
	case token.EQL, token.NEQ:
		if !j.refuseEqual(n, n.X, n.Y, n.Op) {
			j.refuseEqual(n, n.Y, n.X, n.Op)
		}
	case token.QUO, token.REM:
		if j.isDecimalExpr(n.X) {
			j.refuseZero(n.Y)
		}
	}
}

// refuseEqual reports a comparison of x with another value that would not be one
// of values.
func (j *job) refuseEqual(at ast.Node, x, other ast.Expr, op token.Token) bool {
	t, u := j.typeOf(x), j.typeOf(other)
	if t == nil || u == nil || types.IsInterface(t) {
		return false
	}
	single := j.c.universe.isDecimal(t) || isTime(t)
	if single && !types.IsInterface(u) {
		return false // lowered to a call
	}
	what := j.inexactEqual(t, map[types.Type]bool{})
	if what == "" {
		return false
	}
	d := j.not(at, "`%s` %s %s, which `%s` does not compare by value", oneLine(j.source(x)), map[bool]string{true: "is", false: "holds"}[single], what, op)
	if single {
		d.Helpf("make the other side one first: `%s.(%s)`", oneLine(j.source(other)), j.typeText(t))
	} else {
		d.Helpf("compare its fields one by one")
	}
	return true
}

// refuseSwitch is about switches whose cases are compared with a value.
func (j *job) refuseSwitch(n *ast.SwitchStmt) {
	if n.Tag == nil {
		return
	}
	if n.Init != nil && (j.isDecimalExpr(n.Tag) || isTime(j.typeOf(n.Tag))) {
		j.not(n.Init, "a switch over %s can't have a statement before its value", article(j.typeText(j.typeOf(n.Tag)))).
			Helpf("write the statement before the switch")
		return
	}
	for _, s := range n.Body.List {
		c, ok := s.(*ast.CaseClause)
		if !ok {
			continue
		}
		for _, x := range c.List {
			if !j.refuseEqual(x, n.Tag, x, token.SWITCH) {
				j.refuseEqual(x, x, n.Tag, token.SWITCH)
			}
		}
	}
}

// refuseZero reports a decimal that is divided by a constant zero.
func (j *job) refuseZero(y ast.Expr) {
	if j.info.Types[y].Value == nil {
		return
	}
	if x, err := j.exactOf(y); err == nil && x.value.Sign() == 0 {
		j.failed = true
		j.l.Errorf(diag.GoType, j.nodeSpan(y), "invalid operation: division by zero")
	}
}

// inexactEqual says what in a type `==` does not compare by value, "" for
// nothing.
func (j *job) inexactEqual(t types.Type, seen map[types.Type]bool) string {
	switch {
	case j.c.universe.isDecimal(t):
		return "a decimal"
	case isTime(t):
		return "a time"
	case seen[t]:
		return ""
	}
	seen[t] = true
	switch t := t.Underlying().(type) {
	case *types.Struct:
		for i := range t.NumFields() {
			if what := j.inexactEqual(t.Field(i).Type(), seen); what != "" {
				return what
			}
		}
	case *types.Array:
		return j.inexactEqual(t.Elem(), seen)
	}
	return ""
}

// comparable tells whether `==` on a type compiles in the generated program,
// where a decimal is a struct that can't be compared.
func (j *job) comparable(t types.Type) bool {
	switch {
	case j.c.universe.isDecimal(t):
		return false
	case isTime(t):
		return true
	}
	switch t := t.Underlying().(type) {
	case *types.Struct:
		for i := range t.NumFields() {
			if !j.comparable(t.Field(i).Type()) {
				return false
			}
		}
	case *types.Array:
		return j.comparable(t.Elem())
	}
	return types.Comparable(t)
}

// refuseAssign is about what is assigned to.
func (j *job) refuseAssign(n *ast.AssignStmt) {
	if n.Tok == token.DEFINE {
		return
	}
	for _, x := range n.Lhs {
		j.refuseTarget(x)
	}
	if _, op := assignOps[n.Tok]; op || j.marks[n] != nil {
		if t := j.typeOf(n.Lhs[0]); j.c.universe.isDecimal(t) || isTime(t) {
			j.refuseTwice(n.Lhs[0])
		}
		if n.Tok == token.QUO_ASSIGN && j.isDecimalExpr(n.Lhs[0]) {
			j.refuseZero(n.Rhs[0])
		}
	}
}

// refuseTarget reports what must not be changed: let values, metadata and
// variables of packages.
func (j *job) refuseTarget(x ast.Expr) {
	if x == nil {
		return
	}
	root, first := rootOf(x)
	if root == nil {
		return
	}
	if first != nil {
		if v, ok := j.info.Uses[first.Sel].(*types.Var); ok && !v.IsField() {
			j.not(x, "`%s` is a variable of a package, and a snippet must not change what other records see", j.source(first))
			return
		}
	}
	switch o := j.info.Uses[root]; {
	case o == nil:
	case j.lets[o] != nil:
		j.refusal(x)
		j.not(x, "`%s` is a let value, which can't be changed", root.Name)
	case j.meta != nil && o == types.Object(j.meta):
		j.not(x, "`meta` can't be changed").Helpf("a sink's `meta:` sets what goes out with a record")
	}
}

// rootOf is the name that a place is reached from, nil where it is the result
// of a call, with the first selector behind it.
func rootOf(x ast.Expr) (root *ast.Ident, first *ast.SelectorExpr) {
	for {
		switch e := x.(type) {
		case *ast.Ident:
			return e, first
		case *ast.SelectorExpr:
			first, x = e, e.X
		case *ast.IndexExpr:
			x = e.X
		case *ast.SliceExpr:
			x = e.X
		case *ast.StarExpr:
			x = e.X
		case *ast.ParenExpr:
			x = e.X
		default:
			return nil, nil
		}
	}
}

// refuseTwice reports an operator with assignment whose left side has a call in
// it: the lowered form evaluates it twice.
func (j *job) refuseTwice(x ast.Expr) {
	ast.Inspect(x, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok || j.info.Types[call.Fun].IsType() || j.isBuiltin(call.Fun, "len", "cap", "min", "max") {
			return true
		}
		if _, marked := j.marks[call]; marked {
			return true
		}
		j.not(call, "with decimals and times the left side of such an assignment can't hold a call").
			Helpf("assign `%s` to a variable first", oneLine(j.source(call)))
		return false
	})
}

// refuseConst reports constants declared with the type decimal, which in the
// generated program is no type of constants.
func (j *job) refuseConst(d *ast.GenDecl) {
	for _, s := range d.Specs {
		v, ok := s.(*ast.ValueSpec)
		if !ok {
			continue
		}
		for _, name := range v.Names {
			if o := j.info.Defs[name]; o != nil && j.c.universe.isDecimal(o.Type()) {
				j.not(v, "a decimal can't be a Go constant").Helpf("leave the type out (`const %s = …`), or use `var`", name.Name)
				break
			}
		}
	}
}

// refuseInstances reports generic functions and types for whose constraints a
// decimal is only good as long as it is a float64.
func (j *job) refuseInstances() {
	for id, inst := range j.info.Instances {
		o := j.info.Uses[id]
		if o == nil {
			continue
		}
		var params *types.TypeParamList
		switch t := o.Type().(type) {
		case *types.Signature:
			params = t.TypeParams()
		case *types.Named:
			params = t.TypeParams()
		}
		for i := range inst.TypeArgs.Len() {
			if params == nil || i >= params.Len() {
				break
			}
			t := inst.TypeArgs.At(i)
			c, ok := params.At(i).Constraint().Underlying().(*types.Interface)
			if !ok {
				continue
			}
			numeric := j.c.universe.isDecimal(t) && !c.IsMethodSet()
			if !numeric && (!c.IsComparable() || j.comparable(t)) {
				continue
			}
			d := j.not(id, "`%s` can't be used with %s: it works on Go's own numbers, or on what `==` compares", id.Name, j.typeText(t))
			if numeric {
				d.Helpf("the built-ins max and min and all operators take decimals; functions with a comparison take `a.Cmp(b)`")
			}
			break
		}
	}
}
