package dialect

import (
	"slices"
	"strconv"
	"strings"

	"github.com/flowc-dev/flowc/compiler/parse"
	"github.com/flowc-dev/flowc/compiler/schema"
	"github.com/flowc-dev/flowc/compiler/syntax"
	"github.com/flowc-dev/flowc/ir"
	"github.com/flowc-dev/flowc/ir/diag"
	"github.com/flowc-dev/flowc/ir/source"
)

// A form is a kind of node: the key that gives it away, its definition, and how
// messages call it.
type form struct {
	key, definition, who string
	kind                 syntax.Kind
}

var (
	sourceForm = form{"use", "Source", "a source", syntax.Use}
	sinkForm   = form{"use", "Sink", "a sink", syntax.Use}
	stepForms  = []form{
		{"filter", "Filter", "a filter stage", syntax.Filter},
		{"map", "Map", "a map stage", syntax.Map},
		{"set", "Set", "a set stage", syntax.Set},
		{"unset", "Set", "a set stage", syntax.Set},
		{"check", "Check", "a check stage", syntax.Check},
		{"parse", "Parse", "a parse stage", syntax.Parse},
		{"flatmap", "Flatmap", "a flatmap stage", syntax.Flatmap},
		{"route", "Route", "a route stage", syntax.Route},
		{"use", "Processor", "a processor in Go", syntax.Use},
	}
	// later are kinds of nodes that this version does not compile.
	later = []string{"command", "image", "type", "lookup", "window", "aggregate", "join", "dedupe"}
)

// node reads one node.
func (r *reader) node(role syntax.Role, m *parse.Member) *syntax.Node {
	n := &syntax.Node{Name: key(m), Role: role, Body: m.Value}
	if n.Body.Kind != parse.Mapping {
		n.Bad, n.FromUnread, n.ThenUnread = true, role != syntax.Source, true
		return n // the definition of the block says so
	}
	f, ok := r.form(n)
	if !ok {
		n.Bad = true
		r.readFrom(n, n.Body)
		n.OnError = r.onError(n, n.Body.Get("on_error"))
		return n
	}
	n.Kind = f.kind
	if k := n.Body.Member(f.key); k != nil {
		n.KindSpan = k.Key.Span
	} else {
		n.KindSpan = n.Name.Span
	}
	// What `defaults` gives has been checked there.
	if !schema.Check(f.definition, f.who, n.Body, n.Name.Span, r.l) {
		n.Bad = true
	}
	r.read(n, r.withDefaults(n.Body, f.definition))
	return n
}

// form finds out what kind a node is, and reports one that is none or several.
func (r *reader) form(n *syntax.Node) (form, bool) {
	for _, name := range later {
		m := n.Body.Member(name)
		if m != nil && name == "type" && !strings.Contains(m.Value.Text, "@") {
			continue // no registry reference, but another word for `use`
		}
		if m != nil && n.Body.Get("use") == nil && (n.Role == syntax.Processor || name == "command" || name == "image" || name == "type") {
			r.l.Errorf(diag.NotYet, m.Key.Span, "this version of flowc does not compile nodes with `%s`", name).
				Helpf("a processor in Go is `use: ./dir.Symbol`; inline Go stands under `filter`, `map`, `set`, `check`, `flatmap` and `route`")
			return form{}, false
		}
	}
	switch n.Role {
	case syntax.Source:
		return sourceForm, true
	case syntax.Sink:
		return sinkForm, true
	}
	var found []form
	for _, f := range stepForms {
		if n.Body.Get(f.key) != nil && !(f.key == "unset" && n.Body.Get("set") != nil) {
			found = append(found, f)
		}
	}
	switch {
	case len(found) == 1:
		return found[0], true
	case len(found) > 1:
		first, second := n.Body.Member(found[0].key), n.Body.Member(found[1].key)
		if second.Key.Span.Compare(first.Key.Span) < 0 {
			first, second = second, first
		}
		r.l.Errorf(diag.NodeKind, second.Key.Span, "`%s` has `%s` and `%s`, and a node does one thing", n.Name.Text, first.Key.Text, second.Key.Text).
			Caret("a second thing to do").
			Also(first.Key.Span, "the first").
			Helpf("make two nodes of it: `%s-2` with `from: %s`", n.Name.Text, n.Name.Text)
		return form{}, false
	}
	if key := r.noKind(n); key != "" {
		n.Bad = true
		return stepForms[slices.IndexFunc(stepForms, func(f form) bool { return f.key == key })], true
	}
	return form{}, false
}

// noKind reports a processor that does not say what it does. Where a misspelt
// key says it, that is read as the key that was meant, which is the result.
func (r *reader) noKind(n *syntax.Node) string {
	var kinds []string
	for _, f := range stepForms {
		kinds = append(kinds, f.key)
	}
	known := slices.Concat(schema.Keys("Filter"), schema.Keys("Map"), schema.Keys("Processor"))
	for _, m := range n.Body.Members {
		if slices.Contains(known, m.Key.Text) {
			continue
		}
		if key := diag.Nearest(m.Key.Text, kinds); key != "" {
			r.unknownKey(m, "a processor").Near(m.Key.Text, kinds)
			m.Rename(key)
			return key
		}
		if key := schema.Meant(m.Key.Text, kinds); key != "" {
			r.unknownKey(m, "a processor").Caret("here it is called `%s`", key).Replace(m.Key.Span, key, "write `%s`", key)
			return ""
		}
	}
	d := r.l.Errorf(diag.NodeKind, n.Name.Span, "`%s` does not say what it does with its records", n.Name.Text)
	d.Helpf("add one of `%s`", strings.Join(kinds, "`, `"))
	for _, m := range n.Body.Members {
		if !slices.Contains(known, m.Key.Text) {
			d.Also(m.Key.Span, "this is no key of a processor")
		}
	}
	return ""
}

// read reads the keys of a node of a known kind.
func (r *reader) read(n *syntax.Node, body *parse.Node) {
	r.readFrom(n, body)
	n.Key = goNode(body.Get("key"))
	n.Let = r.lets(body.Get("let"))
	n.LetUnread = body.Get("let") != nil && body.Get("let").Kind != parse.Mapping
	n.Drop = drop(body.Member("drop"), n.Bad)
	n.Was = text(body.Get("was"))
	n.Guarantee = text(body.Get("guarantee"))
	n.Validate = text(body.Get("validate"))
	n.Unordered = text(body.Get("order")).Text == "none"
	if p := body.Get("parallel"); p != nil {
		n.Parallel, n.ParallelSpan = r.count(p, 0), p.Place()
	}
	n.OnError = r.onError(n, body.Get("on_error"))
	r.batch(n, body.Get("batch"))
	if n.Kind == syntax.Use {
		r.use(n, body)
	}
	switch value := body.Get(string(n.Kind)); n.Kind {
	case syntax.Filter, syntax.Flatmap:
		n.Go = goNode(value)
	case syntax.Map:
		if value != nil && value.Kind == parse.Mapping {
			n.Assign = assigns(value)
		} else {
			n.Go = goNode(value)
		}
	case syntax.Set:
		n.Assign = assigns(value)
		n.Unset = texts(body.Get("unset"))
	case syntax.Check:
		n.Assign = assigns(value)
	case syntax.Route:
		r.route(n, value)
	case syntax.Parse:
		n.Parse = r.parseVerb(value)
	}
	if out := body.Get("out"); out != nil {
		n.Out = r.out(n, out)
	}
}

// goNode is a scalar that holds Go, nil for anything else.
func goNode(n *parse.Node) *parse.Node {
	if n == nil || n.Kind == parse.Null || n.Kind == parse.Sequence || n.Kind == parse.Mapping {
		return nil
	}
	return n
}

func assigns(n *parse.Node) []syntax.Assign {
	var out []syntax.Assign
	for _, m := range members(n) {
		if g := goNode(m.Value); g != nil {
			out = append(out, syntax.Assign{Name: key(m), Go: g})
		}
	}
	return out
}

func texts(n *parse.Node) []syntax.Text {
	var out []syntax.Text
	if n == nil {
		return nil
	}
	for _, item := range n.Items {
		if t := text(item); !t.IsZero() {
			out = append(out, t)
		}
	}
	return out
}

// readFrom reads `from: a`, `from: a.port` and `from: [a, b]`.
func (r *reader) readFrom(n *syntax.Node, body *parse.Node) {
	m := body.Member("from")
	if m == nil {
		n.FromUnread = n.Role == syntax.Processor
		return
	}
	n.FromSpan = m.Key.Span
	list := []*parse.Node{m.Value}
	if m.Value.Kind == parse.Sequence {
		list = m.Value.Items
		if len(list) == 0 {
			r.l.Errorf(diag.MissingValue, m.Value.Place(), "`from` of `%s` is an empty list", n.Name.Text).Helpf("name the nodes whose records it takes")
			n.Bad, n.FromUnread = true, true
		}
	}
	for _, item := range list {
		if item.Kind != parse.String {
			n.Bad, n.FromUnread = true, true
			continue
		}
		ref := syntax.Ref{Span: item.Place()}
		name, port, dot := strings.Cut(item.Text, ".")
		if name == "" || dot && port == "" {
			what := "no node"
			if name != "" {
				what = "a dot, but no output behind it"
			}
			r.l.Errorf(diag.MissingValue, ref.Span, "`from` of `%s` names %s", n.Name.Text, what).
				Helpf("write `NODE`, or `NODE.OUTPUT` where the node has several outputs")
			n.Bad, n.FromUnread = true, true
			continue
		}
		ref.Node = syntax.Text{Text: name, Span: item.SubSpan(0, len(name))}
		if len(name) < len(item.Text) {
			ref.Port = syntax.Text{Text: port, Span: item.SubSpan(len(name)+1, len(item.Text))}
		}
		if !item.Alias.IsZero() {
			ref.Node.Span, ref.Port.Span = ref.Span, ref.Span
		}
		n.From = append(n.From, ref)
	}
}

// lets reads {limit: 100, card: {regexp: '\d{16}'}}.
func (r *reader) lets(n *parse.Node) []syntax.Let {
	var out []syntax.Let
	for _, m := range members(n) {
		l := syntax.Let{Name: key(m), Node: m.Value}
		if m.Value.Kind == parse.Mapping {
			if len(m.Value.Members) != 1 {
				r.l.Errorf(diag.BadLet, m.Value.Place(), "`%s` must be a value, or one type and its value", m.Key.Text).
					Helpf("write `%s: {decimal: \"100.50\"}`", m.Key.Text)
				out = append(out, syntax.Let{Name: l.Name, Node: m.Value})
				continue
			}
			only := m.Value.Members[0]
			l.Type, l.Node = key(only), only.Value
			if l.Type.Text != "regexp" && l.Type.Text != "set" {
				l.TypeExpr = r.typeExpr(only.Key, "the type of `"+m.Key.Text+"`")
			}
		}
		l.Default = r.isDefaultLet(m)
		if l.Node.Broken() {
			out = append(out, syntax.Let{Name: l.Name, Node: l.Node})
			continue
		}
		if l.Node.Kind == parse.Null {
			d := r.l.Errorf(diag.MissingValue, l.Node.Place(), "the value of `%s` is missing", m.Key.Text)
			d.Span = lastWord(l.Node.Place())
			out = append(out, syntax.Let{Name: l.Name, Node: l.Node})
			continue
		}
		l.Value = r.value(l.Node)
		out = append(out, l)
	}
	return out
}

// drop reads `drop: true` and `drop: [a, b]`.
func drop(m *parse.Member, bad bool) syntax.Drop {
	if m == nil {
		return syntax.Drop{}
	}
	d := syntax.Drop{Span: m.Value.Place(), Ports: texts(m.Value)}
	d.All = m.Value.Kind == parse.Bool && parse.Value(m.Value) == true ||
		bad && m.Value.Kind != parse.Bool && len(d.Ports) < max(1, len(m.Value.Items)) // meant, whatever was written
	return d
}

func (r *reader) onError(n *syntax.Node, v *parse.Node) *syntax.OnError {
	if v == nil {
		return nil
	}
	if v.Kind != parse.Mapping {
		n.ThenUnread = true
		return nil
	}
	if then := v.Get("then"); then != nil && then.Kind != parse.String {
		n.ThenUnread = true
	}
	o := &syntax.OnError{
		Span:       v.Place(),
		Retry:      r.count(v.Get("retry"), -1),
		Backoff:    r.duration(v.Get("backoff"), -1),
		MaxBackoff: r.duration(v.Get("max_backoff"), -1),
		Then:       text(v.Get("then")),
	}
	o.ThenDefault = r.defaults.then != nil && v.Get("then") == r.defaults.then
	if share := v.Get("max_dead"); share != nil {
		x, err := strconv.ParseFloat(strings.TrimSuffix(share.Text, "%"), 64)
		switch {
		case err != nil:
		case x > 100 || x <= 0:
			r.l.Errorf(diag.BadValue, share.Place(), "`max_dead` is a share above 0%% and at most 100%%, not `%s`", share.Text)
			n.Bad = true
		default:
			o.MaxDead = x / 100
		}
	}
	return o
}

func (r *reader) batch(n *syntax.Node, v *parse.Node) {
	if v == nil || v.Kind != parse.Mapping {
		return
	}
	n.BatchSpan = v.Place()
	n.Batch = &ir.Batch{
		Count:  r.count(v.Get("count"), 0),
		Bytes:  r.size(v.Get("bytes")),
		Linger: r.duration(v.Get("linger"), 0),
	}
}

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

// route reads the outputs of a route.
func (r *reader) route(n *syntax.Node, v *parse.Node) {
	for _, m := range members(v) {
		g := goNode(m.Value)
		if g == nil {
			continue
		}
		if g.Kind == parse.String && g.Text == "else" {
			if !n.Else.IsZero() {
				r.l.Errorf(diag.RouteElse, g.Place(), "two outputs of `%s` take the rest", n.Name.Text).Also(n.Else.Span, "the first")
				n.Bad = true
				continue
			}
			n.Else = key(m)
			continue
		}
		if !n.Else.IsZero() {
			r.l.Errorf(diag.RouteElse, m.Key.Span, "`%s` stands behind `else`, which has taken all that is left", m.Key.Text).
				Also(n.Else.Span, "the rest goes here").
				Helpf("move `%s` above `%s`", m.Key.Text, n.Else.Text)
			n.Bad = true
		}
		n.Cases = append(n.Cases, syntax.Assign{Name: key(m), Go: g})
	}
	r.elseMeant(n)
}

// elseMeant reads the last output of a route without `else` as it, where its
// condition is a word that means so.
func (r *reader) elseMeant(n *syntax.Node) {
	if !n.Else.IsZero() || len(n.Cases) < 2 {
		return
	}
	last := n.Cases[len(n.Cases)-1]
	word := last.Go.Text
	if !isVariable(word) && word != "*" || diag.Nearest(word, []string{"else"}) == "" && !slices.Contains([]string{"default", "otherwise", "rest", "true", "_", "*"}, word) {
		return
	}
	d := r.l.Errorf(diag.RouteElse, last.Go.Place(), "`%s` does not say where records go that meet none of its conditions", n.Name.Text)
	d.Caret("did you mean `else`?").Replace(last.Go.Place(), "else", "write `else`")
	n.Else, n.Cases, n.Bad = last.Name, n.Cases[:len(n.Cases)-1], true
}

// parseVerb reads {regexp: '…', text: in.Line}.
func (r *reader) parseVerb(v *parse.Node) *syntax.ParseVerb {
	p := &syntax.ParseVerb{}
	for _, m := range members(v) {
		switch m.Key.Text {
		case "text":
			p.Text = goNode(m.Value)
			continue
		case "regexp":
			if m.Value.Kind == parse.String {
				p.Regexp = m.Value
			}
		case "csv":
			p.Options = r.config(m.Value)
		case "logfmt", "json":
		default:
			continue
		}
		if !p.Codec.IsZero() {
			r.l.Errorf(diag.KeyConflict, m.Key.Span, "`parse` reads one form, and this names `%s` and `%s`", p.Codec.Text, m.Key.Text).Also(p.Codec.Span, "the first")
			continue
		}
		p.Codec = key(m)
	}
	return p
}

// by is the entry that names the field by which event types are told apart, nil
// where there is one type. An `else` is for several, so that the entry is missed.
func (r *reader) by(n *syntax.Node, v *parse.Node) *parse.Member {
	by := v.Member("by")
	if by != nil || v.Get("else") == nil {
		return by
	}
	n.Bad = true
	d := r.l.Errorf(diag.BadOut, v.Member("else").Key.Span, "`out` lists event types, and does not say which field tells them apart")
	for _, m := range v.Members {
		if diag.Nearest(m.Key.Text, []string{"by"}) != "" {
			d.Span = m.Key.Span
			d.Caret("did you mean `by`?").Replace(m.Key.Span, "by", "write `by`")
			m.Rename("by")
			return m
		}
	}
	d.Helpf("name it: `out: {by: type, …}`")
	return nil
}

// out reads the type of a node's records.
func (r *reader) out(n *syntax.Node, v *parse.Node) *syntax.Out {
	o := &syntax.Out{Span: v.Place()}
	by := r.by(n, v)
	if by == nil && n.Bad && v.Get("else") != nil {
		return o
	}
	if by == nil || v.Kind != parse.Mapping {
		o.Type = r.checkedType(v, "`out`")
		return o
	}
	o.By = text(by.Value)
	if o.By.Text == "" || by.Value.Kind != parse.String {
		r.l.Errorf(diag.BadOut, by.Value.Place(), "`by` names the field that tells event types apart, and this is %s", by.Value.Kind).
			Helpf("for one type with a field `by`, declare it under `types:` and write its name here")
		n.Bad = true
	}
	for _, m := range v.Members {
		switch {
		case m == by:
		case m.Key.Text == "else":
			o.Else = text(m.Value)
			if o.Else.Text != "json" {
				r.l.Errorf(diag.BadOut, m.Value.Place(), "records of no listed type can only be taken as `json`").
					Replace(m.Value.Span, "json", "write `json`")
				o.Else = syntax.Text{Text: "json", Span: m.Value.Place()}
				n.Bad = true
			}
		default:
			o.Variants = append(o.Variants, syntax.Variant{Value: key(m), Type: r.typeExpr(m.Value, "the type of `"+m.Key.Text+"`")})
		}
	}
	if len(o.Variants) == 0 {
		r.l.Errorf(diag.BadOut, source.Span.Join(by.Key.Span, by.Value.Place()), "no event type is listed beside `by`").
			Helpf("write `{by: %s, payment: Payment}`: the values of the field, and their types", o.By.Text)
		n.Bad = true
	}
	return o
}
