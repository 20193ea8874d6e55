package oracle

import (
	"fmt"
	"slices"
	"strings"
)

// taken tells whether somebody takes an output.
func (m *maker) taken(r ref) bool { return len(m.p.consumers(r)) > 0 }

// output picks one that is there, rather one that nobody takes yet.
func (m *maker) output() ref {
	free := slices.DeleteFunc(slices.Clone(m.open), m.taken)
	if len(free) > 0 && !m.one(4) {
		return free[m.n(len(free))]
	}
	return m.open[m.n(len(m.open))]
}

// inputs picks one output, or several of one type.
func (m *maker) inputs() []ref {
	refs := []ref{m.output()}
	t := refs[0].typ()
	for _, r := range m.open {
		if len(refs) < 3 && r.typ() == t && !slices.Contains(refs, r) && m.one(4) {
			refs = append(refs, r)
		}
	}
	return refs
}

// processor adds a node behind some output.
func (m *maker) processor() {
	n := &node{role: processor, from: m.inputs()}
	n.in = n.from[0].typ()
	s := m.scope(n)
	ok := false
	for range 12 {
		n.lets, s.lets = nil, &[]*let{}
		if ok = m.verb(n, s); ok {
			break
		}
		*n = node{role: processor, from: n.from, in: n.in}
	}
	if !ok {
		return
	}
	for _, e := range n.exprs() {
		for _, l := range e.lets {
			if !slices.Contains(n.lets, l) {
				n.lets = append(n.lets, l)
			}
		}
	}
	n.name = m.nodeName()
	counting := n.verb == vGo && n.component.stateful // one that counts sees all records
	if m.one(10) && !counting {
		n.parallel = m.between(1, 3)
		n.unordered = m.one(4)
	}
	if m.one(12) && !counting {
		n.key = s.pick(func(l leaf) bool {
			return !l.optional && l.variable == "" && l.typ.isScalar() && l.typ.kind != kBytes && l.typ.kind != kFloat64
		})
		if n.key != nil && m.one(2) {
			n.parallel = m.between(2, 4)
		}
	}
	if n.verb == vGo {
		m.code = append(m.code, &File{Path: n.component.dir + "/" + strings.ToLower(n.component.name) + ".go", records: []string{n.component.text}})
	}
	m.onError(n)
	if p := m.p.policyOf(n); n.takesBatches() && p.retry > 0 { // how often a batch is tried hangs on what is in it
		p.retry = -1
		n.onError = &p
	}
	m.unplaced(n)
	if m.p.policyOf(n).then == "dead" && n.verb != vCheck && m.p.mixes(n) {
		// Its letters would show all of a record, which is then read for them if
		// the node can fail, and that is for the compiler to know. A check can.
		n.onError = &policy{then: "drop", retry: -1}
	}
	m.p.processors = append(m.p.processors, n)
	m.open = append(m.open, n.outputs()...)
}

// unplaced gives a node another policy whose records nobody knows the place of:
// a dead letter would have none.
func (m *maker) unplaced(n *node) {
	if m.p.policyOf(n).then == "dead" && n.unplaced() {
		n.onError = &policy{then: "drop", retry: -1}
	}
}

// scope is what the expressions of a node may name.
func (m *maker) scope(n *node) *scope {
	s := &scope{random: m.random, in: n.in, risky: m.risky && m.one(2), lets: &[]*let{}}
	var sources []*node
	m.above(n.from, &sources)
	if len(sources) == 1 && m.one(2) && !n.unplaced() {
		s.meta = true
		s.byLines = sources[0].format == "ndjson" || sources[0].format == "text"
	}
	return s
}

func (m *maker) above(refs []ref, sources *[]*node) {
	for _, r := range refs {
		if r.node.role == source && !slices.Contains(*sources, r.node) {
			*sources = append(*sources, r.node)
		}
		m.above(r.node.from, sources)
	}
}

// verb makes a node of a random verb, if it can.
func (m *maker) verb(n *node, s *scope) bool {
	if m.folder != "" && m.one(2) {
		return m.component(n, s)
	}
	if n.in.kind == kStruct {
		if f := n.in.field("Payload"); f != nil && f.hint != nil && m.one(2) {
			return m.parse(n, s, f.hint)
		}
		switch m.n(21) / 2 {
		case 0, 1:
			return m.filter(n, s)
		case 2, 3:
			return m.mapping(n, s)
		case 4:
			return m.mapInto(n, s)
		case 5, 6:
			return m.set(n, s)
		case 7:
			return m.check(n, s)
		case 8:
			return m.flatmap(n, s)
		case 9:
			return m.route(n, s)
		default:
			return m.mapLine(n, s)
		}
	}
	switch m.n(5) {
	case 0:
		return m.filter(n, s)
	case 1:
		return m.route(n, s)
	case 2:
		return m.flatmap(n, s)
	case 3:
		if hint := m.hintOf(n.from); hint != nil {
			return m.parse(n, s, hint)
		}
	}
	if m.one(3) {
		return m.mapLine(n, s)
	}
	return m.mapping(n, s)
}

// mapLine makes a string of a record.
func (m *maker) mapLine(n *node, s *scope) bool {
	e := s.varying(tString, 3)
	if e == nil {
		return false
	}
	n.verb, n.out, n.body = vMap, tLine, &body{e.bare(), e}
	return true
}

// hintOf is the form of the lines of a source of text; nil where lines of
// several sources meet.
func (m *maker) hintOf(refs []ref) *parsing {
	var sources []*node
	m.above(refs, &sources)
	if len(sources) != 1 || sources[0].format != "text" {
		return nil
	}
	if sources[0].parse == nil {
		sources[0].parse = m.parsing(m.inner())
	}
	return sources[0].parse
}

func (m *maker) filter(n *node, s *scope) bool {
	n.verb, n.cond = vFilter, s.varying(tBool, 3)
	return n.cond != nil
}

// valued is an expression for a field whose type is inferred from it: the
// constants of some types would be of others there.
func (s *scope) valued() *expr {
	switch s.n(5) {
	case 0: // a value as it is, of any type
		return s.pick(func(leaf) bool { return true })
	case 1:
		if e := s.constant(choose(s.random, tString, tInt, tBool, tDuration, tStrings)); e != nil {
			return e
		}
	}
	t := choose(s.random, tString, tString, tInt, tInt64, tUint64, tFloat64, tBool, tDecimal, tDecimal, tNumber, tTime, tDuration, tStrings)
	return s.varying(t, 3)
}

func (m *maker) mapping(n *node, s *scope) bool {
	n.verb = vMap
	t := &typ{kind: kStruct}
	for range m.between(1, 5) {
		e := s.valued()
		if e == nil {
			continue
		}
		f := &field{typ: inferred(e.typ), optional: e.optional}
		if !m.addField(t, f, fieldNames) {
			continue
		}
		n.assigns = append(n.assigns, assign{f.wire, f.goName, e})
	}
	n.out = t
	return len(n.assigns) > 0
}

// inferred is the type of a field that holds a value of a type: a line of text
// is a string there.
func inferred(t *typ) *typ {
	if t == tText || t == tLine {
		return tString
	}
	return t
}

func (m *maker) mapInto(n *node, s *scope) bool {
	t := m.p.types[m.n(len(m.p.types))]
	n.verb, n.out, n.declared = vMap, t, true
	if m.one(2) {
		n.body = s.mapBody(t)
		return n.body != nil
	}
	for _, f := range t.fields {
		var e *expr
		switch {
		case f.optional && m.one(3):
			continue
		case f.optional && m.one(2):
			e = s.maybe(f.typ)
		}
		if e == nil {
			e = s.expr(f.typ, 2)
		}
		if e == nil {
			if f.optional {
				continue
			}
			return false
		}
		n.assigns = append(n.assigns, assign{f.wire, f.goName, e})
	}
	return len(n.assigns) > 0
}

func (m *maker) set(n *node, s *scope) bool {
	n.verb = vSet
	t := &typ{kind: kStruct, fields: slices.Clone(n.in.fields)}
	used := map[string]bool{}
	for range m.between(0, 3) {
		if m.one(2) { // a field that is there
			f := t.fields[m.n(len(t.fields))]
			e := s.expr(f.typ, 2)
			if f.optional && m.one(3) {
				if opt := s.maybe(f.typ); opt != nil {
					e = opt
				}
			}
			if e == nil || used[f.goName] {
				continue
			}
			used[f.goName] = true
			n.assigns = append(n.assigns, assign{f.wire, f.goName, e})
			continue
		}
		e := s.valued()
		if e == nil {
			continue
		}
		f := &field{typ: inferred(e.typ), optional: e.optional}
		if !m.addField(t, f, fieldNames) {
			continue
		}
		used[f.goName] = true
		n.assigns = append(n.assigns, assign{f.wire, f.goName, e})
	}
	for range m.n(3) {
		name := choose(m.random, "zz", "x y", "no such")
		if m.one(2) {
			name = n.in.fields[m.n(len(n.in.fields))].wire
		}
		f := t.wireField(name)
		if f != nil && used[f.goName] || slices.Contains(n.unset, name) || f != nil && len(t.fields) == 1 {
			continue
		}
		n.unset = append(n.unset, name)
		t.fields = slices.DeleteFunc(t.fields, func(g *field) bool { return g == f })
	}
	n.out = t
	if slices.Equal(t.fields, n.in.fields) { // the type that it was
		n.out = n.in
	}
	return len(n.assigns)+len(n.unset) > 0
}

func (m *maker) check(n *node, s *scope) bool {
	if !m.risky {
		return false
	}
	n.verb = vCheck
	names := []string{"few", "known", "total-ok", "c1", "c2"}
	for i := range m.between(1, 3) {
		a, b := s.varying(tBool, 2), s.varying(tBool, 2)
		if a == nil || b == nil {
			return false
		}
		// Most records pass one of two.
		e := from(tBool, "("+a.text+" || "+b.text+")", func(v *env) value { return a.eval(v).(bool) || b.eval(v).(bool) }, a, b)
		n.assigns = append(n.assigns, assign{name: names[i], expr: e})
	}
	return true
}

func (m *maker) route(n *node, s *scope) bool {
	n.verb = vRoute
	names := slices.Clone([]string{"big", "small", "eu", "rest", "a-b", "x", "json"})
	m.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
	k := m.between(1, 3)
	for i := range k {
		c := s.varying(tBool, 2)
		if c == nil {
			return false
		}
		n.ports = append(n.ports, port{names[i], c})
	}
	n.ports = append(n.ports, port{names[k], nil})
	return true
}

func (m *maker) flatmap(n *node, s *scope) bool {
	t := m.p.types[m.n(len(m.p.types))]
	n.verb, n.out, n.declared = vFlatmap, t, true
	n.body = s.flatmapBody(t)
	return n.body != nil
}

func (m *maker) parse(n *node, s *scope, hint *parsing) bool {
	p := *hint
	if n.in.kind == kStruct {
		p.text = s.pick(func(l leaf) bool { return l.path.key() == "Payload" && !l.optional })
	} else {
		p.text = s.pick(func(l leaf) bool { return l.text == "in" })
	}
	n.verb, n.parse, n.out, n.declared = vParse, &p, p.out, true
	return p.text != nil
}

// finish gives every output somebody who takes it.
func (m *maker) finish() {
	for _, r := range m.open {
		if m.taken(r) && !m.one(4) {
			continue
		}
		several := len(r.node.outputs()) > 1
		if several && m.one(6) && !m.taken(r) && m.consumedBeside(r) {
			r.node.drop = append(r.node.drop, r.port)
			continue
		}
		m.sink(r)
	}
	for _, n := range m.p.all() {
		n.dropAll = len(n.drop) > 0 && m.one(2)
	}
	used := map[*node]bool{}
	for _, n := range m.p.all() {
		if n.onError != nil && n.onError.dead != nil {
			used[n.onError.dead] = true
		}
	}
	m.p.dropUnusedDefault()
	if m.p.common != nil && m.p.common.dead != nil {
		used[m.p.common.dead] = true
	}
	for _, d := range m.dead {
		if used[d] {
			m.p.sinks = append(m.p.sinks, d)
		}
	}
}

// consumedBeside tells whether another output of the node is taken, or will be.
func (m *maker) consumedBeside(r ref) bool {
	return len(r.node.drop)+1 < len(r.node.outputs())
}

func (m *maker) sink(r ref) {
	t := r.typ()
	if m.one(15) {
		m.p.sinks = append(m.p.sinks, &node{name: m.nodeName(), role: sink, use: "drop", from: []ref{r}, in: t})
		return
	}
	n := &node{name: m.nodeName(), role: sink, use: "file", from: []ref{r}, in: t}
	switch {
	case t == tText:
		n.format = "text"
	case t == tLine:
		n.format = choose(m.random, "text", "ndjson", "json")
	case t.isFlat() && m.one(3):
		n.format = "csv"
	default:
		n.format = choose(m.random, "ndjson", "ndjson", "json")
	}
	for _, other := range m.open {
		if len(n.from) < 3 && other.typ() == t && other != r && m.one(5) && !slices.Contains(other.node.drop, other.port) {
			n.from = append(n.from, other)
		}
	}
	ext := map[string]string{"ndjson": choose(m.random, ".ndjson", ".jsonl"), "json": ".json", "csv": ".csv", "text": ".txt"}[n.format]
	if m.one(6) {
		ext += ".gz"
	}
	base := fmt.Sprintf("%sout%d", choose(m.random, "", "", "sub/"), len(m.p.sinks))
	n.path = base + ext
	if n.format == "csv" && m.one(4) {
		n.csv = &csvForm{choose(m.random, byte(';'), '\t', '|'), '"'}
	}
	switch {
	case t != tText && m.one(20):
		m.post(n)
	case m.one(6):
		m.keyed(n, base, ext)
	}
	m.onError(n)
	m.unplaced(n)
	m.p.sinks = append(m.p.sinks, n)
}
