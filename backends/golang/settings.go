package golang

import (
	"fmt"
	"strings"

	"github.com/dave/jennifer/jen"

	"github.com/flowc-dev/flowc/backends/gocode"
	"github.com/flowc-dev/flowc/ir"
	"github.com/flowc-dev/flowc/runtime/catalog"
)

// settingsFile holds the configuration of every node as compiled defaults, and
// the typed setters over them.
func (w *wiring) settingsFile() *jen.File {
	f := w.File()
	var fields, defaults, tunables, refs []jen.Code
	fields = append(fields, w.Gof("nodes [%d]@flow.Node", len(w.yaml)), w.Go("telemetry @program.Telemetry"))
	for _, n := range w.p.Nodes {
		c := w.configOf(n)
		if c == nil {
			continue
		}
		fields = append(fields, jen.Id(w.Name(n.YAML)).Add(c.typ))
		if c.whole != nil {
			defaults = append(defaults, w.Gof("s.%s = ", w.Name(n.YAML)).Add(c.whole))
		}
		defaults = append(defaults, c.statements...)
		refs = append(refs, c.refs...)
		tunables = append(tunables, c.tunables...)
		for _, k := range c.defaults {
			defaults = append(defaults, w.Gof("s.%s.%s = ", w.Name(n.YAML), k.selector).Add(k.literal))
		}
		for _, s := range c.settings {
			at := "&s." + w.Name(n.YAML) + "." + s.selector
			setter, ok := w.setter(s.typ, at)
			if len(s.values) > 0 && s.typ == "string" {
				setter = w.oneOf(at, s.values)
			}
			key := n.YAML + ".config." + s.Key
			if s.Value != nil && !s.Value.PerRecord() {
				switch {
				case s.Value.IsLiteral():
					defaults = append(defaults, w.Gof("s.%s.%s = ", w.Name(n.YAML), s.selector).Add(w.literal(s.typ, s.Value)))
				case ok:
					refs = append(refs, w.ref(key, s.Value, setter))
				}
			}
			if ok && !s.fixed && (s.Value == nil || !s.Value.PerRecord()) {
				tunables = append(tunables, w.tunable(key, s, setter))
			}
		}
	}
	if t := w.p.Telemetry; t.Log != "" || t.Level != "" || t.Progress != "" || t.HTTP != nil {
		defaults = append(defaults, w.Gof("s.telemetry = @program.Telemetry{Log: %q, Level: %q, Progress: %q}", t.Log, t.Level, t.Progress))
		if t.HTTP != nil {
			if t.HTTP.IsLiteral() {
				defaults = append(defaults, w.Gof("s.telemetry.HTTP = %q", t.HTTP.Text()))
			} else {
				refs = append(refs, w.ref("telemetry.http", t.HTTP, w.Go("@program.String(&s.telemetry.HTTP)")))
			}
		}
	}
	for _, n := range w.p.Nodes {
		if b := gocode.BatchOf(n); b != nil {
			field := gocode.BatchField(w.Name(n.YAML))
			fields = append(fields, jen.Id(field).Add(w.Go("@flow.Gather")))
			defaults = append(defaults, w.Gof("s.%s = ", field).Add(w.gather(n, b)))
			tunables = append(tunables, w.batchTunables(n, field)...)
		}
	}
	tunables = append(tunables, w.Go(`{Key: "telemetry.http", Set: @program.String(&s.telemetry.HTTP), Doc: "address of /livez, /readyz and /metrics"},`))
	for _, name := range w.yaml {
		n := w.main[name]
		if n.OnError != nil && !n.Pure {
			place := n.Span.Place()
			tunables = append(tunables, w.Gof(`{Key: "%s.on_error.retry", Place: %q, Set: @program.Retry(&s.nodes[%s].Policy), Doc: "how often a failed record is tried again"},`, name, place, w.Node(name)))
		}
	}
	for _, let := range w.p.Lets {
		if let.Value != nil && !let.Value.IsLiteral() {
			if setter, ok := w.SetLet(let); ok {
				refs = append(refs, w.ref(let.Node+".let."+let.Name, let.Value, w.Go(setter)))
			}
		}
	}
	for _, o := range w.unit.Outside {
		f.Commentf("%s belongs to `%s` of `%s`, and is set when the program starts.", o.Var, o.Key, o.Node)
		f.Var().Id(o.Var).String()
		refs = append(refs, w.ref(o.Node+".config."+o.Key, o.Value, w.Gof("@program.String(&%s)", o.Var)))
	}
	f.Comment("settings are the values of the pipeline's configuration: compiled in, and set anew when the program starts.")
	f.Type().Id("settings").Struct(fields...)
	f.Line().Comment("newSettings returns the values that stand in the pipeline.")
	f.Func().Id("newSettings").Params().Op("*").Id("settings").Block(
		append(append([]jen.Code{w.Go("s := &settings{nodes: nodes}")}, defaults...), w.Go("return s"))...)
	f.Line().Comment("tunables are what --set, --set-file and FLOWC_SET can change.")
	f.Func().Params(jen.Id("s").Op("*").Id("settings")).Id("tunables").Params().Add(w.Go("[]@program.Setting")).Block(
		jen.Return(w.Go("[]@program.Setting").Values(lines(tunables)...)))
	f.Line().Comment("refs are the values that come from outside.")
	f.Func().Params(jen.Id("s").Op("*").Id("settings")).Id("refs").Params().Add(w.Go("[]@program.Ref")).Block(
		jen.Return(w.Go("[]@program.Ref").Values(lines(refs)...)))
	return f
}

// gather is the literal of a batch size. The memory bound counts with the size
// in bytes, so there always is one; and a component always gets a number.
func (w *wiring) gather(n *ir.Node, b *ir.Batch) *jen.Statement {
	count, bytes := b.Count, b.Bytes
	if _, sink := n.Op.(*ir.Sink); !sink && count == 0 {
		count = gocode.DefaultCall
	}
	if bytes == 0 {
		bytes = ir.SinkBatchBytes
	}
	d := jen.Dict{jen.Id("Bytes"): jen.Op(sizeText(bytes))}
	if count > 0 {
		d[jen.Id("Count")] = jen.Lit(count)
	}
	if b.Linger > 0 {
		d[jen.Id("Linger")] = w.duration(b.Linger)
	}
	return w.Go("@flow.Gather").Values(d)
}

// batchTunables quotes the settings of a batch.
func (w *wiring) batchTunables(n *ir.Node, field string) []jen.Code {
	what, least := "a write", 0
	if _, sink := n.Op.(*ir.Sink); !sink {
		what, least = "a call", 1
	}
	unlimited := ""
	if least == 0 {
		unlimited = "; 0 for no such limit"
	}
	entry := func(key, setter, doc string) jen.Code {
		return w.Gof(`{Key: "%s.batch.%s", Place: %q, Set: `+setter+`, Doc: %q},`, n.YAML, key, n.Span.Place(), doc)
	}
	return []jen.Code{
		entry("count", fmt.Sprintf("@program.Number(&s.%s.Count, %d)", field, least), "how many records make "+what+unlimited),
		entry("bytes", fmt.Sprintf("@program.Bytes(&s.%s.Bytes)", field), "how many bytes make "+what+"; 0 for no such limit"),
		entry("linger", fmt.Sprintf("@program.Duration(&s.%s.Linger)", field), "how long "+what+" waits for more; 0 for not at all"),
	}
}

// oneOf quotes the setter of an enum.
func (w *wiring) oneOf(at string, values []string) *jen.Statement {
	list := ""
	for _, v := range values {
		list += fmt.Sprintf(", %q", v)
	}
	return w.Gof("@program.OneOf(%s%s)", at, list)
}

// lines puts list elements, which end with commas of their own, on lines.
func lines(code []jen.Code) []jen.Code {
	if len(code) == 0 {
		return nil
	}
	s := jen.Line()
	for _, c := range code {
		s.Add(c).Line()
	}
	return []jen.Code{s}
}

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
	}
	settings, ref := n.Settings(), n.Component()
	given := map[string]ir.Setting{}
	for _, s := range settings {
		given[s.Key] = s
	}
	c := &config{}
	switch {
	case side != nil && side.Config != "":
		c.typ = jen.Qual(w.l.Runtime()+"/"+connector.Package, side.Config)
		for _, k := range side.Keys {
			s := given[k.Name]
			s.Key = k.Name
			c.settings = append(c.settings, keySetting{Setting: s, selector: k.Go, typ: k.Type, doc: k.Doc, values: k.Values, secret: k.Secret, fixed: k.Fixed})
			if k.Default != "" && s.Value == nil && !k.Fixed { // fixed keys were compiled in
				c.defaults = append(c.defaults, keyDefault{k.Go, w.literalText(k.Type, k.Default)})
			}
		}
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
