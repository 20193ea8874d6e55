package gocode

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/dave/jennifer/jen"

	"github.com/flowc-dev/flowc/ir"
)

// after quotes where the records of a port go next.
func (l *loop) after(n *ir.Node, port string, v value, at place) ([]jen.Code, error) {
	edges := l.dataOut(n.ID, port)
	if len(edges) == 0 { // dropped on purpose
		return nil, nil
	}
	if len(edges) == 1 {
		return l.follow(edges[0], v, at)
	}
	return l.fan(n, edges, v, at)
}

// fan quotes records that take several ways: what any of them reads is decoded
// first, so that a record which can't be decoded goes none of them. All but
// plain encoders are methods, which know how to leave a record alone.
func (l *loop) fan(n *ir.Node, edges []*ir.Edge, v value, at place) ([]jen.Code, error) {
	var code []jen.Code
	if v.dec != nil {
		var paths []ir.Path
		for _, e := range edges {
			paths = append(paths, l.below(e, map[string]bool{})...)
		}
		code = append(code, l.ensure(n.YAML+"-branches", paths, &v, at)...)
	}
	for i, e := range edges {
		last := i == len(edges)-1
		if last && !l.countsApart(e) {
			l.mark = true
			code = append(code, l.Go("l.Mark()")) // what other branches took stays
			body, err := l.follow(e, v.clone(), at)
			if err != nil {
				return nil, err
			}
			code = append(code, body...)
			continue
		}
		call, err := l.branch(e, v.clone())
		if err != nil {
			return nil, err
		}
		code = append(code, l.block("if "+call, l.Go(at.stop)))
	}
	return code, nil
}

// countsApart tells whether a branch has stages that count records of their
// own, which the trunk's chain can't.
func (l *loop) countsApart(e *ir.Edge) bool { return l.inside(e) && !l.isEncode(e.To) }

func (v value) clone() value {
	v.done = maps.Clone(v.done)
	return v
}

// below are all paths that the nodes behind an edge read of the record as it is
// on the edge.
func (l *loop) below(e *ir.Edge, seen map[string]bool) []ir.Path {
	if seen[e.To] {
		return nil
	}
	seen[e.To] = true
	n := l.nodes[e.To]
	if !l.inside(e) {
		if _, ok := n.Op.(*ir.Sink); ok {
			return l.reads(n)
		}
		if e.Live == nil {
			return []ir.Path{ir.Whole}
		}
		return e.Live
	}
	paths := l.reads(n)
	if keepsRecord(n) {
		for _, next := range l.out[n.ID] {
			if next.Kind == ir.Data {
				paths = append(paths, l.below(next, seen)...)
			}
		}
	}
	return paths
}

// keepsRecord tells whether a node hands on the record that it got.
func keepsRecord(n *ir.Node) bool {
	switch op := n.Op.(type) {
	case *ir.Route:
		return true
	case *ir.Apply:
		return op.Verb == ir.VerbFilter || op.Verb == ir.VerbCheck || op.Go != nil && op.Go.Shape == ir.ShapeFilter
	}
	return false
}

// branch writes a method for what lies behind an edge and returns its call,
// which gives true when the batch must end.
func (l *loop) branch(e *ir.Edge, v value) (string, error) {
	n := l.nodes[e.To]
	name := "to" + l.names.upper(n.YAML)
	for i := 2; l.methodNames[name]; i++ {
		name = fmt.Sprintf("to%s%d", l.names.upper(n.YAML), i)
	}
	return l.method(name, v, l.mayPanic(e.To, map[string]bool{}), func(inner value, at place) ([]jen.Code, error) { return l.follow(e, inner, at) })
}

// method writes a method over a record and returns its call.
func (l *loop) method(name string, v value, panics bool, body func(value, place) ([]jen.Code, error)) (string, error) {
	slot := len(l.methods)
	l.methods = append(l.methods, nil) // keeps the place before those of inner branches
	l.methodNames[name] = true
	at := place{next: "return false", stop: "return true", chain: &chain{counter: name + "In"}}
	l.chains = append(l.chains, at.chain)
	inner := v
	var params []jen.Code
	var args []string
	if v.raw != "" {
		params, args = append(params, jen.Id("line").Index().Byte()), append(args, v.raw)
		inner.raw = "line"
	}
	if v.dec == nil && v.base != v.raw {
		params, args = append(params, jen.Id("in").Op("*").Add(l.typ(v.typ))), append(args, v.ref())
		inner.base = "(*in)"
	} else if v.base == v.raw {
		inner.base = "line"
	}
	code, err := body(inner, at)
	if err != nil {
		return "", err
	}
	// A record that fails here is cut back to where it came in, and no further:
	// what other branches, or records of the same origin, have done stays.
	l.mark = true
	head := []jen.Code{l.Go("l.Mark()")}
	if panics {
		head = append(head, l.Go("defer l.Caught(&stop)"))
	}
	if len(at.chain.steps) > 0 {
		head = append(head, l.count(at.chain))
	} else {
		l.dropChain(at.chain)
	}
	head = append(head, l.decoderVars(code)...)
	head = append(head, l.outs(l.used(&emitted{code}))...)
	code = append(head, code...)
	if !endsWithReturn(code) {
		code = append(code, l.Go("return false"))
	}
	l.methods[slot] = jen.Comment(fmt.Sprintf("%s handles a record on this way; true ends the batch.", name)).Line().
		Func().Params(jen.Id("l").Op("*").Id(l.name)).Id(name).Params(params...).Params(jen.Id("stop").Bool()).Block(code...)
	return fmt.Sprintf("l.%s(%s)", name, strings.Join(args, ", ")), nil
}

func endsWithReturn(code []jen.Code) bool {
	if len(code) == 0 {
		return false
	}
	s, ok := code[len(code)-1].(*jen.Statement)
	return ok && strings.HasPrefix(s.GoString(), "return")
}

func (l *loop) dropChain(c *chain) {
	for i, have := range l.chains {
		if have == c {
			l.chains = append(l.chains[:i], l.chains[i+1:]...)
			return
		}
	}
}

// follow quotes what happens to a record on one edge.
func (l *loop) follow(e *ir.Edge, v value, at place) ([]jen.Code, error) {
	n := l.nodes[e.To]
	if !l.inside(e) {
		return l.enqueue(e, n, v, at)
	}
	if l.entries(n) > 1 && !l.isEncode(n.ID) { // several ways lead here: one method serves all
		if v.dec != nil {
			decode := l.ensure(n.YAML, l.below(e, map[string]bool{}), &v, at)
			call, err := l.joined(n, v)
			return append(decode, l.block("if "+call, l.Go(at.stop))), err
		}
		call, err := l.joined(n, v)
		return []jen.Code{l.block("if "+call, l.Go(at.stop))}, err
	}
	return l.stage(n, v, at)
}

// entries is the number of edges that lead to a node inside this loop.
func (l *loop) entries(n *ir.Node) int {
	count := 0
	for _, id := range l.members() {
		for _, e := range l.out[id] {
			if e.To == n.ID && e.Kind == ir.Data {
				count++
			}
		}
	}
	return count
}

// joined is the call of the method of a node that several ways lead to. All of
// them give it the record by pointer, and its bytes where all have them.
func (l *loop) joined(n *ir.Node, v value) (string, error) {
	args := []string{}
	raw := l.rawJoin(n)
	if raw {
		args = append(args, v.raw)
	}
	args = append(args, v.ref())
	name, ok := l.shared[n.ID]
	if !ok {
		name = "to" + l.names.upper(n.YAML)
		l.shared[n.ID] = name
		sub := value{base: "joined", typ: v.typ}
		if raw {
			sub.raw = "line"
		}
		if _, err := l.method(name, sub, l.mayPanic(n.ID, map[string]bool{}), func(inner value, at place) ([]jen.Code, error) { return l.stage(n, inner, at) }); err != nil {
			return "", err
		}
	}
	return fmt.Sprintf("l.%s(%s)", name, strings.Join(args, ", ")), nil
}

// rawJoin tells whether records of all ways into a node have their bytes.
func (l *loop) rawJoin(n *ir.Node) bool {
	for _, e := range l.in[n.ID] {
		if e.Kind == ir.Data && !e.Raw {
			return false
		}
	}
	return true
}

// ensure quotes the decoding of fields that a stage reads and nobody decoded on
// this way.
func (l *loop) ensure(stage string, paths []ir.Path, v *value, at place) []jen.Code {
	if v.dec == nil || len(paths) == 0 {
		return nil
	}
	method := v.dec.group(stage, v.port, paths, v.done)
	if method == "" {
		return nil
	}
	return []jen.Code{l.block(fmt.Sprintf("if err := %s.%s(%s); err != nil", v.dec.name, method, v.line()),
		append(v.dec.undo(at.chain), l.fail(v.dec.node.YAML, "err", at)...)...)}
}

// stage quotes one node and all that follows.
func (l *loop) stage(n *ir.Node, v value, at place) ([]jen.Code, error) {
	before := v
	at.input = func() string { return l.input(n, before) }
	code := l.ensure(n.YAML, l.reads(n), &v, at)
	var rest []jen.Code
	var err error
	switch op := n.Op.(type) {
	case *ir.Apply:
		switch op.Verb {
		case ir.VerbFilter:
			rest, err = l.filter(n, op, v, at)
		case ir.VerbMap:
			rest, err = l.mapping(n, op, v, at)
		case ir.VerbSet:
			rest, err = l.set(n, op, v, at)
		case ir.VerbCheck:
			rest, err = l.check(n, op, v, at)
		case ir.VerbFlatmap:
			rest, err = l.flatmap(n, op, v, at)
		case ir.VerbGo:
			rest, err = l.component(n, op, v, at)
		default:
			err = fmt.Errorf("%s: unknown verb %q", n.ID, op.Verb)
		}
	case *ir.Decode:
		rest, err = l.parse(n, op, v, at)
	case *ir.Route:
		rest, err = l.route(n, op, v, at)
	case *ir.Encode:
		rest, err = l.encodeTo(n, op, v, at)
	default:
		err = fmt.Errorf("%s: a %T can't run inside a loop", n.ID, n.Op)
	}
	return append(code, rest...), err
}

// args are the arguments of a stage's function.
func (l *loop) args(v value, exprs ...*ir.Expr) string {
	args := v.ref()
	if metaOf(exprs...) {
		args += ", &l.meta"
	}
	return args
}

func metaOf(exprs ...*ir.Expr) bool {
	for _, e := range exprs {
		if e != nil && len(e.MetaReads) > 0 {
			return true
		}
	}
	return false
}

// metaIf is the type of meta where one of the expressions reads it.
func (l *loop) metaIf(exprs ...*ir.Expr) *ir.Type {
	if metaOf(exprs...) {
		return l.meta
	}
	return nil
}

func (l *loop) filter(n *ir.Node, op *ir.Apply, v value, at place) ([]jen.Code, error) {
	name := l.stages.add(stageFunc{
		name: "filter" + l.names.upper(n.YAML), comment: "tells whether `" + n.YAML + "` keeps a record.", node: n,
		in: v.typ, meta: l.metaIf(op.Expr), results: l.stages.result(op.Expr, "bool"), body: l.stages.returns(op.Expr),
	})
	counter := l.counter(l.names.lower(n.YAML) + "Filtered")
	at.chain.steps = append(at.chain.steps, step{node: n.YAML, filtered: "l." + counter})
	refuse := []jen.Code{l.Gof("l.%s++", counter), l.Go(at.next)}
	call := fmt.Sprintf("%s(%s)", name, l.args(v, op.Expr))
	var code []jen.Code
	if op.Expr.Errs {
		ok := l.names.local(n.YAML) + "OK"
		code = append(code, l.Gof("%s, err := %s", ok, call), l.ifFailed(n.YAML, "err", at), l.block("if !"+ok, refuse...))
		code = []jen.Code{l.scoped(code)}
	} else {
		code = append(code, l.block("if !"+call, refuse...))
	}
	rest, err := l.after(n, "", v, at)
	return append(code, rest...), err
}

// scoped puts code into a block of its own, so that its err is nobody else's.
func (l *loop) scoped(code []jen.Code) jen.Code { return jen.Block(code...) }

func (l *loop) check(n *ir.Node, op *ir.Apply, v value, at place) ([]jen.Code, error) {
	var body strings.Builder
	var exprs []*ir.Expr
	for _, a := range op.Assign {
		l.stages.expr(a.Expr)
		exprs = append(exprs, a.Expr)
		fmt.Fprintf(&body, "%s {\nreturn %q\n}\n", lined(a.Expr, "if !("+a.Expr.Go+")"), a.Name)
	}
	body.WriteString(`return ""`)
	name := l.stages.add(stageFunc{
		name: "check" + l.names.upper(n.YAML), comment: "names the first condition of `" + n.YAML + "` that does not hold.", node: n,
		in: v.typ, meta: l.metaIf(exprs...), results: "string", body: body.String(),
	})
	at.chain.steps = append(at.chain.steps, step{node: n.YAML})
	code := []jen.Code{l.block(fmt.Sprintf(`if failed := %s(%s); failed != ""`, name, l.args(v, exprs...)),
		l.fail(n.YAML, "&@codec.CheckError{Name: failed}", at)...)}
	rest, err := l.after(n, "", v, at)
	return append(code, rest...), err
}

func (l *loop) mapping(n *ir.Node, op *ir.Apply, v value, at place) ([]jen.Code, error) {
	out := n.Out[0].Type
	f := stageFunc{
		name: "map" + l.names.upper(n.YAML), comment: "makes the record of `" + n.YAML + "`.", node: n, in: v.typ,
	}
	errs := false
	if op.Expr != nil {
		f.meta, f.results, f.body = l.metaIf(op.Expr), l.stages.result(op.Expr, l.stages.typ(out)), l.stages.returns(op.Expr)
		errs = op.Expr.Errs
	} else {
		var exprs []*ir.Expr
		exprs, f.body, errs = l.assignments(n, op.Assign, "return "+l.stages.typ(out)+"{\n", v.typ, "", out)
		f.meta, f.results = l.metaIf(exprs...), l.stages.typ(out)
		if errs {
			f.results = "(" + f.results + ", error)"
		}
	}
	name := l.stages.add(f)
	at.chain.steps = append(at.chain.steps, step{node: n.YAML})
	local := l.names.local(n.YAML)
	args := v.ref()
	if f.meta != nil {
		args += ", &l.meta"
	}
	rest, err := l.after(n, "", value{base: local, typ: out}, at)
	if err != nil {
		return nil, err
	}
	return append(l.bind(n, local, name+"("+args+")", errs, at, rest), rest...), nil
}

// assignments is the body that fills a struct field by field: head opens the
// literal, tail goes before the closing brace. An expression that is a body or
// may return an error becomes a function of its own, called before.
func (l *loop) assignments(n *ir.Node, assign []ir.Assign, head string, in *ir.Type, tail string, out *ir.Type) (exprs []*ir.Expr, body string, errs bool) {
	var before, lit strings.Builder
	for _, a := range assign {
		exprs = append(exprs, a.Expr)
		if !a.Expr.Body {
			l.stages.expr(a.Expr)
			fmt.Fprintf(&lit, "%s,\n", lined(a.Expr, a.Go+": "+a.Expr.Go))
			continue
		}
		field := out.GoField(a.Go)
		typ := l.stages.typ(a.Expr.Type)
		sub := l.stages.add(stageFunc{
			name: "map" + l.names.upper(n.YAML) + a.Go, comment: "makes `" + a.Name + "` of `" + n.YAML + "`.", node: n,
			in: in, meta: l.metaIf(a.Expr), results: l.stages.result(a.Expr, typ), body: l.stages.returns(a.Expr),
		})
		args := "in"
		if metaOf(a.Expr) {
			args += ", meta"
		}
		local := "v" + a.Go
		if a.Expr.Errs {
			errs = true
			fmt.Fprintf(&before, "%s, err := %s(%s)\nif err != nil {\nreturn %s{}, err\n}\n", local, sub, args, l.stages.typ(out))
		} else {
			fmt.Fprintf(&before, "%s := %s(%s)\n", local, sub, args)
		}
		if field != nil && field.Pointer() {
			local = "&" + local
		}
		fmt.Fprintf(&lit, "%s: %s,\n", a.Go, local)
	}
	end := "}"
	if errs {
		end = "}, nil"
	}
	return exprs, before.String() + head + lit.String() + tail + end, errs
}

func (l *loop) route(n *ir.Node, op *ir.Route, v value, at place) ([]jen.Code, error) {
	at.chain.steps = append(at.chain.steps, step{node: n.YAML})
	var body strings.Builder
	var exprs []*ir.Expr
	for i, c := range op.Cases {
		l.stages.expr(c.Cond)
		exprs = append(exprs, c.Cond)
		fmt.Fprintf(&body, "%s {\nreturn %d\n}\n", lined(c.Cond, "if "+condition(c.Cond)), i)
	}
	fmt.Fprintf(&body, "return %d", len(op.Cases))
	name := l.stages.add(stageFunc{
		name: "route" + l.names.upper(n.YAML), comment: "picks the output of `" + n.YAML + "` for a record.", node: n,
		in: v.typ, meta: l.metaIf(exprs...), results: "int", body: body.String(),
	})
	last := &at.chain.steps[len(at.chain.steps)-1]
	var cases []jen.Code
	branch := func(port string, label *jen.Statement) error {
		sub := at
		counter := l.names.lower(n.YAML) + upperFirst(camel(port))
		sub.chain = &chain{counter: counter, parent: at.chain}
		l.chains = append(l.chains, sub.chain)
		code, err := l.after(n, port, v.clone(), sub)
		if err != nil {
			return err
		}
		if len(sub.chain.steps) > 0 {
			code = append([]jen.Code{l.count(sub.chain)}, code...)
		} else {
			l.dropChain(sub.chain)
		}
		if len(l.dataOut(n.ID, port)) == 0 { // dropped: counted as filtered
			counter := l.counter(l.names.lower(n.YAML) + "Filtered")
			last.filtered = "l." + counter
			code = append([]jen.Code{l.Gof("l.%s++", counter)}, code...)
		}
		cases = append(cases, label.Block(append([]jen.Code{jen.Comment(port)}, code...)...))
		return nil
	}
	for i, c := range op.Cases {
		if err := branch(c.Port, jen.Case(jen.Lit(i))); err != nil {
			return nil, err
		}
	}
	if op.Else != "" {
		if err := branch(op.Else, jen.Default()); err != nil {
			return nil, err
		}
	} else {
		counter := l.counter(l.names.lower(n.YAML) + "Filtered")
		last.filtered = "l." + counter
		cases = append(cases, jen.Default().Block(l.Gof("l.%s++", counter)))
	}
	return []jen.Code{l.Gof("switch %s(%s)", name, l.args(v, exprs...)).Block(cases...)}, nil
}

// condition is an expression as the condition of an if: composite literals
// would need parentheses there.
func condition(e *ir.Expr) string {
	if strings.Contains(e.Go, "{") {
		return "(" + e.Go + ")"
	}
	return e.Go
}

func (l *loop) flatmap(n *ir.Node, op *ir.Apply, v value, at place) ([]jen.Code, error) {
	out := n.Out[0].Type
	typ := l.stages.typ(out)
	results := "[]" + typ
	if op.Expr.Seq {
		l.stages.use("iter", "iter")
		results = "iter.Seq[" + typ + "]"
	}
	name := l.stages.add(stageFunc{
		name: "flatmap" + l.names.upper(n.YAML), comment: "makes the records of `" + n.YAML + "` from one.", node: n,
		in: v.typ, meta: l.metaIf(op.Expr), results: l.stages.result(op.Expr, results), body: l.stages.returns(op.Expr),
	})
	call := fmt.Sprintf("%s(%s)", name, l.args(v, op.Expr))
	local := l.names.local(n.YAML)
	var code []jen.Code
	if op.Expr.Errs {
		code = append(code, l.Gof("%s, %sErr := %s", local, local, call), l.ifFailed(n.YAML, local+"Err", at))
	} else {
		code = append(code, l.Gof("%s := %s", local, call))
	}
	spread, err := l.spread(n, local, out, op.Expr.Seq, false, at)
	return append(code, spread...), err
}

// panicsBehind tells whether anything behind a node may panic.
func (l *loop) panicsBehind(n *ir.Node) bool {
	return slices.ContainsFunc(l.out[n.ID], func(e *ir.Edge) bool {
		return e.Kind == ir.Data && l.inside(e) && l.mayPanic(e.To, map[string]bool{})
	})
}

// skipNil quotes that a nil pointer in a list is no record.
func (l *loop) skipNil(pointers bool, element string) jen.Code {
	if !pointers {
		return jen.Null()
	}
	return l.block("if "+element+" == nil", jen.Continue())
}

// spread quotes the loop over the records that one record became. Its body is a
// method, in which a record can be left alone.
func (l *loop) spread(n *ir.Node, list string, out *ir.Type, seq, pointers bool, at place) ([]jen.Code, error) {
	l.mark = true
	emitted := l.counter(l.names.lower(n.YAML) + "Emitted")
	empty := l.counter(l.names.lower(n.YAML) + "Empty")
	at.chain.steps = append(at.chain.steps, step{node: n.YAML, filtered: "l." + empty, emitted: "l." + emitted})
	element := "&" + list + "[i]"
	if pointers {
		element = list + "[i]"
	}
	call, err := l.method("each"+l.names.upper(n.YAML), value{base: "item", typ: out}, l.panicsBehind(n), func(inner value, at place) ([]jen.Code, error) {
		return l.after(n, "", inner, at)
	})
	if err != nil {
		return nil, err
	}
	l.each[n.ID] = call
	var collect []jen.Code
	if seq { // all or nothing: the records go on when the sequence has ended well
		all := list + "All"
		collect = []jen.Code{l.Gof("%s := @slices.Collect(%s)", all, list)}
		list, element = all, strings.Replace(element, list+"[", all+"[", 1)
	}
	return append(collect,
		l.block("if len("+list+") == 0", l.Gof("l.%s++", empty)),
		l.Gof("l.%s += int64(len(%s))", emitted, list),
		l.block("for i := range "+list, l.skipNil(pointers, list+"[i]"), l.block("if "+strings.Replace(call, "&item", element, 1), l.Go(at.stop))),
	), nil
}
