package oracle

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// A componentMaker writes Go as users do: with types of its own, in any of the
// shapes, with a config or without.
type componentMaker struct {
	*maker
	c *component
	n *node
	// name is that of the function or type; types are the declarations of its
	// structs.
	name  string
	types strings.Builder
	// errs, ctx, inPtr, outPtr tell of the signature.
	errs, ctx, inPtr, outPtr bool
	// form is how an instance comes to be.
	form instanceForm
	s    *scope
}

// An instanceForm is how an instance of a component comes to be.
type instanceForm string

const (
	plainFunc instanceForm = "func"
	literal   instanceForm = "literal"  // type T struct{…}
	made      instanceForm = "new"      // func NewT(TConfig) *T
	madeErr   instanceForm = "new, err" // func NewT(TConfig) (*T, error)
	makerOf   instanceForm = "maker"    // func NewT(TConfig) func(In) Out
	makerErr  instanceForm = "maker, err"
)

// component makes a node of Go of its own, if it can.
func (m *maker) component(n *node, s *scope) bool {
	if m.folder == "" {
		return false
	}
	g := &componentMaker{maker: m, n: n, c: &component{dir: m.folder}}
	g.name = fmt.Sprintf("%s%d", choose(m.random, "Enrich", "Order", "Big", "Step", "Known", "Error", "Run"), len(m.code))
	g.c.shape = choose(m.random, shFilter, shMap, shMap, shSlice, shSeq, shEmit, shPorts, shBatch)
	g.errs, g.ctx = m.one(2), m.one(3)
	if g.c.shape == shEmit || g.c.shape == shPorts {
		g.errs = true
	}
	g.form = choose(m.random, plainFunc, plainFunc, plainFunc, literal, made, madeErr, makerOf, makerErr)
	if !g.parameter() {
		return false
	}
	g.s = &scope{random: m.random, in: g.c.in, plain: true, risky: s.risky, lets: &[]*let{}}
	g.config()
	body := g.body()
	if body == "" {
		return false
	}
	n.verb, n.component = vGo, g.c
	g.c.text = g.file(body)
	return true
}

// goType is a type in Go, as a field is declared.
func goType(t *typ, optional bool) string {
	pointer := ""
	if optional {
		pointer = "*"
	}
	switch t.kind {
	case kBytes:
		return "[]byte"
	case kTime:
		return pointer + "time.Time"
	case kDuration:
		return pointer + "time.Duration"
	case kJSON:
		return "json.RawMessage"
	case kList:
		return "[]" + goType(t.elem, false)
	case kMap:
		return "map[string]" + goType(t.elem, false)
	case kStruct, kEnum:
		return pointer + t.name
	case kAny:
		return "any"
	}
	return pointer + string(t.kind)
}

// declare writes the declaration of a struct.
func (g *componentMaker) declare(t *typ) {
	fmt.Fprintf(&g.types, "// %s is a record of the pipeline's, or a part of one.\ntype %s struct {\n", t.name, t.name)
	for _, f := range t.fields {
		tag := ""
		switch {
		case f.untagged:
		case f.omitEmpty:
			tag = fmt.Sprintf(" `json:\"%s,omitempty\"`", f.wire)
		default:
			tag = fmt.Sprintf(" `json:\"%s\"`", f.wire)
		}
		fmt.Fprintf(&g.types, "\t%s %s%s\n", f.goName, goType(f.typ, f.optional), tag)
	}
	g.types.WriteString("}\n\n")
}

// parameter chooses what the component takes of the records that there are: all
// of them as they are, where their type is in Go, or some of their fields.
func (g *componentMaker) parameter() bool {
	in := g.n.in
	switch {
	case in.kind != kStruct:
		g.c.in, g.c.direct = in, true
		return true
	case in.pkg == g.folder && g.one(2):
		g.c.in, g.c.direct = in, true
	default:
		g.c.in = g.taking(in, g.name+"In")
	}
	g.inPtr = g.one(4)
	return g.c.in != nil
}

// taking is a struct in Go with some fields of one of the pipeline; nil where
// there is none.
func (g *componentMaker) taking(from *typ, name string) *typ {
	t := &typ{kind: kStruct, name: name, pkg: g.folder}
	for _, f := range from.fields {
		if g.one(3) && len(from.fields) > 1 {
			continue
		}
		h := &field{wire: f.wire, goName: f.goName, optional: f.optional, typ: g.taken(f.typ, name+f.goName, f.optional)}
		if h.typ == nil {
			continue
		}
		switch {
		case g.one(6): // its name in Go is its name
			h.untagged, h.wire = true, f.goName
		case g.one(6):
			h.goName = "Own" + f.goName
		}
		t.fields = append(t.fields, h)
	}
	if len(t.fields) == 0 {
		return nil
	}
	g.declare(t)
	return t
}

// taken is the type in Go of a field.
func (g *componentMaker) taken(t *typ, name string, optional bool) *typ {
	switch t.kind {
	case kDecimal, kNumber:
		return tString
	case kEnum:
		if g.one(2) {
			return tString
		}
		own := &typ{kind: kEnum, name: name, pkg: g.folder, values: t.values}
		fmt.Fprintf(&g.types, "// %s is one of some words.\ntype %s string\n\n", name, name)
		return own
	case kList, kMap:
		elem := g.taken(t.elem, name+"Elem", true)
		if elem == nil {
			return nil
		}
		return &typ{kind: t.kind, elem: elem}
	case kStruct:
		if t.pkg == g.folder {
			return t
		}
		whole := *t
		if !optional {
			return g.taking(&whole, name)
		}
		out := &typ{kind: kStruct, name: name, pkg: g.folder}
		for _, f := range t.fields {
			inner := g.taken(f.typ, name+f.goName, true)
			if inner == nil {
				return nil
			}
			out.fields = append(out.fields, &field{wire: f.wire, goName: f.goName, optional: f.optional, typ: inner})
		}
		g.declare(out)
		return out
	}
	return t
}

// giving is a type of what the component gives: a struct in Go, or text.
func (g *componentMaker) giving(name string) *typ {
	if g.c.shape == shMap && g.one(6) {
		g.outPtr = false
		return tLine
	}
	if g.c.in.pkg == g.folder && g.one(6) && g.c.in.name != "" && g.c.direct { // what it takes
		return g.c.in
	}
	t := &typ{kind: kStruct, name: name, pkg: g.folder}
	for range g.between(1, 5) {
		f := &field{typ: choose(g.random, tString, tString, tInt, tInt64, tUint64, tFloat64, tBool, tBytes, tTime, tStrings,
			&typ{kind: kMap, elem: tString}, &typ{kind: kJSON}, &typ{kind: kAny})}
		switch f.typ.kind {
		case kList, kMap, kJSON, kAny, kBytes:
		default:
			f.optional = g.one(5)
		}
		if !g.addField(t, f, fieldNames) {
			continue
		}
		f.omitEmpty = !f.optional && f.typ.kind != kTime && g.one(6)
		f.untagged = !f.omitEmpty && g.one(10)
		if f.untagged {
			f.wire = f.goName
		}
	}
	if g.one(4) {
		inner := &typ{kind: kStruct, name: name + "Part", pkg: g.folder, fields: []*field{{wire: "n", goName: "N", typ: tInt}, {wire: "text", goName: "Text", typ: tString, optional: true}}}
		f := &field{typ: inner, optional: g.one(3)}
		if g.addField(t, f, fieldNames) {
			g.declare(inner)
		}
	}
	if len(t.fields) == 0 || duplicated(t) {
		return nil
	}
	g.declare(t)
	return t
}

// duplicated tells whether two fields would have one name, whatever their case.
func duplicated(t *typ) bool {
	seen := map[string]bool{}
	for _, f := range t.fields {
		name := strings.ToLower(f.wire)
		if seen[name] {
			return true
		}
		seen[name] = true
	}
	return false
}

// config gives the component settings and a counter, where its form has an
// instance.
func (g *componentMaker) config() {
	if g.form == plainFunc {
		return
	}
	holder := "self."
	if g.form == made || g.form == madeErr {
		holder = "self.c."
	}
	for _, s := range []setting{
		{key: "limit", spelled: numeral("3"), variable: variable{holder + "Limit", tInt}, value: int64(3)},
		{key: "base_text", spelled: quoted("a b: #"), variable: variable{holder + "BaseText", tString}, value: "a b: #"},
		{key: "share", spelled: numeral("0.25"), variable: variable{holder + "Share", tFloat64}, value: 0.25},
		{key: "pause", spelled: word("1m30s"), variable: variable{holder + "Pause", tDuration}, value: 90 * time.Second},
		{key: "words", spelled: list(word("a"), quoted("b: c"), word("EU")), variable: variable{holder + "Words", tStrings}, value: []value{"a", "b: c", "EU"}},
	} {
		if g.one(2) {
			g.c.settings = append(g.c.settings, s)
		}
	}
	for _, s := range g.c.settings {
		g.s.vars = append(g.s.vars, s.variable)
	}
	if g.c.shape != shBatch && g.c.shape != shSeq && g.form != makerOf && g.form != makerErr && g.one(3) && g.p.inOrder(g.n) {
		g.c.stateful = true
		g.s.vars = append(g.s.vars, variable{seen, tInt})
	}
}

// inOrder tells whether a node gets the records of one source in their order.
func (p *pipeline) inOrder(n *node) bool {
	c := &Case{p: p}
	var sources []*node
	keyed := false
	var walk func(*node)
	walk = func(n *node) {
		if n.role == source && !slices.Contains(sources, n) {
			sources = append(sources, n)
		}
		keyed = keyed || n.key != nil
		for _, r := range n.from {
			walk(r.node)
		}
	}
	walk(n)
	return len(sources) == 1 && !keyed && c.isOrdered(n)
}
