package lower

import (
	"slices"
	"strings"

	"github.com/flowc-dev/flowc/compiler/syntax"
	"github.com/flowc-dev/flowc/ir/diag"
	"github.com/flowc-dev/flowc/runtime/catalog"
)

// idleDefaults checks the configs in `defaults` of connectors that no node uses:
// those of the others are checked at their nodes, but a misspelt key is one
// before the first node comes, too.
func (w *lowering) idleDefaults() {
	for _, d := range w.p.Configs {
		if slices.ContainsFunc(w.p.Nodes, func(n *syntax.Node) bool { return n.Use.Text == d.Name.Text }) || w.p.Delivery.Store.Text == d.Name.Text {
			continue
		}
		i := slices.IndexFunc(w.o.Connectors, func(c *catalog.Connector) bool { return c.Name == d.Name.Text })
		if i < 0 {
			continue
		}
		known := configKeys(w.o.Connectors[i])
		for _, key := range d.Keys {
			if slices.Contains(known, key.Text) {
				continue
			}
			e := w.l.Errorf(diag.UnknownKey, key.Span, "`%s` is no key of `%s`", key.Text, d.Name.Text)
			if !e.Near(key.Text, known) {
				e.Notef("its keys are `%s`", strings.Join(known, "`, `"))
			}
		}
	}
}

// configKeys are the keys of a connector's config in all roles, without what
// stands below them.
func configKeys(c *catalog.Connector) []string {
	var keys []string
	add := func(name string) {
		if !slices.Contains(keys, name) {
			keys = append(keys, name)
		}
	}
	for _, side := range []*catalog.Side{c.Source, c.Sink, c.Store} {
		if side == nil {
			continue
		}
		for _, k := range side.Keys {
			first, _, _ := strings.Cut(k.Name, ".")
			add(first)
		}
		if len(side.Formats) > 0 {
			for _, name := range formatKeys {
				add(name)
			}
		}
	}
	if c.Name == "generate" {
		add("fields")
	}
	return keys
}
