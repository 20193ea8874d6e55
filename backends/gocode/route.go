package gocode

import (
	"fmt"
	"strings"

	"github.com/dave/jennifer/jen"

	"github.com/flowc-dev/flowc/ir"
)

func (l *loop) route(n *ir.Node, op *ir.Route, v value, at place) ([]jen.Code, error) {
	at.chain.steps = append(at.chain.steps, step{node: n.YAML})
	var body strings.Builder
	var exprs []*ir.Expr
	for i, c := range op.Cases {
		text := l.stages.expr(c.Cond)
		exprs = append(exprs, c.Cond)
		fmt.Fprintf(&body, "%s {\nreturn %d\n}\n", lined(c.Cond, "if "+condition(text)), i)
	}
	fmt.Fprintf(&body, "return %d", len(op.Cases))
	call := l.call(stageFunc{
		name: "route" + l.names.upper(n.YAML), comment: "picks the output of `" + n.YAML + "` for a record.", node: n,
		results: "int", body: l.stages.owned(n, v.typ, exprs...) + body.String(),
	}, v, exprs...)
	last := &at.chain.steps[len(at.chain.steps)-1]
	var cases []jen.Code
	branch := func(port string, label *jen.Statement) error {
		sub := at
		sub.chain = l.newChain(l.names.lower(n.YAML)+upperFirst(camel(port)), at.chain)
		code, err := l.after(n, port, v.clone(), sub)
		if err != nil {
			return err
		}
		code = append(l.countSteps(sub.chain), code...)
		if len(l.dataOut(n.ID, port)) == 0 { // dropped: counted as filtered
			last.filtered = l.filtered(n)
			code = append([]jen.Code{l.Go(last.filtered + "++")}, code...)
		}
		cases = append(cases, label.Block(append([]jen.Code{jen.Comment(port)}, code...)...))
		return nil
	}
	for i, c := range op.Cases {
		if err := branch(c.Port, jen.Case(jen.Lit(i))); err != nil {
			return nil, err
		}
	}
	if op.Else != "" {
		if err := branch(op.Else, jen.Default()); err != nil {
			return nil, err
		}
	} else {
		last.filtered = l.filtered(n)
		cases = append(cases, jen.Default().Block(l.Go(last.filtered+"++")))
	}
	return []jen.Code{l.Go("switch " + call).Block(cases...)}, nil
}

// condition is an expression as the condition of an if: composite literals
// would need parentheses there.
func condition(text string) string {
	if strings.Contains(text, "{") {
		return "(" + text + ")"
	}
	return text
}
