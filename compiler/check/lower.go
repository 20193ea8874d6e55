package check

import (
	"go/ast"
	"go/token"
	"go/types"
	"slices"
	"strings"

	"golang.org/x/tools/go/ast/astutil"

	"github.com/flowc-dev/flowc/ir"
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

// ownCopy is what a function body begins with that writes to its record: a copy
// of it, so that nobody else sees the change. It is empty for others.
func (w *lowering) ownCopy() string {
	if !w.writesRecord() {
		return ""
	}
	own := w.fresh("own")
	return own + " := *in\nin = &" + own + "\n"
}
