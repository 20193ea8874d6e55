package check

import (
	"go/ast"
	"go/token"
	"go/types"
	"slices"
	"strings"

	"github.com/flowc-dev/flowc/ir"
)

// reads finds the fields of the record and of its metadata that the snippet
// reads.
func (j *job) reads(e *ir.Expr) {
	if j.in == nil && j.meta == nil {
		return
	}
	var paths []ir.Path
	meta := map[string]bool{}
	var stack []ast.Node
	ast.Inspect(j.fn.Body, func(n ast.Node) bool {
		if n == nil {
			stack = stack[:len(stack)-1]
			return true
		}
		stack = append(stack, n)
		id, ok := n.(*ast.Ident)
		if !ok || !j.isRecord(id) {
			return true
		}
		isIn := j.info.Uses[id] == types.Object(j.in)
		path, end, around := j.fieldPath(stack)
		if a, ok := around.(*ast.AssignStmt); ok && a.Tok == token.ASSIGN && contains(a.Lhs, end) {
			if _, op := j.marks[a]; !op {
				return true // written, not read
			}
		}
		switch {
		case isIn && len(path) == 0:
			paths = append(paths, ir.Whole)
		case isIn:
			paths = append(paths, path)
		case len(path) == 0:
			for _, f := range j.s.Meta.Fields {
				meta[f.Go] = true
			}
		default:
			meta[path[0]] = true
		}
		return true
	})
	e.Reads = covering(paths)
	for name := range meta {
		e.MetaReads = append(e.MetaReads, name)
	}
	slices.Sort(e.MetaReads)
}

func contains(list []ast.Expr, n ast.Node) bool {
	return slices.ContainsFunc(list, func(e ast.Expr) bool { return ast.Node(e) == n })
}

// fieldPath follows the selectors of fields behind the name on top of a stack of
// nodes, also through what optional fields point to, and returns the node where
// they end and the one around it.
func (j *job) fieldPath(stack []ast.Node) (path ir.Path, end, around ast.Node) {
	for i := len(stack) - 1; ; i-- {
		end, around = stack[i], nil
		if i == 0 {
			return path, end, nil
		}
		around = stack[i-1]
		switch p := around.(type) {
		case *ast.ParenExpr:
			continue
		case *ast.StarExpr:
			if len(path) > 0 {
				continue
			}
		case *ast.SelectorExpr:
			if s := j.info.Selections[p]; s != nil && s.Kind() == types.FieldVal {
				path = append(path, p.Sel.Name)
				continue
			}
		}
		return path, end, around
	}
}

// covering sorts paths and drops those that a shorter one covers.
func covering(paths []ir.Path) []ir.Path {
	slices.SortFunc(paths, func(a, b ir.Path) int { return slices.Compare(a, b) })
	var out []ir.Path
	for _, p := range paths {
		if p[0] == "*" {
			return []ir.Path{ir.Whole}
		}
		if len(out) > 0 {
			last := out[len(out)-1]
			if len(last) <= len(p) && slices.Equal(last, p[:len(last)]) {
				continue
			}
		}
		out = append(out, p)
	}
	return out
}

// fieldEq recognizes a condition that compares one field of text with
// constants: `in.Type == "a" || in.Type == "b"`.
func (j *job) fieldEq(e ast.Expr) *ir.FieldEq {
	b, ok := ast.Unparen(e).(*ast.BinaryExpr)
	if !ok {
		return nil
	}
	switch b.Op {
	case token.LOR:
		x, y := j.fieldEq(b.X), j.fieldEq(b.Y)
		if x == nil || y == nil || !slices.Equal(x.Path, y.Path) {
			return nil
		}
		for _, v := range y.Values {
			if !slices.Contains(x.Values, v) {
				x.Values = append(x.Values, v)
			}
		}
		return x
	case token.EQL:
		field, value := b.X, b.Y
		if j.info.Types[field].Value != nil {
			field, value = value, field
		}
		v := j.info.Types[value].Value
		t := j.typeOf(field)
		if v == nil || t == nil || !isText(t) {
			return nil
		}
		path := j.valuePath(ast.Unparen(field))
		if len(path) == 0 {
			return nil
		}
		return &ir.FieldEq{Path: path, Values: []string{constantText(v)}}
	}
	return nil
}

func isText(t types.Type) bool {
	b, ok := t.Underlying().(*types.Basic)
	return ok && b.Info()&types.IsString != 0
}

// valuePath is the path of a field of the record that is reached without a
// pointer, nil for all else.
func (j *job) valuePath(e ast.Expr) ir.Path {
	switch e := e.(type) {
	case *ast.SelectorExpr:
		s := j.info.Selections[e]
		if s == nil || s.Kind() != types.FieldVal || s.Indirect() {
			return nil
		}
		if id, ok := ast.Unparen(e.X).(*ast.Ident); ok {
			if j.in != nil && j.info.Uses[id] == types.Object(j.in) {
				return ir.Path{e.Sel.Name}
			}
			return nil
		}
		if p := j.valuePath(ast.Unparen(e.X)); p != nil {
			return append(p, e.Sel.Name)
		}
	}
	return nil
}

// users tells whether a package is neither of the standard library nor made
// here.
func users(p *types.Package) bool {
	return p != nil && p.Path() != hidden && !IsStd(p.Path()) && !strings.HasPrefix(p.Path(), runtimePath)
}
