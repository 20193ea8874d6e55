package check

import (
	"go/ast"
	"go/token"
	"go/types"
	"slices"
	"strings"
)

// writesRecord tells whether the snippet may change fields of `in` itself. It
// then works on a copy: in Go's terms `in` is a parameter, and nobody else sees
// what a function does to its parameters.
func (j *job) writesRecord() bool {
	if j.in == nil || !j.shape.writes && !j.shape.calls {
		return false
	}
	found := false
	target := func(x ast.Expr) {
		if x != nil && j.inRecord(x) {
			found = true
		}
	}
	ast.Inspect(j.fn.Body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.AssignStmt:
			if n.Tok != token.DEFINE {
				for _, x := range n.Lhs {
					target(x)
				}
			}
		case *ast.IncDecStmt:
			target(n.X)
		case *ast.RangeStmt:
			if n.Tok == token.ASSIGN {
				target(n.Key)
				target(n.Value)
			}
		case *ast.UnaryExpr:
			if n.Op == token.AND {
				target(n.X)
			}
		case *ast.SliceExpr:
			if _, array := typeOr(j.typeOf(n.X)).Underlying().(*types.Array); array {
				target(n.X)
			}
		case *ast.SelectorExpr:
			// A method with a pointer receiver takes the address.
			s := j.info.Selections[n]
			if s == nil || s.Kind() != types.MethodVal {
				return true
			}
			f, ok := s.Obj().(*types.Func)
			if !ok || f.Signature().Recv() == nil {
				return true
			}
			_, takes := f.Signature().Recv().Type().(*types.Pointer)
			_, has := typeOr(j.typeOf(n.X)).Underlying().(*types.Pointer)
			if takes && !has {
				target(n.X)
			}
		}
		return !found
	})
	return found
}

// inRecord tells whether a place lies in the memory of the record itself, and
// not behind a pointer, in a list or in a map.
func (j *job) inRecord(x ast.Expr) bool {
	for {
		switch e := x.(type) {
		case *ast.Ident:
			return j.info.Uses[e] == types.Object(j.in)
		case *ast.ParenExpr:
			x = e.X
		case *ast.SelectorExpr:
			if s := j.info.Selections[e]; s == nil || s.Kind() != types.FieldVal || s.Indirect() {
				return false
			}
			x = e.X
		case *ast.IndexExpr:
			if _, array := typeOr(j.typeOf(e.X)).Underlying().(*types.Array); !array {
				return false
			}
			x = e.X
		default:
			return false
		}
	}
}

// A sharing knows which local variables may lead to what the record refers to.
// Those in are are themselves the record's lists, maps or pointers; of others in
// vars, such as a new list of the record's parts, only what they hold is.
type sharing struct {
	*job
	vars, are map[types.Object]bool
}

// writesDeep tells whether the snippet may change what the record refers to:
// elements of its lists and maps, and what its optional fields point to. It errs
// on the safe side.
func (j *job) writesDeep() bool {
	if j.in == nil || !j.shape.writes && !j.shape.calls {
		return false
	}
	s := &sharing{j, map[types.Object]bool{}, map[types.Object]bool{}}
	// Variables may be assigned from one another in any order.
	for before := -1; before != len(s.vars)+len(s.are); {
		before = len(s.vars) + len(s.are)
		s.spread()
	}
	found := false
	ast.Inspect(j.fn.Body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.AssignStmt:
			if n.Tok != token.DEFINE {
				for _, x := range n.Lhs {
					found = found || s.behind(x)
				}
			}
		case *ast.IncDecStmt:
			found = found || s.behind(n.X)
		case *ast.RangeStmt:
			if n.Tok == token.ASSIGN {
				found = found || n.Key != nil && s.behind(n.Key) || n.Value != nil && s.behind(n.Value)
			}
		case *ast.CallExpr:
			found = found || s.callWrites(n)
		}
		return !found
	})
	return found
}

// spread adds variables to which something shared is assigned.
func (s *sharing) spread() {
	add := func(x ast.Expr, is bool) {
		if id, ok := x.(*ast.Ident); ok {
			if o := s.info.ObjectOf(id); o != nil && refers(o.Type(), nil) {
				s.vars[o] = true
				if is {
					s.are[o] = true
				}
			}
			return
		}
		// Into a field or an element: the whole variable counts.
		if root, _ := rootOf(x); root != nil {
			if o := s.info.Uses[root]; o != nil && o != types.Object(s.in) {
				if v, ok := o.(*types.Var); ok && !v.IsField() {
					s.vars[o] = true
				}
			}
		}
	}
	ast.Inspect(s.fn.Body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.AssignStmt:
			for i, x := range n.Lhs {
				from := n.Rhs[min(i, len(n.Rhs)-1)]
				if s.shared(from) {
					add(x, s.is(from))
				}
			}
		case *ast.ValueSpec:
			for i, x := range n.Names {
				if len(n.Values) == 0 {
					continue
				}
				if from := n.Values[min(i, len(n.Values)-1)]; s.shared(from) {
					add(x, s.is(from))
				}
			}
		case *ast.RangeStmt:
			if s.shared(n.X) {
				for _, x := range []ast.Expr{n.Key, n.Value} {
					if x != nil {
						add(x, true)
					}
				}
			}
		case *ast.FuncLit:
			// Anybody may call it with anything.
			for _, f := range n.Type.Params.List {
				for _, name := range f.Names {
					add(name, true)
				}
			}
		case *ast.TypeSwitchStmt:
			for _, c := range n.Body.List {
				if o := s.info.Implicits[c]; o != nil {
					s.vars[o], s.are[o] = true, true
				}
			}
		}
		return true
	})
}

// shared tells whether an expression may refer to what the record refers to.
func (s *sharing) shared(x ast.Expr) bool {
	if t := s.typeOf(x); t != nil {
		if _, tuple := t.(*types.Tuple); !tuple && !refers(t, nil) {
			return false
		}
	}
	if call, ok := ast.Unparen(x).(*ast.CallExpr); ok {
		if s.fresh(call) {
			return false
		}
		if s.isBuiltin(call.Fun, "append") && len(call.Args) > 0 && !elementsRefer(s.typeOf(call)) {
			return s.shared(call.Args[0]) // the others are copied
		}
	}
	found := false
	ast.Inspect(x, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok {
			o := s.info.Uses[id]
			found = found || o != nil && (o == types.Object(s.in) || s.vars[o])
		}
		return !found
	})
	return found
}

// is tells whether a shared expression may itself be a list, map or pointer of the
// record's, and not something new that holds such.
func (s *sharing) is(x ast.Expr) bool {
	switch x := ast.Unparen(x).(type) {
	case *ast.Ident:
		o := s.info.Uses[x]
		return o == nil || o == types.Object(s.in) || s.are[o]
	case *ast.CompositeLit:
		_, isStruct := typeOr(s.typeOf(x)).Underlying().(*types.Struct)
		return isStruct && s.shared(x) // its fields are what is asked for
	case *ast.CallExpr:
		if s.isBuiltin(x.Fun, "append") && len(x.Args) > 0 {
			return s.shared(x.Args[0]) && s.is(x.Args[0])
		}
	case *ast.SliceExpr:
		return s.is(x.X)
	}
	return s.shared(x)
}

// fresh tells whether a call makes something new that shares nothing with its
// arguments.
func (s *sharing) fresh(n *ast.CallExpr) bool {
	if s.isBuiltin(n.Fun, "make", "new") {
		return true
	}
	f := s.callee(n)
	if f == nil || f.Pkg() == nil {
		return false
	}
	switch f.Pkg().Path() {
	case "strings", "strconv", "fmt", "errors", "time":
		return true
	case "slices", "maps", "bytes":
		// A clone is shallow: elements that refer to something still share it.
		clone := f.Name() == "Clone" || strings.HasPrefix(f.Name(), "Sorted") || f.Name() == "Collect" || f.Name() == "Concat" || f.Name() == "Repeat"
		return clone && !elementsRefer(s.typeOf(n))
	}
	return false
}

// elementsRefer tells whether the elements of a list or map refer to something.
func elementsRefer(t types.Type) bool {
	switch t := typeOr(t).Underlying().(type) {
	case *types.Slice:
		return refers(t.Elem(), nil)
	case *types.Map:
		return refers(t.Elem(), nil)
	}
	return true
}

// refers tells whether a value of a type holds a reference through which
// something can be changed. A string can't be changed.
func refers(t types.Type, seen []types.Type) bool {
	if slices.Contains(seen, t) {
		return false
	}
	if isTime(t) {
		return false
	}
	switch u := t.Underlying().(type) {
	case *types.Slice, *types.Map, *types.Pointer, *types.Chan, *types.Interface, *types.Signature:
		return true
	case *types.Array:
		return refers(u.Elem(), append(seen, t))
	case *types.Struct:
		for i := range u.NumFields() {
			if refers(u.Field(i).Type(), append(seen, t)) {
				return true
			}
		}
	case *types.Tuple:
		return true
	}
	return false
}

// behind tells whether a place that is written lies behind a reference that the
// record may hold as well.
func (s *sharing) behind(x ast.Expr) bool {
	deep := false
	for e := x; ; {
		switch n := e.(type) {
		case *ast.Ident:
			o := s.info.Uses[n]
			return deep && o != nil && (o == types.Object(s.in) || s.vars[o])
		case *ast.ParenExpr:
			e = n.X
		case *ast.StarExpr:
			deep, e = true, n.X
		case *ast.IndexExpr:
			if _, array := typeOr(s.typeOf(n.X)).Underlying().(*types.Array); !array {
				deep = true
			}
			e = n.X
		case *ast.SelectorExpr:
			if sel := s.info.Selections[n]; sel != nil && sel.Indirect() {
				deep = true
			}
			e = n.X
		default:
			return s.shared(e)
		}
	}
}

// callWrites tells whether a call may change what its arguments share with the
// record.
func (s *sharing) callWrites(n *ast.CallExpr) bool {
	if _, marked := s.marks[n]; marked || s.info.Types[n.Fun].IsType() {
		return false
	}
	any := func(args []ast.Expr) bool { return slices.ContainsFunc(args, s.shared) }
	first := n.Args[:min(1, len(n.Args))]
	if s.isBuiltin(n.Fun, "copy", "delete", "clear", "append") {
		return any(first) && s.is(n.Args[0]) // append may write behind the end of a list
	}
	f := s.callee(n)
	if f == nil {
		if _, lit := ast.Unparen(n.Fun).(*ast.FuncLit); lit {
			return false
		}
		if tv := s.info.Types[n.Fun]; tv.IsBuiltin() {
			return false
		}
		return any(n.Args) && !s.local(n.Fun)
	}
	if f.Pkg() == nil || f.Pkg().Path() == hidden {
		return false
	}
	if recv := f.Signature().Recv(); recv != nil {
		if sel, ok := ast.Unparen(n.Fun).(*ast.SelectorExpr); ok && refers(recv.Type(), nil) && s.shared(sel.X) && !isRegexp(recv.Type()) {
			return true
		}
	}
	switch path := f.Pkg().Path(); {
	case users(f.Pkg()), !pure[path]:
		return any(n.Args)
	case path == "sort":
		return any(first)
	case path == "slices":
		switch name := f.Name(); {
		case strings.HasPrefix(name, "Sort") && !strings.HasPrefix(name, "Sorted"), name == "Reverse", name == "Insert", name == "Replace",
			strings.HasPrefix(name, "Delete"), strings.HasPrefix(name, "Compact") || name == "AppendSeq":
			return any(first)
		}
		return false
	case path == "maps":
		return (f.Name() == "Copy" || f.Name() == "DeleteFunc" || f.Name() == "Insert") && any(first)
	case path == "strings", path == "strconv", path == "fmt", path == "math", path == "unicode", path == "unicode/utf8", path == "time", path == "regexp", path == "errors":
		return false
	}
	// Other packages may write to slices that they are given (Read, Decode).
	return any(n.Args)
}

// isRegexp tells whether a receiver is a regular expression, whose methods only
// read.
func isRegexp(t types.Type) bool {
	p, ok := types.Unalias(t).(*types.Pointer)
	return ok && named(p.Elem(), "regexp", "Regexp")
}

// local tells whether a function is a variable of the snippet: the body of the
// closure in it is looked at anyway.
func (s *sharing) local(fun ast.Expr) bool {
	id, ok := ast.Unparen(fun).(*ast.Ident)
	if !ok {
		return false
	}
	v, ok := s.info.Uses[id].(*types.Var)
	return ok && v.Pkg() == s.pkg
}
