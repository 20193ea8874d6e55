package gocode

import (
	"fmt"
	"strings"

	"github.com/dave/jennifer/jen"

	"github.com/flowc-dev/flowc/ir"
)

// ensure quotes the decoding of fields that a stage reads and nobody decoded on
// this way.
func (l *loop) ensure(stage string, paths []ir.Path, v *value, at place) []jen.Code {
	if v.dec == nil || len(paths) == 0 {
		return nil
	}
	method := v.dec.group(stage, v.port, paths, v.done)
	if method == "" {
		return nil
	}
	return []jen.Code{l.block(fmt.Sprintf("if err := %s.%s(%s); err != nil", v.dec.name, method, v.line()),
		append(v.dec.undo(at.chain), l.fail(v.dec.node.YAML, "err", at)...)...)}
}

// stage quotes one node and all that follows.
func (l *loop) stage(n *ir.Node, v value, at place) ([]jen.Code, error) {
	before := v
	at.input = func() string { return l.input(n, before) }
	code := l.ensure(n.YAML, l.reads(n), &v, at)
	var rest []jen.Code
	var err error
	switch op := n.Op.(type) {
	case *ir.Apply:
		switch op.Verb {
		case ir.VerbFilter:
			rest, err = l.filter(n, op, v, at)
		case ir.VerbMap:
			rest, err = l.mapping(n, op, v, at)
		case ir.VerbSet:
			rest, err = l.set(n, op, v, at)
		case ir.VerbCheck:
			rest, err = l.check(n, op, v, at)
		case ir.VerbFlatmap:
			rest, err = l.flatmap(n, op, v, at)
		case ir.VerbGo:
			rest, err = l.component(n, op, v, at)
		default:
			err = fmt.Errorf("%s: unknown verb %q", n.ID, op.Verb)
		}
	case *ir.Decode:
		rest, err = l.parse(n, op, v, at)
	case *ir.Route:
		rest, err = l.route(n, op, v, at)
	case *ir.Encode:
		rest, err = l.encodeTo(n, op, v, at)
	default:
		err = fmt.Errorf("%s: a %T can't run inside a loop", n.ID, n.Op)
	}
	return append(code, rest...), err
}

// args are the arguments of a stage's function.
func (l *loop) args(v value, exprs ...*ir.Expr) string {
	args := v.ref()
	if metaOf(exprs...) {
		args += ", &l.meta"
	}
	return args
}

func metaOf(exprs ...*ir.Expr) bool {
	for _, e := range exprs {
		if e != nil && len(e.MetaReads) > 0 {
			return true
		}
	}
	return false
}

// metaIf is the type of meta where one of the expressions reads it.
func (l *loop) metaIf(exprs ...*ir.Expr) *ir.Type {
	if metaOf(exprs...) {
		return l.meta
	}
	return nil
}

func (l *loop) filter(n *ir.Node, op *ir.Apply, v value, at place) ([]jen.Code, error) {
	name := l.stages.add(stageFunc{
		name: "filter" + l.names.upper(n.YAML), comment: "tells whether `" + n.YAML + "` keeps a record.", node: n,
		in: v.typ, meta: l.metaIf(op.Expr), results: l.stages.result(op.Expr, "bool"), body: l.stages.returns(op.Expr),
	})
	counter := l.counter(l.names.lower(n.YAML) + "Filtered")
	at.chain.steps = append(at.chain.steps, step{node: n.YAML, filtered: "l." + counter})
	refuse := []jen.Code{l.Gof("l.%s++", counter), l.Go(at.next)}
	call := fmt.Sprintf("%s(%s)", name, l.args(v, op.Expr))
	var code []jen.Code
	if op.Expr.Errs {
		ok := l.names.local(n.YAML) + "OK"
		code = append(code, l.Gof("%s, err := %s", ok, call), l.ifFailed(n.YAML, "err", at), l.block("if !"+ok, refuse...))
		code = []jen.Code{l.scoped(code)}
	} else {
		code = append(code, l.block("if !"+call, refuse...))
	}
	rest, err := l.after(n, "", v, at)
	return append(code, rest...), err
}

// scoped puts code into a block of its own, so that its err is nobody else's.
func (l *loop) scoped(code []jen.Code) jen.Code { return jen.Block(code...) }

func (l *loop) check(n *ir.Node, op *ir.Apply, v value, at place) ([]jen.Code, error) {
	var body strings.Builder
	var exprs []*ir.Expr
	for _, a := range op.Assign {
		text := l.stages.expr(a.Expr)
		exprs = append(exprs, a.Expr)
		fmt.Fprintf(&body, "%s {\nreturn %q\n}\n", lined(a.Expr, "if !("+text+")"), a.Name)
	}
	body.WriteString(`return ""`)
	name := l.stages.add(stageFunc{
		name: "check" + l.names.upper(n.YAML), comment: "names the first condition of `" + n.YAML + "` that does not hold.", node: n,
		in: v.typ, meta: l.metaIf(exprs...), results: "string", body: body.String(),
	})
	at.chain.steps = append(at.chain.steps, step{node: n.YAML})
	code := []jen.Code{l.block(fmt.Sprintf(`if failed := %s(%s); failed != ""`, name, l.args(v, exprs...)),
		l.fail(n.YAML, "&@codec.CheckError{Name: failed}", at)...)}
	rest, err := l.after(n, "", v, at)
	return append(code, rest...), err
}

func (l *loop) mapping(n *ir.Node, op *ir.Apply, v value, at place) ([]jen.Code, error) {
	out := n.Out[0].Type
	f := stageFunc{
		name: "map" + l.names.upper(n.YAML), comment: "makes the record of `" + n.YAML + "`.", node: n, in: v.typ,
	}
	errs := false
	if op.Expr != nil {
		f.meta, f.results, f.body = l.metaIf(op.Expr), l.stages.result(op.Expr, l.stages.typ(out)), l.stages.returns(op.Expr)
		errs = op.Expr.Errs
	} else {
		var exprs []*ir.Expr
		exprs, f.body, errs = l.assignments(n, op.Assign, "return "+l.stages.typ(out)+"{\n", v.typ, "", out)
		f.meta, f.results = l.metaIf(exprs...), l.stages.typ(out)
		if errs {
			f.results = "(" + f.results + ", error)"
		}
	}
	name := l.stages.add(f)
	at.chain.steps = append(at.chain.steps, step{node: n.YAML})
	local := l.names.local(n.YAML)
	args := v.ref()
	if f.meta != nil {
		args += ", &l.meta"
	}
	rest, err := l.after(n, "", value{base: local, typ: out}, at)
	if err != nil {
		return nil, err
	}
	return append(l.bind(n, local, name+"("+args+")", errs, at, rest), rest...), nil
}

// assignments is the body that fills a struct field by field: head opens the
// literal, tail goes before the closing brace. An expression that is a body or
// may return an error becomes a function of its own, called before.
func (l *loop) assignments(n *ir.Node, assign []ir.Assign, head string, in *ir.Type, tail string, out *ir.Type) (exprs []*ir.Expr, body string, errs bool) {
	var before, lit strings.Builder
	for _, a := range assign {
		exprs = append(exprs, a.Expr)
		// A value that is there, for a field that need not be, is pointed to.
		field := out.GoField(a.Go)
		pointTo := field != nil && field.Pointer() && !a.Expr.Optional
		if !a.Expr.Body {
			text := l.stages.expr(a.Expr)
			if pointTo {
				text = "new(" + l.stages.typ(field.Type) + "(" + text + "))"
			}
			fmt.Fprintf(&lit, "%s,\n", lined(a.Expr, a.Go+": "+text))
			continue
		}
		typ := l.stages.typ(a.Expr.Type)
		sub := l.stages.add(stageFunc{
			name: "map" + l.names.upper(n.YAML) + a.Go, comment: "makes `" + a.Name + "` of `" + n.YAML + "`.", node: n,
			in: in, meta: l.metaIf(a.Expr), results: l.stages.result(a.Expr, typ), body: l.stages.returns(a.Expr),
		})
		args := "in"
		if metaOf(a.Expr) {
			args += ", meta"
		}
		local := "v" + a.Go
		if a.Expr.Errs {
			errs = true
			fmt.Fprintf(&before, "%s, err := %s(%s)\nif err != nil {\nreturn %s{}, err\n}\n", local, sub, args, l.stages.typ(out))
		} else {
			fmt.Fprintf(&before, "%s := %s(%s)\n", local, sub, args)
		}
		if pointTo {
			local = "&" + local
		}
		fmt.Fprintf(&lit, "%s: %s,\n", a.Go, local)
	}
	end := "}"
	if errs {
		end = "}, nil"
	}
	return exprs, before.String() + head + lit.String() + tail + end, errs
}
