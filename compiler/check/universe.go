package check

import (
	"go/token"
	"go/types"
	"strconv"
	"strings"

	"github.com/flowc-dev/flowc/ir"
)

// A universe is the language's types as go/types objects. They live in a
// package whose name nobody can write, so that it is easily taken out of
// messages: go/types says `·.Order`.
type universe struct {
	pkg  *types.Package
	load func(path string) (*types.Package, error)

	// decimal and number are both the exact decimal; they are two types here so
	// that the form of a result is known: that of its left operand.
	decimal, number *types.Named
	// or gives the value of an optional, or a default.
	or, orList, orMap *types.Func

	goTypes map[*ir.Type]types.Type
	irTypes map[types.Type]*ir.Type // reverse, for named ones
	enums   map[string]*types.Named
	fields  map[*types.Var]*ir.Field

	// missing are packages whose types could not be read, by path.
	missing map[string]error
}

// hidden is the name of the universe's package.
const hidden = "·"

func newUniverse(load func(string) (*types.Package, error)) *universe {
	u := &universe{
		pkg:     types.NewPackage(hidden, hidden),
		load:    load,
		goTypes: map[*ir.Type]types.Type{},
		irTypes: map[types.Type]*ir.Type{},
		enums:   map[string]*types.Named{},
		fields:  map[*types.Var]*ir.Field{},
		missing: map[string]error{},
	}
	u.decimal = u.named("decimal", types.Typ[types.Float64])
	u.number = u.named("number", types.Typ[types.Float64])
	u.irTypes[u.decimal] = &ir.Type{Kind: ir.Decimal}
	u.irTypes[u.number] = &ir.Type{Kind: ir.Number}
	u.decimalMethods(u.decimal)
	u.decimalMethods(u.number)
	u.declareOr()
	return u
}

// named makes a named type of the hidden package.
func (u *universe) named(name string, underlying types.Type) *types.Named {
	return types.NewNamed(types.NewTypeName(token.NoPos, u.pkg, name, nil), underlying, nil)
}

// decimalMethods declares what the language says a decimal can do. The
// operators are not among them: they are written as operators.
func (u *universe) decimalMethods(d *types.Named) {
	method := func(name string, params []types.Type, result types.Type) {
		recv := types.NewVar(token.NoPos, u.pkg, "d", d)
		sig := types.NewSignatureType(recv, nil, nil, vars(u.pkg, params...), vars(u.pkg, result), false)
		d.AddMethod(types.NewFunc(token.NoPos, u.pkg, name, sig))
	}
	integer := types.Typ[types.Int]
	for _, name := range []string{"Floor", "Ceil", "Trunc", "Abs", "Neg"} {
		method(name, nil, d)
	}
	method("Round", []types.Type{integer}, d)
	method("Cmp", []types.Type{d}, integer)
	method("Equal", []types.Type{d}, types.Typ[types.Bool])
	method("Sign", nil, integer)
	method("IsZero", nil, types.Typ[types.Bool])
	method("Int64", nil, types.Typ[types.Int64])
	method("Float64", nil, types.Typ[types.Float64])
	method("String", nil, types.Typ[types.String])
}

// declareOr declares the three forms of the built-in `or`: for a pointer, a
// list and a map.
func (u *universe) declareOr() {
	typeParam := func(name string, constraint types.Type) *types.TypeParam {
		return types.NewTypeParam(types.NewTypeName(token.NoPos, u.pkg, name, nil), constraint)
	}
	anything := types.Universe.Lookup("any").Type()
	declare := func(name string, tparams []*types.TypeParam, value, result types.Type) *types.Func {
		sig := types.NewSignatureType(nil, nil, tparams, vars(u.pkg, value, result), vars(u.pkg, result), false)
		return types.NewFunc(token.NoPos, u.pkg, name, sig)
	}
	under := func(t types.Type) types.Type {
		return types.NewInterfaceType(nil, []types.Type{types.NewUnion([]*types.Term{types.NewTerm(true, t)})}).Complete()
	}
	t := typeParam("T", anything)
	u.or = declare("or", []*types.TypeParam{t}, types.NewPointer(t), t)
	e := typeParam("E", anything)
	s := typeParam("S", under(types.NewSlice(e)))
	u.orList = declare(hidden+"orList", []*types.TypeParam{s, e}, s, s)
	v := typeParam("V", anything)
	m := typeParam("M", under(types.NewMap(types.Typ[types.String], v)))
	u.orMap = declare(hidden+"orMap", []*types.TypeParam{m, v}, m, m)
}

// vars makes a tuple of nameless variables.
func vars(pkg *types.Package, ts ...types.Type) *types.Tuple {
	list := make([]*types.Var, len(ts))
	for i, t := range ts {
		list[i] = types.NewVar(token.NoPos, pkg, "", t)
	}
	return types.NewTuple(list...)
}

// goType returns the Go type of a type of the language.
func (u *universe) goType(t *ir.Type) types.Type {
	if g := basics[t.Kind]; g != nil && t.Go == nil {
		return g
	}
	if g, ok := u.goTypes[t]; ok {
		return g
	}
	g := u.build(t)
	u.goTypes[t] = g
	return g
}

var basics = map[ir.TypeKind]types.Type{
	ir.String:  types.Typ[types.String],
	ir.Int:     types.Typ[types.Int],
	ir.Int64:   types.Typ[types.Int64],
	ir.Uint64:  types.Typ[types.Uint64],
	ir.Float64: types.Typ[types.Float64],
	ir.Bool:    types.Typ[types.Bool],
	ir.Bytes:   types.NewSlice(types.Typ[types.Byte]),
	ir.Any:     types.Universe.Lookup("any").Type(),
}

func (u *universe) build(t *ir.Type) types.Type {
	if t.Go != nil {
		return u.users(t)
	}
	switch t.Kind {
	case ir.Time:
		return u.imported("time", "Time")
	case ir.Duration:
		return u.imported("time", "Duration")
	case ir.Decimal:
		return u.decimal
	case ir.Number:
		return u.number
	case ir.JSON:
		return u.imported("encoding/json", "RawMessage")
	case ir.List:
		return types.NewSlice(u.goType(t.Elem))
	case ir.Map:
		return types.NewMap(types.Typ[types.String], u.goType(t.Elem))
	case ir.Enum:
		return u.enum(t)
	case ir.Struct:
		if t.Name == "" {
			return u.structure(t)
		}
		n := types.NewNamed(types.NewTypeName(token.NoPos, u.pkg, t.Name, nil), nil, nil)
		u.goTypes[t] = n // before its fields: they may name it
		u.irTypes[n] = t
		n.SetUnderlying(u.structure(t))
		return n
	}
	return types.Typ[types.Invalid]
}

// structure builds the struct of an event type.
func (u *universe) structure(t *ir.Type) *types.Struct {
	fields := make([]*types.Var, 0, len(t.Fields))
	tags := make([]string, 0, len(t.Fields))
	for _, f := range t.Fields {
		g := u.goType(f.Type)
		if f.Pointer() {
			g = types.NewPointer(g)
		}
		v := types.NewField(token.NoPos, u.pkg, f.Go, g, false)
		u.fields[v] = f
		fields = append(fields, v)
		tags = append(tags, fieldTag(f.Name, f.Optional))
	}
	s := types.NewStruct(fields, tags)
	if t.Name == "" {
		u.irTypes[s] = t
	}
	return s
}

// fieldTag is the tag of a field in the generated program. Tags are part of a
// struct's type in Go: without them here, code would be accepted that assigns a
// struct literal without a name to a nested struct, and could not be compiled.
func fieldTag(name string, optional bool) string {
	if optional {
		name += optionalMark
	}
	return `json:"` + name + `"`
}

// optionalMark ends the tag of an optional field.
const optionalMark = ",omitempty"

// isOptionalTag tells whether fieldTag gave a tag to an optional field.
func isOptionalTag(tag string) bool { return strings.HasSuffix(tag, optionalMark+`"`) }

// enum returns the type of an enum. Two enums without a name are one type when
// their values are the same. An enum without a name is called by its values in
// messages.
func (u *universe) enum(t *ir.Type) types.Type {
	name := t.Name
	if name == "" {
		name = strings.Join(t.Values, " | ")
		if len(name) > 60 {
			n := strings.LastIndex(name[:56], " | ")
			name = name[:max(n, 0)] + " | … (" + strconv.Itoa(len(t.Values)) + " values)"
		}
	}
	key := t.Name + "\x00" + strings.Join(t.Values, "\x00")
	if n, ok := u.enums[key]; ok {
		return n
	}
	n := u.named(name, types.Typ[types.String])
	u.enums[key] = n
	u.irTypes[n] = t
	return n
}

// isEnum returns the enum that a Go type is, or nil.
func (u *universe) isEnum(g types.Type) *ir.Type {
	if n, ok := types.Unalias(g).(*types.Named); ok {
		if t := u.irTypes[n]; t != nil && t.Kind == ir.Enum && t.Go == nil {
			return t
		}
	}
	return nil
}

// isDecimal tells whether a Go type is a decimal, of either form.
func (u *universe) isDecimal(g types.Type) bool {
	return g != nil && (types.Unalias(g) == u.decimal || types.Unalias(g) == u.number)
}

// imported returns a type of a package.
func (u *universe) imported(path, name string) types.Type {
	pkg, err := u.load(path)
	if err == nil {
		if o := pkg.Scope().Lookup(name); o != nil {
			return o.Type()
		}
	}
	if err == nil {
		err = errNoType(path + "." + name)
	}
	u.missing[path] = err
	return types.Typ[types.Invalid]
}

// An errNoType is the error of a package that lacks a type.
type errNoType string

func (e errNoType) Error() string { return "it has no " + string(e) }

// users returns a type of Go code. Where its package can't be had (types of
// connectors' metadata, whose packages the compiler does not load), it is built
// from its fields.
func (u *universe) users(t *ir.Type) types.Type {
	g := u.usersPlain(t)
	if t.Go.Pointer && g != types.Typ[types.Invalid] {
		p := types.NewPointer(g)
		return p
	}
	return g
}

func (u *universe) usersPlain(t *ir.Type) types.Type {
	if t.Go.Package == "" {
		if o := types.Universe.Lookup(t.Go.Name); o != nil {
			return o.Type()
		}
	}
	var g types.Type = types.Typ[types.Invalid]
	fromFields := t.Kind == ir.Struct && len(t.Fields) > 0
	if t.Go.Package != "" && !(fromFields && isRuntime(t.Go.Package)) {
		g = u.imported(t.Go.Package, t.Go.Name)
		if g == types.Typ[types.Invalid] && fromFields {
			delete(u.missing, t.Go.Package)
		}
	}
	if g != types.Typ[types.Invalid] {
		if _, ok := g.(*types.Named); ok && u.irTypes[g] == nil {
			u.irTypes[g] = t
		}
		return g
	}
	if !fromFields {
		return g
	}
	name := t.Name
	if name == "" {
		name = t.Go.Name
	}
	n := types.NewNamed(types.NewTypeName(token.NoPos, u.pkg, name, nil), nil, nil)
	u.goTypes[t] = n
	u.irTypes[n] = t
	n.SetUnderlying(u.structure(t))
	return n
}

// runtimePath is the import path of the runtime that generated programs carry.
const runtimePath = "github.com/flowc-dev/flowc/runtime/"

// isRuntime tells whether an import path is of the runtime.
func isRuntime(path string) bool { return strings.HasPrefix(path, runtimePath) }
