package dialect

import (
	"slices"
	"strings"

	"github.com/flowc-dev/flowc/compiler/parse"
	"github.com/flowc-dev/flowc/compiler/schema"
	"github.com/flowc-dev/flowc/compiler/syntax"
	"github.com/flowc-dev/flowc/ir/diag"
)

// defaults are the block `defaults`, split.
type defaults struct {
	keys    []*parse.Member // keys of nodes
	configs map[string]*parse.Node
	then    *parse.Node // the `then` of on_error
}

// readDefaults checks the block: what is wrong in it is reported there, once. It
// returns the configs of connectors.
func (r *reader) readDefaults(block *parse.Node) []syntax.ConnectorDefaults {
	if block == nil || block.Kind != parse.Mapping {
		return nil
	}
	var configs []syntax.ConnectorDefaults
	known := schema.Keys("Defaults")
	keys := *block
	keys.Members = nil
	r.defaults.configs = map[string]*parse.Node{}
	for _, m := range block.Members {
		if !slices.Contains(known, m.Key.Text) && !r.isConnector(m.Key.Text) && !r.meantDefault(m, known) {
			continue
		}
		if !slices.Contains(known, m.Key.Text) {
			if m.Value.Kind == parse.Mapping {
				r.defaults.configs[m.Key.Text] = m.Value
				c := syntax.ConnectorDefaults{Name: key(m)}
				for _, k := range m.Value.Members {
					c.Keys = append(c.Keys, key(k))
				}
				configs = append(configs, c)
			} else {
				r.l.Errorf(diag.WrongType, m.Value.Place(), "`%s` must be a config for its nodes, and this is %s", m.Key.Text, m.Value.Kind)
			}
			continue
		}
		keys.Members = append(keys.Members, m)
	}
	for _, m := range keys.Members {
		one := keys
		one.Members = []*parse.Member{m}
		schema.Check("Defaults", "`defaults`", &one, m.Key.Span, r.l)
		r.defaults.keys = append(r.defaults.keys, m)
	}
	if on := block.Get("on_error"); on != nil {
		r.defaults.then = on.Get("then")
	}
	return configs
}

func (r *reader) isConnector(name string) bool {
	return r.in.IsConnector != nil && r.in.IsConnector(name)
}

// meantDefault reports a key that `defaults` can't have. Where it is near to one
// that it can, it is read as that.
func (r *reader) meantDefault(m *parse.Member, known []string) bool {
	d := r.unknownKey(m, "`defaults`")
	if !d.Near(m.Key.Text, append(slices.Clone(known), r.in.Connectors...)) {
		d.Notef("the keys are %s, and the names of connectors", "`"+strings.Join(known, "`, `")+"`")
		return false
	}
	m.Rename(d.Fixes[0].Edits[0].New)
	return true
}

// withDefaults adds to a node what `defaults` gives to nodes of its definition.
// What the node says itself wins; mappings are joined key by key.
func (r *reader) withDefaults(body *parse.Node, definition string) *parse.Node {
	out := body
	set := func(key, value *parse.Node) {
		if out == body {
			c := *body
			c.Members = slices.Clone(body.Members)
			out = &c
		}
		i := slices.IndexFunc(out.Members, func(m *parse.Member) bool { return m.Key.Text == key.Text })
		if i < 0 {
			out.Members = append(out.Members, &parse.Member{Key: key, Value: value})
			return
		}
		out.Members[i] = &parse.Member{Key: out.Members[i].Key, Value: under(out.Members[i].Value, value)}
	}
	var can []string
	if len(r.defaults.keys) > 0 {
		can = schema.Keys(definition)
	}
	for _, m := range r.defaults.keys {
		if slices.Contains(can, m.Key.Text) {
			set(m.Key, m.Value)
		}
	}
	if use := body.Get("use"); use != nil && r.defaults.configs[use.Text] != nil {
		config := r.defaults.configs[use.Text]
		set(&parse.Node{Kind: parse.String, Text: "config", Span: config.Span}, config)
	}
	return out
}

// under lays a value below another: the first wins.
func under(mine, theirs *parse.Node) *parse.Node {
	if mine.Kind != parse.Mapping || theirs.Kind != parse.Mapping {
		return mine
	}
	out := *mine
	out.Members = slices.Clone(mine.Members)
	for _, m := range theirs.Members {
		i := slices.IndexFunc(out.Members, func(o *parse.Member) bool { return o.Key.Text == m.Key.Text })
		if i < 0 {
			out.Members = append(out.Members, m)
			continue
		}
		out.Members[i] = &parse.Member{Key: out.Members[i].Key, Value: under(out.Members[i].Value, m.Value)}
	}
	return &out
}

// isDefaultLet tells whether a let value comes from `defaults`.
func (r *reader) isDefaultLet(m *parse.Member) bool {
	for _, d := range r.defaults.keys {
		if d.Key.Text == "let" && slices.Contains(d.Value.Members, m) {
			return true
		}
	}
	return false
}

// isDefaultConfig tells whether a key of a config comes from `defaults`.
func (r *reader) isDefaultConfig(m *parse.Member) bool {
	for _, config := range r.defaults.configs {
		if slices.Contains(config.Members, m) {
			return true
		}
	}
	return false
}
