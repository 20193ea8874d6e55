package golang

import (
	"fmt"
	"strings"

	"github.com/dave/jennifer/jen"

	"github.com/flowc-dev/flowc/ir"
	"github.com/flowc-dev/flowc/runtime/catalog"
)

// A config is the configuration of one node in Go.
type config struct {
	typ      *jen.Statement
	defaults []keyDefault
	settings []keySetting
	// whole is the value of a config that is a map, refs what comes from outside
	// into it.
	whole *jen.Statement
	refs  []jen.Code
	// statements and tunables are those of a component's config.
	statements, tunables []jen.Code
	// fresh tells that the connector asks for the present config.
	fresh bool
}

type keyDefault struct {
	selector string
	literal  *jen.Statement
}

type keySetting struct {
	ir.Setting
	selector, typ, doc string
	values             []string // of an enum, nil for others
	secret, fixed      bool
}

// configOf returns the configuration of a node, nil for none.
func (w *wiring) configOf(n *ir.Node) *config {
	var side *catalog.Side
	var connector *catalog.Connector
	switch op := n.Op.(type) {
	case *ir.Source:
		if c, ok := catalog.Lookup(op.Connector); ok {
			connector, side = c, c.Source
		}
	case *ir.Sink:
		if c, ok := catalog.Lookup(op.Connector); ok {
			connector, side = c, c.Sink
		}
	case *ir.Apply:
		if op.Foreign == nil {
			break
		}
		if c, ok := catalog.Lookup(op.Foreign.Connector()); ok {
			connector, side = c, c.Sink
		}
	}
	settings, ref := n.Settings(), n.Component()
	given := map[string]ir.Setting{}
	for _, s := range settings {
		given[s.Key] = s
	}
	c := &config{}
	switch {
	case side != nil && side.Config != "":
		w.sideConfig(c, connector, side, given)
	case ref != nil && ref.Config != nil && ref.Config.Kind == ir.Map:
		w.mapConfig(c, n, settings)
	case ref != nil && ref.Config != nil:
		c.typ = w.Type(ref.Config)
		w.userSettings(c, ref.Config, n.YAML, "", "s."+w.Name(n.YAML), given)
	default:
		return nil
	}
	return c
}

// sideConfig is the config of a connector.
func (w *wiring) sideConfig(c *config, connector *catalog.Connector, side *catalog.Side, given map[string]ir.Setting) {
	c.typ, c.fresh = jen.Qual(w.l.Runtime()+"/"+connector.Package, side.Config), side.Fresh
	for i := range side.Keys {
		k := &side.Keys[i]
		s := given[k.Name]
		s.Key = k.Name
		c.settings = append(c.settings, keySetting{Setting: s, selector: k.Go, typ: k.Type, doc: k.Doc, values: k.Values, secret: k.Secret, fixed: k.Fixed})
		if k.Default != "" && s.Value == nil && !side.OfFormat(k) {
			c.defaults = append(c.defaults, keyDefault{k.Go, w.literalText(k.Type, k.Default)})
		}
	}
}

// storeConfig is the config of the store of checkpoints, nil where it is no connector.
func (w *wiring) storeConfig() *config {
	connector, ok := catalog.Lookup(w.p.Delivery.Store)
	if !ok || connector.Store == nil {
		return nil
	}
	given := map[string]ir.Setting{}
	for _, s := range w.p.Delivery.StoreConfig {
		given[s.Key] = s
	}
	c := &config{}
	w.sideConfig(c, connector, connector.Store, given)
	return c
}

// mapConfig is the config of a component that takes a map[string]any.
func (w *wiring) mapConfig(c *config, n *ir.Node, settings []ir.Setting) {
	c.typ = jen.Map(jen.String()).Any()
	d := jen.Dict{}
	for _, s := range settings {
		if s.Value.IsLiteral() {
			d[jen.Lit(s.Key)] = w.anyLiteral(s.Value)
			continue
		}
		at := fmt.Sprintf("s.%s[%q]", w.Name(n.YAML), s.Key)
		c.refs = append(c.refs, w.ref(n.YAML+".config."+s.Key, s.Value,
			w.Gof("@program.Text(\"string\", func() string { text, _ := %s.(string); return text }, func(text string) error { %s = text; return nil })", at, at)))
	}
	c.whole = jen.Map(jen.String()).Any().Values(d)
}

// setters are the functions of package program that set a place, by the name of
// its type.
var setters = map[string]string{
	"string": "String", "int": "Int", "int64": "Int64", "uint64": "Uint64", "float64": "Float64", "bool": "Bool", "duration": "Duration",
	"size": "Bytes", "[string]": "Strings",
}

// setter quotes the typed setter of a place; false for types that can't be set
// at run time.
func (w *wiring) setter(name, at string) (*jen.Statement, bool) {
	if f, ok := setters[name]; ok {
		return w.Gof("@program.%s(%s)", f, at), true
	}
	if name == "decimal" {
		v := strings.TrimPrefix(at, "&")
		return w.Gof("@program.Text(\"decimal\", func() string { return %s.String() }, func(text string) (err error) { %s, err = @decimal.Parse(text); return err })", v, v), true
	}
	return nil, false
}

// tunable quotes one entry of the tunables.
func (w *wiring) tunable(key string, s keySetting, setter *jen.Statement) *jen.Statement {
	code := w.Gof("{Key: %q, ", key)
	if s.Value != nil && !s.Value.Span.IsZero() {
		code.Add(w.Gof("Place: %q, ", s.Value.Span.Place()))
	}
	code.Op("Set: ").Add(setter)
	if s.secret || s.Value != nil && s.Value.Secret {
		code.Op(", Secret: true")
	}
	if s.doc != "" {
		code.Add(w.Gof(", Doc: %q", s.doc))
	}
	return code.Op("},")
}
