package flowctl

import (
	"slices"

	"github.com/flowc-dev/flowc/compiler/parse"
	"github.com/flowc-dev/flowc/ir/diag"
)

// runs are the keys of a legacy component's `params` that say how it runs; all
// others are its config.
var runs = []string{"image", "command", "args", "env", "ports", "volumes", "secrets", "health_check", "health_port", "resources", "replicas"}

// legacy carries `version, source, processors, sink`, a line of components with
// `params`.
func (m *migration) legacy(root *parse.Node) bool {
	m.root(root)
	seen := map[string]int{}
	var last []*parse.Node
	sources, processors, sinks := &list{m: m, block: "sources", at: root.Member("source")}, &list{m: m, block: "processors", at: root.Member("processors")}, &list{m: m, block: "sinks"}
	var name *parse.Node
	var after []func()
	for _, e := range root.Members {
		switch e.Key.Text {
		case "source":
			c, id := m.legacyComponent(e.Value, seen, nil)
			sources.items, last = append(sources.items, c), []*parse.Node{id}
		case "apiVersion", "kind", "version", "processors", "sink", "sinks":
		case "metadata":
			name = e.Value.Get("name")
			if d := e.Value.Member("description"); d != nil {
				after = append(after, func() { m.description(d) })
			}
		case "name":
			name = e.Value
		case "description":
			after = append(after, func() { m.description(e) })
		case "log_level":
			if oneOf(word(e.Value), "debug", "info", "warn", "error") {
				m.carry(m.block(m.Root, "telemetry", e.Key.Span), "level", e, e.Value)
				continue
			}
			m.leave(m.Root, e, "`log_level: %s` is none of debug, info, warn and error", word(e.Value))
		case "tls":
			m.lost(m.Root, e, "`tls` is that of flowctl's control plane, and belongs to no pipeline").Helpf("a connector of a node has its own `tls` in its `config`")
		default:
			m.leave(m.Root, e, "`%s` has no place in a pipeline", e.Key.Text)
		}
	}
	for _, p := range items(root.Get("processors")) {
		c, id := m.legacyComponent(p, seen, last)
		processors.items, last = append(processors.items, c), []*parse.Node{id}
	}
	for _, key := range []string{"sink", "sinks"} {
		if e := root.Member(key); e != nil {
			sinks.at = e
			for _, s := range oneOrMore(e.Value) {
				c, _ := m.legacyComponent(s, seen, last)
				sinks.items = append(sinks.items, c)
			}
		}
	}
	m.compile(name, sources, processors, sinks)
	for _, f := range after {
		f()
	}
	return true
}

// legacyComponent makes a component of flowctl/v1 of a legacy one.
func (m *migration) legacyComponent(n *parse.Node, seen map[string]int, inputs []*parse.Node) (c, id *parse.Node) {
	id = m.idOf(seen, n, "id", "name", "type", "plugin")
	c = m.componentOf(n, id, inputs...)
	config := mapping(n.Place())
	for _, e := range members(n) {
		switch e.Key.Text {
		case "id", "name":
		case "type", "plugin":
			kept := *e
			if kept.Key.Text == "plugin" {
				kept.Rename("type")
			}
			if n.Get("params").Get("image") == nil && n.Get("params").Get("command") == nil || n.Get("type") != nil {
				c.Members = append(c.Members, &kept)
			}
		case "params", "config":
			for _, p := range members(e.Value) {
				if slices.Contains(runs, p.Key.Text) {
					c.Members = append(c.Members, p)
					continue
				}
				config.Span, config.Style = e.Value.Place(), e.Value.Style
				config.Members = append(config.Members, p)
			}
		default:
			c.Members = append(c.Members, e)
		}
	}
	if len(config.Members) > 0 {
		at := config.Members[0].Key.Span
		m.l.Add(diag.Warningf(diag.NotCarried, at, "`params` of `%s` become its environment by their names in upper case: `%s` is %s", word(id), config.Members[0].Key.Text, Variable(config.Members[0].Key.Text))).
			Helpf("where the component reads another variable, write that under `env`, or name its descriptor: `metadata: metadata.json`")
		c.Members = append(c.Members, m.member("config", at, config))
	}
	return c, id
}

// lists carries `pipeline: {name, sources, processors, sinks}`.
func (m *migration) lists(root *parse.Node) bool {
	p := root.Get("pipeline")
	var all []*list
	for _, e := range p.Members {
		if oneOf(e.Key.Text, "sources", "processors", "sinks") {
			l := &list{m: m, block: e.Key.Text, at: e}
			for _, c := range items(e.Value) {
				l.items = append(l.items, m.identified(c))
			}
			if e.Value.Kind == parse.Mapping {
				for _, c := range e.Value.Members {
					l.items = append(l.items, m.withID(c.Value, c.Key))
				}
			}
			all = append(all, l)
		}
	}
	m.root(root)
	for _, e := range slices.Concat(p.Members, root.Members) {
		switch e.Key.Text {
		case "name", "sources", "processors", "sinks", "pipeline", "description":
		default:
			m.leave(m.Root, e, "`%s` has no place in a pipeline", e.Key.Text)
		}
	}
	m.linear(all)
	m.compile(p.Get("name"), all...)
	if d := p.Member("description"); d != nil {
		m.description(d)
	}
	return true
}

// identified is a component whose `name` is its id, where it has none.
func (m *migration) identified(c *parse.Node) *parse.Node {
	if c.Kind != parse.Mapping || c.Get("id") != nil || c.Get("name") == nil {
		return c
	}
	out := *c
	out.Members = nil
	for _, e := range c.Members {
		if e.Key.Text == "name" {
			e = &parse.Member{Key: m.text("id", e.Key.Span), Value: e.Value}
		}
		out.Members = append(out.Members, e)
	}
	return &out
}

// withID is a component that was called by a key.
func (m *migration) withID(c, key *parse.Node) *parse.Node {
	out := *c
	out.Members = append([]*parse.Member{{Key: m.text("id", key.Span), Value: key}}, c.Members...)
	return &out
}

// linear gives components that name no inputs those before them, where nobody
// names any: then the file means a line.
func (m *migration) linear(all []*list) {
	var last []*parse.Node
	for _, l := range all {
		for _, c := range l.items {
			if c.Get("inputs") != nil || c.Get("from") != nil {
				return
			}
		}
	}
	for _, name := range []string{"sources", "processors", "sinks"} {
		for _, l := range all {
			if l.block != name {
				continue
			}
			for i, c := range l.items {
				if c.Kind != parse.Mapping {
					continue
				}
				if name != "sources" && len(last) > 0 {
					with := *c
					with.Members = append([]*parse.Member{}, c.Members...)
					with.Members = append(with.Members, m.member("inputs", c.Place(), sequence(c.Place(), last...)))
					l.items[i] = &with
				}
				id := c.Get("id")
				switch {
				case id == nil:
				case name == "sources":
					last = append(last, id)
				case name == "processors":
					last = []*parse.Node{id}
				}
			}
		}
	}
}

// hosted carries `spec.components`, each with its role.
func (m *migration) hosted(root *parse.Node) bool {
	spec := root.Get("spec")
	components := spec.Get("components")
	by := map[string]*list{}
	for _, name := range []string{"sources", "processors", "sinks"} {
		by[name] = &list{m: m, block: name}
	}
	all := items(components)
	for _, e := range members(components) {
		all = append(all, m.withID(e.Value, e.Key))
	}
	for _, c := range all {
		c = m.identified(c)
		block, role := roleOf(c)
		if block == "" {
			m.l.Add(diag.Warningf(diag.NotCarried, c.Place(), "`%s` does not say whether it is a source, a processor or a sink", word(c.Get("id")))).
				Helpf("write `kind: source`, `processor` or `sink`")
			continue
		}
		out := *c
		out.Members = nil
		for _, e := range c.Members {
			switch {
			case e == role:
			case oneOf(e.Key.Text, "component", "ref", "uses"):
				out.Members = append(out.Members, &parse.Member{Key: m.text("type", e.Key.Span), Value: e.Value})
			case oneOf(e.Key.Text, "from", "dependsOn", "depends_on", "input"):
				out.Members = append(out.Members, &parse.Member{Key: m.text("inputs", e.Key.Span), Value: e.Value})
			default:
				out.Members = append(out.Members, e)
			}
		}
		by[block].items = append(by[block].items, &out)
	}
	m.root(root)
	for _, e := range spec.Members {
		if !oneOf(e.Key.Text, "components", "description", "driver") {
			m.leave(m.Root, e, "`%s` is for the hosted service, and has no place in a pipeline", e.Key.Text)
		}
	}
	lists := []*list{by["sources"], by["processors"], by["sinks"]}
	m.linear(lists)
	metadata := root.Get("metadata")
	m.compile(metadata.Get("name"), lists...)
	for _, e := range members(metadata) {
		switch e.Key.Text {
		case "namespace":
			m.namespace(e)
		case "labels", "annotations":
			m.words(e)
		case "description":
			m.description(e)
		}
	}
	if d := spec.Member("description"); d != nil {
		m.description(d)
	}
	return true
}

// roleOf finds the block of a component that says its role itself.
func roleOf(c *parse.Node) (string, *parse.Member) {
	for _, key := range []string{"role", "kind", "type", "category"} {
		e := c.Member(key)
		if e == nil {
			continue
		}
		for _, b := range blocks {
			if slices.Contains(b.roles, word(e.Value)) {
				return b.name, e
			}
		}
	}
	return "", nil
}
