package component

import (
	"go/types"
	"strings"

	"golang.org/x/tools/go/types/typeutil"

	"github.com/flowc-dev/flowc/ir"
	"github.com/flowc-dev/flowc/ir/source"
)

// A recordReader makes ir.Types of Go types. There is one for records and one
// for configs, which differ in three things: a config names its fields in snake
// case, writes durations as Go does ("30s"; in JSON a time.Duration is a
// number), and leaves out what YAML can't give (functions, channels).
//
// What the compiler does not look into is ir.GoNamed and left to encoding/json
// or the type's own methods: types with MarshalJSON and the like, arrays, maps
// with other keys than strings, and structs that use what generated scanners
// do not do (`,string`, `omitzero`, embedded pointers). A GoNamed struct has
// Fields all the same, for inline Go and for meeting by structure.
type recordReader struct {
	l       *Loader
	config  bool
	memo    typeutil.Map // types.Type -> *ir.Type
	aliases map[*types.TypeName]*ir.Type
	bad     map[*ir.Type]string   // why a type can't be (a part of) a record
	inner   map[*ir.Type]*ir.Type // elements of arrays and maps left to encoding/json
	depth   int
	// pointers are types *T in the making: copies of T, which may be unfinished
	// where T is recursive.
	pointers []pointer
}

type pointer struct{ to, elem *ir.Type }

// unfit says why a type, or a part of it, can't be a record.
type unfit struct {
	field string // the Go path of the part, "" for the type itself
	what  string
	at    source.Span
}

// skipped is a field of a config struct that YAML can't set.
type skipped struct {
	name, goName, what string
	at                 source.Span
}

func newRecordReader(l *Loader, config bool) *recordReader {
	return &recordReader{l: l, config: config, bad: map[*ir.Type]string{}, inner: map[*ir.Type]*ir.Type{}, aliases: map[*types.TypeName]*ir.Type{}}
}

// read returns the type; equal Go types give the same pointer, and recursive
// ones point to themselves.
func (r *recordReader) read(t types.Type) *ir.Type {
	// An alias that is the only name of its type is a type of its own here: it
	// can be named, and the instance behind it can't. The memo would take them
	// for one, whichever came first.
	alias, ok := t.(*types.Alias)
	if ok = ok && typeName(t) == alias.Obj(); ok {
		if known := r.aliases[alias.Obj()]; known != nil {
			return known
		}
	} else if known, ok := r.memo.At(t).(*ir.Type); ok {
		return known
	}
	out := &ir.Type{}
	if ok {
		r.aliases[alias.Obj()] = out
	} else {
		r.memo.Set(t, out)
	}
	r.l.origins[out] = t
	r.depth++
	r.fill(out, t)
	if r.depth--; r.depth == 0 {
		for _, p := range r.pointers {
			r.finish(p)
		}
		r.pointers = nil
	}
	return out
}

// finish makes *T of T.
func (r *recordReader) finish(p pointer) {
	r.l.pointees[p.to] = p.elem
	*p.to = *p.elem
	p.to.Go = &ir.GoType{Name: string(p.elem.Kind), Lenient: true}
	if p.elem.Go != nil {
		*p.to.Go = *p.elem.Go
	} else if b, ok := r.l.origins[p.elem].Underlying().(*types.Basic); ok {
		p.to.Go.Name = b.Name()
	} else {
		*p.to.Go = *r.goType(r.l.origins[p.elem])
	}
	p.to.Go.Pointer = true
	if why, bad := r.bad[p.elem]; bad {
		r.bad[p.to] = why
	}
}

// pointee is the type that a type *T of an element points to, and any other
// type itself.
func (l *Loader) pointee(t *ir.Type) *ir.Type {
	if elem := l.pointees[t]; elem != nil {
		return elem
	}
	return t
}

func (r *recordReader) fill(out *ir.Type, t types.Type) {
	name := typeName(t)
	if name != nil {
		out.Span = r.l.places.object(name)
		if r.known(out, name) {
			return
		}
		out.Name = name.Name()
		out.Go = r.goType(t)
		out.Go.Lenient = true
	}
	if named, ok := types.Unalias(t).(*types.Named); ok {
		if json, text := ownMethods(t); json || text {
			r.opaque(out, t)
			delete(r.bad, out)
			out.Go.Custom, out.Go.Text = true, text && !json
			if s, ok := t.Underlying().(*types.Struct); ok {
				out.Fields, _ = r.fields(out, s)
			}
			return
		}
		if name == nil && named.TypeArgs().Len() > 0 {
			r.opaque(out, t) // an instance has no name to build values with
			return
		}
	}
	switch u := t.Underlying().(type) {
	case *types.Basic:
		r.basic(out, u)
	case *types.Slice:
		if isByte(u.Elem()) {
			out.Kind = ir.Bytes
			return
		}
		out.Kind, out.Elem = ir.List, r.read(u.Elem())
	case *types.Map:
		if types.Identical(u.Key(), types.Typ[types.String]) {
			out.Kind, out.Elem = ir.Map, r.read(u.Elem())
			return
		}
		r.opaque(out, t)
		r.inner[out] = r.read(u.Elem())
	case *types.Struct:
		var plain bool
		out.Kind = ir.Struct
		if out.Fields, plain = r.fields(out, u); !plain && !r.config {
			r.opaque(out, t)
		}
	case *types.Pointer:
		if !nilable(u.Elem()) {
			r.opaque(out, t)
			return
		}
		r.pointers = append(r.pointers, pointer{out, r.read(u.Elem())})
	case *types.Interface:
		if u.Empty() {
			out.Kind = ir.Any
			return
		}
		r.refuse(out, t, "an interface: records have concrete types, because they are decoded and copied")
	case *types.Array:
		r.opaque(out, t)
		r.inner[out] = r.read(u.Elem())
	case *types.Chan:
		r.refuse(out, t, "a channel, which is no data")
	case *types.Signature:
		r.refuse(out, t, "a function, which is no data")
	default:
		r.refuse(out, t, "of a kind that JSON does not have")
	}
}

// typeName is the declaration behind a type that has a name, alias or not; nil
// for others and for universe types. Instances of generic types have no name
// that stands alone.
func typeName(t types.Type) *types.TypeName {
	switch t := t.(type) {
	case *types.Alias:
		if t.TypeArgs().Len() == 0 && t.Obj().Pkg() != nil {
			// An alias of a predeclared or literal type is that type; what has
			// methods and identity is the type behind it.
			inner := typeName(t.Rhs())
			if inner != nil && inner.Exported() {
				return inner
			}
			if _, ok := types.Unalias(t).(*types.Named); ok {
				return t.Obj() // the only name of an instance, or of what is unexported
			}
		}
	case *types.Named:
		if t.TypeArgs().Len() == 0 && t.Obj().Pkg() != nil {
			return t.Obj()
		}
	}
	return nil
}

// goType is how generated code names a type.
func (r *recordReader) goType(t types.Type) *ir.GoType {
	if name := typeName(t); name != nil {
		return &ir.GoType{Package: name.Pkg().Path(), PkgName: name.Pkg().Name(), Name: name.Name()}
	}
	return &ir.GoType{Name: types.TypeString(t, byPackageName)}
}

func byPackageName(p *types.Package) string { return p.Name() }

// known fills types of the standard library that the language has as well.
func (r *recordReader) known(out *ir.Type, name *types.TypeName) bool {
	switch name.Pkg().Path() + "." + name.Name() {
	case "time.Time":
		out.Kind = ir.Time
	case "time.Duration":
		if r.config {
			out.Kind = ir.Duration
			break
		}
		// encoding/json writes it as a number of nanoseconds, and a user's own
		// type keeps Go's rules.
		out.Kind, out.Go = ir.Int64, &ir.GoType{Package: "time", PkgName: "time", Name: "Duration", Lenient: true}
	case "encoding/json.RawMessage":
		out.Kind = ir.JSON
	case "encoding/json.Number":
		if r.config {
			out.Kind, out.Go = ir.String, &ir.GoType{Package: "encoding/json", PkgName: "json", Name: "Number"}
			break
		}
		out.Kind, out.Go = ir.GoNamed, &ir.GoType{Package: "encoding/json", PkgName: "json", Name: "Number", Lenient: true}
	default:
		return false
	}
	out.Span = source.Span{}
	return true
}

// ownMethods tells whether a type, or a pointer to it, has methods for JSON
// and for text.
func ownMethods(t types.Type) (json, text bool) {
	if types.IsInterface(t) {
		return false, false
	}
	set := types.NewMethodSet(types.NewPointer(t))
	has := func(name string) bool { return set.Lookup(nil, name) != nil }
	return has("MarshalJSON") || has("UnmarshalJSON") || has("MarshalJSONTo") || has("UnmarshalJSONFrom"),
		has("MarshalText") || has("UnmarshalText") || has("AppendText")
}

func isByte(t types.Type) bool {
	b, ok := t.Underlying().(*types.Basic)
	if !ok || b.Kind() != types.Uint8 {
		return false
	}
	json, text := ownMethods(t)
	return !json && !text
}

// basic fills a predeclared type or one made of it. The language has three
// kinds of integers; the Go type says the rest, and the backend's decoder
// checks its range.
func (r *recordReader) basic(out *ir.Type, b *types.Basic) {
	exact := false
	switch b.Kind() {
	case types.String:
		out.Kind, exact = ir.String, true
	case types.Bool:
		out.Kind, exact = ir.Bool, true
	case types.Int:
		out.Kind, exact = ir.Int, true
	case types.Int64:
		out.Kind, exact = ir.Int64, true
	case types.Uint64:
		out.Kind, exact = ir.Uint64, true
	case types.Float64:
		out.Kind, exact = ir.Float64, true
	case types.Int8, types.Int16, types.Int32:
		out.Kind = ir.Int64
	case types.Uint, types.Uint8, types.Uint16, types.Uint32:
		out.Kind = ir.Uint64
	case types.Float32:
		out.Kind = ir.Float64
	default:
		r.refuse(out, b, "a "+b.Name()+", which JSON does not have")
		return
	}
	if !exact && out.Go == nil {
		out.Go = &ir.GoType{Name: b.Name(), Lenient: true}
	}
}

// opaque leaves a type to encoding/json.
func (r *recordReader) opaque(out *ir.Type, t types.Type) {
	out.Kind = ir.GoNamed
	if out.Go == nil {
		out.Go = r.goType(t)
	}
	out.Go.Lenient = true
	if r.config {
		// Configs are compiled into typed values: no encoding/json is there.
		r.bad[out] = "of type " + typeText(t) + ", for which YAML has no form"
	}
}

// refuse marks a type that can be no part of a record.
func (r *recordReader) refuse(out *ir.Type, t types.Type, what string) {
	r.opaque(out, t)
	r.bad[out] = what
}

// unfit finds the first part of a type that can be no part of a record. What
// has methods of its own is taken at its word.
func (r *recordReader) unfit(t *ir.Type) (unfit, bool) {
	seen := map[*ir.Type]bool{}
	var walk func(t *ir.Type, path string, at source.Span) (unfit, bool)
	walk = func(t *ir.Type, path string, at source.Span) (unfit, bool) {
		if t == nil || seen[t] {
			return unfit{}, false
		}
		seen[t] = true
		if what, bad := r.bad[t]; bad {
			return unfit{field: strings.TrimPrefix(path, "."), what: what, at: at}, true
		}
		if t.Go != nil && t.Go.Custom {
			return unfit{}, false
		}
		for _, part := range []*ir.Type{t.Elem, r.inner[t]} {
			if u, bad := walk(part, path+"[]", at); bad {
				return u, true
			}
		}
		for _, f := range t.Fields {
			if u, bad := walk(f.Type, path+"."+f.Go, f.Span); bad {
				return u, true
			}
		}
		return unfit{}, false
	}
	return walk(t, "", t.Span)
}

// fields reads the fields of a struct, and tells whether generated code can
// decode and encode them as encoding/json would.
func (r *recordReader) fields(of *ir.Type, s *types.Struct) (fields []*ir.Field, plain bool) {
	plain = true
	untagged := func(name string) string { return name }
	if r.config {
		untagged = snakeCase
	}
	for _, j := range jsonFields(s, untagged) {
		reachable := len(j.embedded) == 0 || promoted(s, j.v)
		if !reachable {
			plain = false // generated code could not select it by its name
		}
		if r.config && (!reachable || j.viaPointer) {
			r.l.skipped[of] = append(r.l.skipped[of], skipped{j.name, j.v.Name(), "a field of an embedded pointer, or hidden by another", r.l.places.object(j.v)})
			continue
		}
		f := &ir.Field{
			Name: j.name, Go: j.v.Name(), Embedded: j.embedded,
			OmitEmpty: j.omitEmpty, Lenient: !r.config,
			Span: r.l.places.object(j.v),
		}
		if !r.config && (j.viaPointer || j.quoted || j.omitZero) {
			plain = false
		}
		t := j.v.Type()
		if p, ok := types.Unalias(t).(*types.Pointer); ok && nilable(p.Elem()) {
			f.Optional, t = true, p.Elem()
		}
		f.Type = r.read(t)
		if !r.config && !j.tagged {
			r.l.untagged[of] = append(r.l.untagged[of], f)
		}
		if r.config {
			f.Required = strings.Contains(","+j.tag.Get("flowc")+",", ",required,")
			// The structs of others (a http.Client) would have whole packages
			// parsed for sentences that nobody reads.
			if p := r.l.listed[j.v.Pkg().Path()]; p != nil && p.Module != nil && p.Module.Main {
				f.Doc = r.l.places.fieldDoc(j.v)
			}
		}
		fields = append(fields, f)
	}
	return fields, plain
}

// promoted tells whether Go promotes a field of an embedded struct as
// encoding/json does, which knows tags.
func promoted(s *types.Struct, v *types.Var) bool {
	obj, _, _ := types.LookupFieldOrMethod(s, true, v.Pkg(), v.Name())
	return obj == v
}

// nilable tells whether a pointer to a type is how the language makes it
// optional: for lists, maps and raw values it is not, there nil says it (see
// ir.Field.Pointer), and a pointer to one is Go's own affair.
func nilable(t types.Type) bool {
	switch t.Underlying().(type) {
	case *types.Pointer, *types.Slice, *types.Map, *types.Interface, *types.Signature, *types.Chan:
		json, text := ownMethods(t)
		return json || text
	}
	return true
}
