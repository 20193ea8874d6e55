package golang

import (
	"github.com/dave/jennifer/jen"

	"github.com/flowc-dev/flowc/ir"
)

// setter quotes the setter of a scalar; nil for types that can't be set from one
// text.
func (u userValue) setter(t *ir.Type, at spot) *jen.Statement {
	name := scalarKind(t)
	if name == "" {
		return nil
	}
	if t.Go == nil || t.Go.Package == "" && t.Go.Name == name || name == "duration" && t.Go.Package == "time" || name == "[string]" {
		if at.addressable() {
			s, _ := u.wiring.setter(name, at.address())
			return s
		}
	}
	// A type of another name or size: through the plain one, and back.
	plain := map[string]string{"duration": "@time.Duration", "[string]": "[]string"}[name]
	if plain == "" {
		plain = name
	}
	inner, ok := u.wiring.setter(name, "&v")
	if !ok {
		return nil
	}
	s := u.Gof("@program.Text(%q, func() string { v := %s(%s); return ", name, plain, at).Add(inner).Op(".String() }, func(text string) error {").Line().
		Add(u.Gof("v := %s(%s)", plain, at)).Line().
		Op("if err := ").Add(inner.Clone()).Op(".Set(text); err != nil { return err }").Line()
	own := u.plainType(t).GoString()
	if sized(t) {
		s.Add(u.Gof("if %s(%s(v)) != v { return @fmt.Errorf(\"%%d is more than %s holds\", v) }", plain, own, own)).Line()
	}
	converted := jen.Add(u.plainType(t)).Call(jen.Id("v"))
	if at.entry != "" && at.rest != "" {
		return s.Op("e := " + at.entry + "; e" + at.rest + " = ").Add(converted).Op("; " + at.entry + " = e; return nil })")
	}
	return s.Op(at.String() + " = ").Add(converted).Op("; return nil })")
}

// sized tells of a whole number of less than 64 bits.
func sized(t *ir.Type) bool {
	if t.Go == nil || t.Go.Package != "" {
		return false
	}
	switch t.Go.Name {
	case "int8", "int16", "int32", "uint8", "uint16", "uint32":
		return true
	}
	return false
}

// scalarKind is the name of the kind of a scalar, whatever its type in Go is
// called; "" for types that one text can't set.
func scalarKind(t *ir.Type) string {
	switch t.Kind {
	case ir.String, ir.Int, ir.Int64, ir.Uint64, ir.Float64, ir.Bool, ir.Duration:
		return string(t.Kind)
	case ir.List:
		if t.Elem.Kind == ir.String && t.Elem.Go == nil && t.Go == nil {
			return "[string]"
		}
	}
	return ""
}

// later quotes the setter that gives a place its value when the program starts.
func (u userValue) later(t *ir.Type, at spot) *jen.Statement {
	if s := u.setter(t, at); s != nil {
		return s
	}
	read := u.Go("@json.Unmarshal([]byte(text), &v)")
	switch {
	case t.Kind == ir.GoNamed && t.Go.Text:
		read = u.Go("v.UnmarshalText([]byte(text))")
	case t.Kind == ir.Time:
		read = u.Go("v.UnmarshalText([]byte(text))")
	}
	return u.Go(`@program.Text("text", func() string { return "" }, func(text string) error {`).Line().
		Var().Id("v").Add(u.plainType(t)).Line().
		Op("if err := ").Add(read).Op("; err != nil { return err }").Line().
		Op(at.assigned("v")).Line().
		Op("return nil })")
}
