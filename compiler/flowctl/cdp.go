package flowctl

import (
	"path"
	"strings"

	"github.com/flowc-dev/flowc/compiler/parse"
	"github.com/flowc-dev/flowc/ir/diag"
)

// standIns are built-ins that do what a component inside cdp does, by a word of
// its name. Their configs differ, so they are named and never put in.
var standIns = []struct{ word, use string }{
	{"postgres", "use: postgres"},
	{"sqlite", "use: sqlite"},
	{"kafka", "use: kafka"},
	{"parquet", "use: file, with `format: parquet`"},
	{"webhook", "use: http"},
	{"http", "use: http"},
	{"nats", "use: nats"},
	{"stdout", "use: stdout"},
	{"csv", "use: file, with `format: csv`"},
	{"json", "use: file, with `format: ndjson`"},
	{"file", "use: file"},
	{"filter", "filter: …"},
	{"transform", "map: …"},
}

// cdp carries `pipelines: {Name: {source, processors, consumers}}`, the same as a
// list, as `pipeline:`, and without a head.
func (m *migration) cdp(root *parse.Node) bool {
	type candidate struct {
		name, body *parse.Node
	}
	var all []candidate
	if p := root.Get("pipelines"); p != nil {
		for _, e := range members(p) {
			all = append(all, candidate{e.Key, e.Value})
		}
		for _, item := range items(p) {
			all = append(all, candidate{item.Get("name"), item})
		}
	} else if p := root.Get("pipeline"); p != nil {
		for _, body := range oneOrMore(p) {
			all = append(all, candidate{body.Get("name"), body})
		}
	} else {
		all = append(all, candidate{root.Get("name"), root})
	}
	var names []string
	chosen := -1
	for i, c := range all {
		names = append(names, word(c.name))
		if m.o.Pipeline != "" && word(c.name) == m.o.Pipeline {
			chosen = i
		}
	}
	switch {
	case len(all) == 0:
		m.l.Errorf(diag.EmptyPipeline, m.first, "the file has no pipeline")
		return false
	case m.o.Pipeline != "" && chosen < 0:
		m.l.Errorf(diag.ChooseOne, m.first, "the file has no pipeline `%s`", m.o.Pipeline).Helpf("it has `%s`", strings.Join(names, "`, `"))
		return false
	case chosen < 0 && len(all) > 1:
		m.l.Errorf(diag.ChooseOne, m.first, "the file has %d pipelines, and one is written at a time: `%s`", len(all), strings.Join(names, "`, `")).
			Helpf("name one: `--pipeline %s`", names[0])
		return false
	case chosen < 0:
		chosen = 0
	}
	c := all[chosen]
	m.root(root)
	lists := m.cdpLine(c.body)
	for _, e := range members(c.body) {
		if !oneOf(e.Key.Text, "name", "description", "source", "sources", "processors", "consumers", "pipeline", "pipelines") {
			m.leave(m.Root, e, "`%s` has no place in a pipeline", e.Key.Text)
		}
	}
	name := c.name
	if name != nil {
		name = m.text(Label(word(name)), name.Place())
	}
	m.compile(name, lists...)
	if d := c.body.Member("description"); d != nil {
		m.description(d)
	}
	return true
}

// cdpLine makes a line of components: the source, the processors one behind the
// other, and the consumers, which all take what the last one gives.
func (m *migration) cdpLine(body *parse.Node) []*list {
	var last *parse.Node
	seen := map[string]int{}
	sources := &list{m: m, block: "sources", at: body.Member("source")}
	processors := &list{m: m, block: "processors", at: body.Member("processors")}
	sinks := &list{m: m, block: "sinks", at: body.Member("consumers")}
	for _, s := range oneOrMore(body.Get("source")) {
		c, id := m.inside(s, seen, nil)
		sources.items, last = append(sources.items, c), id
	}
	for _, p := range items(body.Get("processors")) {
		if word(p.Get("type")) == "consumer" || strings.HasPrefix(word(p.Get("type")), "SaveTo") || strings.Contains(word(p.Get("type")), "/consumer/") {
			// cdp lets sinks stand among processors: they take what comes that far.
			c, _ := m.inside(p, seen, last)
			sinks.items = append(sinks.items, c)
			continue
		}
		c, id := m.inside(p, seen, last)
		processors.items, last = append(processors.items, c), id
	}
	for _, s := range items(body.Get("consumers")) {
		c, _ := m.inside(s, seen, last)
		sinks.items = append(sinks.items, c)
	}
	return []*list{sources, processors, sinks}
}

// inside makes a component of one that is code inside cdp, which nothing but cdp
// runs.
func (m *migration) inside(n *parse.Node, seen map[string]int, input *parse.Node) (c, id *parse.Node) {
	if scalar(n) { // cdp's simplified spelling: a word
		n = m.wordy(n)
	}
	key := "type"
	if word(n.Get("type")) == "consumer" && word(n.Get("name")) != "" {
		key = "name"
	}
	id = m.idOf(seen, n, "id", key)
	var inputs []*parse.Node
	if input != nil {
		inputs = []*parse.Node{input}
	}
	c = m.componentOf(n, id, inputs...)
	t := n.Member("type")
	if t == nil {
		t = &parse.Member{Key: m.text("type", n.Place()), Value: id}
	}
	what := word(t.Value)
	if what == "consumer" {
		what = word(n.Get("name"))
	}
	d := m.l.Add(diag.Warningf(diag.NotCarried, t.Value.Place(), "`%s` is code inside %s, and flowc starts none of it", what, m.inWhat(what)))
	stood := false
	for _, s := range standIns {
		if strings.Contains(strings.ToLower(what), s.word) {
			d.Helpf("near to it is `%s`; its config is another (`flowc components show`)", strings.ReplaceAll(s.use, "`", ""))
			stood = true
			break
		}
	}
	if !stood {
		d.Helpf("name a program that does it: `command: [./%s]`, `image: …`, or Go of your own with `use: ./dir.Symbol`", path.Base(what))
	}
	c.Members = append(c.Members, m.member("use", t.Key.Span, broken(t.Value.Place())))
	m.Lost[c] = append(m.Lost[c], t)
	for _, e := range n.Members {
		switch e.Key.Text {
		case "id", "type", "name":
		case "config", "params":
			config := *e.Value
			config.Members = nil
			for _, k := range members(e.Value) {
				if strings.HasSuffix(word(k.Value), ".so") || strings.HasSuffix(word(k.Value), ".wasm") {
					m.l.Add(diag.Warningf(diag.NotCarried, k.Value.Place(), "`%s` is a plug-in of cdp's, and can't be loaded", word(k.Value))).
						Helpf("write it as a component of its own, or as Go beside the pipeline")
					m.Lost[&config] = append(m.Lost[&config], k)
					continue
				}
				m.literal(k.Value, "config."+k.Key.Text, word(id))
				config.Members = append(config.Members, &parse.Member{Key: k.Key, Value: m.plain(k.Value)})
			}
			if len(config.Members) > 0 || len(m.Lost[&config]) > 0 {
				c.Members = append(c.Members, &parse.Member{Key: m.renamedKey(e, "config"), Value: &config})
			}
		default:
			m.Lost[c] = append(m.Lost[c], e)
			m.l.Add(diag.Warningf(diag.NotCarried, e.Key.Span, "`%s` of `%s` has no place in a node", e.Key.Text, word(id)))
		}
	}
	return c, id
}

func (m *migration) renamedKey(e *parse.Member, key string) *parse.Node {
	if e.Key.Text == key {
		return e.Key
	}
	return m.text(key, e.Key.Span)
}

// wordy is a component of one word, or `word: config`.
func (m *migration) wordy(n *parse.Node) *parse.Node {
	out := mapping(n.Place())
	out.Members = []*parse.Member{m.member("type", n.Place(), n)}
	return out
}

// inWhat is the program that a component is a part of.
func (m *migration) inWhat(t string) string {
	if m.quick {
		return "flowctl's quickstart"
	}
	if strings.HasPrefix(t, "flow/") {
		return "Flow"
	}
	return "cdp"
}

// simplified carries `source, process, save_to`.
func (m *migration) simplified(root *parse.Node) bool {
	body := mapping(root.Place())
	for _, e := range root.Members {
		switch e.Key.Text {
		case "source":
			body.Members = append(body.Members, &parse.Member{Key: e.Key, Value: m.simple(e.Value)[0]})
		case "process":
			body.Members = append(body.Members, &parse.Member{Key: m.text("processors", e.Key.Span), Value: sequence(e.Value.Place(), m.simple(e.Value)...)})
		case "save_to":
			body.Members = append(body.Members, &parse.Member{Key: m.text("consumers", e.Key.Span), Value: sequence(e.Value.Place(), m.simple(e.Value)...)})
		}
	}
	m.root(root)
	for _, e := range root.Members {
		if !oneOf(e.Key.Text, "name", "description", "source", "process", "save_to") {
			m.leave(m.Root, e, "`%s` has no place in a pipeline", e.Key.Text)
		}
	}
	lists := m.cdpLine(body)
	m.compile(root.Get("name"), lists...)
	if d := root.Member("description"); d != nil {
		m.description(d)
	}
	return true
}

// simple are the components of a value of the simplified spelling: a word, a
// mapping with `type`, a mapping of words to configs, or a list of them.
func (m *migration) simple(n *parse.Node) []*parse.Node {
	var out []*parse.Node
	for _, one := range oneOrMore(n) {
		switch {
		case scalar(one):
			out = append(out, m.wordy(one))
		case one.Kind == parse.Mapping && one.Get("type") == nil && len(one.Members) > 0 && !scalarsOnly(one):
			for _, e := range one.Members {
				c := m.wordy(e.Key)
				c.Members = append(c.Members, m.member("config", e.Key.Span, e.Value))
				out = append(out, c)
			}
		default:
			out = append(out, m.flat(one))
		}
	}
	if len(out) == 0 {
		out = append(out, m.wordy(m.text("source", m.first)))
	}
	return out
}

func scalarsOnly(n *parse.Node) bool {
	for _, e := range n.Members {
		if !scalar(e.Value) {
			return false
		}
	}
	return true
}

// flat is a component whose config stands beside its type.
func (m *migration) flat(n *parse.Node) *parse.Node {
	if n.Kind != parse.Mapping || n.Get("config") != nil {
		return n
	}
	out, config := mapping(n.Place()), mapping(n.Place())
	for _, e := range n.Members {
		if oneOf(e.Key.Text, "type", "id", "name") {
			out.Members = append(out.Members, e)
			continue
		}
		config.Members = append(config.Members, e)
	}
	if len(config.Members) > 0 {
		out.Members = append(out.Members, m.member("config", config.Members[0].Key.Span, config))
	}
	return out
}

// quickstart carries `spec: {source, filters, processor, consumer}`.
func (m *migration) quickstart(root *parse.Node) bool {
	spec := root.Get("spec")
	m.quick = true
	body := mapping(root.Place())
	for _, e := range members(spec) {
		switch e.Key.Text {
		case "source":
			body.Members = append(body.Members, &parse.Member{Key: e.Key, Value: m.flat(e.Value)})
		case "processor":
			body.Members = append(body.Members, &parse.Member{Key: m.text("processors", e.Key.Span), Value: sequence(e.Value.Place(), m.flat(e.Value))})
		case "consumer":
			body.Members = append(body.Members, &parse.Member{Key: m.text("consumers", e.Key.Span), Value: sequence(e.Value.Place(), m.flat(e.Value))})
		default:
			m.root(root)
			m.lost(m.Root, e, "`%s` of a quickstart pipeline has no place in a pipeline", e.Key.Text).Helpf("write a processor for it, such as `filter: …`")
		}
	}
	m.root(root)
	lists := m.cdpLine(body)
	metadata := root.Get("metadata")
	m.compile(metadata.Get("name"), lists...)
	if d := metadata.Member("description"); d != nil {
		m.description(d)
	}
	return true
}

// Label makes the name of a pipeline of any text: words in CamelCase become words
// with hyphens.
func Label(s string) string {
	var out strings.Builder
	lower := false
	for _, c := range s {
		switch {
		case 'A' <= c && c <= 'Z':
			if lower {
				out.WriteByte('-')
			}
			out.WriteRune(c + 'a' - 'A')
			lower = false
		case 'a' <= c && c <= 'z' || '0' <= c && c <= '9':
			out.WriteRune(c)
			lower = true
		default:
			if out.Len() > 0 && !strings.HasSuffix(out.String(), "-") {
				out.WriteByte('-')
			}
			lower = false
		}
	}
	text := out.String()
	text = strings.Trim(text[:min(len(text), 63)], "-")
	if text == "" {
		return "pipeline"
	}
	return text
}

// Variable is the variable that a key of a config becomes where no descriptor
// says another.
func Variable(key string) string {
	return strings.Map(func(r rune) rune {
		if r == '-' || r == '.' {
			return '_'
		}
		return r
	}, strings.ToUpper(key))
}
