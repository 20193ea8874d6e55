package check

import (
	"go/ast"
	"go/constant"
	"go/types"
	"strings"

	"github.com/flowc-dev/flowc/ir"
)

// rank orders effects, weakest first.
var rank = map[ir.Effect]int{ir.Pure: 0, ir.Clock: 1, ir.Random: 2, ir.IO: 3, ir.Unknown: 4}

// effects finds what running the snippet may do, and whether it may keep what
// it reads. What it names decides, called or not: a function that is handed on
// is called by somebody.
func (j *job) effects(e *ir.Expr) {
	e.Effect = ir.Pure
	raise := func(f ir.Effect) {
		if rank[f] > rank[e.Effect] {
			e.Effect = f
		}
	}
	for _, o := range j.info.Uses {
		switch o := o.(type) {
		case *types.Func:
			f, keeps := funcEffect(o)
			raise(f)
			e.Keeps = e.Keeps || keeps
		case *types.Var:
			if o.IsField() || o.Pkg() == j.pkg || o.Pkg() == nil || o.Pkg().Path() == hidden {
				continue
			}
			// A variable of a package: its value may change, and a function in it
			// may do anything.
			if users(o.Pkg()) {
				raise(ir.Unknown)
				e.Keeps = true
			} else if o.Parent() == o.Pkg().Scope() {
				raise(pathEffect(o.Pkg().Path()))
			}
		}
	}
	if !j.shape.calls {
		return
	}
	ast.Inspect(j.fn.Body, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok {
			return true
		}
		f := j.callee(call)
		if f == nil || f.Pkg() == nil || !IsStd(f.Pkg().Path()) {
			return true
		}
		for _, a := range call.Args {
			// fmt, json and others call the methods of what they are given.
			if t := j.typeOf(a); t != nil && hasUsersMethods(t) {
				raise(ir.Unknown)
				e.Keeps = true
			}
			if _, isFunc := types.Unalias(typeOr(j.typeOf(a))).Underlying().(*types.Signature); isFunc && f.Pkg().Path() == "time" {
				e.Keeps = true // time.AfterFunc
			}
		}
		if strings.HasPrefix(f.Name(), "Fprint") && f.Pkg().Path() == "fmt" && len(call.Args) > 0 && !isBuffer(j.typeOf(call.Args[0])) {
			raise(ir.IO)
		}
		return true
	})
}

func typeOr(t types.Type) types.Type {
	if t == nil {
		return types.Typ[types.Invalid]
	}
	return t
}

// isBuffer tells whether a writer is one in memory.
func isBuffer(t types.Type) bool {
	p, ok := types.Unalias(typeOr(t)).(*types.Pointer)
	return ok && (named(p.Elem(), "strings", "Builder") || named(p.Elem(), "bytes", "Buffer"))
}

// hasUsersMethods tells whether a type is one of the user's with methods.
func hasUsersMethods(t types.Type) bool {
	t = types.Unalias(t)
	if p, ok := t.(*types.Pointer); ok {
		t = types.Unalias(p.Elem())
	}
	n, ok := t.(*types.Named)
	return ok && users(n.Obj().Pkg()) && n.NumMethods() > 0
}

// funcEffect is what a function or method may do, and whether it may keep its
// arguments.
func funcEffect(f *types.Func) (ir.Effect, bool) {
	p := f.Pkg()
	if p == nil || p.Path() == hidden {
		return ir.Pure, false // error.Error, methods of decimals
	}
	if users(p) {
		return ir.Unknown, true
	}
	path := p.Path()
	switch path {
	case "time":
		if f.Signature().Recv() != nil {
			return ir.Pure, false
		}
		switch f.Name() {
		case "Now", "Since", "Until", "Sleep", "After", "Tick", "NewTimer", "NewTicker", "AfterFunc":
			return ir.Clock, false
		case "LoadLocation":
			return ir.IO, false
		}
		return ir.Pure, false
	case "fmt":
		if impureFuncs[path][f.Name()] {
			return ir.IO, false
		}
	case "math/big":
		if f.Name() == "Rand" || f.Name() == "ProbablyPrime" {
			return ir.Random, false
		}
	case "unique":
		return ir.Pure, true
	}
	effect := pathEffect(path)
	return effect, effect == ir.IO || effect == ir.Unknown
}

// pathEffect is what functions of a standard package may do.
func pathEffect(path string) ir.Effect {
	switch {
	case pure[path]:
		return ir.Pure
	case path == "math/rand", path == "math/rand/v2", path == "crypto/rand", path == "hash/maphash":
		return ir.Random
	case path == "text/template", path == "html/template", path == "reflect", path == "context", strings.HasPrefix(path, "sync"):
		return ir.Unknown
	}
	return ir.IO
}

// constantText is the text of a string constant.
func constantText(v constant.Value) string { return constant.StringVal(v) }
