package lower

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/flowc-dev/flowc/compiler/check"
	"github.com/flowc-dev/flowc/compiler/parse"
	"github.com/flowc-dev/flowc/compiler/syntax"
	"github.com/flowc-dev/flowc/ir"
	"github.com/flowc-dev/flowc/ir/diag"
	"github.com/flowc-dev/flowc/ir/source"
	"github.com/flowc-dev/flowc/runtime/catalog"
)

// connector finds the built-in that a node uses, as a source or a sink.
func (w *lowering) connector(n *node) *catalog.Side {
	use := n.Use.Text
	var names []string
	for _, c := range w.o.Connectors {
		side := c.Source
		if n.Role == syntax.Sink {
			side = c.Sink
		}
		if side != nil {
			names = append(names, c.Name)
		}
		if c.Name != use {
			continue
		}
		if side == nil {
			other := "source"
			if n.Role == syntax.Source {
				other = "sink"
			}
			w.l.Errorf(diag.ConnectorRole, n.Use.Span, "`%s` is a %s and can't be a %s", use, other, n.Role).
				Helpf("see `flowc explain connector-role` for what can be a %s", n.Role)
			return nil
		}
		return side
	}
	d := w.l.Errorf(diag.UnknownConnector, n.Use.Span, "`%s` is no built-in %s", use, n.Role)
	if strings.Contains(use, "@") {
		d.Code = diag.NotYet
		d.Message = "this version of flowc does not fetch components from registries"
		return nil
	}
	if !d.Near(use, names) && len(names) > 0 {
		d.Helpf("the built-in %ss are `%s`; Go of yours is `./dir.Symbol`", n.Role, strings.Join(names, "`, `"))
	}
	return nil
}

// A configReader reads the config of a connector against its keys.
type configReader struct {
	w    *lowering
	n    *node
	side *catalog.Side
	keys map[string]*catalog.Key
	out  []ir.Setting
	// took are the places of keys that are there, by name.
	took map[string]source.Span
	// byDefault tells that the key at hand comes from `defaults`, for all nodes of
	// the connector that have it.
	byDefault bool
	// meant are keys that an unknown one was probably meant to be.
	meant map[string]bool
}

// config reads a node's config; own are keys that the compiler itself reads.
func (w *lowering) config(n *node, side *catalog.Side, own ...string) []ir.Setting {
	r := &configReader{w: w, n: n, side: side, keys: map[string]*catalog.Key{}, took: map[string]source.Span{}, meant: map[string]bool{}}
	for i := range side.Keys {
		r.keys[side.Keys[i].Name] = &side.Keys[i]
	}
	for _, c := range n.Config {
		if c.Bad {
			r.meant[c.Key.Text] = true
			continue
		}
		r.byDefault = c.Default
		if !slices.Contains(own, c.Key.Text) {
			r.key(c.Key.Text, c.Key.Span, c.Node, c.Value, own)
		}
	}
	r.missing()
	w.refused(n, side, r.out)
	return r.out
}

// key reads one key, or those of a mapping below it.
func (r *configReader) key(name string, at source.Span, node *parse.Node, v *ir.Value, own []string) {
	k := r.keys[name]
	if k == nil && node != nil && node.Kind == parse.Mapping && r.prefix(name) {
		for i, m := range node.Members {
			r.key(name+"."+m.Key.Text, m.Key.Span, m.Value, v.Entries[i].Value, own)
		}
		return
	}
	if k == nil {
		r.unknown(name, at, own)
		return
	}
	if before, twice := r.took[name]; twice {
		r.w.l.Errorf(diag.KeyConflict, at, "`%s` is set twice", name).Also(before, "first here")
		return
	}
	r.took[name] = at
	if !r.applies(k) {
		r.notFor(k, at)
		return
	}
	v.Secret = k.Secret
	if s, ok := r.value(k, v); ok {
		s.Span = at
		r.out = append(r.out, s)
	}
}

// prefix tells whether keys begin with a name and a dot.
func (r *configReader) prefix(name string) bool {
	for k := range r.keys {
		if strings.HasPrefix(k, name+".") {
			return true
		}
	}
	return false
}

// unknown reports a key that the connector does not have.
func (r *configReader) unknown(name string, at source.Span, own []string) {
	if r.byDefault && r.otherSide(name) {
		return
	}
	d := r.w.l.Errorf(diag.UnknownKey, at, "`%s` is no key of the %s `%s`", name, r.n.Role, r.n.Use.Text)
	var free, all []string
	for _, k := range r.side.Keys {
		if first, _, _ := strings.Cut(k.Name, "."); slices.Contains(own, first) {
			continue // listed below
		}
		if _, there := r.took[k.Name]; !there {
			free = append(free, k.Name)
		}
		all = append(all, "`"+k.Name+"`")
	}
	for _, k := range own {
		free, all = append(free, k), append(all, "`"+k+"`")
	}
	if slices.Contains(nodeKeys[r.n.Role], name) {
		r.n.Bad = true // that the node lacks it follows from this
		d.Caret("a key of the node")
		d.Helpf("write `%s` beside `use`, not inside `config`", name)
		return
	}
	if near := diag.Nearest(name, free); near != "" {
		d.Caret("did you mean `%s`?", near)
		d.Replace(at, near[strings.LastIndexByte(near, '.')+1:], "write `%s`", near)
		r.meant[near] = true
		return
	}
	if len(all) > 0 {
		d.Notef("its keys are %s", strings.Join(all, ", "))
	} else {
		d.Helpf("it has no config: remove the key")
	}
}

// otherSide tells whether the connector has a key in another role.
func (r *configReader) otherSide(name string) bool {
	for _, c := range r.w.o.Connectors {
		if c.Name != r.n.Use.Text {
			continue
		}
		for _, side := range []*catalog.Side{c.Source, c.Sink, c.Store} {
			if side != nil && slices.ContainsFunc(side.Keys, func(k catalog.Key) bool { return k.Name == name }) {
				return true
			}
		}
	}
	return false
}

// nodeKeys are keys that people write into a config by mistake.
var nodeKeys = map[syntax.Role][]string{
	syntax.Source: {"out", "on_error", "validate", "drop", "was", "range"},
	syntax.Sink:   {"from", "on_error", "batch", "meta", "guarantee", "was"},
}

// missing reports keys that must be there.
func (r *configReader) missing() {
	if r.n.ConfigUnread {
		return
	}
	for _, k := range r.side.Keys {
		if _, there := r.took[k.Name]; there || !k.Required || !r.applies(&k) || r.meant[k.Name] || r.n.Body.Get(k.Name) != nil {
			continue // there, or written beside `config` by mistake
		}
		at := r.n.Use.Span
		if !r.n.ConfigSpan.IsZero() {
			at = r.n.ConfigSpan
		}
		d := r.w.l.Errorf(diag.MissingKey, at, "the %s `%s` needs the key `%s`", r.n.Role, r.n.Use.Text, k.Name)
		if k.Doc != "" {
			d.Notef("`%s`: %s", k.Name, k.Doc)
		}
		switch r.n.Role {
		case carrierRole:
			d.Helpf("write `edges: {%s: {%s: …}}`, %s", r.n.Use.Text, k.Name, article(typeWord(k.Type)))
			continue
		case storeRole:
			d.Helpf("write `store: %s, %s: …`, %s", r.n.Use.Text, k.Name, article(typeWord(k.Type)))
			d.Helpf("or give it to the store and to all nodes: `defaults: {%s: {%s: …}}`", r.n.Use.Text, k.Name)
			continue
		}
		d.Helpf("write `config: {%s: …}`, %s", k.Name, article(typeWord(k.Type)))
	}
}

// value checks a value against its key.
func (r *configReader) value(k *catalog.Key, v *ir.Value) (ir.Setting, bool) {
	s := ir.Setting{Key: k.Name, Type: keyType(k.Type), Value: v}
	switch {
	case k.Form == "dsn" || k.Form == "url":
		if hasPassword(withPlaceholders(v)) || anyDefault(v, hasPassword) {
			r.w.secretLiteral(r.n, k.Name, v.Span)
			return s, false
		}
		if !hasReference(v) {
			v.Secret = false
		}
	case k.Secret && (!hasReference(v) || anyDefault(v, func(text string) bool { return text != "" })):
		r.w.secretLiteral(r.n, k.Name, v.Span)
		return s, false
	case strings.HasPrefix(k.Type, "map of ") && strings.HasSuffix(k.Name, "headers") && v.Kind == "map":
		for _, e := range v.Entries {
			if saysWho[strings.ToLower(e.Key)] && e.Value.Kind == "string" && e.Value.IsLiteral() && e.Value.Text() != "" {
				r.w.secretLiteral(r.n, k.Name+"."+e.Key, e.Value.Span)
				return s, false
			}
		}
	}
	if !r.w.perRecord(r.n, k.Name, k.PerRecord, v) {
		return s, false
	}
	return s, r.fits(k, k.Name, k.Type, v)
}

// saysWho are headers whose value says who a client is.
var saysWho = map[string]bool{
	"authorization": true, "proxy-authorization": true, "cookie": true, "x-api-key": true, "api-key": true, "x-auth-token": true, "x-access-token": true,
}

// secretLiteral reports a secret that stands in the pipeline.
func (w *lowering) secretLiteral(n *node, key string, at source.Span) {
	d := w.l.Errorf(diag.SecretLiteral, at, "`%s` is a secret, and a secret does not stand in a pipeline", key)
	env := strings.ToUpper(strings.NewReplacer("-", "_", ".", "_").Replace(n.Name.Text + "_" + key))
	d.Replace(at, "\"${env:"+env+"}\"", "take it from the environment: `${env:%s}`", env)
	d.Helpf("or from a file: `${file:/run/secrets/%s}`", strings.ToLower(key))
}

// placeholder stands for what comes from outside.
const placeholder = "flowcx7reference"

// withPlaceholders is a value as text, in which what comes from outside, or from a
// record, has a placeholder.
func withPlaceholders(v *ir.Value) string {
	var b strings.Builder
	for _, p := range v.Parts {
		if p.Kind == ir.Literal {
			b.WriteString(p.Text)
		} else {
			b.WriteString(placeholder)
		}
	}
	return b.String()
}

// hasPassword tells whether the place of a server says how to get in, in words of its
// own: a placeholder is none. Of NATS that may be several places, and what stands
// before an @ a token.
func hasPassword(dsn string) bool {
	own := func(text string) bool { return text != "" && !strings.Contains(text, placeholder) }
	if strings.HasPrefix(dsn, "nats:") || strings.HasPrefix(dsn, "tls:") {
		for one := range strings.SplitSeq(dsn, ",") {
			before, _, at := strings.Cut(one, "@")
			who := before[strings.LastIndexByte(before, '/')+1:]
			if _, password, both := strings.Cut(who, ":"); both {
				who = password
			}
			if at && own(who) {
				return true
			}
		}
		return false
	}
	if u, err := url.Parse(dsn); err == nil && u.Scheme != "" {
		password, _ := u.User.Password()
		return own(password) || own(u.Query().Get("password"))
	}
	_, value, has := strings.Cut(strings.ToLower(dsn), "password")
	return has && !strings.HasPrefix(strings.TrimLeft(value, " ='"), placeholder)
}

// hasReference tells whether a value, or each of its items, takes something from
// outside.
func hasReference(v *ir.Value) bool {
	if v.Kind == "list" {
		return len(v.Items) > 0 && !slices.ContainsFunc(v.Items, func(i *ir.Value) bool { return !hasReference(i) })
	}
	return !v.IsLiteral()
}

// anyDefault tells whether what stands behind `:-` in a value is such a text.
func anyDefault(v *ir.Value, is func(text string) bool) bool {
	return slices.ContainsFunc(v.Parts, func(p ir.Part) bool { return p.HasDefault && is(p.Default) }) ||
		slices.ContainsFunc(v.Items, func(i *ir.Value) bool { return anyDefault(i, is) })
}

// keyType is the type of a key's values.
func keyType(name string) *ir.Type {
	switch {
	case name == "size":
		return &ir.Type{Kind: ir.Int64}
	case strings.HasPrefix(name, "["):
		return &ir.Type{Kind: ir.List, Elem: keyType(strings.Trim(name, "[]"))}
	case strings.HasPrefix(name, "map of "):
		return &ir.Type{Kind: ir.Map, Elem: keyType(strings.TrimPrefix(name, "map of "))}
	}
	return &ir.Type{Kind: ir.TypeKind(name)}
}

// typeWord is how messages call the values of a key.
func typeWord(typ string) string {
	switch {
	case typ == "size":
		return "number of bytes such as `64KiB`"
	case typ == "duration":
		return "length of time such as `500ms`"
	case typ == "bool":
		return "true or false"
	case strings.HasPrefix(typ, "["):
		return "list of " + strings.Trim(typ, "[]") + "s"
	case strings.HasPrefix(typ, "map of "):
		return "mapping to " + strings.TrimPrefix(typ, "map of ") + "s"
	case typ == "int" || typ == "int64":
		return "whole number"
	case typ == "uint64":
		return "whole number that is not negative"
	case typ == "float64":
		return "number"
	}
	return typ
}

func article(word string) string {
	if strings.HasPrefix(word, "true") {
		return word
	}
	if word != "" && strings.ContainsRune("aeiou", rune(word[0])) {
		return "an " + word
	}
	return "a " + word
}

// kindWords are the kinds of values in messages.
var kindWords = map[string]string{
	"string": "a string", "int": "a whole number", "float": "a number", "bool": "true or false", "null": "nothing", "list": "a list", "map": "a mapping",
}

// fits checks a value against the type of its key. What comes from outside is
// checked when the program starts.
func (r *configReader) fits(k *catalog.Key, name, typ string, v *ir.Value) bool {
	wrong := func(code diag.Code, format string, args ...any) bool {
		at := v.Span
		if at.Start == at.End { // nothing stands there
			at = r.took[k.Name]
		}
		d := r.w.l.Errorf(code, at, format, args...)
		if k.Doc != "" {
			d.Notef("`%s`: %s", k.Name, k.Doc)
		}
		return false
	}
	mustBe := func() bool {
		if v.Kind == "null" {
			return wrong(diag.MissingValue, "`%s` has no value", name)
		}
		wrong(diag.WrongType, "`%s` must be %s, and this is %s", name, article(typeWord(typ)), kindWords[v.Kind])
		meantScalar((*r.w.l)[len(*r.w.l)-1], typ, v)
		return false
	}
	switch {
	case strings.HasPrefix(typ, "["):
		if v.Kind == "string" || v.Kind == "int" { // one is a list of one
			one := *v
			*v = ir.Value{Kind: "list", Items: []*ir.Value{&one}, Secret: v.Secret, Span: v.Span, Overrides: v.Overrides}
		}
		if v.Kind != "list" {
			return mustBe()
		}
		ok := true
		for _, item := range v.Items {
			item.Secret = v.Secret
			ok = r.fits(k, name, strings.Trim(typ, "[]"), item) && ok
		}
		return ok
	case strings.HasPrefix(typ, "map of "):
		if v.Kind != "map" {
			return mustBe()
		}
		ok := true
		for _, e := range v.Entries {
			e.Value.Secret = v.Secret
			ok = r.fits(k, name+"."+e.Key, strings.TrimPrefix(typ, "map of "), e.Value) && ok
		}
		return ok
	case v.Kind == "list" || v.Kind == "map" || v.Kind == "null":
		return mustBe()
	case !v.IsLiteral():
		return true
	}
	text := v.Text()
	switch typ {
	case "bool":
		if v.Kind != "bool" {
			return mustBe()
		}
		setText(v, strings.ToLower(text))
	case "int", "int64", "uint64":
		if v.Kind != "int" {
			return mustBe()
		}
		return r.integer(typ, v, wrong, name)
	case "float64":
		if v.Kind != "int" && v.Kind != "float" {
			return mustBe()
		}
		if _, err := strconv.ParseFloat(text, 64); err != nil {
			return wrong(diag.BadValue, "`%s` must be a number, not `%s`", name, text)
		}
	case "duration":
		if d, err := time.ParseDuration(text); err != nil || d < 0 {
			return wrong(diag.BadValue, "`%s` must be a length of time such as `500ms` or `1m30s`, not `%s`", name, text)
		}
	case "size":
		if _, ok := catalog.ParseSize(text); !ok {
			return wrong(diag.BadValue, "`%s` must be a number of bytes such as `4096` or `64KiB`, not `%s`", name, text)
		}
	case "string":
		if text == "" && k.Required {
			return wrong(diag.MissingValue, "`%s` is empty", name)
		}
		if len(k.Values) > 0 && !slices.Contains(k.Values, text) {
			d := r.w.l.Errorf(diag.BadValue, v.Span, "`%s` must be one of `%s`, not `%s`", name, strings.Join(k.Values, "`, `"), text)
			d.Near(text, k.Values)
			return false
		}
	}
	return true
}

// meantScalar proposes the scalar that a string was meant to be.
func meantScalar(d *diag.Diagnostic, typ string, v *ir.Value) {
	if v.Kind != "string" || !v.IsLiteral() {
		return
	}
	word := strings.ToLower(v.Text())
	switch {
	case typ == "bool" && slices.Contains([]string{"yes", "on", "true"}, word):
		d.Replace(v.Span, "true", "write `true`")
	case typ == "bool" && slices.Contains([]string{"no", "off", "false"}, word):
		d.Replace(v.Span, "false", "write `false`")
	case typ == "int" || typ == "int64" || typ == "uint64":
		if _, err := strconv.ParseUint(word, 10, 63); err == nil {
			d.Replace(v.Span, word, "write the number without quotes")
		}
	}
}

// integer checks a whole number and writes it in decimal, as Go reads it.
func (r *configReader) integer(typ string, v *ir.Value, wrong func(diag.Code, string, ...any) bool, name string) bool {
	text, base := parse.Digits(v.Text())
	if typ == "uint64" {
		u, err := strconv.ParseUint(text, base, 64)
		if err != nil {
			return wrong(diag.BadValue, "`%s` must be a whole number that is not negative, not `%s`", name, v.Text())
		}
		setText(v, strconv.FormatUint(u, 10))
		return true
	}
	i, err := strconv.ParseInt(text, base, 64)
	if err != nil {
		return wrong(diag.BadValue, "`%s` is beyond the largest whole number: `%s`", name, v.Text())
	}
	setText(v, strconv.FormatInt(i, 10))
	return true
}

func setText(v *ir.Value, text string) {
	v.Parts = []ir.Part{{Kind: ir.Literal, Text: text, Span: v.Span}}
}

// perRecord compiles the references of a value on the record, where its key
// takes them.
func (w *lowering) perRecord(n *node, key string, may bool, v *ir.Value) bool {
	ok := true
	for _, item := range v.Items {
		ok = w.perRecord(n, key, false, item) && ok
	}
	for _, e := range v.Entries {
		ok = w.perRecord(n, key, false, e.Value) && ok
	}
	for i := range v.Parts {
		p := &v.Parts[i]
		if p.Kind != ir.Record {
			continue
		}
		if !may {
			w.l.Errorf(diag.NotPerRecord, p.Span, "`%s` is set once, when the program starts, and `${%s}` is of one record", key, p.Text).
				Helpf("take it from the environment, `${env:NAME}`, or route records to several sinks")
			ok = false
			continue
		}
		if n.in == nil {
			if n.Role == syntax.Sink && len(n.From) == 0 && len(w.dead[n.Name.Text]) > 0 {
				w.l.Errorf(diag.DeadLetter, p.Span, "`%s` gets dead letters, which have no fields, and `${%s}` is of a record", n.Name.Text, p.Text).
					Also(w.dead[n.Name.Text][0].OnError.Then.Span, "dead letters are sent here").
					Helpf("take it from the environment, `${env:NAME}`")
			}
			ok = false
			continue
		}
		at := spanPlace(p.Span.Sub(len("${"), len("${")+len(p.Text)))
		if p.Expr = w.check(n, p.Text, at, check.Any("`${…}`")); p.Expr == nil {
			ok = false
			continue
		}
		if !keyable(p.Expr.Type) || p.Expr.Optional {
			d := w.l.Errorf(diag.NotPerRecord, p.Span, "`${%s}` is %s, which is no text of its own", p.Text, article(p.Expr.Type.String()))
			if p.Expr.Optional {
				d.Message = "`${" + p.Text + "}` may be missing"
				d.Helpf("say what stands there then: `${or(%s, …)}`", p.Text)
			}
			ok = false
		}
	}
	return ok
}

// keyable tells whether a value has one text by which it can be told from
// others.
func keyable(t *ir.Type) bool {
	switch t.Kind {
	case ir.String, ir.Int, ir.Int64, ir.Uint64, ir.Bool, ir.Enum, ir.Decimal, ir.Number, ir.Time, ir.Duration:
		return true
	}
	return false
}

// A spanPlace is the place of text that stands in the file as it is.
type spanPlace source.Span

// SubSpan implements check.Place.
func (p spanPlace) SubSpan(from, to int) source.Span {
	s := source.Span(p)
	n := s.End - s.Start
	return s.Sub(min(from, n), min(to, n))
}
