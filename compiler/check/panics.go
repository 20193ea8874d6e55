package check

import (
	"go/ast"
	"go/token"
	"go/types"
)

// panics tells whether running the snippet may panic: with the error of a
// decimal, a division, an index, a nil pointer, or by a call that is not known
// to be harmless.
func (j *job) panics() bool {
	found := false
	plain := map[ast.Expr]bool{} // expressions whose failing has a form without panic
	ast.Inspect(j.fn.Body, func(n ast.Node) bool {
		if found {
			return false
		}
		switch n := n.(type) {
		case *ast.AssignStmt:
			if len(n.Lhs) == 2 && len(n.Rhs) == 1 {
				plain[ast.Unparen(n.Rhs[0])] = true
			}
			for _, x := range n.Lhs {
				if i, ok := ast.Unparen(x).(*ast.IndexExpr); ok && isMap(j.typeOf(i.X)) {
					found = true // the map may be nil
				}
			}
			if op, ok := assignOps[n.Tok]; ok && j.opPanics(op, n.Lhs[0], n.Rhs[0]) {
				found = true
			}
		case *ast.IncDecStmt:
			found = j.isDecimalExpr(n.X)
		case *ast.BinaryExpr:
			if arithmetic(n.Op) {
				found = j.info.Types[n].Value == nil && j.opPanics(n.Op, n.X, n.Y)
			} else if comparison(n.Op) {
				found = isInterface(j.typeOf(n.X)) && isInterface(j.typeOf(n.Y)) && !j.info.Types[n.X].IsNil() && !j.info.Types[n.Y].IsNil()
			} else if n.Op == token.SHL || n.Op == token.SHR {
				found = j.info.Types[n.Y].Value == nil && !isUnsigned(j.typeOf(n.Y))
			}
		case *ast.IndexExpr:
			if tv := j.info.Types[n.X]; !tv.IsType() && !isMap(tv.Type) && j.info.Types[n].Value == nil {
				_, generic := types.Unalias(typeOr(tv.Type)).Underlying().(*types.Signature)
				found = !generic
			}
		case *ast.SliceExpr:
			found = n.Low != nil || n.High != nil || n.Max != nil
		case *ast.StarExpr:
			found = !j.info.Types[n].IsType()
		case *ast.SelectorExpr:
			if s := j.info.Selections[n]; s != nil && s.Indirect() {
				found = !j.isRecord(n.X)
			}
		case *ast.TypeAssertExpr:
			found = n.Type != nil && !plain[n]
		case *ast.SendStmt:
			found = true
		case *ast.CallExpr:
			found = j.callPanics(n)
		}
		return !found
	})
	return found
}

func isMap(t types.Type) bool {
	_, ok := typeOr(t).Underlying().(*types.Map)
	return ok
}

func isInterface(t types.Type) bool { return t != nil && types.IsInterface(t) }

func isUnsigned(t types.Type) bool {
	b, ok := typeOr(t).Underlying().(*types.Basic)
	return ok && b.Info()&types.IsUnsigned != 0
}

// isRecord tells whether an expression is `in` or `meta`, which are never nil.
func (j *job) isRecord(x ast.Expr) bool {
	id, ok := ast.Unparen(x).(*ast.Ident)
	if !ok {
		return false
	}
	o := j.info.Uses[id]
	return o != nil && (j.in != nil && o == types.Object(j.in) || j.meta != nil && o == types.Object(j.meta))
}

// opPanics tells whether an operator of arithmetic may panic.
func (j *job) opPanics(op token.Token, x, y ast.Expr) bool {
	t := j.typeOf(x)
	if j.c.universe.isDecimal(t) {
		return true
	}
	if op != token.QUO && op != token.REM {
		return false
	}
	b, ok := typeOr(t).Underlying().(*types.Basic)
	return ok && b.Info()&types.IsInteger != 0 && j.info.Types[y].Value == nil
}

// harmless are packages whose functions don't panic on any argument, with the
// exceptions that do.
var harmless = map[string]map[string]bool{
	"strings":       set("Repeat", "NewReplacer", "Replace"),
	"strconv":       set("FormatInt", "FormatUint", "AppendInt", "AppendUint"),
	"unicode":       {},
	"unicode/utf8":  {},
	"unicode/utf16": {},
	"math":          {},
	"path":          {},
	"html":          {},
	"net/url":       {},
	"errors":        set("As", "AsType"),
	"time":          set("NewTicker", "Tick", "Date", "In"),
	"crypto/md5":    {}, "crypto/sha1": {}, "crypto/sha256": {}, "crypto/sha512": {},
	"hash/crc32": {}, "hash/adler32": {},
}

// callPanics tells whether a call may panic.
func (j *job) callPanics(n *ast.CallExpr) bool {
	if _, marked := j.marks[n]; marked {
		return false
	}
	if tv := j.info.Types[n.Fun]; tv.IsType() {
		_, array := tv.Type.Underlying().(*types.Array)
		if p, ok := tv.Type.Underlying().(*types.Pointer); ok {
			_, array = p.Elem().Underlying().(*types.Array)
		}
		return array
	}
	if _, lit := ast.Unparen(n.Fun).(*ast.FuncLit); lit {
		return false // its body is looked at anyway
	}
	if id, ok := ast.Unparen(n.Fun).(*ast.Ident); ok {
		switch o := j.info.Uses[id].(type) {
		case *types.Builtin:
			switch id.Name {
			case "len", "cap", "append", "copy", "delete", "clear", "min", "max", "new", "recover", "complex", "real", "imag", "print", "println":
				return false
			case "make":
				for _, a := range n.Args[1:] {
					if j.info.Types[a].Value == nil {
						return true
					}
				}
				return false
			}
			return true
		case *types.Func:
			return o != j.c.universe.or
		}
		return true
	}
	f := j.callee(n)
	if f == nil || f.Pkg() == nil {
		return true
	}
	if f.Pkg().Path() == hidden {
		return f.Name() == "Round" || f.Name() == "Int64" // of decimals
	}
	except, ok := harmless[f.Pkg().Path()]
	if !ok {
		return true
	}
	if recv := f.Signature().Recv(); recv != nil {
		// Through a nil pointer all of them do.
		_, pointer := recv.Type().(*types.Pointer)
		return pointer || except[f.Name()]
	}
	return except[f.Name()]
}
