package gocode

import "github.com/flowc-dev/flowc/ir"

// goTypes are the types of the user's Go that a program mentions.
func goTypes(p *ir.Program) []*ir.GoType {
	var list []*ir.GoType
	seen := map[*ir.Type]bool{}
	var see func(t *ir.Type)
	see = func(t *ir.Type) {
		if t == nil || seen[t] {
			return
		}
		seen[t] = true
		if t.Go != nil && t.Go.Package != "" {
			list = append(list, t.Go)
		}
		see(t.Elem)
		for _, f := range t.Fields {
			see(f.Type)
		}
	}
	for _, t := range p.Types {
		see(t)
	}
	for _, n := range p.Nodes {
		for _, port := range n.Out {
			see(port.Type)
		}
		if ref := component(n); ref != nil {
			list = append(list, &ir.GoType{Package: ref.Package, PkgName: ref.PkgName, Name: ref.Symbol})
			see(ref.In)
			see(ref.Out)
			for _, port := range ref.Ports {
				see(port.Type)
			}
		}
	}
	for _, e := range p.Edges {
		see(e.Type)
	}
	return list
}

// component is a node's component of the user's, nil for none.
func component(n *ir.Node) *ir.GoRef {
	switch op := n.Op.(type) {
	case *ir.Source:
		return op.Go
	case *ir.Sink:
		return op.Go
	case *ir.Apply:
		return op.Go
	}
	return nil
}

// exprs are the expressions of the user's that a node has, its own settings
// included.
func exprs(n *ir.Node) []*ir.Expr {
	var list []*ir.Expr
	add := func(e *ir.Expr) {
		if e != nil {
			list = append(list, e)
		}
	}
	assigned := func(assign []ir.Assign) {
		for _, a := range assign {
			add(a.Expr)
		}
	}
	add(n.Key)
	switch op := n.Op.(type) {
	case *ir.Source:
		assigned(op.Fields)
	case *ir.Decode:
		add(op.Input)
	case *ir.Apply:
		add(op.Expr)
		assigned(op.Assign)
	case *ir.Route:
		for _, c := range op.Cases {
			add(c.Cond)
		}
	case *ir.Sink:
		assigned(op.Meta)
		for _, s := range op.Config {
			if s.Value == nil {
				continue
			}
			for _, part := range s.Value.Parts {
				add(part.Expr)
			}
		}
	}
	return list
}
