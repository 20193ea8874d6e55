package check

import (
	"go/ast"
	"go/token"
	"go/types"
	"path"
	"slices"
	"strings"

	"github.com/flowc-dev/flowc/ir"
	"github.com/flowc-dev/flowc/ir/diag"
)

// An importEntry is a package that snippets may name.
type importEntry struct {
	UserImport
	// local is the name in snippets, "" until the package was looked at.
	local string
	// users tells that the code is the user's, or of a module of theirs.
	users bool
	used  bool
	pkg   *types.Package
}

// addImports reads the pipeline's `imports`.
func (c *Checker) addImports(list []UserImport) {
	c.imports = map[string]*importEntry{}
	for _, i := range list {
		e := &importEntry{UserImport: i, local: i.Name, users: !IsStd(i.Path)}
		if e.local == "" && !e.users {
			e.local = stdName(i.Path)
		}
		c.listed = append(c.listed, e)
		if e.local != "" {
			c.imports[e.local] = e
		}
	}
}

// nameImports finds out the names of packages that were imported without one.
func (c *Checker) nameImports() {
	for _, e := range c.listed {
		if e.local != "" || c.broken[e.Path] != nil {
			continue
		}
		pkg, err := c.load(e.Path)
		if err != nil {
			c.broken[e.Path] = err
			// The usual name, so that its uses are not called undefined.
			e.local = path.Base(e.Path)
		} else {
			e.pkg, e.local = pkg, pkg.Name()
		}
		if c.imports[e.local] == nil {
			c.imports[e.local] = e
		}
	}
}

// Unused warns of imports that no snippet used, and reports those whose names
// can't be had. Call it when all snippets have been checked.
func (c *Checker) Unused(l *diag.List) {
	for _, e := range c.listed {
		if e.local == "decimal" || e.local == "flow" || e.local == "time" && e.Path != "time" || reservedNames[e.local] {
			l.Errorf(diag.AmbiguousImport, e.Span, "`%s` is a name that generated programs and snippets need themselves", e.local).
				Helpf("give the import another name: `imports: [%s: %s]`", "my"+e.local, e.Path)
			continue
		}
		if !e.used {
			l.Warningf(diag.UnusedImport, e.Span, "%q is imported and not used", e.Path).Helpf("remove it from `imports`")
		}
	}
}

// wantName is the name of the type that the value must have, which nobody can
// write.
const wantName = "·want"

// conversions that the compiler inserts, with names that nobody can write.
const (
	toDecimal  = "·decimal"
	toNumber   = "·number"
	toString   = "·string"
	toDuration = "·duration"
)

// declare makes the names in scope known: a package for the snippet that holds
// the record, let values, packages and types.
func (j *job) declare() bool {
	c := j.c
	j.pkg = types.NewPackage(hidden, "p") // the package that the heads of syntax.go name
	j.lets = map[types.Object]*letEntry{}
	j.params = map[types.Object]bool{}
	j.packages = map[*types.PkgName]*importEntry{}
	j.marks = map[ast.Node]any{}
	scope := j.pkg.Scope()
	if j.s.In != nil {
		j.in = types.NewVar(token.NoPos, j.pkg, "in", c.universe.goType(j.s.In))
		scope.Insert(j.in)
	}
	if j.s.Meta != nil {
		j.meta = types.NewVar(token.NoPos, j.pkg, "meta", c.universe.goType(j.s.Meta))
		scope.Insert(j.meta)
	}
	for _, p := range j.s.Params {
		v := types.NewVar(token.NoPos, j.pkg, p.Name, c.universe.goType(p.Type))
		j.params[v] = true
		scope.Insert(v)
	}
	for _, let := range j.s.Lets {
		if e := c.letEntry(let); e != nil && scope.Insert(e.obj) == nil {
			j.lets[e.obj] = e
		}
	}
	scope.Insert(types.NewTypeName(token.NoPos, j.pkg, toDecimal, c.universe.decimal))
	scope.Insert(types.NewTypeName(token.NoPos, j.pkg, toNumber, c.universe.number))
	scope.Insert(types.NewTypeName(token.NoPos, j.pkg, toString, types.Typ[types.String]))
	if t := j.s.Want.Type; t != nil {
		c.universe.goType(t)
	}
	return j.readable() && j.declareFree()
}

// readable reports types whose packages can't be read.
func (j *job) readable() bool {
	u := j.c.universe
	for path, err := range u.missing {
		j.unreadable(path, err, j.whole())
	}
	return len(u.missing) == 0
}

// declareFree declares what the text names and does not declare itself.
func (j *job) declareFree() bool {
	c, scope, ok := j.c, j.pkg.Scope(), true
	var bases map[*ast.Ident]bool
	seen := map[string]bool{}
	for _, id := range j.file.Unresolved {
		if scope.Lookup(id.Name) != nil {
			continue
		}
		if t := c.types[id.Name]; t != nil {
			g := c.universe.goType(t)
			if n, named := g.(*types.Named); named && n.Obj().Name() == id.Name {
				scope.Insert(n.Obj())
			} else {
				scope.Insert(types.NewTypeName(token.NoPos, j.pkg, id.Name, g))
			}
			continue
		}
		switch id.Name {
		case "or":
			scope.Insert(c.universe.or)
			continue
		case "decimal":
			scope.Insert(c.universe.decimal.Obj())
			continue
		case "number":
			scope.Insert(c.universe.number.Obj())
			continue
		}
		if types.Universe.Lookup(id.Name) != nil || seen[id.Name] {
			continue
		}
		if bases == nil {
			bases = selectorBases(j.file)
		}
		if !bases[id] {
			continue
		}
		seen[id.Name] = true
		e, fine := j.findPackage(id)
		if !fine {
			ok = false
			continue
		}
		if e == nil {
			continue
		}
		if !j.importPackage(e, id) {
			ok = false
			continue
		}
		name := types.NewPkgName(token.NoPos, j.pkg, id.Name, e.pkg)
		j.packages[name] = e
		scope.Insert(name)
	}
	if !ok {
		j.failed = true
	}
	return ok && j.readable()
}

// selectorBases are the names that stand before a dot.
func selectorBases(f *ast.File) map[*ast.Ident]bool {
	m := map[*ast.Ident]bool{}
	ast.Inspect(f, func(n ast.Node) bool {
		if s, ok := n.(*ast.SelectorExpr); ok {
			if id, ok := s.X.(*ast.Ident); ok {
				m[id] = true
			}
		}
		return true
	})
	return m
}

// findPackage returns the package that a name means, nil for none. It reports
// a name that means several, or one that must be imported, and is then not
// fine.
func (j *job) findPackage(id *ast.Ident) (e *importEntry, fine bool) {
	c := j.c
	c.nameImports()
	if e := c.imports[id.Name]; e != nil {
		e.used = true
		return e, true
	}
	paths := stdByName[id.Name]
	switch {
	case len(paths) == 0:
		return nil, true
	case len(paths) > 1:
		// Some of them may be imported under another name: then this one is
		// still not clear.
		d := j.l.Errorf(diag.AmbiguousImport, j.nodeSpan(id), "`%s` is the name of several standard packages: %s", id.Name, strings.Join(paths, ", "))
		d.Helpf("say which: `imports: [%s]`", paths[len(paths)-1])
		return nil, false
	case !pure[paths[0]]:
		d := j.l.Errorf(diag.ImpureImport, j.nodeSpan(id), "package %s touches the world outside of the record, so it must stand in `imports`", paths[0])
		d.Helpf("add `imports: [%s]` to the pipeline", paths[0])
		return nil, false
	}
	e = &importEntry{UserImport: UserImport{Path: paths[0]}, local: id.Name}
	return e, true
}

// importPackage reads the types of a package.
func (j *job) importPackage(e *importEntry, id *ast.Ident) bool {
	if e.pkg != nil {
		return true
	}
	err := j.c.broken[e.Path]
	if err == nil {
		e.pkg, err = j.c.load(e.Path)
	}
	if err == nil {
		return true
	}
	e.pkg = nil
	j.c.broken[e.Path] = err
	// Whoever loads the user's packages has reported what is wrong with them.
	if !e.users || !j.l.HasErrors() {
		j.unreadable(e.Path, err, j.nodeSpan(id))
	}
	return false
}

// localNames are the names in scope of a snippet besides its own, sorted, for
// near names.
func (j *job) localNames() []string {
	names := j.pkg.Scope().Names()
	for name := range j.c.types {
		names = append(names, name)
	}
	for name := range j.c.imports {
		names = append(names, name)
	}
	names = append(names, types.Universe.Names()...)
	names = append(names, "or", "decimal", "number")
	names = slices.DeleteFunc(names, func(s string) bool { return strings.HasPrefix(s, hidden) })
	slices.Sort(names)
	return slices.Compact(names)
}

// typeOfIR is the Go type of a type of the language.
func (j *job) typeOfIR(t *ir.Type) types.Type { return j.c.universe.goType(t) }
