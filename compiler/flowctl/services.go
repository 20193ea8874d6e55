package flowctl

import (
	"github.com/flowc-dev/flowc/compiler/parse"
	"github.com/flowc-dev/flowc/ir/diag"
)

// serviceKeys are keys that a service has under the same name in Compose.
var serviceKeys = []string{
	"image", "command", "environment", "depends_on", "healthcheck", "restart", "ports", "volumes", "networks", "entrypoint", "user", "working_dir", "env_file", "labels", "hostname", "container_name", "build", "deploy",
}

// services carries the services of a sandbox into a file of Compose, whose keys
// are nearly the same.
func (m *migration) services(root *parse.Node) {
	body := root
	if spec := root.Get("spec"); spec != nil {
		body = spec
	}
	m.Root = mapping(root.Place())
	if name := root.Get("metadata").Get("name"); name != nil {
		m.put(m.Root, "name", name.Place(), m.text(Label(word(name)), name.Place()))
	}
	from := body.Member("services")
	if from == nil {
		m.l.Errorf(diag.MissingKey, m.first, "a file of a sandbox needs the key `services`")
		return
	}
	services := mapping(from.Value.Place())
	m.carry(m.Root, "services", from, services)
	for _, e := range members(from.Value) {
		services.Members = append(services.Members, &parse.Member{Key: e.Key, Value: m.service(e.Key, e.Value)})
	}
	for _, item := range items(from.Value) {
		name := item.Get("name")
		if word(name) == "" {
			m.l.Add(diag.Warningf(diag.NotCarried, item.Place(), "a service without a `name` can't be written"))
			continue
		}
		if before := services.Member(word(name)); before != nil {
			m.l.Add(diag.Warningf(diag.NotCarried, name.Place(), "there are two services `%s`, and the second is left out", word(name))).Also(before.Key.Span, "the first")
			continue
		}
		made := m.put(services, word(name), name.Place(), m.service(name, item))
		m.From[made] = item
	}
	for _, e := range body.Members {
		switch e.Key.Text {
		case "services", "apiVersion", "kind", "metadata":
		case "volumes", "networks", "secrets", "configs":
			m.Root.Members = append(m.Root.Members, e)
		default:
			m.leave(m.Root, e, "`%s` of a sandbox has no place in a file of Compose", e.Key.Text)
		}
	}
}

// service carries one service.
func (m *migration) service(name, n *parse.Node) *parse.Node {
	out := mapping(n.Place())
	for _, e := range members(n) {
		switch key := e.Key.Text; {
		case key == "name":
		case key == "env", key == "environment" && e.Value.Kind == parse.Mapping:
			texts := *e.Value
			texts.Members = nil
			for _, v := range e.Value.Members {
				value := v.Value
				if value.Kind == parse.Bool { // not every Compose takes one
					value = m.asText(value)
				}
				texts.Members = append(texts.Members, &parse.Member{Key: v.Key, Value: value})
			}
			m.carry(out, "environment", e, &texts)
		case key == "ports":
			m.carry(out, key, e, m.pairs(e.Value, "host", "container"))
		case key == "volumes":
			m.carry(out, key, e, m.pairs(e.Value, "host", "container"))
		case oneOf(key, serviceKeys...):
			out.Members = append(out.Members, e)
		default:
			m.leave(out, e, "`%s` of the service `%s` has no place in a file of Compose", key, word(name))
		}
	}
	return out
}

// pairs makes `host:container` of mappings.
func (m *migration) pairs(n *parse.Node, host, container string) *parse.Node {
	if n.Kind != parse.Sequence {
		return n
	}
	out := *n
	out.Items = nil
	for _, item := range n.Items {
		h, c := word(item.Get(host)), word(item.Get(container))
		switch {
		case item.Kind != parse.Mapping:
			made := m.text(word(item), item.Place())
			out.Items = append(out.Items, made)
		case c == "":
			m.l.Add(diag.Warningf(diag.NotCarried, item.Place(), "an entry without `container` says nothing"))
		default:
			text := c
			if h != "" {
				text = h + ":" + c
			}
			if ro := item.Get("readonly"); word(ro) == "true" {
				text += ":ro"
			}
			out.Items = append(out.Items, m.text(text, item.Place()))
		}
	}
	return &out
}
