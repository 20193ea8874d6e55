package passes

import (
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strings"

	"github.com/flowc-dev/flowc/ir"
)

// fold simplifies a condition by what is known of the fields: decided
// comparisons go, and with them what && and || then never evaluate. What stays
// is the user's own text, cut, so that it reads as before.
func fold(e *ir.Expr, known facts, t *ir.Type) {
	if e == nil || len(known) == 0 || e.Body || e.Errs || strings.Contains(e.Go, "\n") {
		return
	}
	if e.Eq != nil {
		switch decideEq(known[strings.Join(e.Eq.Path, ".")], e.Eq.Values) {
		case isTrue:
			setConstant(e, "true")
		case isFalse:
			setConstant(e, "false")
		}
		return
	}
	root, err := parser.ParseExpr(e.Go)
	if err != nil {
		return
	}
	f := folder{known: known, record: t}
	switch f.decide(root) {
	case isTrue:
		setConstant(e, "true")
		return
	case isFalse:
		setConstant(e, "false")
		return
	}
	kept := f.kept(root)
	if kept == root {
		return
	}
	from, to := int(kept.Pos())-1, int(kept.End())-1
	e.Go = e.Go[from:to]
	dropReads(e, kept)
}

func setConstant(e *ir.Expr, value string) {
	e.Go, e.Const, e.Effect = value, true, ir.Pure
	e.Panics, e.Keeps, e.Writes, e.Eq = false, false, false, nil
	e.Reads, e.MetaReads, e.Lets, e.Uses, e.Consts = nil, nil, nil, nil, nil
}

// A truth is what is known of a condition.
type truth int

const (
	open truth = iota
	isTrue
	isFalse
)

type folder struct {
	known  facts
	record *ir.Type
}

// decide tells whether a condition has one value. The right side of an operator
// decides it only where the left side is decided too: the left is evaluated
// first, and may fail.
func (f *folder) decide(e ast.Expr) truth {
	switch x := e.(type) {
	case *ast.ParenExpr:
		return f.decide(x.X)
	case *ast.Ident:
		switch x.Name {
		case "true":
			return isTrue
		case "false":
			return isFalse
		}
	case *ast.UnaryExpr:
		if x.Op == token.NOT {
			return not(f.decide(x.X))
		}
	case *ast.BinaryExpr:
		switch x.Op {
		case token.EQL:
			return f.compare(x)
		case token.NEQ:
			return not(f.compare(x))
		case token.LAND, token.LOR:
			decisive := isFalse
			if x.Op == token.LOR {
				decisive = isTrue
			}
			switch f.decide(x.X) {
			case decisive:
				return decisive
			case not(decisive):
				return f.decide(x.Y)
			}
		}
	}
	return open
}

func not(t truth) truth {
	switch t {
	case isTrue:
		return isFalse
	case isFalse:
		return isTrue
	}
	return open
}

func (f *folder) compare(x *ast.BinaryExpr) truth {
	field, value, ok := comparison(x, f.record)
	if !ok {
		return open
	}
	return decideEq(f.known[field], []string{value})
}

// decideEq tells whether a field that can have the known values has one of
// those asked for.
func decideEq(known, asked []string) truth {
	has := func(v string) bool { return slices.Contains(asked, v) }
	switch {
	case len(known) == 0:
		return open
	case !slices.ContainsFunc(known, has):
		return isFalse
	case !slices.ContainsFunc(known, func(v string) bool { return !has(v) }):
		return isTrue
	}
	return open
}

// kept is the part of a condition on which its value hangs: of `a && b` with a
// known to be true it is b, and a where b is.
func (f *folder) kept(e ast.Expr) ast.Expr {
	x, ok := ast.Unparen(e).(*ast.BinaryExpr)
	if !ok || x.Op != token.LAND && x.Op != token.LOR {
		return e
	}
	neutral := isTrue
	if x.Op == token.LOR {
		neutral = isFalse
	}
	switch {
	case f.decide(x.X) == neutral:
		return f.kept(x.Y)
	case f.decide(x.Y) == neutral:
		return f.kept(x.X)
	}
	return e
}

// dropReads takes out of an expression's lists what its shorter text no longer
// names.
func dropReads(e *ir.Expr, kept ast.Expr) {
	words := map[string]bool{}
	var paths []ir.Path
	ast.Inspect(kept, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.Ident:
			words[n.Name] = true
		case *ast.SelectorExpr:
			if path := pathOf(n); path != nil {
				paths = append(paths, path)
			}
		}
		return true
	})
	named := func(p ir.Path) bool {
		return isWhole(p) || slices.ContainsFunc(paths, func(have ir.Path) bool {
			return len(have) >= len(p) && slices.Equal(have[:len(p)], p)
		})
	}
	e.Reads = slices.DeleteFunc(slices.Clone(e.Reads), func(p ir.Path) bool { return !named(p) })
	e.Lets = slices.DeleteFunc(slices.Clone(e.Lets), func(name string) bool { return !words[name] })
	e.Uses = slices.DeleteFunc(slices.Clone(e.Uses), func(i ir.Import) bool { return !words[i.Name] })
	e.Consts = slices.DeleteFunc(slices.Clone(e.Consts), func(c ir.Const) bool { return !words[c.Name] })
	if !words["meta"] {
		e.MetaReads = nil
	}
}

// pathOf is in.Asset.Code as a path, nil for anything else.
func pathOf(e ast.Expr) ir.Path {
	sel, ok := e.(*ast.SelectorExpr)
	if !ok {
		return nil
	}
	if id, ok := sel.X.(*ast.Ident); ok {
		if id.Name != "in" {
			return nil
		}
		return ir.Path{sel.Sel.Name}
	}
	if above := pathOf(sel.X); above != nil {
		return append(above, sel.Sel.Name)
	}
	return nil
}
