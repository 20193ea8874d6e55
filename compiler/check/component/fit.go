package component

import (
	"cmp"
	"fmt"
	"go/types"
	"strings"

	"github.com/flowc-dev/flowc/ir"
)

// value plans the conversion of one value, pointers included.
func (m *meeting) value(from, to side) ir.Conv {
	// Elements of lists and maps say in their type that they are pointers.
	if from.t.Go != nil && from.t.Go.Pointer {
		from.ptr = true
	}
	if to.t.Go != nil && to.t.Go.Pointer {
		to.ptr = true
	}
	if from.ptr && !to.ptr {
		return m.optional(from, to)
	}
	c := m.plain(from, to)
	c.Optional, c.Pointer, c.Type = from.ptr, to.ptr, m.l.pointee(to.t)
	if c.How == ir.HowAssign && c.Optional && c.Pointer {
		// The pointer itself can be handed on: nobody writes through it.
		c.Optional, c.Pointer = false, false
	}
	return c
}

// plain plans the conversion of one value that is there.
func (m *meeting) plain(from, to side) ir.Conv {
	if m.same(from.t, to.t) {
		return ir.Conv{How: ir.HowAssign}
	}
	if to.t.Kind == ir.GoNamed && to.t.Go != nil && to.t.Go.Custom && !to.t.Go.Text && !m.composes(from.t, to.t) {
		return m.mismatch(from, to, "take a type without UnmarshalJSON, or one with UnmarshalText",
			"%s has JSON methods of its own, so nothing but %s fits it, and `%s` is %s", to.name, typeOfGo(to.t), m.nameOf(from), a(from.t))
	}
	switch from.t.Kind {
	case ir.String, ir.Enum:
		return m.text(from, to)
	case ir.Decimal, ir.Number:
		return m.decimal(from, to)
	case ir.List, ir.Map:
		if from.t.Kind == to.t.Kind {
			return m.elements(from, to)
		}
	case ir.Struct:
		if hasFields(to.t) {
			return m.structure(from, to)
		}
	case ir.GoNamed:
		if toDecimal(to.t) || to.t.Kind == ir.String && to.t.Go == nil {
			if c, ok := m.fromGo(from, to); ok {
				return c
			}
		}
		if len(from.t.Fields) > 0 && hasFields(to.t) {
			return m.structure(from, to)
		}
	default:
		if c, ok := m.scalar(from, to); ok {
			return c
		}
	}
	return m.differs(from, to)
}

// same tells whether both sides are one Go type, pointers aside.
func (m *meeting) same(a, b *ir.Type) bool {
	x, y := m.goType(a), m.goType(b)
	return x != nil && y != nil && types.Identical(x, y)
}

// goType is the Go type of an ir.Type: that of the user's, or what the language
// uses for its own; nil for what the compiler generates.
func (m *meeting) goType(t *ir.Type) types.Type {
	if o := m.l.origins[t]; o != nil {
		o, _ = deref(o)
		return o
	}
	switch t.Kind {
	case ir.String:
		return types.Typ[types.String]
	case ir.Bool:
		return types.Typ[types.Bool]
	case ir.Int:
		return types.Typ[types.Int]
	case ir.Int64:
		return types.Typ[types.Int64]
	case ir.Uint64:
		return types.Typ[types.Uint64]
	case ir.Float64:
		return types.Typ[types.Float64]
	case ir.Bytes:
		return types.NewSlice(types.Typ[types.Uint8])
	case ir.Any:
		return types.Universe.Lookup("any").Type()
	case ir.Time, ir.Duration, ir.JSON:
		return m.std(t.Kind)
	case ir.List, ir.Map:
		elem := m.goType(t.Elem)
		if elem == nil || t.Elem.Go != nil && t.Elem.Go.Pointer {
			return nil
		}
		if t.Kind == ir.List {
			return types.NewSlice(elem)
		}
		return types.NewMap(types.Typ[types.String], elem)
	}
	return nil
}

// std finds the standard library's types among those that were loaded; nil
// where the user's code has nothing to do with them.
func (m *meeting) std(k ir.TypeKind) types.Type {
	path, name := "time", "Time"
	switch k {
	case ir.Duration:
		name = "Duration"
	case ir.JSON:
		path, name = "encoding/json", "RawMessage"
	}
	pkg := m.l.types[path]
	if pkg == nil {
		return nil
	}
	if obj := pkg.Scope().Lookup(name); obj != nil {
		return obj.Type()
	}
	return nil
}

// scalar fits numbers, bools, bytes and the like: the same Go type, or a type
// that is made of it.
func (m *meeting) scalar(from, to side) (ir.Conv, bool) {
	x, y := m.goType(from.t), m.goType(to.t)
	if x == nil || y == nil || to.t.Kind == ir.GoNamed || from.t.Kind == ir.GoNamed {
		return ir.Conv{}, false
	}
	// The form alone is not enough: bytes are no raw JSON, and a time.Duration is
	// no number.
	if from.t.Kind != to.t.Kind || !types.Identical(x.Underlying(), y.Underlying()) || isDuration(x) != isDuration(y) {
		return ir.Conv{}, false
	}
	return ir.Conv{How: ir.HowConvert}, true
}

func isDuration(t types.Type) bool {
	n, ok := types.Unalias(t).(*types.Named)
	return ok && n.Obj().Pkg() != nil && n.Obj().Pkg().Path() == "time" && n.Obj().Name() == "Duration"
}

// text fits strings and enums.
func (m *meeting) text(from, to side) ir.Conv {
	switch {
	case to.t.Kind == ir.String && to.t.Go == nil && from.t.Kind == ir.String && from.t.Go == nil:
		return ir.Conv{How: ir.HowAssign}
	case to.t.Kind == ir.String:
		return ir.Conv{How: ir.HowConvert}
	case isJSONNumber(to.t):
		return m.differs(from, to)
	case to.t.Kind == ir.GoNamed && m.hasMethod(to.t, "UnmarshalText"):
		return ir.Conv{How: ir.HowUnmarshalText, Fails: true}
	case toDecimal(to.t) && from.t.Kind == ir.String:
		return ir.Conv{How: ir.HowFromString, Fails: true}
	}
	return m.differs(from, to)
}

// decimal fits decimals into text, into what composes decimals, and into what
// reads text.
func (m *meeting) decimal(from, to side) ir.Conv {
	switch {
	case toDecimal(to.t):
		return ir.Conv{How: ir.HowAssign}
	case to.t.Kind == ir.String, isJSONNumber(to.t):
		return ir.Conv{How: ir.HowToString}
	case m.composes(from.t, to.t):
		return ir.Conv{How: ir.HowCompose, Fails: true}
	case to.t.Kind == ir.GoNamed && to.t.Go.Package == "math/big" && to.t.Go.Name == "Float":
		return m.mismatch(from, to, "use *big.Rat, a string, or a decimal type", "`%s` is a decimal, and %s a big.Float, which rounds to binary", m.nameOf(from), to.name)
	case to.t.Kind == ir.GoNamed && m.hasMethod(to.t, "UnmarshalText"):
		return ir.Conv{How: ir.HowUnmarshalText, Fails: true}
	case to.t.Kind == ir.Float64:
		return m.mismatch(from, to, "make it a string, a json.Number or a decimal type; or make the field of the event a float64",
			"`%s` is a decimal, and %s a %s, which would round it", m.nameOf(from), to.name, goTypeText(m.l, to.t))
	}
	return m.differs(from, to)
}

// fromGo goes the other way, from a type of the user's to one of ours.
func (m *meeting) fromGo(from, to side) (ir.Conv, bool) {
	switch {
	case toDecimal(to.t) && isJSONNumber(from.t):
		return ir.Conv{How: ir.HowFromString, Fails: true}, true
	case toDecimal(to.t) && m.hasMethod(from.t, "Decompose"):
		return ir.Conv{How: ir.HowDecompose, Fails: true}, true
	case from.t.Go.Custom && m.hasMethod(from.t, "MarshalText"):
		return ir.Conv{How: ir.HowMarshalText, Fails: true}, true
	}
	return ir.Conv{}, false
}

// toDecimal tells whether a type is the language's own decimal.
func toDecimal(t *ir.Type) bool {
	return t.Go == nil && (t.Kind == ir.Decimal || t.Kind == ir.Number)
}

func isJSONNumber(t *ir.Type) bool {
	return t.Go != nil && t.Go.Package == "encoding/json" && t.Go.Name == "Number"
}

// composes tells whether a type takes decimals by the method of database/sql's
// decimal proposal: Compose(form byte, negative bool, coefficient []byte,
// exponent int32) error.
func (m *meeting) composes(from, to *ir.Type) bool {
	if from.Kind != ir.Decimal && from.Kind != ir.Number || to.Kind != ir.GoNamed && to.Kind != ir.Struct {
		return false
	}
	fn := method(m.l.origins[to], "Compose")
	if fn == nil {
		return false
	}
	s := shapeMethod(fn.Signature())
	if s == nil || s.context || len(s.params) != 4 || len(s.results) > 0 || !s.errs {
		return false
	}
	for i, want := range []types.Type{types.Typ[types.Uint8], types.Typ[types.Bool], types.NewSlice(types.Typ[types.Uint8]), types.Typ[types.Int32]} {
		if !types.Identical(s.params[i], want) {
			return false
		}
	}
	return true
}

func (m *meeting) hasMethod(t *ir.Type, name string) bool {
	return method(m.l.origins[t], name) != nil
}

// elements fits lists and maps.
func (m *meeting) elements(from, to side) ir.Conv {
	part := "[]"
	each := m.value(
		side{from.t.Elem, m.nameOf(from) + part, from.at, false},
		side{to.t.Elem, to.name + part, to.at, false})
	if each.How == ir.HowAssign && !each.Pointer {
		x, y := m.goType(from.t), m.goType(to.t)
		switch {
		case x == nil || y == nil:
		case types.Identical(x, y):
			return ir.Conv{How: ir.HowAssign}
		case types.ConvertibleTo(x, y):
			return ir.Conv{How: ir.HowConvert}
		}
	}
	return ir.Conv{How: ir.HowElements, Each: []ir.Conv{each}, Fails: each.Fails}
}

// hasFields tells whether generated code can make a value of the type field by
// field.
func hasFields(t *ir.Type) bool {
	return t.Kind == ir.Struct || t.Kind == ir.GoNamed && len(t.Fields) > 0 && !t.Go.Custom
}

// structure fits structs. Fields that generated code can't set are reasons
// against it.
func (m *meeting) structure(from, to side) ir.Conv {
	unset := map[string]bool{}
	if o := m.l.origins[to.t]; o != nil {
		o, _ = deref(o)
		if s, ok := o.Underlying().(*types.Struct); ok {
			for _, j := range jsonFields(s, func(name string) string { return name }) {
				if !j.viaPointer && (len(j.embedded) == 0 || promoted(s, j.v)) {
					continue
				}
				unset[j.name] = true
				m.mismatch(from, side{to.t, to.name, m.l.places.object(j.v), false}, "embed the struct itself, or copy its fields",
					"%s.%s lies in an embedded pointer, or is hidden by another field, so generated code can't set it", cmp.Or(to.name, typeOfGo(to.t)), j.v.Name())
			}
		}
	}
	return m.fields(from, to, unset)
}

// differs reports two types that do not fit, with the way to mend the usual
// ones.
func (m *meeting) differs(from, to side) ir.Conv {
	help := ""
	x, y := m.goType(from.t), m.goType(to.t)
	if x != nil && y != nil && isNumber(x) && isNumber(y) {
		help = fmt.Sprintf("numbers fit their own width only: make it %s, or change the type of the event's field", x)
	}
	if from.name == "" {
		return m.mismatch(from, to, help, "%s is no %s", a(from.t), plainForm(to.t))
	}
	return m.mismatch(from, to, help, "`%s` is %s, and %s is %s", from.name, a(from.t), to.name, goForm(m.l, to.t))
}

func isNumber(t types.Type) bool {
	b, ok := t.Underlying().(*types.Basic)
	return ok && b.Info()&types.IsNumeric != 0 && !isDuration(t)
}

// nameOf is how messages call the event's side.
func (m *meeting) nameOf(s side) string { return cmp.Or(s.name, m.event) }

// a is a type with its article.
func a(t *ir.Type) string {
	name := plainForm(t)
	switch {
	case t.Kind == ir.List || t.Kind == ir.Map || t.Kind == ir.Bytes:
		return name
	case strings.HasPrefix(name, "uint"):
		return "a " + name
	case strings.ContainsRune("aeio", rune(name[0])):
		return "an " + name
	}
	return "a " + name
}

// plainForm says what a type is, for structs without their name.
func plainForm(t *ir.Type) string {
	switch {
	case t.Kind == ir.List || t.Kind == ir.Map:
		return t.String()
	case t.Kind == ir.JSON:
		return "raw value (json)"
	case t.Kind == ir.GoNamed || t.Go != nil && t.Kind != ir.Struct:
		return typeOfGo(t)
	}
	return string(t.Kind)
}

// goForm is the type of the component's side in Go, or one of ours.
func goForm(l *Loader, t *ir.Type) string {
	if t.Go == nil && l.origins[t] == nil {
		return a(t)
	}
	return "of type " + goTypeText(l, t)
}
