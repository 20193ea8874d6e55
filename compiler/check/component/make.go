package component

import (
	"go/types"
	"strings"

	"github.com/flowc-dev/flowc/ir"
)

// function reads a function: a component itself, or a constructor of one.
//
// The two look alike (`func(Config) (*T, error)` is also a map from Config to
// T), so what it returns decides: a type with the method of the role makes it a
// constructor; a type that was clearly meant to be a component (it has other
// methods of components, or one of nearly that name) makes it an error, because
// taking it for a map would only move the mistake to another place.
func (r *reading) function(ref *ir.GoRef, sig *types.Signature) *ir.GoRef {
	made := constructed(sig)
	if made != nil && r.roleMethod(made) != nil {
		return r.constructor(ref, sig, made)
	}
	c, miss := readCall(sig, r.role, false)
	if made != nil {
		if fn, ok := made.Underlying().(*types.Signature); ok && miss != nil {
			if _, seq := sequence(made); !seq {
				return r.functionMaker(ref, sig, fn)
			}
		}
		if r.meantAsComponent(made, miss) {
			r.noMethod(made)
			return nil
		}
	}
	if miss != nil {
		r.missed(r.obj, sig, miss, false)
		return nil
	}
	ref.Make = ir.MakeNone
	return r.finish(ref, c)
}

// constructed is the type that a function returns alone or beside an error,
// nil where it is no type that could be a component.
func constructed(sig *types.Signature) types.Type {
	results := vars(sig.Results())
	if len(results) == 2 && isError(results[1].Type()) {
		results = results[:1]
	}
	if len(results) != 1 || isError(results[0].Type()) || sig.TypeParams().Len() > 0 {
		return nil
	}
	t := results[0].Type()
	inner, _ := deref(t)
	if _, ok := inner.Underlying().(*types.Signature); ok {
		return t
	}
	if _, ok := types.Unalias(inner).(*types.Named); !ok {
		return nil
	}
	return t
}

// constructor reads func(Config) (*T, error) and its like.
func (r *reading) constructor(ref *ir.GoRef, sig *types.Signature, made types.Type) *ir.GoRef {
	ref.Make = ir.MakeNew
	if returnsError(sig) {
		ref.Make = ir.MakeNewErr
	}
	if !r.configParam(ref, sig) {
		return nil
	}
	return r.instance(ref, made)
}

// functionMaker reads a function that returns a component function.
func (r *reading) functionMaker(ref *ir.GoRef, sig, fn *types.Signature) *ir.GoRef {
	c, miss := readCall(fn, r.role, false)
	if miss != nil {
		miss.why = "the function that it returns does not fit: " + miss.why
		r.missed(r.obj, sig, miss, true)
		return nil
	}
	ref.Make = ir.MakeFunc
	if returnsError(sig) {
		ref.Make = ir.MakeFuncErr
	}
	if !r.configParam(ref, sig) {
		return nil
	}
	return r.finish(ref, c)
}

func returnsError(sig *types.Signature) bool {
	n := sig.Results().Len()
	return n > 0 && isError(sig.Results().At(n-1).Type())
}

// configParam reads the parameter of a constructor.
func (r *reading) configParam(ref *ir.GoRef, sig *types.Signature) bool {
	params := vars(sig.Params())
	if len(params) == 0 {
		return true
	}
	if isContext(params[0].Type()) {
		r.refuse("the constructor `%s` takes a context, and there is none when it is called", r.use).
			Notef("it is %s", r.signature(r.obj.Name(), sig)).
			Helpf("give its type a method Open(context.Context) error, which is called with the context of the program")
		return false
	}
	t, ptr := deref(params[0].Type())
	_, ok := t.Underlying().(*types.Struct)
	if len(params) > 1 || !ok || sig.Variadic() {
		r.refuse("the constructor `%s` takes %s, and a constructor takes one struct, whose fields are the config, or nothing", r.use, list(params)).
			Notef("it is %s", r.signature(r.obj.Name(), sig)).
			Helpf("gather what it takes in a struct: `type Config struct{…}` and `func %s(cfg Config) …`", r.obj.Name())
		return false
	}
	ref.ConfigPtr = ptr
	return r.config(ref, t)
}

// config reads the struct of a config.
func (r *reading) config(ref *ir.GoRef, t types.Type) bool {
	name := typeName(t)
	switch {
	case name == nil:
		r.refuse("the config of `%s` has no name of its own, so generated code can't make one", r.use).
			Helpf("declare a type: `type Config struct{…}`")
		return false
	case !name.Exported():
		r.refuse("the config type %s of `%s` is not exported, so generated code can't make one", name.Name(), r.use).
			NoteAt(r.l.places.object(name), "%s is declared here", name.Name()).
			Helpf("rename it to %s", strings.ToUpper(name.Name()[:1])+name.Name()[1:])
		return false
	}
	if !r.reachable(t, "the config") {
		return false
	}
	reader := r.l.records[true]
	ref.Config = reader.read(t)
	reader.dropUnfit(ref.Config)
	return true
}

// named reads a type: NewT makes it where the package has one, else its
// exported fields are its config.
func (r *reading) named(ref *ir.GoRef, obj *types.TypeName) *ir.GoRef {
	t := obj.Type()
	if isGeneric(t) {
		r.refuse("`%s` is generic, and nothing says with which types to make it", r.use).
			Helpf("declare an instance in your package: `type X = %s[…]`", obj.Name())
		return nil
	}
	if isAliasOfPointer(t) {
		t, _ = deref(t)
	}
	switch t.Underlying().(type) {
	case *types.Signature:
		r.refuse("`%s` is a function type, and a component is a function or a type with methods", r.use).
			Helpf("name a function that has this type")
		return nil
	case *types.Interface:
		d := r.refuse("`%s` is an interface, and nothing says what implements it", r.use)
		if maker := r.makerOf(obj, t); maker != "" {
			d.Helpf("name the constructor: `%s`", strings.TrimSuffix(r.use, obj.Name())+maker)
		} else {
			d.Helpf("name the type that implements it, or its constructor")
		}
		return nil
	}
	if maker := r.makerOf(obj, t); maker != "" {
		fn := obj.Pkg().Scope().Lookup(maker).(*types.Func)
		ref.Symbol = maker
		ref.Declared = r.l.places.object(fn)
		r.obj = fn
		if made := constructed(fn.Signature()); r.roleMethod(made) != nil {
			return r.constructor(ref, fn.Signature(), made)
		}
		r.noMethod(t)
		return nil
	}
	if r.roleMethod(t) == nil {
		r.noMethod(t)
		return nil
	}
	if _, ok := t.Underlying().(*types.Struct); !ok {
		r.refuse("`%s` is no struct, and there is no New%s to make one", r.use, obj.Name()).
			Helpf("make it a struct, or add `func New%s() *%s`", obj.Name(), obj.Name())
		return nil
	}
	ref.Make = ir.MakeLiteral
	if ref = r.instance(ref, t); ref == nil {
		return nil
	}
	if ref.Config == nil { // Init or Connect take a map instead
		if !r.config(ref, t) {
			return nil
		}
		if len(ref.Config.Fields) == 0 {
			ref.Config = nil
		}
	}
	return ref
}

func isAliasOfPointer(t types.Type) bool {
	_, alias := t.(*types.Alias)
	_, ptr := deref(t)
	return alias && ptr
}

// makerOf is the name of the package's NewT, "" where it has none that returns
// the type.
func (r *reading) makerOf(obj *types.TypeName, t types.Type) string {
	fn, ok := obj.Pkg().Scope().Lookup("New" + obj.Name()).(*types.Func)
	if !ok {
		return ""
	}
	made := constructed(fn.Signature())
	if made == nil {
		return ""
	}
	if inner, _ := deref(made); !types.Identical(inner, t) {
		return ""
	}
	return fn.Name()
}

// dropUnfit takes fields out of a config struct that YAML can't set, and keeps
// them aside for the error that says so.
func (r *recordReader) dropUnfit(t *ir.Type) {
	seen := map[*ir.Type]bool{}
	var walk func(t *ir.Type)
	walk = func(t *ir.Type) {
		if t == nil || seen[t] {
			return
		}
		seen[t] = true
		walk(t.Elem)
		kept := t.Fields[:0:0]
		for _, f := range t.Fields {
			part := f.Type
			for part.Kind == ir.List || part.Kind == ir.Map {
				part = part.Elem
			}
			if what, bad := r.bad[part]; bad {
				r.l.skipped[t] = append(r.l.skipped[t], skipped{f.Name, f.Go, what, f.Span})
				continue
			}
			kept = append(kept, f)
			walk(f.Type)
		}
		t.Fields = kept
	}
	walk(t)
}
