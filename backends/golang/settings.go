package golang

import (
	"fmt"
	"slices"

	"github.com/dave/jennifer/jen"

	"github.com/flowc-dev/flowc/backends/gocode"
	"github.com/flowc-dev/flowc/ir"
)

// settingsFile holds the configuration of every node as compiled defaults, and
// the typed setters over them.
func (w *wiring) settingsFile() *jen.File {
	s := &settings{wiring: w}
	s.fields = append(s.fields, w.Gof("nodes [%d]@flow.Node", len(w.yaml)), w.Go("telemetry @program.Telemetry"))
	if len(w.leave) > 0 {
		s.fields = append(s.fields, w.Go("leftOut @flow.LeftOut"))
	}
	for _, n := range w.p.Nodes {
		if c := w.configOf(n); c != nil {
			s.config(n, c)
		}
	}
	s.telemetry()
	s.store()
	s.batches()
	s.ranges()
	s.tunables = append(s.tunables, w.Go(`{Key: "telemetry.http", Set: @program.String(&s.telemetry.HTTP), Doc: "address of /livez, /readyz and /metrics"},`))
	s.jobs()
	s.retries()
	s.lets()
	f := w.File()
	for _, o := range w.unit.Outside {
		f.Commentf("%s belongs to `%s` of `%s`, and is set when the program starts.", o.Var, o.Key, o.Node)
		f.Var().Id(o.Var).String()
		s.refs = append(s.refs, w.ref(o.Node+".config."+o.Key, o.Value, w.Gof("@program.String(&%s)", o.Var)))
	}
	s.write(f)
	return f
}

// A settings collects what makes up the generated settings.
type settings struct {
	*wiring
	fields, defaults, tunables, refs []jen.Code
	// fresh are the configs that follow files.
	fresh []jen.Code
}

// config adds the configuration of a node.
func (s *settings) config(n *ir.Node, c *config) {
	place := "s." + s.Name(n.YAML)
	s.fields = append(s.fields, jen.Id(s.Name(n.YAML)).Add(c.typ))
	if c.whole != nil {
		s.defaults = append(s.defaults, s.Gof("%s = ", place).Add(c.whole))
	}
	s.defaults = append(s.defaults, c.statements...)
	s.refs = append(s.refs, c.refs...)
	s.tunables = append(s.tunables, c.tunables...)
	for _, k := range c.defaults {
		s.defaults = append(s.defaults, s.Gof("%s.%s = ", place, k.selector).Add(k.literal))
	}
	s.keys(n.YAML+".config.", place, c)
}

// keys adds the keys of a connector's config, whose names as settings have a prefix.
// What comes from files is set in copies too, where the connector asks for them.
func (s *settings) keys(prefix, place string, c *config) {
	var clones, follow []jen.Code
	for _, k := range c.settings {
		if !c.fresh || !fromFile(k.Value) || k.Value.PerRecord() {
			s.refs = append(s.refs, s.key(prefix+k.Key, place+"."+k.selector, place+"."+k.selector, k)...)
			continue
		}
		follow = append(follow, s.key(prefix+k.Key, place+"."+k.selector, "c."+k.selector, k)...)
		if k.Value.Entries != nil {
			clones = append(clones, s.Gof("c.%s = @maps.Clone(c.%s)", k.selector, k.selector))
		}
	}
	if len(follow) > 0 {
		s.fresh = append(s.fresh, s.Gof("@program.Again(&%s, &%s.Fresh, ", place, place).Func().Params(jen.Id("c").Op("*").Add(c.typ.Clone())).Add(s.Go("[]@program.Ref")).Block(
			append(clones, jen.Return(s.Go("[]@program.Ref").Values(lines(follow)...)))...).Op("),"))
	}
}

// fromFile tells whether a part of a value is what stands in a file.
func fromFile(v *ir.Value) bool {
	if v == nil {
		return false
	}
	if slices.ContainsFunc(v.Parts, func(p ir.Part) bool { return p.Kind == ir.FileRef }) || slices.ContainsFunc(v.Items, fromFile) {
		return true
	}
	return slices.ContainsFunc(v.Entries, func(e ir.Entry) bool { return fromFile(e.Value) })
}

// key adds one key of a config, by its name as a setting, which stands at a place.
// What it returns sets what comes from outside, at a place of the caller's choice.
func (s *settings) key(key, place, outside string, k keySetting) (refs []jen.Code) {
	setter := func(place string) (*jen.Statement, bool) {
		if len(k.values) > 0 && k.typ == "string" {
			return s.oneOf("&"+place, k.values), true
		}
		return s.setter(k.typ, "&"+place)
	}
	set, ok := setter(place)
	switch {
	case k.Value == nil:
	case k.Value.PerRecord():
		return nil // the loop computes it
	case k.Value.IsLiteral():
		s.defaults = append(s.defaults, s.Gof("%s = ", place).Add(s.literal(k.typ, k.Value)))
	case k.Value.Entries != nil:
		s.defaults = append(s.defaults, s.Gof("%s = ", place).Add(s.literal(k.typ, k.Value)))
		refs = s.entries(key, outside, k)
	case ok:
		from, _ := setter(outside)
		refs = append(refs, s.ref(key, k.Value, from))
	}
	if ok && !k.fixed {
		s.tunables = append(s.tunables, s.tunable(key, k, set))
	}
	return refs
}

// entries sets the values of a map that come from outside.
func (s *settings) entries(key, place string, k keySetting) (refs []jen.Code) {
	for _, e := range k.Value.Entries {
		if e.Value.IsLiteral() {
			continue
		}
		at := fmt.Sprintf("%s[%q]", place, e.Key)
		refs = append(refs, s.ref(key+"."+e.Key, e.Value,
			s.Gof("@program.Text(\"string\", func() string { return %s }, func(text string) error { %s = text; return nil })", at, at)))
	}
	return refs
}

// telemetry adds what the program tells about itself, where the pipeline says
// anything about that.
func (s *settings) telemetry() {
	t := s.p.Telemetry
	if t.Log == "" && t.Level == "" && t.Progress == "" && t.HTTP == nil {
		return
	}
	s.defaults = append(s.defaults, s.Gof("s.telemetry = @program.Telemetry{Log: %q, Level: %q, Progress: %q}", t.Log, t.Level, t.Progress))
	switch {
	case t.HTTP == nil:
	case t.HTTP.IsLiteral():
		s.defaults = append(s.defaults, s.Gof("s.telemetry.HTTP = %q", t.HTTP.Text()))
	default:
		s.refs = append(s.refs, s.ref("telemetry.http", t.HTTP, s.Go("@program.String(&s.telemetry.HTTP)")))
	}
}

// store adds where checkpoints are kept, where that is a place of its own.
func (s *settings) store() {
	c := s.storeConfig()
	if c == nil {
		return
	}
	s.fields = append(s.fields, jen.Id("checkpoints").Add(c.typ))
	for _, k := range c.defaults {
		s.defaults = append(s.defaults, s.Gof("s.checkpoints.%s = ", k.selector).Add(k.literal))
	}
	s.keys("delivery.checkpoint.", "s.checkpoints", c)
}

// batches adds the batches that can be set.
func (s *settings) batches() {
	for _, n := range s.p.Nodes {
		if b := gocode.BatchOf(n); b != nil {
			field := gocode.BatchField(s.Name(n.YAML))
			s.fields = append(s.fields, jen.Id(field).Add(s.Go("@flow.Gather")))
			s.defaults = append(s.defaults, s.Gof("s.%s = ", field).Add(s.gather(n, b)))
			s.tunables = append(s.tunables, s.batchTunables(n, field)...)
		}
	}
}

// rangeField is the field of the settings that holds a source's range.
func rangeField(name string) string { return name + "Range" }

// ranges adds the parts of sources that are read. Their ends can be set: a backfill
// is started for one part after another.
func (s *settings) ranges() {
	for _, n := range s.p.Nodes {
		op, ok := n.Op.(*ir.Source)
		if !ok || op.Range == nil {
			continue
		}
		field := rangeField(s.Name(n.YAML))
		s.fields = append(s.fields, jen.Id(field).Add(s.Go("@connect.Range")))
		d := jen.Dict{}
		if op.Range.Parallel > 0 {
			d[jen.Id("Parallel")] = jen.Lit(op.Range.Parallel)
		}
		for _, end := range []struct {
			name, key, doc string
			v              *ir.Value
		}{
			{"From", "from", "where the range begins; empty is where the source does", op.Range.From},
			{"To", "to", "where the range ends, which is not read any more; empty is what is there when the program starts", op.Range.To},
		} {
			key, setter := n.YAML+".range."+end.key, s.Gof("@program.String(&s.%s.%s)", field, end.name)
			place := op.Range.Span.Place()
			if end.v != nil {
				place = end.v.Span.Place()
				if end.v.IsLiteral() {
					d[jen.Id(end.name)] = jen.Lit(end.v.Text())
				} else {
					s.refs = append(s.refs, s.ref(key, end.v, setter))
				}
			}
			s.tunables = append(s.tunables, s.Gof("{Key: %q, Place: %q, Set: ", key, place).Add(setter).Add(s.Gof(", Doc: %q},", end.doc)))
		}
		s.defaults = append(s.defaults, s.Gof("s.%s = ", field).Add(s.Go("@connect.Range").Values(d)))
	}
}

// retries adds how often a node tries again.
func (s *settings) retries() {
	for _, name := range s.yaml {
		if n := s.main[name]; n.OnError != nil && !n.Pure {
			s.tunables = append(s.tunables, s.Gof(`{Key: "%s.on_error.retry", Place: %q, Set: @program.Retry(&s.nodes[%s].Policy), Doc: "how often a failed record is tried again"},`, name, n.Span.Place(), s.Node(name)))
		}
	}
}

// lets adds the let values that come from outside.
func (s *settings) lets() {
	for _, let := range s.p.Lets {
		if let.Value == nil || let.Value.IsLiteral() {
			continue
		}
		if setter, ok := s.SetLet(let); ok {
			s.refs = append(s.refs, s.ref(let.Node+".let."+let.Name, let.Value, s.Go(setter)))
		}
	}
}

// write adds the type and its functions to a file.
func (s *settings) write(f *jen.File) {
	f.Comment("settings are the values of the pipeline's configuration: compiled in, and set anew when the program starts.")
	f.Type().Id("settings").Struct(s.fields...)
	f.Line().Comment("newSettings returns the values that stand in the pipeline.")
	made := "s := &settings{nodes: nodes}"
	if len(s.leave) > 0 {
		made = "s := &settings{nodes: nodes, leftOut: @flow.LeftOut{}}"
	}
	f.Func().Id("newSettings").Params().Op("*").Id("settings").Block(
		append(append([]jen.Code{s.Go(made)}, s.defaults...), s.Go("return s"))...)
	f.Line().Comment("tunables are what --set, --set-file and FLOWC_SET can change.")
	f.Func().Params(jen.Id("s").Op("*").Id("settings")).Id("tunables").Params().Add(s.Go("[]@program.Setting")).Block(
		jen.Return(s.Go("[]@program.Setting").Values(lines(s.tunables)...)))
	f.Line().Comment("refs are the values that come from outside.")
	f.Func().Params(jen.Id("s").Op("*").Id("settings")).Id("refs").Params().Add(s.Go("[]@program.Ref")).Block(
		jen.Return(s.Go("[]@program.Ref").Values(lines(s.refs)...)))
	if s.follows = len(s.fresh) > 0; s.follows {
		f.Line().Comment("fresh are the configurations that follow files as these change.")
		f.Func().Params(jen.Id("s").Op("*").Id("settings")).Id("fresh").Params().Add(s.Go("[]@program.Fresh")).Block(
			jen.Return(s.Go("[]@program.Fresh").Values(lines(s.fresh)...)))
	}
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
