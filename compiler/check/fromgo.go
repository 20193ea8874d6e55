package check

import (
	"go/types"
	"reflect"
	"strings"

	"github.com/flowc-dev/flowc/ir"
)

// typeFromGo converts the type of a value that inline Go gives to a type of the
// language. A pointer is an optional value: the type is then that of what it
// points to. It is nil for what no record can hold (functions, channels,
// complex numbers), and why says so in words that follow "a value of type T".
func (c *Checker) typeFromGo(g types.Type) (t *ir.Type, optional bool, why string) {
	return (&fromGo{c: c, seen: map[types.Type]*ir.Type{}}).value(g)
}

// A fromGo is one conversion; seen ends recursion.
type fromGo struct {
	c    *Checker
	seen map[types.Type]*ir.Type
}

func (f *fromGo) value(g types.Type) (*ir.Type, bool, string) {
	g = types.Unalias(g)
	if t := f.c.universe.irTypes[g]; t != nil {
		return t, false, ""
	}
	if p, ok := g.(*types.Pointer); ok {
		if _, twice := types.Unalias(p.Elem()).(*types.Pointer); twice {
			return nil, false, "is a pointer to a pointer"
		}
		t, _, why := f.value(p.Elem())
		return t, true, why
	}
	t, why := f.plain(g)
	return t, false, why
}

func (f *fromGo) plain(g types.Type) (*ir.Type, string) {
	switch g := g.(type) {
	case *types.Basic:
		return f.basic(g, nil)
	case *types.Named:
		return f.named(g)
	case *types.Slice:
		if isByte(g.Elem()) {
			return &ir.Type{Kind: ir.Bytes}, ""
		}
		elem, why := f.element(g.Elem())
		return &ir.Type{Kind: ir.List, Elem: elem}, why
	case *types.Map:
		if b, ok := g.Key().Underlying().(*types.Basic); !ok || b.Info()&types.IsString == 0 {
			return nil, "is a map whose keys are no strings"
		}
		elem, why := f.element(g.Elem())
		return &ir.Type{Kind: ir.Map, Elem: elem}, why
	case *types.Interface:
		if g.NumMethods() == 0 {
			return &ir.Type{Kind: ir.Any}, ""
		}
		return nil, "is an interface with methods"
	case *types.Struct:
		t := &ir.Type{Kind: ir.Struct}
		f.seen[g] = t
		if why := f.fields(t, g); why != "" {
			return nil, why
		}
		return t, tagged(t, g)
	case *types.Array:
		return nil, "is an array; make it a slice"
	case *types.Signature:
		return nil, "is a function"
	case *types.Chan:
		return nil, "is a channel"
	case *types.Tuple:
		return nil, "is several values"
	}
	return nil, "has no place in a record"
}

// tagged refuses a struct without a name whose tags are not those that the
// generated program declares it with: the value would not be of that type.
func tagged(t *ir.Type, s *types.Struct) string {
	for i := range s.NumFields() {
		if i >= len(t.Fields) || s.Tag(i) != fieldTag(t.Fields[i].Name, t.Fields[i].Optional) {
			return "is a struct without a name; declare it under `types:`, or write the map as a mapping"
		}
	}
	return ""
}

func isByte(g types.Type) bool {
	b, ok := types.Unalias(g).(*types.Basic)
	return ok && b.Kind() == types.Byte
}

// element converts the element of a list or map.
func (f *fromGo) element(g types.Type) (*ir.Type, string) {
	t, optional, why := f.value(g)
	if why == "" && optional {
		return nil, "holds pointers"
	}
	return t, why
}

// basic converts a basic type; as says which Go type it is where that is
// another one than the language's own.
func (f *fromGo) basic(b *types.Basic, as *ir.GoType) (*ir.Type, string) {
	other := func(k ir.TypeKind) (*ir.Type, string) {
		if as == nil {
			return &ir.Type{Kind: k, Go: &ir.GoType{Name: types.Typ[b.Kind()].Name()}}, ""
		}
		return &ir.Type{Kind: k, Go: as}, ""
	}
	own := func(k ir.TypeKind) (*ir.Type, string) { return &ir.Type{Kind: k, Go: as}, "" }
	switch b.Kind() {
	case types.String:
		return own(ir.String)
	case types.Bool:
		return own(ir.Bool)
	case types.Int:
		return own(ir.Int)
	case types.Int64:
		return own(ir.Int64)
	case types.Uint64:
		return own(ir.Uint64)
	case types.Float64:
		return own(ir.Float64)
	case types.Int8, types.Int16, types.Int32:
		return other(ir.Int64)
	case types.Uint8, types.Uint16, types.Uint32, types.Uint:
		return other(ir.Uint64)
	case types.Float32:
		return other(ir.Float64)
	case types.UntypedNil:
		return nil, "has no type; write the type, as in (*string)(nil)"
	}
	return nil, "has no place in a record"
}

// named converts a named type: one of the user's, or of the standard library.
func (f *fromGo) named(g *types.Named) (*ir.Type, string) {
	if t := f.seen[g]; t != nil {
		return t, ""
	}
	obj := g.Obj()
	if obj.Pkg() == nil {
		if obj.Name() == "error" {
			return nil, "is an error"
		}
		return nil, "has no place in a record"
	}
	if g.TypeArgs().Len() > 0 {
		return nil, "is an instance of a generic type; declare a type for it"
	}
	path, name := obj.Pkg().Path(), obj.Name()
	if path == hidden && obj.Parent() != nil {
		return nil, "is declared inside the function body; declare it under `types:`"
	}
	switch path + "." + name {
	case "time.Time":
		return &ir.Type{Kind: ir.Time}, ""
	case "time.Duration":
		return &ir.Type{Kind: ir.Duration}, ""
	case "encoding/json.RawMessage":
		return &ir.Type{Kind: ir.JSON}, ""
	}
	if f.c.opts.Record != nil {
		if t := f.c.opts.Record(g); t != nil {
			return t, ""
		}
	}
	as := &ir.GoType{Package: path, PkgName: obj.Pkg().Name(), Name: name, Lenient: true, Custom: hasCodec(g)}
	if as.Custom {
		return &ir.Type{Kind: ir.GoNamed, Go: as}, ""
	}
	switch under := g.Underlying().(type) {
	case *types.Struct:
		t := &ir.Type{Kind: ir.Struct, Name: name, Go: as}
		f.seen[g] = t
		if why := f.fields(t, under); why != "" {
			return nil, why
		}
		f.c.universe.irTypes[g] = t
		return t, ""
	case *types.Basic:
		return f.basic(under, as)
	default:
		t, why := f.plain(under)
		if t != nil {
			t.Go = as
		}
		return t, why
	}
}

// hasCodec tells whether a type, or a pointer to it, encodes itself.
func hasCodec(g *types.Named) bool {
	set := types.NewMethodSet(types.NewPointer(g))
	for _, name := range []string{"MarshalJSON", "UnmarshalJSON", "MarshalText", "UnmarshalText"} {
		if set.Lookup(nil, name) != nil {
			return true
		}
	}
	return false
}

// fields reads the fields of a struct as encoding/json does: by tag, else by
// name; those of embedded structs are the outer one's own.
func (f *fromGo) fields(t *ir.Type, s *types.Struct) string {
	for i := range s.NumFields() {
		v := s.Field(i)
		tag := reflect.StructTag(s.Tag(i)).Get("json")
		name, options, _ := strings.Cut(tag, ",")
		if tag == "-" || !v.Exported() && !v.Embedded() {
			continue
		}
		if inner, ok := derefStruct(v.Type()); ok && v.Embedded() && name == "" {
			if why := f.fields(t, inner); why != "" {
				return why
			}
			continue
		}
		if !v.Exported() {
			continue
		}
		if name == "" {
			name = v.Name()
		}
		typ, optional, why := f.value(v.Type())
		if why != "" {
			return "has a field " + v.Name() + " that " + why
		}
		t.Fields = append(t.Fields, &ir.Field{
			Name: name, Go: v.Name(), Type: typ, Optional: optional,
			OmitEmpty: strings.Contains(","+options+",", ",omitempty,"),
		})
	}
	return ""
}

// derefStruct returns the struct that a type is or points to.
func derefStruct(g types.Type) (*types.Struct, bool) {
	if p, ok := types.Unalias(g).(*types.Pointer); ok {
		g = p.Elem()
	}
	s, ok := g.Underlying().(*types.Struct)
	return s, ok
}
