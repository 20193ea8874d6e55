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
	at.input = v.dec.input
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
		case ir.VerbForeign:
			err = fmt.Errorf("%s: a component in a process of its own must head its region", n.ID)
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

func (l *loop) filter(n *ir.Node, op *ir.Apply, v value, at place) ([]jen.Code, error) {
	call := l.callExpr(stageFunc{
		name: "filter" + l.names.upper(n.YAML), comment: "tells whether `" + n.YAML + "` keeps a record.", node: n,
	}, "bool", v, op.Expr)
	counter := l.filtered(n)
	at.chain.steps = append(at.chain.steps, step{node: n.YAML, filtered: counter})
	refuse := []jen.Code{l.Go(counter + "++"), l.Go(at.next)}
	var code []jen.Code
	if op.Expr.Errs {
		ok := l.names.local(n.YAML) + "OK"
		code = append(code, jen.Block(l.Gof("%s, err := %s", ok, call), l.ifFailed(n.YAML, "err", at), l.block("if !"+ok, refuse...)))
	} else {
		code = append(code, l.block("if !"+call, refuse...))
	}
	rest, err := l.after(n, "", v, at)
	return append(code, rest...), err
}

func (l *loop) check(n *ir.Node, op *ir.Apply, v value, at place) ([]jen.Code, error) {
	var body strings.Builder
	var exprs []*ir.Expr
	for _, a := range op.Assign {
		exprs = append(exprs, a.Expr)
		fmt.Fprintf(&body, "%s {\nreturn %q\n}\n", lined(a.Expr, "if !("+l.stages.expr(a.Expr)+")"), a.Name)
	}
	body.WriteString(`return ""`)
	call := l.call(stageFunc{
		name: "check" + l.names.upper(n.YAML), comment: "names the first condition of `" + n.YAML + "` that does not hold.", node: n,
		results: "string", body: l.stages.owned(n, v.typ, exprs...) + body.String(),
	}, v, exprs...)
	at.chain.steps = append(at.chain.steps, step{node: n.YAML})
	code := []jen.Code{l.block(fmt.Sprintf(`if failed := %s; failed != ""`, call), l.fail(n.YAML, "&@codec.CheckError{Name: failed}", at)...)}
	rest, err := l.after(n, "", v, at)
	return append(code, rest...), err
}
