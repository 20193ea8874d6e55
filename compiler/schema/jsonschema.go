package schema

import (
	"bytes"
	"encoding/json"
	"maps"
	"math"
	"regexp/syntax"
	"slices"
	"strings"

	"cuelang.org/go/cue"
)

// JSONSchema is the language as JSON Schema (draft 2020-12), for editors:
// indented, with the comments of schema.cue as descriptions. It says what has
// which form and nothing of what names mean. targets are the schemas of backends'
// options (CUE), by name.
func JSONSchema(targets map[string]string) []byte {
	asking.Lock()
	defer asking.Unlock()
	lang := load()
	x := &exporter{lang: lang, defs: map[string]bool{}}
	_, root := lang.definition("Pipeline")
	top := object{
		{"$schema", "https://json-schema.org/draft/2020-12/schema"},
		{"$id", "https://github.com/flowc-dev/flowc/pipeline.schema.json"},
		{"title", "flowc pipeline"},
		{"description", root.doc},
	}
	for _, m := range x.structure(root) {
		if properties, ok := m.value.(object); ok && m.key == "properties" {
			x.targets(properties, targets)
		}
		top = append(top, m)
	}
	var defs object
	for i := 0; i < len(x.queue); i++ { // a definition may name others
		name := x.queue[i]
		_, s := lang.definition(name)
		defs = append(defs, member{name, x.whole(s)})
	}
	top = append(top, member{"$defs", defs})
	text, err := json.Marshal(top)
	if err != nil {
		panic(err) // plain values alone
	}
	var out bytes.Buffer
	if err := json.Indent(&out, text, "", "  "); err != nil {
		panic(err)
	}
	return out.Bytes()
}

// targets puts the options of each target into the property of that name.
func (x *exporter) targets(properties object, schemas map[string]string) {
	for i, p := range properties {
		if p.key != "targets" || len(schemas) == 0 {
			continue
		}
		var all object
		for _, name := range slices.Sorted(maps.Keys(schemas)) {
			_, shape := optionsOf(name, schemas[name])
			all = append(all, member{name, x.whole(shape())})
		}
		old, _ := p.value.(object)
		var value object
		for _, m := range old {
			if m.key == "additionalProperties" {
				value = append(value, member{"properties", all})
				m.value = false
			}
			value = append(value, m)
		}
		properties[i].value = value
	}
}

// An object is a JSON object whose keys keep their order.
type object []member

type member struct {
	key   string
	value any
}

// MarshalJSON implements json.Marshaler.
func (o object) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, m := range o {
		if i > 0 {
			b.WriteByte(',')
		}
		key, err := json.Marshal(m.key)
		if err != nil {
			return nil, err
		}
		var value bytes.Buffer
		enc := json.NewEncoder(&value)
		enc.SetEscapeHTML(false)
		if err := enc.Encode(m.value); err != nil {
			return nil, err
		}
		b.Write(key)
		b.WriteByte(':')
		b.Write(bytes.TrimSpace(value.Bytes()))
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// An exporter turns shapes into JSON Schema.
type exporter struct {
	lang  *language
	defs  map[string]bool
	queue []string // definitions that were named, in this order
}

// ref names a definition.
func (x *exporter) ref(name string) member {
	name = strings.TrimPrefix(name, "#")
	if !x.defs[name] {
		x.defs[name] = true
		x.queue = append(x.queue, name)
	}
	return member{"$ref", "#/$defs/" + name}
}

// of is the schema of a value: a reference where it is a definition.
func (x *exporter) of(s *shape) any {
	var o object
	if s.name != "" {
		o = object{x.ref(s.name)}
		if _, def := x.lang.definition(strings.TrimPrefix(s.name, "#")); def.doc != s.doc && s.doc != "" {
			o = append(o, member{"description", s.doc})
		}
		return o
	}
	return x.whole(s)
}

// whole is the schema of a value, written out.
func (x *exporter) whole(s *shape) any {
	var o object
	if s.doc != "" {
		o = append(o, member{"description", s.doc})
	}
	return append(o, x.body(s)...)
}

func (x *exporter) body(s *shape) object {
	if len(s.any) > 0 {
		return x.alternatives(s)
	}
	if len(s.nodes) > 0 && s.rest == nil { // a block with a definition of its own
		return object{x.ref(s.nodes[0])}
	}
	var o object
	if s.equals != nil {
		return object{{"const", s.equals}}
	}
	if t := types(s.kind); t != nil {
		o = append(o, member{"type", t})
	}
	for _, re := range s.matches {
		if _, err := syntax.Parse(re.String(), syntax.Perl); err == nil {
			o = append(o, member{"pattern", re.String()})
		}
	}
	if !math.IsInf(s.min, 0) && s.kind&cue.NumberKind != 0 {
		o = append(o, member{"minimum", s.min})
	}
	if !math.IsInf(s.max, 0) && s.kind&cue.NumberKind != 0 {
		o = append(o, member{"maximum", s.max})
	}
	if s.items != nil {
		o = append(o, member{"items", x.of(s.items)})
	}
	if s.kind == cue.StructKind {
		return append(o, x.structure(s)[1:]...)
	}
	return o
}

// alternatives are words, or values of several kinds.
func (x *exporter) alternatives(s *shape) object {
	var words []any
	for _, a := range s.any {
		if a.equals != nil {
			words = append(words, a.equals)
		}
	}
	if len(words) == len(s.any) {
		return object{{"enum", words}}
	}
	var list []any
	for _, a := range s.any {
		list = append(list, x.of(a))
	}
	return object{{"anyOf", list}}
}

// structure is the schema of a struct, beginning with its type.
func (x *exporter) structure(s *shape) object {
	o := object{{"type", "object"}}
	var properties object
	var required []string
	for _, f := range s.fields {
		properties = append(properties, member{f.name, x.of(f.shape)})
		if f.required {
			required = append(required, f.name)
		}
	}
	if len(properties) > 0 {
		o = append(o, member{"properties", properties})
	}
	if len(required) > 0 {
		o = append(o, member{"required", required})
	}
	switch {
	case len(s.nodes) == 1:
		o = append(o, member{"additionalProperties", object{x.ref(s.nodes[0])}})
	case len(s.nodes) > 1:
		var list []any
		for _, name := range s.nodes {
			list = append(list, object{x.ref(name)})
		}
		o = append(o, member{"additionalProperties", object{{"anyOf", list}}})
	case s.rest != nil:
		o = append(o, member{"additionalProperties", x.of(s.rest)})
	case s.name == "#Defaults": // and configs by connector
		o = append(o, member{"additionalProperties", object{{"type", "object"}}})
	case !s.open:
		o = append(o, member{"additionalProperties", false})
	}
	return o
}

// types are the types of JSON of some kinds; nil for all.
func types(k cue.Kind) any {
	if k&cue.TopKind == cue.TopKind {
		return nil
	}
	var list []string
	for _, t := range []struct {
		kind cue.Kind
		name string
	}{{cue.StringKind, "string"}, {cue.BoolKind, "boolean"}, {cue.ListKind, "array"}, {cue.StructKind, "object"}, {cue.NullKind, "null"}} {
		if k&t.kind != 0 {
			list = append(list, t.name)
		}
	}
	switch {
	case k&cue.FloatKind != 0:
		list = append(list, "number")
	case k&cue.IntKind != 0:
		list = append(list, "integer")
	}
	if len(list) == 1 {
		return list[0]
	}
	return list
}
