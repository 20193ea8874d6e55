package dialect

import (
	"slices"
	"strings"

	"github.com/flowc-dev/flowc/compiler/parse"
	"github.com/flowc-dev/flowc/compiler/syntax"
	"github.com/flowc-dev/flowc/ir"
	"github.com/flowc-dev/flowc/ir/diag"
)

// use reads what is used and its config.
func (r *reader) use(n *syntax.Node, body *parse.Node) {
	if v := body.Get("use"); v != nil {
		n.Use = text(v)
		if v.Kind == parse.String && v.Text == "" {
			r.l.Errorf(diag.MissingValue, v.Place(), "`use` of `%s` is empty", n.Name.Text).Helpf("name a built-in, or Go such as `./dir.Symbol`")
			n.Use, n.Bad = syntax.Text{}, true
		}
		if strings.ContainsAny(n.Use.Text, "/.") {
			n.Use.Text = r.local(n.Use.Text, v)
		}
	}
	if n.Role == syntax.Sink {
		n.Assign = assigns(body.Get("meta"))
	}
	m := body.Member("config")
	if m == nil {
		return
	}
	n.ConfigSpan, n.ConfigUnread = m.Key.Span, m.Value.Kind != parse.Mapping
	n.Config = r.config(m.Value)
}

func (r *reader) config(n *parse.Node) []syntax.ConfigKey {
	var out []syntax.ConfigKey
	for _, m := range members(n) {
		before := len(*r.l)
		c := syntax.ConfigKey{Key: key(m), Node: m.Value, Value: r.configValue(m)}
		c.Bad = len(*r.l) > before || hasBroken(m.Value)
		c.Default = r.isDefaultConfig(m)
		out = append(out, c)
	}
	return out
}

// hasBroken tells whether something in a value could not be read.
func hasBroken(n *parse.Node) bool {
	return n.Broken() || slices.ContainsFunc(n.Items, hasBroken) ||
		slices.ContainsFunc(n.Members, func(m *parse.Member) bool { return hasBroken(m.Value) })
}

// configValue reads a value. Fields of `generate` hold Go, in which `${` means
// nothing.
func (r *reader) configValue(m *parse.Member) *ir.Value {
	if m.Key.Text == "fields" && m.Value.Kind == parse.Mapping {
		return &ir.Value{Kind: "map", Span: m.Value.Place()}
	}
	return r.value(m.Value)
}
