package oracle

import "slices"

// A component is Go of a package beside the pipeline: a function, or a type with
// a method. Its text and what the interpreter does in its place come from one
// rule, as they do for Go inside of the pipeline; but it is the Go command's Go,
// without what the compiler adds.
type component struct {
	dir, name string // `use: ./dir.name`
	shape     shape
	text      string // the file
	settings  []setting
	// in is the type of the parameter, met by structure; direct tells that the
	// parameter has the type of the records itself.
	in     *typ
	direct bool
	ports  []compPort // of several outputs
	count  int        // records of a batch, 0 where it is not said
	// stateful tells that it counts its calls.
	stateful bool
	// call is what a call gives, in the order in which it goes on.
	call func(*env) []given
}

// A shape is how a component is called.
type shape string

const (
	shFilter shape = "filter"
	shMap    shape = "map"
	shSlice  shape = "slice"
	shSeq    shape = "seq"
	shEmit   shape = "emit"
	shPorts  shape = "ports"
	shBatch  shape = "batch"
)

// A compPort is an output of a component that has several.
type compPort struct {
	name string
	typ  *typ
}

// given is a record that a call gives, with its output.
type given struct {
	port  string
	value value
}

// A setting is a key of a component's config: how the pipeline writes its value,
// and the value.
type setting struct {
	key      string
	spelled  *doc
	variable variable
	value    value
}

// seen is the name of a component's counter in its own Go.
const seen = "self.seen"

// scope is what the Go of a component sees, beside its parameter.
func (c *component) vars(calls int64) map[string]value {
	vars := map[string]value{seen: calls}
	for _, s := range c.settings {
		vars[s.variable.name] = s.value
	}
	return vars
}

// parameter is a record as the component gets it.
func (c *component) parameter(v value, from *typ) value {
	if c.direct {
		return copied(v)
	}
	return met(v, from, c.in)
}

// met is a value of the pipeline as a component's type takes it.
func met(v value, from, to *typ) value {
	if v == nil {
		return nil
	}
	switch from.kind {
	case kDecimal, kNumber:
		return v.(dec).String()
	case kList:
		list, _ := v.([]value)
		if list == nil {
			return v
		}
		out := []value{}
		for _, e := range list {
			out = append(out, met(e, from.elem, to.elem))
		}
		return out
	case kMap:
		m, _ := v.(map[string]value)
		if m == nil {
			return v
		}
		out := map[string]value{}
		for k, e := range m {
			out[k] = met(e, from.elem, to.elem)
		}
		return out
	case kStruct:
		out := object{}
		for _, f := range to.fields {
			g := meant(from, f)
			out[f.goName] = met(v.(object)[g.goName], g.typ, f.typ)
		}
		return out
	}
	return copied(v)
}

// meant is the field of a record that one of a component's parameter means: the
// one of its name on the wire, else, for a field without a tag, that of its name
// in Go.
func meant(from *typ, f *field) *field {
	if g := from.wireField(f.wire); g != nil {
		return g
	}
	return from.field(f.goName)
}

// reads are the values of a record that its parameter takes.
func (c *component) reads(from *typ) []path {
	switch {
	case from.kind != kStruct:
		return []path{{}}
	case c.direct:
		return from.whole()
	}
	var out []path
	var walk func(from, to *typ, prefix path)
	walk = func(t, to *typ, prefix path) {
		for _, f := range to.fields {
			g := meant(t, f)
			p := append(slices.Clone(prefix), g.goName)
			if g.typ.kind == kStruct && !g.optional {
				walk(g.typ, f.typ, p)
				continue
			}
			out = append(out, from.leaves(p)...)
		}
	}
	walk(from, c.in, nil)
	return out
}

// handsOn tells whether a node sends on the records that it gets.
func (n *node) handsOn() bool {
	switch n.verb {
	case vFilter, vCheck, vRoute:
		return true
	}
	return n.verb == vGo && n.component.shape == shFilter
}

// takesBatches tells whether a node is given many records at once.
func (n *node) takesBatches() bool { return n.verb == vGo && n.component.shape == shBatch }

// unplaced tells whether records come to a node that nobody knows the place of:
// what a component makes of a batch is of no record of it.
func (n *node) unplaced() bool {
	return slices.ContainsFunc(n.from, func(r ref) bool { return r.node.takesBatches() || r.node.unplaced() })
}

// component is what a node in Go does with a record: it is called again as often
// as the policy says, as long as it gives an error.
func (x *run) component(n *node, r *record) func() {
	c := n.component
	var out []given
	for tries := 0; ; tries++ {
		v := &env{in: c.parameter(r.in, r.typ), vars: c.vars(x.calls[n])}
		x.calls[n]++
		f := attempt(func() { out = c.call(v) })
		if f == nil {
			break
		}
		if f.again && tries < x.p.policyOf(n).retry {
			x.out.counts[n].Retried++
			continue
		}
		f.attempts = tries + 1
		panic(*f)
	}
	filtered := func() { x.count(n, func(c *Counts) { c.Filtered++ }) }
	switch {
	case c.shape == shFilter && len(out) == 0:
		return filtered
	case c.shape == shFilter:
		return func() { x.send(n, "", r) }
	case c.shape == shMap && len(out) == 1:
		made := &record{typ: n.out, in: out[0].value, origin: r.origin, meta: r.meta, group: r.group}
		return func() { x.send(n, "", made) }
	case len(out) == 0 && c.shape != shBatch:
		return filtered
	}
	return func() {
		x.count(n, func(c *Counts) { c.Out++; c.Emitted += int64(len(out)) })
		for _, g := range out {
			o := ref{n, g.port}
			x.ways(o, x.p.consumers(o), &record{typ: o.typ(), in: g.value, origin: r.origin, meta: r.meta, group: r.group})
		}
	}
}
