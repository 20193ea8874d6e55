package check

import (
	"go/ast"
	"go/token"
	"go/types"
	"slices"
	"strings"

	"github.com/flowc-dev/flowc/ir"
)

// parents are the nodes around each name.
func (j *job) parents() map[ast.Node]ast.Node {
	m := map[ast.Node]ast.Node{}
	var stack []ast.Node
	ast.Inspect(j.fn.Body, func(n ast.Node) bool {
		if n == nil {
			stack = stack[:len(stack)-1]
			return true
		}
		if len(stack) > 0 {
			if _, twice := m[n]; !twice { // `t += d` holds t twice in the tree
				m[n] = stack[len(stack)-1]
			}
		}
		stack = append(stack, n)
		return true
	})
	return m
}

// reads finds the fields of the record and of its metadata that the snippet
// reads.
func (j *job) reads(e *ir.Expr) {
	if j.in == nil && j.meta == nil {
		return
	}
	parents := j.parents()
	var paths []ir.Path
	meta := map[string]bool{}
	for id, o := range j.info.Uses {
		isIn := j.in != nil && o == types.Object(j.in)
		if !isIn && (j.meta == nil || o != types.Object(j.meta)) {
			continue
		}
		path, end := j.fieldPath(id, parents)
		if a, ok := parents[end].(*ast.AssignStmt); ok && a.Tok == token.ASSIGN && contains(a.Lhs, end) {
			if _, op := j.marks[a]; !op {
				continue // written, not read
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
	}
	e.Reads = covering(paths)
	for name := range meta {
		e.MetaReads = append(e.MetaReads, name)
	}
	slices.Sort(e.MetaReads)
}

func contains(list []ast.Expr, n ast.Node) bool {
	return slices.ContainsFunc(list, func(e ast.Expr) bool { return ast.Node(e) == n })
}

// fieldPath follows the selectors of fields behind a name, also through what
// optional fields point to, and returns the node where they end.
func (j *job) fieldPath(id *ast.Ident, parents map[ast.Node]ast.Node) (ir.Path, ast.Node) {
	var path ir.Path
	var at ast.Node = id
	for {
		switch p := parents[at].(type) {
		case *ast.ParenExpr:
			at = p
			continue
		case *ast.StarExpr:
			if len(path) > 0 {
				at = p
				continue
			}
		case *ast.SelectorExpr:
			if s := j.info.Selections[p]; s != nil && s.Kind() == types.FieldVal {
				path = append(path, p.Sel.Name)
				at = p
				continue
			}
		}
		return path, at
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
