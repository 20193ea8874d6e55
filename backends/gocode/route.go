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
		results: "int", body: body.String(),
	}, v, exprs...)
	last := &at.chain.steps[len(at.chain.steps)-1]
	var cases []jen.Code
	branch := func(port string, label *jen.Statement) error {
		sub := at
		counter := l.names.lower(n.YAML) + upperFirst(camel(port))
		sub.chain = &chain{counter: counter, parent: at.chain}
		l.chains = append(l.chains, sub.chain)
		code, err := l.after(n, port, v.clone(), sub)
		if err != nil {
			return err
		}
		if len(sub.chain.steps) > 0 {
			code = append([]jen.Code{l.count(sub.chain)}, code...)
		} else {
			l.dropChain(sub.chain)
		}
		if len(l.dataOut(n.ID, port)) == 0 { // dropped: counted as filtered
			counter := l.counter(l.names.lower(n.YAML) + "Filtered")
			last.filtered = "l." + counter
			code = append([]jen.Code{l.Gof("l.%s++", counter)}, code...)
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
		counter := l.counter(l.names.lower(n.YAML) + "Filtered")
		last.filtered = "l." + counter
		cases = append(cases, jen.Default().Block(l.Gof("l.%s++", counter)))
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
