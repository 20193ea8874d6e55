package component

import (
	"slices"
	"strings"

	"github.com/flowc-dev/flowc/ir"
	"github.com/flowc-dev/flowc/ir/diag"
	"github.com/flowc-dev/flowc/ir/source"
)

// CheckConfig checks the config of a node against the struct that its component
// takes, and returns it as backends want it: one setting a leaf, nested structs
// by dotted keys, keys as ir.Field.Name has them whichever spelling was used,
// and the type of each. at is shown where something is missing: the `config`
// key, or the `use` where there is none.
//
// A key that is nested in a mapping and one that is dotted are the same. For a
// map of the struct, and in lists, values stay whole.
func (l *Loader) CheckConfig(ref *ir.GoRef, settings []ir.Setting, at source.Span, dl *diag.List) []ir.Setting {
	if ref.Config == nil {
		if len(settings) > 0 {
			l.noConfig(ref, settings[0].Span, dl)
		}
		return nil
	}
	c := &configCheck{l: l, ref: ref, dl: dl, places: map[string]source.Span{}, meant: map[string]bool{}}
	for _, s := range settings {
		c.set(ref.Config, strings.Split(s.Key, "."), "", s.Value, s.Span)
	}
	c.required(at)
	return c.out
}

// noConfig reports a config for a component that takes none, and how it could
// take one.
func (l *Loader) noConfig(ref *ir.GoRef, at source.Span, dl *diag.List) {
	d := dl.Errorf(codeConfig, at, "`%s` takes no config", ref.Use)
	d.NoteAt(ref.Declared, "%s is declared here", ref.Symbol)
	switch ref.Make {
	case ir.MakeNone:
		d.Helpf("make it a constructor: `func New%s(cfg Config) %s`, which returns the function that has the config at hand", strings.TrimPrefix(ref.Symbol, "New"), plainShape(ref))
	case ir.MakeLiteral:
		d.Helpf("give the type exported fields: they are its config")
	default:
		d.Helpf("let it take a struct: `func %s(cfg Config) …`", ref.Symbol)
	}
}

// plainShape writes the function type of a plain component, for help.
func plainShape(ref *ir.GoRef) string {
	record := func(t *ir.Type, ptr bool) string {
		name := t.String()
		if t.Kind == ir.Bytes {
			name = "[]byte"
		}
		if ptr {
			name = "*" + name
		}
		return name
	}
	ctx := ""
	if ref.Context {
		ctx = "context.Context, "
	}
	errs := func(out string) string {
		if ref.Errs {
			return "(" + out + ", error)"
		}
		return out
	}
	switch ref.Shape {
	case ir.ShapeFilter:
		return "func(" + ctx + record(ref.In, ref.InPtr) + ") " + errs("bool")
	case ir.ShapeMap:
		return "func(" + ctx + record(ref.In, ref.InPtr) + ") " + errs(record(ref.Out, ref.OutPtr))
	case ir.ShapeSlice:
		return "func(" + ctx + record(ref.In, ref.InPtr) + ") " + errs("[]"+record(ref.Out, ref.OutPtr))
	case ir.ShapeSink:
		return "func(" + ctx + record(ref.In, ref.InPtr) + ") error"
	case ir.ShapeSinkBatch:
		return "func(" + ctx + "[]" + record(ref.In, ref.InPtr) + ") error"
	}
	return "func(…) …"
}

// A configCheck is the check of one config.
type configCheck struct {
	l      *Loader
	ref    *ir.GoRef
	dl     *diag.List
	out    []ir.Setting
	places map[string]source.Span // canonical dotted keys that were given
	// meant are keys that a mistake which was reported stands for: they are not
	// missing besides.
	meant map[string]bool
}

// set handles one value below a type: path is what is left of its key, prefix
// the canonical key so far ("tls.").
func (c *configCheck) set(t *ir.Type, path []string, prefix string, v *ir.Value, at source.Span) {
	switch {
	case len(path) > 0 && t.Kind == ir.Struct:
		f := c.field(t, prefix, path[0], at)
		if f == nil {
			return
		}
		key := prefix + f.Name
		if f.Type.Kind == ir.Struct && (len(path) > 1 || v.Kind == "map") {
			if len(path) == 1 && c.twice(key, at) {
				return
			}
			c.set(f.Type, path[1:], key+".", v, at)
			return
		}
		if f.Type.Kind == ir.Map && len(path) > 1 {
			c.entry(f, key, strings.Join(path[1:], "."), v, at)
			return
		}
		if len(path) > 1 {
			c.dl.Errorf(codeConfig, at, "`%s` is %s, which has no keys", key, valueForm(f.Type)).
				NoteAt(f.Span, "the field is here")
			return
		}
		if c.twice(key, at) {
			return
		}
		if v.Kind == "null" && (f.Optional || f.Type.Kind == ir.List || f.Type.Kind == ir.Map || f.Type.Kind == ir.Any) {
			return // as if it were not there
		}
		if v = c.value(f.Type, f, key, v); v == nil {
			c.meant[key] = true
			return
		}
		c.out = append(c.out, ir.Setting{Key: key, Type: f.Type, Value: v, Span: at})
	case t.Kind == ir.Struct:
		for _, e := range v.Entries {
			c.set(t, []string{e.Key}, prefix, e.Value, entrySpan(e))
		}
	default: // a map is the whole config: flowctl's
		key := strings.Join(path, ".")
		if c.twice(key, at) {
			return
		}
		if v = c.value(t.Elem, nil, key, v); v != nil {
			c.out = append(c.out, ir.Setting{Key: key, Type: t.Elem, Value: v, Span: at})
		}
	}
}

func entrySpan(e ir.Entry) source.Span {
	if e.Span.IsZero() {
		return e.Value.Span
	}
	return e.Span
}

// entry adds one dotted key to a map.
func (c *configCheck) entry(f *ir.Field, key, name string, v *ir.Value, at source.Span) {
	if v = c.value(f.Type.Elem, f, key+"."+name, v); v == nil {
		return
	}
	if c.twice(key+"."+name, at) {
		return
	}
	c.places[key] = at
	for i, s := range c.out {
		if s.Key == key {
			whole := *s.Value
			whole.Entries = append(slices.Clone(whole.Entries), ir.Entry{Key: name, Value: v, Span: at})
			c.out[i].Value = &whole
			return
		}
	}
	c.out = append(c.out, ir.Setting{Key: key, Type: f.Type, Span: at, Value: &ir.Value{
		Kind: "map", Span: v.Span, Entries: []ir.Entry{{Key: name, Value: v, Span: at}},
	}})
}

// twice notes that a key was given and reports it where it was given before, in
// whatever spelling.
func (c *configCheck) twice(key string, at source.Span) bool {
	first, again := c.places[key]
	if !again {
		c.places[key] = at
		return false
	}
	c.dl.Errorf(codeConfig, at, "`%s` is given twice", key).NoteAt(first, "first here")
	return true
}

// field finds the field that a key means.
func (c *configCheck) field(t *ir.Type, prefix, key string, at source.Span) *ir.Field {
	if f := t.Field(key); f != nil {
		return f
	}
	for _, f := range t.Fields {
		if sameKey(key, f.Name) {
			return f
		}
	}
	// Of a dotted key the part that is wrong is enough.
	if i := strings.LastIndex(at.Text(), key); i >= 0 && at.Text() != key {
		at = at.Sub(i, i+len(key))
	}
	for _, s := range c.l.skipped[t] {
		if s.name == key || s.goName == key || sameKey(key, s.name) {
			c.dl.Errorf(codeConfig, at, "`%s` can't be set in a config: it is %s", prefix+key, s.what).
				NoteAt(s.at, "the field is here")
			return nil
		}
	}
	d := c.dl.Errorf(codeConfig, at, "the config of `%s` has no key `%s`", c.ref.Use, prefix+key)
	var names []string
	for _, f := range t.Fields {
		names = append(names, f.Name)
	}
	if d.Near(key, names) {
		c.meant[prefix+diag.Nearest(key, names)] = true
	} else {
		if len(names) > 0 {
			d.Notef("its keys are %s", strings.Join(quoted(names), ", "))
		} else {
			d.Notef("it has none")
		}
	}
	if !t.Span.IsZero() {
		d.NoteAt(t.Span, "%s is declared here", t.String())
	}
	return nil
}

// sameKey tells whether two keys are one name in snake case and in camel case.
func sameKey(a, b string) bool {
	fold := func(s string) string { return strings.ToLower(strings.ReplaceAll(s, "_", "")) }
	return !strings.Contains(a, "-") && fold(a) == fold(b)
}

// required reports the fields that have to be there and are not, all at once.
func (c *configCheck) required(at source.Span) {
	var missing []string
	var fields []*ir.Field
	given := func(key string) bool {
		if c.meant[key] {
			return true
		}
		for k := range c.places {
			if k == key || strings.HasPrefix(k, key+".") {
				return true
			}
		}
		return false
	}
	var walk func(t *ir.Type, prefix string, outer []*ir.Type)
	walk = func(t *ir.Type, prefix string, outer []*ir.Type) {
		if slices.Contains(outer, t) {
			return
		}
		for _, f := range t.Fields {
			key := prefix + f.Name
			if f.Required && !given(key) {
				missing, fields = append(missing, key), append(fields, f)
				continue
			}
			if f.Type.Kind == ir.Struct && !c.meant[key] && (!f.Optional || given(key)) {
				walk(f.Type, key+".", append(outer, t))
			}
		}
	}
	walk(c.ref.Config, "", nil)
	if len(missing) == 0 {
		return
	}
	d := c.dl.Errorf(codeConfig, at, "the config of `%s` lacks %s", c.ref.Use, strings.Join(quoted(missing), ", "))
	for i, f := range fields {
		text := "`" + missing[i] + "` is required here"
		if f.Doc != "" {
			text += ": " + f.Doc
		}
		d.NoteAt(f.Span, "%s", text)
	}
}
