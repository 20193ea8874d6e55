package oracle

import (
	"fmt"
	"slices"
)

// A maker makes a pipeline at random, with data for it.
type maker struct {
	*random
	p     *pipeline
	files []*File
	names map[string]bool
	open  []ref // outputs, taken or not
	dead  []*node

	// risky allows what may fail: bad records, checks, expressions that panic.
	// stops lets some of it end the program.
	risky, stops bool
	deep         int // how many processors
	large        bool
	// folder is that of the components in Go, "" where there are none; code are
	// their files.
	folder    string
	code      []*File
	uncertain map[string]bool // see pipeline.uncertain
}

// make makes the case of a seed.
func makeCase(seed uint64) *maker {
	m := &maker{random: newRandom(seed), names: map[string]bool{}}
	m.p = &pipeline{language: inYAML}
	m.risky = !m.one(4)
	m.stops = m.risky && m.one(8)
	m.large = m.one(15)
	m.deep = m.n(8)
	if m.one(6) {
		m.folder = choose(m.random, "parts", "shop", "flow", "codec", "decimal", "strings", "internal/rules", "model")
	}
	m.types()
	if m.risky {
		for range m.between(1, 2) {
			m.dead = append(m.dead, m.deadSink())
		}
		if m.one(2) {
			m.p.common = m.policy()
		}
	}
	if m.one(6) {
		m.p.validate = m.validation()
	}
	for range choose(m.random, 1, 1, 1, 2, 2, 3) {
		m.source()
	}
	for range m.deep {
		m.processor()
	}
	m.finish()
	m.p.name = choose(m.random, "random", "orders-flow", "p1", "flow")
	if m.one(2) { // what is read may stand behind what reads it
		m.Shuffle(len(m.p.processors), func(i, j int) {
			m.p.processors[i], m.p.processors[j] = m.p.processors[j], m.p.processors[i]
		})
	}
	if m.large || m.one(10) {
		m.p.every = choose(m.random, "1ms", "5ms", "20ms")
	}
	if m.one(5) {
		m.p.language, m.p.indent = inJSON, choose(m.random, "  ", "\t", "")
		if m.one(4) {
			m.p.language = inCUE
		}
	}
	m.data()
	return m
}

func (m *maker) validation() string { return choose(m.random, "full", "needed", "structural") }

func (m *maker) deadSink() *node {
	n := &node{name: m.nodeName(), role: sink, use: "file", format: "ndjson", dead: true}
	n.path = fmt.Sprintf("dead%d.ndjson", len(m.dead))
	if m.one(5) {
		n.path += ".gz"
	}
	return n
}

// policy is one under which the program goes on, or, rarely, one that ends it.
func (m *maker) policy() *policy {
	p := &policy{retry: -1}
	switch {
	case m.stops && m.one(2):
		p.then = "stop"
	case m.one(3):
		p.then = "drop"
	default:
		p.then, p.dead = "dead", m.dead[m.n(len(m.dead))]
	}
	if m.one(4) {
		p.retry = m.n(3)
	}
	return p
}

// onError gives a node that may fail a policy.
func (m *maker) onError(n *node) {
	if m.risky && (m.p.common == nil || m.one(4)) {
		n.onError = m.policy()
	}
}

// types declares some structs, each of which may use those before it.
func (m *maker) types() {
	for range m.between(1, 3) {
		name := m.pool(typeNames)
		if slices.ContainsFunc(m.p.types, func(t *typ) bool { return t.name == name }) {
			continue
		}
		t := m.structType(2)
		t.name = name
		m.p.types = append(m.p.types, t)
	}
}

func (m *maker) structType(depth int) *typ {
	t := &typ{kind: kStruct}
	for range m.between(2, 8) {
		m.addField(t, &field{typ: m.fieldType(depth), optional: m.one(4)}, fieldNames)
	}
	if len(t.fields) == 0 {
		t.fields = []*field{{wire: "id", goName: "ID", typ: tString}}
	}
	return t
}

// addField adds a field under a name that the struct does not have.
func (m *maker) addField(t *typ, f *field, names [][2]string) bool {
	name := names[m.n(len(names))]
	if t.field(name[1]) != nil {
		return false
	}
	f.wire, f.goName = name[0], name[1]
	t.fields = append(t.fields, f)
	return true
}

func (m *maker) fieldType(depth int) *typ {
	scalars := []*typ{tString, tString, tInt, tInt, tInt64, tUint64, tFloat64, tBool, tBytes, tTime, tDuration, tDecimal, tDecimal, tNumber}
	if depth > 0 && m.one(3) {
		switch m.n(6) {
		case 0:
			return m.structType(depth - 1)
		case 1, 2:
			return tStrings
		case 3:
			return &typ{kind: kList, elem: m.fieldType(depth - 1)}
		case 4:
			return &typ{kind: kMap, elem: m.fieldType(0)}
		case 5:
			if len(m.p.types) > 0 {
				return m.p.types[m.n(len(m.p.types))]
			}
		}
	}
	switch m.n(14) {
	case 0:
		return &typ{kind: kEnum, values: choose(m.random, []string{"EU", "US", "APAC"}, []string{"buy", "sell"}, []string{"low", "mid", "high"})}
	case 1:
		return &typ{kind: kJSON}
	case 2:
		return &typ{kind: kAny}
	}
	return scalars[m.n(len(scalars))]
}

func (m *maker) source() {
	n := &node{name: m.nodeName(), role: source, use: "file"}
	n.format = choose(m.random, "ndjson", "ndjson", "ndjson", "json", "csv", "text")
	switch {
	case n.format == "text":
		n.out = tText
	case n.format != "csv" && m.one(5):
		m.variants(n)
	case n.format != "csv" && m.one(8):
		n.out = tRaw
	default:
		n.out = m.p.types[m.n(len(m.p.types))]
		if n.format == "csv" && !n.out.isFlat() {
			n.out = m.inner()
		}
	}
	if n.out != nil && n.out.kind == kStruct && n.out.field("Payload") == nil && m.one(4) {
		// A text inside of the record, for parse. The type is declared, so all
		// sources of it have it.
		n.out.fields = append(n.out.fields, &field{wire: "payload", goName: "Payload", typ: tString, hint: m.parsing(m.inner())})
	}
	if n.format == "csv" && m.one(3) {
		n.csv = &csvForm{choose(m.random, byte(';'), '\t', '|', ','), choose(m.random, byte('"'), '"', '\'')}
	}
	m.place(n)
	if n.format != "csv" && n.format != "text" && m.one(4) {
		n.validate = m.validation()
	}
	m.onError(n)
	m.p.sources = append(m.p.sources, n)
	m.open = append(m.open, n.outputs()...)
}

// place gives a source a path, a format and a compression.
func (m *maker) place(n *node) {
	base := fmt.Sprintf("in%d", len(m.p.sources))
	ext := map[string]string{"ndjson": ".ndjson", "json": ".json", "csv": ".csv", "text": choose(m.random, ".txt", ".log")}[n.format]
	if m.one(5) {
		ext, n.named = ".data", true
	}
	switch m.n(4) {
	case 0:
		if n.named {
			n.compression = "gzip"
		} else {
			ext += ".gz"
		}
	}
	n.path = base + ext
	if m.one(3) {
		n.path = base + "/" + choose(m.random, "*", "part-*") + ext
	}
}

// inner is a declared type that a text can be parsed into.
func (m *maker) inner() *typ {
	t := &typ{kind: kStruct}
	for range m.between(1, 4) {
		f := &field{typ: choose(m.random, tString, tInt, tDecimal, tBool, tDuration, tFloat64, tTime, tUint64), optional: m.one(4)}
		m.addField(t, f, plainNames)
	}
	for i := 0; ; i++ {
		t.name = fmt.Sprintf("Inner%d", i)
		if !slices.ContainsFunc(m.p.types, func(u *typ) bool { return u.name == t.name }) {
			break
		}
	}
	m.p.types = append(m.p.types, t)
	return t
}

// variants makes a source of several event types.
func (m *maker) variants(n *node) {
	n.by = choose(m.random, "kind", "type", "event", "t")
	structs := slices.Clone(m.p.types)
	m.Shuffle(len(structs), func(i, j int) { structs[i], structs[j] = structs[j], structs[i] })
	for i, t := range structs[:m.between(1, min(len(structs), 2))] {
		if f := t.wireField(n.by); f != nil && f.typ.kind != kString {
			continue
		}
		n.variants = append(n.variants, variant{choose(m.random, "pay", "trade", "v 1", "é") + fmt.Sprint(i), t})
	}
	n.other = m.one(2)
	if len(n.variants) == 0 {
		n.by, n.other = "", false
		n.out = structs[0]
	}
}
