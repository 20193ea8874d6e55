package golang

import (
	"encoding/base64"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/dave/jennifer/jen"

	"github.com/flowc-dev/flowc/ir"
)

// userSettings quotes the config of a component of the user's: every value that
// was given, as a literal of the type that its field has, and the setters of the
// scalars. t is the struct at key and at the Go selector at ("s.scored").
func (w *wiring) userSettings(c *config, t *ir.Type, node, key, at string, given map[string]ir.Setting) {
	for _, f := range t.Fields {
		k, place := f.Name, at+"."+f.Go
		if key != "" {
			k = key + "." + k
		}
		s, ok := given[k]
		if f.Type.Kind == ir.Struct && !ok {
			below := slices.ContainsFunc(slices.Collect(maps.Keys(given)), func(other string) bool { return strings.HasPrefix(other, k+".") })
			switch {
			case f.Pointer() && !below: // it stays nil
			case f.Pointer():
				c.assign(place, jen.New(w.Type(f.Type)))
				w.userSettings(c, f.Type, node, k, place, given)
			default:
				w.userSettings(c, f.Type, node, k, place, given)
			}
			continue
		}
		u := userValue{wiring: w, c: c, key: node + ".config." + k}
		if ok && s.Value != nil && s.Value.Kind != "null" {
			if value := u.field(f, spot{rest: place}, s.Value); s.Value.IsLiteral() || f.Pointer() || s.Value.Kind == "list" || s.Value.Kind == "map" {
				c.assign(place, value)
			}
		}
		if setter := u.setter(f.Type, spot{rest: place}); setter != nil && !f.Pointer() {
			s.Key = k
			c.tunables = append(c.tunables, w.tunable(u.key, keySetting{Setting: s, doc: f.Doc}, setter))
		}
	}
}

// assign adds a statement to those that make the compiled config.
func (c *config) assign(place string, value jen.Code) {
	c.statements = append(c.statements, jen.Op(place).Op("=").Add(value))
}

// A userValue quotes one value of a config.
type userValue struct {
	*wiring
	c   *config
	key string
}

// field quotes the value of a struct's field, which goes to at.
func (u userValue) field(f *ir.Field, at spot, v *ir.Value) *jen.Statement {
	if !f.Pointer() {
		return u.literal(f.Type, at, v)
	}
	if u.comesLater(f.Type, v) {
		u.literal(f.Type, at.pointed(), v)
		return jen.New(u.plainType(f.Type))
	}
	return jen.New(u.converted(f.Type, u.literal(f.Type, at.pointed(), v)))
}

// converted gives a constant its type, where it has another without.
func (u userValue) converted(t *ir.Type, value *jen.Statement) *jen.Statement {
	switch t.Kind {
	case ir.List, ir.Map, ir.Struct, ir.Time, ir.JSON, ir.GoNamed:
		return value
	}
	return u.plainType(t).Call(value)
}

// plainType is a type in Go, without the pointer that a list's element may be.
func (u userValue) plainType(t *ir.Type) *jen.Statement {
	if t.Go != nil && t.Go.Pointer {
		g, plain := *t.Go, *t
		g.Pointer = false
		plain.Go = &g
		t = &plain
	}
	return u.Type(t)
}

// literal quotes a value of type t that goes to at. What comes from outside, and
// what only a method of the user's can read, is zero there and set when the
// program starts.
func (u userValue) literal(t *ir.Type, at spot, v *ir.Value) *jen.Statement {
	if t.Go != nil && t.Go.Pointer {
		return jen.New(u.converted(t, u.plain(t, at.pointed(), v)))
	}
	return u.plain(t, at, v)
}

func (u userValue) plain(t *ir.Type, at spot, v *ir.Value) *jen.Statement {
	switch {
	case t.Kind == ir.Any:
		return u.anyLiteral(v)
	case u.comesLater(t, v):
		u.c.refs = append(u.c.refs, u.ref(u.key, asText(t, v), u.later(t, at)))
		return jen.Op("*").New(u.plainType(t))
	case t.Kind == ir.List:
		items := make([]jen.Code, len(v.Items))
		for i, it := range v.Items {
			items[i] = u.literal(t.Elem, at.element(i), it)
		}
		return u.plainType(t).Values(items...)
	case t.Kind == ir.Map:
		d := jen.Dict{}
		for _, e := range v.Entries {
			d[jen.Lit(e.Key)] = u.literal(t.Elem, at.under(e.Key), e.Value)
		}
		return u.plainType(t).Values(d)
	case t.Kind == ir.Struct:
		return u.structure(t, at, v)
	case t.Kind == ir.JSON:
		return u.plainType(t).Call(jen.Lit(jsonText(v)))
	}
	return u.scalar(t, v.Text())
}

// comesLater tells of values that are set when the program starts.
func (u userValue) comesLater(t *ir.Type, v *ir.Value) bool {
	return t.Kind == ir.GoNamed || t.Kind != ir.Any && v.Kind != "list" && v.Kind != "map" && !v.IsLiteral()
}

// structure quotes a struct in a list or a map. Fields of embedded structs can't
// stand in a literal; with one, the struct is made by a function.
func (u userValue) structure(t *ir.Type, at spot, v *ir.Value) *jen.Statement {
	fields, embedded := jen.Dict{}, false
	var body []jen.Code
	for _, e := range v.Entries {
		f := t.Field(e.Key)
		if f == nil || e.Value.Kind == "null" {
			continue
		}
		value := u.field(f, at.selected(f.Go), e.Value)
		fields[jen.Id(f.Go)] = value
		body = append(body, jen.Id("v").Dot(f.Go).Op("=").Add(value))
		embedded = embedded || len(f.Embedded) > 0
	}
	if !embedded {
		return u.plainType(t).Values(fields)
	}
	body = append(append([]jen.Code{jen.Var().Id("v").Add(u.plainType(t))}, body...), jen.Return(jen.Id("v")))
	return jen.Func().Params().Add(u.plainType(t)).Block(body...).Call()
}

// scalar quotes a constant. The checker has seen that it fits.
func (u userValue) scalar(t *ir.Type, text string) *jen.Statement {
	switch t.Kind {
	case ir.Int, ir.Int64, ir.Uint64, ir.Float64:
		return jen.Op(text)
	case ir.Bool:
		return jen.Op(strings.ToLower(text))
	case ir.Duration:
		if d, err := time.ParseDuration(text); err == nil {
			return u.duration(int64(d))
		}
		return jen.Op(text) // 0
	case ir.Time:
		if at, err := time.Parse(time.RFC3339Nano, text); err == nil {
			return u.time(at)
		}
	case ir.Bytes:
		if data, err := base64.StdEncoding.DecodeString(text); err == nil {
			return jen.Index().Byte().Call(jen.Lit(string(data)))
		}
	}
	return jen.Lit(text)
}

// time quotes an instant with its offset.
func (u userValue) time(at time.Time) *jen.Statement {
	zone := u.Go("@time.UTC")
	if _, offset := at.Zone(); offset != 0 {
		zone = u.Gof("@time.FixedZone(\"\", %d)", offset)
	}
	return u.Gof("@time.Date(%d, %d, %d, %d, %d, %d, %d, ", at.Year(), at.Month(), at.Day(), at.Hour(), at.Minute(), at.Second(), at.Nanosecond()).Add(zone).Op(")")
}
