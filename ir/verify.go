package ir

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Verify checks what every pass and every backend relies on, and names the
// culprit of each violation. A program that does not verify is a bug of ours,
// never a mistake of the user: those are found before.
//
// What holds only from some pass on is checked from there on: regions once
// there are any, processes likewise.
func Verify(p *Program) error {
	v := &verifier{p: p, nodes: map[string]*Node{}, lets: map[string]bool{}}
	if !isDNSLabel(p.Name) {
		v.errorf("the program's name %q is no DNS label", p.Name)
	}
	v.types()
	v.letValues()
	for _, n := range p.Nodes {
		if n.ID == "" {
			v.errorf("a node has no id")
		}
		if v.nodes[n.ID] != nil {
			v.errorf("two nodes have the id `%s`", n.ID)
		}
		v.nodes[n.ID] = n
	}
	for _, n := range p.Nodes {
		v.node(n)
	}
	v.edges()
	for _, n := range p.Nodes {
		v.wiring(n)
	}
	v.acyclic()
	v.regions()
	v.processes()
	v.memory()
	return errors.Join(v.errs...)
}

type verifier struct {
	p     *Program
	nodes map[string]*Node
	lets  map[string]bool
	errs  []error
	at    string // what is being checked
}

func (v *verifier) errorf(format string, args ...any) {
	message := fmt.Sprintf(format, args...)
	if v.at != "" {
		message = v.at + ": " + message
	}
	v.errs = append(v.errs, errors.New(message))
}

// during names what is being checked, inside what already is.
func (v *verifier) during(what string, check func()) {
	outer := v.at
	if v.at != "" {
		what = v.at + ": " + what
	}
	v.at = what
	check()
	v.at = outer
}

func isDNSLabel(s string) bool {
	if s == "" || len(s) > 63 || s[0] == '-' || s[len(s)-1] == '-' {
		return false
	}
	for i := range len(s) {
		if c := s[i]; c != '-' && (c < 'a' || 'z' < c) && (c < '0' || '9' < c) {
			return false
		}
	}
	return true
}

func oneOf[S ~string](v *verifier, what string, got S, words ...S) {
	if !slices.Contains(words, got) {
		v.errorf("%s is `%s`", what, got)
	}
}

// ---- types

func (v *verifier) types() {
	seen := map[string]bool{}
	for _, t := range v.p.Types {
		switch {
		case t.Name == "":
			v.errorf("an event type has no name")
		case seen[t.Name]:
			v.errorf("two event types have the name `%s`", t.Name)
		}
		seen[t.Name] = true
	}
	checked := map[*Type]bool{}
	for _, t := range v.p.Types {
		v.typ("type "+t.String(), t, checked, nil)
	}
	for _, n := range v.p.Nodes {
		for _, port := range n.Out {
			v.typ(fmt.Sprintf("node %s: port `%s`", n.ID, port.Name), port.Type, checked, nil)
		}
	}
}

// typ checks a type and what it is made of; anonymous are the types around it
// that have no name, in which it must not be.
func (v *verifier) typ(at string, t *Type, checked map[*Type]bool, anonymous []*Type) {
	v.during(at, func() {
		if t == nil {
			v.errorf("there is no type")
			return
		}
		if slices.Contains(anonymous, t) {
			v.errorf("a type without a name holds itself")
			return
		}
		if checked[t] {
			return
		}
		if anonymous = append(anonymous, t); t.Name != "" || t.Go != nil {
			anonymous = nil
			checked[t] = true
		}
		if (t.Kind == List || t.Kind == Map) != (t.Elem != nil) {
			v.errorf("a %s and its element do not go together", t.Kind)
		}
		if t.Kind != Struct && len(t.Fields) > 0 {
			v.errorf("a %s has fields", t.Kind)
		}
		if t.Kind != Enum && len(t.Values) > 0 {
			v.errorf("a %s has values", t.Kind)
		}
		switch t.Kind {
		case Enum:
			if len(t.Values) == 0 {
				v.errorf("an enum has no values")
			}
			for i, value := range t.Values {
				if slices.Contains(t.Values[:i], value) {
					v.errorf("an enum has the value %q twice", value)
				}
			}
		case List, Map:
			if t.Elem != nil {
				v.typ("element", t.Elem, checked, anonymous)
			}
		case Struct:
			v.fields(t, checked, anonymous)
		case GoNamed:
			if t.Go == nil {
				v.errorf("a Go type does not say which")
			}
		default:
			if !slices.Contains(scalarKinds, t.Kind) {
				v.errorf("`%s` is no kind of type", t.Kind)
			}
		}
	})
}

func (v *verifier) fields(t *Type, checked map[*Type]bool, anonymous []*Type) {
	names, goNames := map[string]bool{}, map[string]bool{}
	for _, f := range t.Fields {
		if f.Name == "" && t.Go == nil || f.Go == "" {
			v.errorf("a field lacks a name: wire %q, Go %q", f.Name, f.Go)
		}
		path := strings.Join(append(slices.Clone(f.Embedded), f.Go), ".")
		if names[f.Name] || goNames[path] {
			v.errorf("two fields have the name %q or %q", f.Name, path)
		}
		names[f.Name], goNames[path] = true, true
		v.typ("field "+f.Name, f.Type, checked, anonymous)
	}
}

// Same tells whether two types are one: the same pointer, or made alike down
// to names, Go types and wire names.
func (t *Type) Same(u *Type) bool { return same(t, u, map[[2]*Type]bool{}) }

func same(t, u *Type, assumed map[[2]*Type]bool) bool {
	if t == u {
		return true
	}
	if t == nil || u == nil || t.Kind != u.Kind || t.Name != u.Name || len(t.Fields) != len(u.Fields) || !slices.Equal(t.Values, u.Values) {
		return false
	}
	if (t.Go == nil) != (u.Go == nil) || t.Go != nil && *t.Go != *u.Go {
		return false
	}
	// Types that hold themselves: two are the same if nothing says otherwise.
	if assumed[[2]*Type{t, u}] {
		return true
	}
	assumed[[2]*Type{t, u}] = true
	for i, f := range t.Fields {
		g := u.Fields[i]
		if f.Name != g.Name || f.Go != g.Go || f.Optional != g.Optional || !same(f.Type, g.Type, assumed) {
			return false
		}
	}
	return same(t.Elem, u.Elem, assumed)
}

// ---- expressions and values

func (v *verifier) letValues() {
	for _, l := range v.p.Lets {
		if l.GoName == "" || l.Value == nil {
			v.errorf("let %s.%s has no Go name or no value", l.Node, l.Name)
		}
		if v.lets[l.GoName] {
			v.errorf("two let values have the Go name `%s`", l.GoName)
		}
		v.lets[l.GoName] = true
	}
}

// expr checks an expression; want is the kind of its type, "" for any.
func (v *verifier) expr(what string, e *Expr, want TypeKind) {
	v.during(what, func() {
		if e == nil {
			v.errorf("there is no expression")
			return
		}
		if e.Go == "" {
			v.errorf("the expression %q has no lowered text", e.Text)
		}
		if e.Type == nil {
			v.errorf("the expression %q has no type", e.Text)
		} else if want != "" && e.Type.Kind != want {
			v.errorf("the expression %q is a %s, not a %s", e.Text, e.Type, want)
		}
		oneOf(v, "the effect", e.Effect, Pure, Clock, Random, IO, Unknown)
		for _, path := range e.Reads {
			if len(path) == 0 {
				v.errorf("the expression %q reads an empty path", e.Text)
			}
		}
		for _, name := range e.Lets {
			if !v.lets[name] {
				v.errorf("the expression %q uses the let value `%s`, which the program does not have", e.Text, name)
			}
		}
	})
}

func (v *verifier) settings(list []Setting) {
	for i, s := range list {
		if slices.ContainsFunc(list[:i], func(t Setting) bool { return t.Key == s.Key }) {
			v.errorf("the key `%s` is set twice", s.Key)
		}
		if s.Value == nil {
			v.errorf("the key `%s` has no value", s.Key)
			continue
		}
		v.value("config "+s.Key, s.Value)
	}
}

func (v *verifier) value(what string, value *Value) {
	for _, part := range value.Parts {
		switch part.Kind {
		case Literal, Env, FileRef:
			if part.Expr != nil {
				v.errorf("%s: a part from `%s` has an expression", what, part.Kind)
			}
		case Record:
			v.expr(what, part.Expr, "")
		default:
			v.errorf("%s: `%s` is no origin of a value", what, part.Kind)
		}
	}
	for _, item := range value.Items {
		v.value(what, item)
	}
	for _, entry := range value.Entries {
		v.value(what+"."+entry.Key, entry.Value)
	}
}

// ---- nodes

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
	if op.Go != nil && op.Go.Shape == "" {
		v.errorf("the component `%s` has no shape", op.Go.Use)
	}
	if len(n.Out) == 0 {
		v.errorf("a node without a port")
	}
	v.settings(op.Config)
	want := TypeKind("")
	switch op.Verb {
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

// ---- edges

func (v *verifier) edges() {
	type key struct {
		from, port, to string
		kind           Kind
	}
	seen := map[key]bool{}
	for _, e := range v.p.Edges {
		v.during("edge "+e.String(), func() {
			from, to := v.nodes[e.From], v.nodes[e.To]
			if from == nil || to == nil {
				v.errorf("it joins nodes that do not exist")
				return
			}
			k := key{e.From, e.Port, e.To, e.Kind}
			if seen[k] {
				v.errorf("it is there twice")
			}
			seen[k] = true
			if _, ok := to.Op.(*Source); ok {
				v.errorf("a source is fed")
			}
			oneOf(v, "its kind", e.Kind, Data, Error, Late)
			oneOf(v, "its ownership", e.Own, "", Move, Share, Clone)
			oneOf(v, "its way", e.Via, "", Call, Queue, Cut)
			oneOf(v, "its origin", e.Origin, "", Intact, Made, Mixed)
			if e.Kind == Error {
				v.errorEdge(e, from, to)
				return
			}
			port, ok := from.port(e.Port)
			if !ok {
				v.errorf("the node has no port `%s`", e.Port)
			} else if !port.Type.Same(e.Type) {
				v.errorf("it carries %s, and the port gives %s", e.Type, port.Type)
			}
		})
	}
}

func (v *verifier) errorEdge(e *Edge, from, to *Node) {
	if e.Port != "" {
		v.errorf("an error edge leaves from a port")
	}
	if from.OnError == nil || from.OnError.Then != ThenDead {
		v.errorf("an error edge leaves a node whose failed records go elsewhere")
	}
	sink := v.nodes[to.YAML]
	if _, ok := to.Op.(*Sink); ok {
		sink = to
	}
	if op, ok := opOf(sink).(*Sink); !ok || !op.DeadLetter {
		v.errorf("an error edge leads to `%s`, which is no dead-letter sink", e.To)
	}
}

// String names an edge as the text form does.
func (e *Edge) String() string {
	from := e.From
	if e.Port != "" {
		from += ":" + e.Port
	}
	if e.Kind != Data {
		return from + " -> " + e.To + " " + string(e.Kind)
	}
	return from + " -> " + e.To
}

// wiring checks what feeds a node.
func (v *verifier) wiring(n *Node) {
	v.during("node "+n.ID, func() {
		var fed, failed []string
		for _, e := range v.p.Edges {
			if e.To != n.ID {
				continue
			}
			if e.Kind == Error {
				failed = append(failed, e.From)
			} else {
				fed = append(fed, e.From)
			}
		}
		switch op := n.Op.(type) {
		case *Decode:
			source, isSource := opOf(v.nodes[first(fed)]).(*Source)
			if op.Input == nil && (len(fed) != 1 || !isSource || source == nil) {
				v.errorf("a decoder without an input is fed by one source, not by %s", orNothing(fed))
			}
		case *Encode:
			outs := 0
			for _, e := range v.p.Edges {
				if e.From != n.ID || e.Kind == Error {
					continue
				}
				outs++
				if _, ok := opOf(v.nodes[e.To]).(*Sink); !ok {
					v.errorf("an encoder feeds `%s`, which is no sink", e.To)
				}
			}
			if outs > 1 {
				v.errorf("an encoder feeds %d sinks", outs)
			}
		case *Sink:
			// A dead-letter sink may have an encoder, which error edges alone
			// feed.
			for _, id := range fed {
				if op.DeadLetter && !v.onlyErrors(id) {
					v.errorf("a dead-letter sink is fed by `%s`", id)
				}
			}
			if !op.DeadLetter && len(failed) > 0 {
				v.errorf("a sink that is no dead-letter sink is fed the failed records of `%s`", failed[0])
			}
		}
	})
}

// onlyErrors tells whether a node is an encoder that error edges alone feed.
func (v *verifier) onlyErrors(id string) bool {
	if _, ok := opOf(v.nodes[id]).(*Encode); !ok {
		return false
	}
	return !slices.ContainsFunc(v.p.Edges, func(e *Edge) bool { return e.To == id && e.Kind != Error })
}

func first(list []string) string {
	if len(list) == 0 {
		return ""
	}
	return list[0]
}

func orNothing(list []string) string {
	if len(list) == 0 {
		return "nothing"
	}
	return strings.Join(list, ", ")
}

// acyclic finds a cycle and names its hops.
func (v *verifier) acyclic() {
	next := map[string][]string{}
	for _, e := range v.p.Edges {
		next[e.From] = append(next[e.From], e.To)
	}
	const open, done = 1, 2
	state := map[string]int{}
	var path []string
	var visit func(id string) bool
	visit = func(id string) bool {
		switch state[id] {
		case done:
			return false
		case open:
			cycle := append(path[slices.Index(path, id):], id)
			v.errorf("the graph has a cycle: %s", strings.Join(cycle, " -> "))
			return true
		}
		state[id] = open
		path = append(path, id)
		if slices.ContainsFunc(next[id], visit) {
			return true
		}
		path = path[:len(path)-1]
		state[id] = done
		return false
	}
	for _, n := range v.p.Nodes {
		if visit(n.ID) {
			return
		}
	}
}

// ---- partitions

func (v *verifier) regions() {
	p := v.p
	if len(p.Regions) == 0 {
		for _, n := range p.Nodes {
			if n.Region != "" {
				v.errorf("node %s: its region `%s` does not exist", n.ID, n.Region)
			}
		}
		return
	}
	var names []string
	var members [][]string
	for _, r := range p.Regions {
		names, members = append(names, r.Name), append(members, r.Nodes)
		if !slices.Contains(r.Nodes, r.Head) {
			v.errorf("region %s: its head `%s` is not in it", r.Name, r.Head)
		}
		if r.Lanes < 0 {
			v.errorf("region %s: it has %d lanes", r.Name, r.Lanes)
		}
	}
	v.partition("region", names, members, func(n *Node) string { return n.Region })
	for _, e := range p.Edges {
		from, to := v.nodes[e.From], v.nodes[e.To]
		if from == nil || to == nil {
			continue
		}
		switch together := from.Region == to.Region; {
		case together && e.Via != Call:
			v.errorf("edge %s: both ends are in the region `%s`, and it is `%s`, not a call", e, from.Region, e.Via)
		case !together && e.Via != Queue && e.Via != Cut:
			v.errorf("edge %s: it joins the regions `%s` and `%s`, and is `%s`, not a queue", e, from.Region, to.Region, e.Via)
		case together && (e.Batch != 0 || e.Depth != 0 || e.Bytes != 0):
			v.errorf("edge %s: a call has a queue's bounds", e)
		}
	}
	for _, r := range p.Regions {
		v.enteredAtHead(r)
	}
}

// enteredAtHead checks that a region's loop is a loop: what comes from outside
// comes to its head.
func (v *verifier) enteredAtHead(r *Region) {
	for _, e := range v.p.Edges {
		from, to := v.nodes[e.From], v.nodes[e.To]
		if from != nil && to != nil && to.Region == r.Name && from.Region != r.Name && e.To != r.Head {
			v.errorf("region %s: `%s` is fed from `%s`, outside, and is not its head `%s`", r.Name, e.To, e.From, r.Head)
		}
	}
}

func (v *verifier) partition(what string, names []string, members [][]string, label func(*Node) string) {
	owner := map[string]string{}
	for i, name := range names {
		if slices.Contains(names[:i], name) {
			v.errorf("two %ss have the name `%s`", what, name)
		}
		for _, id := range members[i] {
			if other, ok := owner[id]; ok {
				v.errorf("node %s: it is in the %ss `%s` and `%s`", id, what, other, name)
			}
			owner[id] = name
			if v.nodes[id] == nil {
				v.errorf("%s %s: the node `%s` does not exist", what, name, id)
			}
		}
	}
	for _, n := range v.p.Nodes {
		switch name, ok := owner[n.ID]; {
		case !ok:
			v.errorf("node %s: it is in no %s", n.ID, what)
		case name != label(n):
			v.errorf("node %s: it is in the %s `%s` and says `%s`", n.ID, what, name, label(n))
		}
	}
}

func (v *verifier) processes() {
	if len(v.p.Processes) == 0 {
		return
	}
	var names []string
	var members [][]string
	for _, process := range v.p.Processes {
		names, members = append(names, process.Name), append(members, process.Nodes)
	}
	v.partition("process", names, members, func(n *Node) string { return n.Process })
	for _, e := range v.p.Edges {
		from, to := v.nodes[e.From], v.nodes[e.To]
		if from == nil || to == nil {
			continue
		}
		if (from.Process != to.Process) != (e.Via == Cut) {
			v.errorf("edge %s: it joins the processes `%s` and `%s`, and is `%s`", e, from.Process, to.Process, e.Via)
		}
	}
}

func (v *verifier) memory() {
	sum := int64(0)
	for _, part := range v.p.Memory.Parts {
		if part.Bytes <= 0 {
			v.errorf("memory: the part %q is %d bytes", part.What, part.Bytes)
		}
		sum += part.Bytes
	}
	if sum != v.p.Memory.Total {
		v.errorf("memory: the parts add up to %d, not %d", sum, v.p.Memory.Total)
	}
}
