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
		if ref := n.Component(); ref != nil {
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
