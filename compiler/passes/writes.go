package passes

import (
	"go/ast"
	"go/parser"
	"go/token"
	"slices"

	"github.com/flowc-dev/flowc/ir"
)

// exprWrites tells whether an expression or a body may write to `in`, or to a
// list, a map or a pointed-to value in it. What is not plainly reading counts
// as writing: a copy costs some nanoseconds, a record that another branch
// changed under one's feet costs a day.
func exprWrites(e *ir.Expr, t *ir.Type) bool {
	text := "func() { return " + e.Go + "\n}"
	if e.Body {
		text = "func() {" + e.Go + "\n}"
	}
	root, err := parser.ParseExpr(text)
	if err != nil {
		return true
	}
	w := writeFinder{record: t, opaque: e.Effect == ir.Unknown || e.Effect == ir.IO || e.Effect == ""}
	w.walk(root)
	return w.found
}

type writeFinder struct {
	record *ir.Type
	// opaque code calls functions that nobody looked into.
	opaque bool
	around []ast.Node
	found  bool
}

func (w *writeFinder) walk(root ast.Node) {
	ast.Inspect(root, func(n ast.Node) bool {
		if w.found {
			return false
		}
		if n == nil {
			w.around = w.around[:len(w.around)-1]
			return false
		}
		if e, ok := n.(ast.Expr); ok && isRooted(e) {
			w.found = w.writesIn(e)
			w.operands(e)
			return false
		}
		w.around = append(w.around, n)
		return true
	})
}

// operands looks into what stands in a chain below `in` besides the chain: the
// index in in.Tags[i].
func (w *writeFinder) operands(e ast.Expr) {
	for {
		switch x := e.(type) {
		case *ast.SelectorExpr:
			e = x.X
		case *ast.StarExpr:
			e = x.X
		case *ast.ParenExpr:
			e = x.X
		case *ast.IndexExpr:
			w.within(x.Index)
			e = x.X
		case *ast.SliceExpr:
			w.within(x.Low, x.High, x.Max)
			e = x.X
		default:
			return
		}
	}
}

func (w *writeFinder) within(exprs ...ast.Expr) {
	for _, e := range exprs {
		if e != nil && !w.found {
			inner := writeFinder{record: w.record, opaque: w.opaque}
			inner.walk(e)
			w.found = inner.found
		}
	}
}

// writesIn tells whether what stands around a chain below `in` may write to it.
func (w *writeFinder) writesIn(e ast.Expr) bool {
	shares := w.value(e).shares()
	switch around := w.around[len(w.around)-1].(type) {
	case *ast.AssignStmt:
		// A second name for memory of the record is not followed.
		return slices.Contains(around.Lhs, e) || shares
	case *ast.ValueSpec:
		return shares
	case *ast.IncDecStmt:
		return true
	case *ast.RangeStmt:
		return around.X != e || w.value(e).element().shares()
	case *ast.UnaryExpr:
		return around.Op == token.AND
	case *ast.CallExpr:
		if around.Fun == e {
			return shares // a method of a type that nobody looked into
		}
		return shares && w.callWrites(around)
	}
	return false
}

// callWrites tells whether a call may write to what its arguments share.
func (w *writeFinder) callWrites(call *ast.CallExpr) bool {
	if _, statement := w.around[len(w.around)-2].(*ast.ExprStmt); statement {
		return true // what is called for its effect alone has one
	}
	switch fun := ast.Unparen(call.Fun).(type) {
	case *ast.Ident:
		switch fun.Name {
		case "len", "cap", "string":
			return false
		case "append", "copy":
			return true
		}
	case *ast.SelectorExpr:
		if pkg, ok := fun.X.(*ast.Ident); ok && pkg.Name == "slices" {
			return slices.Contains(writersOfSlices, fun.Sel.Name)
		}
	}
	return w.opaque
}

// writersOfSlices are the functions of package slices that give a result and
// write to their argument, or keep a part of it.
var writersOfSlices = []string{"AppendSeq", "Compact", "CompactFunc", "Delete", "DeleteFunc", "Grow", "Insert", "Replace", "Clip"}

// A below is a value in or below the record.
type below struct {
	typ     *ir.Type // nil for one that is not known
	pointer bool
	method  bool // of a scalar, which is no memory
}

func (b below) shares() bool {
	return !b.method && (b.typ == nil || b.pointer || refers(b.typ))
}

// element is what ranging or indexing gives.
func (b below) element() below {
	if b.typ == nil || b.typ.Elem == nil {
		return below{typ: b.typ}
	}
	return below{typ: b.typ.Elem}
}

// value resolves a chain below `in`.
func (w *writeFinder) value(e ast.Expr) below {
	switch e := e.(type) {
	case *ast.Ident:
		return below{typ: w.record, pointer: true}
	case *ast.ParenExpr:
		return w.value(e.X)
	case *ast.StarExpr:
		b := w.value(e.X)
		b.pointer = false
		return b
	case *ast.SliceExpr:
		return w.value(e.X)
	case *ast.IndexExpr:
		return w.value(e.X).element()
	case *ast.SelectorExpr:
		return w.value(e.X).field(e.Sel.Name)
	}
	return below{}
}

func (b below) field(name string) below {
	switch {
	case b.typ == nil:
		return below{}
	case b.typ.Kind == ir.Struct:
		if f := b.typ.GoField(name); f != nil {
			return below{typ: f.Type, pointer: f.Pointer()}
		}
		return below{}
	case b.typ.IsScalar():
		return below{method: true}
	}
	return below{}
}

// isRooted tells whether an expression is `in` or something below it.
func isRooted(e ast.Expr) bool {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name == "in"
	case *ast.SelectorExpr:
		return isRooted(e.X)
	case *ast.IndexExpr:
		return isRooted(e.X)
	case *ast.SliceExpr:
		return isRooted(e.X)
	case *ast.StarExpr:
		return isRooted(e.X)
	case *ast.ParenExpr:
		return isRooted(e.X)
	}
	return false
}

// sharesAt tells whether a copy of what is at a path below records of a type
// shares memory with the record.
func sharesAt(t *ir.Type, path ir.Path) bool {
	if isWhole(path) {
		return refers(t)
	}
	b := below{typ: t}
	for _, name := range path {
		if b = b.field(name); b.shares() && (b.typ == nil || b.typ.Kind != ir.Struct || b.pointer) {
			return true
		}
	}
	return b.shares()
}

// refers tells whether a copy of a value shares memory that can be written to
// with it; unknown types do.
func refers(t *ir.Type) bool { return refersIn(t, nil) }

func refersIn(t *ir.Type, around []*ir.Type) bool {
	if t == nil || slices.Contains(around, t) {
		return true
	}
	switch t.Kind {
	case ir.List, ir.Map, ir.JSON, ir.Any, ir.Bytes, ir.GoNamed:
		return true
	case ir.Struct:
		around = append(around, t)
		return t.Go != nil && (t.Go.Pointer || t.Go.Custom) || slices.ContainsFunc(t.Fields, func(f *ir.Field) bool { return f.Pointer() || refersIn(f.Type, around) })
	}
	return false
}
