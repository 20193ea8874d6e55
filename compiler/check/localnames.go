package check

import (
	"go/ast"
	"go/types"
	"strings"
)

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
