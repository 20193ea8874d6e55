package component

import (
	"cmp"
	"go/ast"
	"go/token"
	"go/types"
	"slices"
	"strings"

	"github.com/flowc-dev/flowc/ir"
	"github.com/flowc-dev/flowc/ir/diag"
	"github.com/flowc-dev/flowc/ir/source"
)

// Component reads the component that a node uses, in its role. It is nil where
// that is impossible, which has been reported.
func (l *Loader) Component(use string, at source.Span, role Role, dl *diag.List) *ir.GoRef {
	obj := l.symbol(use, at, dl)
	if obj == nil {
		return nil
	}
	r := &reading{l: l, dl: dl, role: role, use: use, at: at, obj: obj}
	ref := &ir.GoRef{
		Use: use, Span: at,
		Package: obj.Pkg().Path(), PkgName: obj.Pkg().Name(), Symbol: obj.Name(),
		Declared: l.places.object(obj),
	}
	switch obj := obj.(type) {
	case *types.Func:
		return r.function(ref, obj.Signature())
	case *types.Var:
		// A variable that holds a function is called like one.
		if sig, ok := obj.Type().Underlying().(*types.Signature); ok {
			return r.function(ref, sig)
		}
		r.refuse("`%s` is a variable of type %s, and a component is a function or a type", use, r.show(obj.Type()))
	case *types.TypeName:
		return r.named(ref, obj)
	default:
		r.refuse("`%s` is a %s, and a component is a function or a type", use, kindOf(obj))
	}
	return nil
}

// A reading is the state of reading one component.
type reading struct {
	l    *Loader
	dl   *diag.List
	role Role
	use  string
	at   source.Span
	obj  types.Object
}

// show is a type as messages show it: packages by their name.
func (r *reading) show(t types.Type) string { return types.TypeString(t, byPackageName) }

// refuse reports why the symbol is no component, with its place.
func (r *reading) refuse(format string, args ...any) *diag.Diagnostic {
	return r.dl.Errorf(codeShape, r.at, format, args...).
		NoteAt(r.l.places.object(r.obj), "%s is declared here", r.obj.Name())
}

// symbol finds what a reference like "./pricing.New" names. It reports what
// is not there, unless its whole package is not, which has been reported.
func (l *Loader) symbol(use string, at source.Span, dl *diag.List) types.Object {
	path, symbol, ok := SplitUse(use)
	if p, asked := l.wanted[path]; asked && p == nil {
		return nil
	}
	if !ok {
		d := dl.Errorf(codeNotFound, at, "%q names no function or type", use)
		d.Helpf("write the folder or import path, a dot, and the name: `%s.Name`", cmp.Or(strings.TrimRight(path, "./"), "./folder"))
		if pkg := l.lookup(path); pkg != nil {
			l.candidates(d, pkg)
		}
		return nil
	}
	pkg := l.lookup(path)
	if pkg == nil {
		return nil
	}
	name, _, _ := strings.Cut(symbol, "[")
	obj := pkg.Scope().Lookup(name)
	if obj != nil && obj.Exported() {
		if name != symbol {
			dl.Errorf(codeShape, at, "`%s` names an instance of a generic %s, and components are not generic", use, kindOf(obj)).
				NoteAt(l.places.object(obj), "%s is declared here", name).
				Helpf("declare what you need in your package: a function that calls %s, or `type X = %s`", symbol, symbol)
			return nil
		}
		return obj
	}
	symbolSpan := at
	if i := strings.LastIndex(at.Text(), symbol); i >= 0 {
		symbolSpan = at.Sub(i, i+len(symbol))
	}
	d := dl.Errorf(codeNotFound, symbolSpan, "package `%s` has no exported function or type `%s`", path, name)
	if place, found := l.unexported(path, name); found && !token.IsExported(name) {
		d.Message = "`" + name + "` in package `" + path + "` is not exported"
		d.NoteAt(place, "declared here")
		if exported := strings.ToUpper(name[:1]) + name[1:]; token.IsExported(exported) && pkg.Scope().Lookup(exported) == nil {
			d.Helpf("generated code can call exported names only: rename it to `%s`", exported)
			return nil
		}
	}
	if !d.Near(name, exportedNames(pkg)) {
		l.candidates(d, pkg)
	}
	return nil
}

// candidates notes the exported functions and types of a package.
func (l *Loader) candidates(d *diag.Diagnostic, pkg *types.Package) {
	names := exportedNames(pkg)
	if len(names) == 0 {
		d.Notef("package %s exports no function and no type", pkg.Name())
		return
	}
	rest := ""
	if len(names) > 12 {
		names, rest = names[:12], ", …"
	}
	d.Notef("package %s has %s%s", pkg.Name(), strings.Join(quoted(names), ", "), rest)
}

// exportedNames are the functions and types of a package, sorted.
func exportedNames(pkg *types.Package) []string {
	var out []string
	for _, name := range pkg.Scope().Names() {
		switch pkg.Scope().Lookup(name).(type) {
		case *types.Func, *types.TypeName, *types.Var:
			if token.IsExported(name) {
				out = append(out, name)
			}
		}
	}
	slices.Sort(out)
	return out
}

// unexported looks for a declaration that export data leaves out.
func (l *Loader) unexported(path, name string) (source.Span, bool) {
	p := l.wanted[path]
	if p == nil {
		return source.Span{}, false
	}
	for _, file := range p.CompiledGoFiles {
		tree, f := l.places.tree(file), l.places.file(file)
		if tree == nil || f == nil {
			continue
		}
		for _, decl := range tree.Decls {
			var idents []*ast.Ident
			switch decl := decl.(type) {
			case *ast.FuncDecl:
				if decl.Recv == nil {
					idents = append(idents, decl.Name)
				}
			case *ast.GenDecl:
				for _, spec := range decl.Specs {
					switch spec := spec.(type) {
					case *ast.TypeSpec:
						idents = append(idents, spec.Name)
					case *ast.ValueSpec:
						idents = append(idents, spec.Names...)
					}
				}
			}
			for _, id := range idents {
				if id.Name == name {
					start := int(id.Pos()) - 1
					return source.Span{File: f, Start: start, End: start + len(name)}, true
				}
			}
		}
	}
	return source.Span{}, false
}
