package ir

import (
	"slices"
)

func (v *verifier) node(n *Node) {
	v.during("node "+n.ID, func() {
		if n.YAML == "" {
			v.errorf("it belongs to no node of the pipeline")
		}
		for i, port := range n.Out {
			if slices.ContainsFunc(n.Out[:i], func(q Port) bool { return q.Name == port.Name }) {
				v.errorf("two ports have the name `%s`", port.Name)
			}
			if port.Name == "" && len(n.Out) > 1 {
				v.errorf("one of several ports has no name")
			}
		}
		if n.Parallel < 0 {
			v.errorf("it asks for %d lanes", n.Parallel)
		}
		if n.Key != nil {
			v.expr("key", n.Key, "")
		}
		v.policy(n)
		switch op := n.Op.(type) {
		case *Source:
			v.user(op.Connector, op.Go)
			v.settings(op.Config)
			for _, a := range op.Fields {
				v.expr("field "+a.Name, a.Expr, "")
			}
			if len(n.Out) == 0 {
				v.errorf("a source without a port")
			}
		case *Decode:
			v.decode(n, op)
		case *Apply:
			v.apply(n, op)
		case *Route:
			v.route(n, op)
		case *Encode:
			if op.Codec == "" {
				v.errorf("an encoder without a codec")
			}
			if len(n.Out) != 1 || n.Out[0].Type == nil || n.Out[0].Type.Kind != Bytes {
				v.errorf("an encoder has one port, of bytes")
			}
		case *Sink:
			v.user(op.Connector, op.Go)
			v.settings(op.Config)
			for _, a := range op.Meta {
				v.expr("meta "+a.Name, a.Expr, "")
			}
			oneOf(v, "the guarantee", op.Guarantee, "", AtMostOnce, AtLeastOnce, EffectivelyOnce)
			if len(n.Out) > 0 {
				v.errorf("a sink has a port")
			}
		default:
			v.errorf("it does nothing: its op is %T", n.Op)
		}
	})
}

// user checks that a node is either a built-in or the user's.
func (v *verifier) user(connector string, g *GoRef) {
	if (connector == "") == (g == nil) {
		v.errorf("it must be either a built-in or a component of the user's")
	}
	if g != nil && g.Shape == "" {
		v.errorf("the component `%s` has no shape", g.Use)
	}
}

func (v *verifier) policy(n *Node) {
	e := n.OnError
	if e == nil {
		v.errorf("it has no on_error")
		return
	}
	oneOf(v, "on_error", e.Then, ThenStop, ThenDrop, ThenReject, ThenDead)
	if (e.Then == ThenDead) != (e.Dead != "") {
		v.errorf("on_error goes to `%s`, and says then `%s`", e.Dead, e.Then)
	}
	if e.MaxDead < 0 || e.MaxDead > 1 || e.Retry < 0 {
		v.errorf("on_error retries %d times and stops at a share of %g", e.Retry, e.MaxDead)
	}
	if e.Dead == "" {
		return
	}
	dead := v.nodes[e.Dead]
	if dead == nil {
		v.errorf("its dead-letter sink `%s` does not exist", e.Dead)
		return
	}
	if sink, ok := dead.Op.(*Sink); !ok || !sink.DeadLetter {
		v.errorf("its dead letters go to `%s`, which is no dead-letter sink", e.Dead)
	}
	if dead == n {
		v.errorf("it is its own dead-letter sink")
	}
	if !slices.ContainsFunc(v.p.Edges, func(edge *Edge) bool {
		to := v.nodes[edge.To]
		return edge.Kind == Error && edge.From == n.ID && to != nil && (to == dead || to.YAML == dead.YAML)
	}) {
		v.errorf("no error edge leads to its dead-letter sink `%s`", e.Dead)
	}
}

func (v *verifier) decode(n *Node, op *Decode) {
	if op.Codec == "" {
		v.errorf("a decoder without a codec")
	}
	oneOf(v, "validate", op.Validate, Structural, Full, Needed)
	v.settings(op.Options)
	if op.Input != nil {
		v.expr("input", op.Input, "")
	}
	if len(n.Out) == 0 {
		v.errorf("a decoder without a port")
	}
	if (op.By == "") != (len(op.Variants) == 0) {
		v.errorf("the field that tells event types apart and its values do not go together")
	}
	for i, variant := range op.Variants {
		if slices.ContainsFunc(op.Variants[:i], func(o Variant) bool { return o.Value == variant.Value }) {
			v.errorf("two event types have the value %q", variant.Value)
		}
		if port, ok := n.port(variant.Port); !ok {
			v.errorf("the event type %q leaves by the port `%s`, which it does not have", variant.Value, variant.Port)
		} else if !port.Type.Same(variant.Type) {
			v.errorf("the event type %q is %s, and its port `%s` is %s", variant.Value, variant.Type, variant.Port, port.Type)
		}
	}
	if _, ok := n.port(op.Else); op.Else != "" && !ok {
		v.errorf("records of no listed type leave by the port `%s`, which it does not have", op.Else)
	}
	for _, port := range sortedKeys(op.Reads) {
		if _, ok := n.port(port); !ok {
			v.errorf("it reads fields for the port `%s`, which it does not have", port)
		}
	}
	for _, id := range op.Pushed {
		filter := v.nodes[id]
		if apply, ok := opOf(filter).(*Apply); !ok || apply.Verb != VerbFilter {
			v.errorf("the pushed node `%s` is no filter", id)
		}
	}
}

func opOf(n *Node) Op {
	if n == nil {
		return nil
	}
	return n.Op
}

func (n *Node) port(name string) (Port, bool) {
	for _, port := range n.Out {
		if port.Name == name {
			return port, true
		}
	}
	return Port{}, false
}

func (v *verifier) apply(n *Node, op *Apply) {
	oneOf(v, "the verb", op.Verb, verbs...)
	if (op.Verb == VerbGo) != (op.Go != nil) {
		v.errorf("the verb `%s` and a component do not go together", op.Verb)
	}
	if (op.Verb == VerbForeign) != (op.Foreign != nil) {
		v.errorf("the verb `%s` and a component in a process of its own do not go together", op.Verb)
	}
	if op.Go != nil && op.Go.Shape == "" {
		v.errorf("the component `%s` has no shape", op.Go.Use)
	}
	if len(n.Out) == 0 {
		v.errorf("a node without a port")
	}
	v.settings(op.Config)
	want := TypeKind("")
	switch op.Verb {
	case VerbForeign:
		if len(n.Out) != 1 || n.Out[0].Type == nil || n.Out[0].Type.Kind != Bytes && n.Out[0].Type.Kind != String && n.Out[0].Type.Kind != JSON {
			v.errorf("a component in a process of its own gives payloads, by one port of bytes, text or raw values")
		}
		if op.Envelope != nil {
			v.expr("envelope", op.Envelope, "")
		}
	case VerbFilter:
		want = Bool
		v.expr("filter", op.Expr, Bool)
	case VerbFlatmap:
		v.expr("flatmap", op.Expr, "")
	case VerbMap:
		if (op.Expr == nil) == (len(op.Assign) == 0) {
			v.errorf("a map is either an expression or fields")
		}
		if op.Expr != nil {
			v.expr("map", op.Expr, "")
		}
	case VerbSet:
		if len(op.Assign)+len(op.Unset) == 0 {
			v.errorf("it sets and unsets nothing")
		}
	case VerbCheck:
		want = Bool
		if len(op.Assign) == 0 {
			v.errorf("it checks nothing")
		}
	}
	for _, a := range op.Assign {
		v.expr(string(op.Verb)+" "+a.Name, a.Expr, want)
		if a.Go == "" && op.Verb != VerbCheck {
			v.errorf("the field `%s` has no Go name", a.Name)
		}
	}
}

func (v *verifier) route(n *Node, op *Route) {
	if len(op.Cases) == 0 {
		v.errorf("a route without a case")
	}
	for _, c := range op.Cases {
		if _, ok := n.port(c.Port); !ok {
			v.errorf("a case leads to the port `%s`, which it does not have", c.Port)
		}
		v.expr("case "+c.Port, c.Cond, Bool)
		if (op.On == nil) != (len(c.Values) == 0) {
			v.errorf("case %s: a switch and its constants do not go together", c.Port)
		}
	}
	if _, ok := n.port(op.Else); op.Else != "" && !ok {
		v.errorf("the rest goes to the port `%s`, which it does not have", op.Else)
	}
}
