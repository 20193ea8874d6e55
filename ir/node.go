package ir

// Component is the user's Go that the node calls, nil for none.
func (n *Node) Component() *GoRef {
	switch op := n.Op.(type) {
	case *Source:
		return op.Go
	case *Sink:
		return op.Go
	case *Apply:
		return op.Go
	}
	return nil
}

// Settings are the node's config: a connector's or a component's, or the options
// of a codec.
func (n *Node) Settings() []Setting {
	switch op := n.Op.(type) {
	case *Source:
		return op.Config
	case *Decode:
		return op.Options
	case *Apply:
		return op.Config
	case *Encode:
		return op.Options
	case *Sink:
		return op.Config
	}
	return nil
}

// Exprs are the user's expressions that the node has, those in its config
// included, in the order in which it evaluates them.
func (n *Node) Exprs() []*Expr {
	var list []*Expr
	add := func(e *Expr) {
		if e != nil {
			list = append(list, e)
		}
	}
	assigned := func(assign []Assign) {
		for _, a := range assign {
			add(a.Expr)
		}
	}
	var value func(v *Value)
	value = func(v *Value) {
		if v == nil {
			return
		}
		for _, part := range v.Parts {
			add(part.Expr)
		}
		for _, item := range v.Items {
			value(item)
		}
		for _, entry := range v.Entries {
			value(entry.Value)
		}
	}
	config := func(settings []Setting) {
		for _, s := range settings {
			value(s.Value)
		}
	}
	add(n.Key)
	switch op := n.Op.(type) {
	case *Source:
		assigned(op.Fields)
		config(op.Config)
	case *Decode:
		add(op.Input)
	case *Apply:
		add(op.Expr)
		assigned(op.Assign)
		config(op.Config)
	case *Route:
		for _, c := range op.Cases {
			add(c.Cond)
		}
	case *Sink:
		config(op.Config)
		assigned(op.Meta)
	}
	return list
}

// HandsOn tells whether the node hands on the records that it gets, unchanged.
func (n *Node) HandsOn() bool {
	switch op := n.Op.(type) {
	case *Route:
		return true
	case *Apply:
		return op.Verb == VerbFilter || op.Verb == VerbCheck || op.Go != nil && op.Go.Shape == ShapeFilter
	}
	return false
}

// DeadLetters tells whether a record that fails for good at the node becomes a
// dead letter.
func (n *Node) DeadLetters() bool { return n.OnError != nil && n.OnError.Then == ThenDead }

// Reads are the fields of an event that the component reads: what its parameter
// declares, or the whole record where that is the parameter.
func (c *GoRef) Reads() []Path {
	if len(c.Plan) == 0 {
		return []Path{Whole}
	}
	var paths []Path
	var walk func(prefix Path, plan []Conv)
	walk = func(prefix Path, plan []Conv) {
		for _, conv := range plan {
			path := append(append(Path(nil), prefix...), conv.From...)
			switch {
			// A struct is met field by field, to a depth that stops types which
			// hold themselves.
			case conv.How == HowFields && len(conv.Each) > 0 && len(path) < 8:
				walk(path, conv.Each)
			case len(path) == 0:
				paths = append(paths, Whole)
			default:
				paths = append(paths, path)
			}
		}
	}
	walk(nil, c.Plan)
	return paths
}
