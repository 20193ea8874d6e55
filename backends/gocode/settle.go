package gocode

import (
	"fmt"
	"slices"

	"github.com/dave/jennifer/jen"
)

// write adds the loop's type, constructor and methods to loops.go.
func (l *loop) write(run []jen.Code) {
	recv := jen.Id("l").Op("*").Id(l.name)
	fields := append([]jen.Code{l.Go("*@flow.Lane"), jen.Id("settings").Op("*").Id("settings")}, l.fields...)
	nodes := l.yamlNodes()
	l.loops.add(
		jen.Comment(fmt.Sprintf("%s runs %s over the records of a batch.", l.name, list(nodes))).Line(),
		jen.Type().Id(l.name).Struct(fields...),
	)
	body := append([]jen.Code{l.Gof("l := &%s{Lane: lane, settings: s}", l.name)}, l.setup...)
	body = append(body, l.Go("return l, nil"))
	l.loops.add(jen.Func().Id("new"+upperFirst(l.name)).Params(l.Go("lane *@flow.Lane"), jen.Id("s").Op("*").Id("settings")).
		Params(l.Go("@flow.Loop"), jen.Error()).Block(body...))
	l.loops.add(jen.Comment("Run handles the records of b.").Line(),
		jen.Func().Params(recv).Id("Run").Params(l.Go("b *@flow.Batch")).Block(run...))
	for _, m := range l.methods {
		l.loops.add(m)
	}
	l.loops.add(jen.Comment("Flush lets stages that held something back give it out.").Line(),
		jen.Func().Params(recv).Id("Flush").Params().Block(l.flush...))
	does, letGo := "Settle counts what became of the batch's records.", l.letGo()
	if len(letGo) > 0 {
		does = "Settle counts what became of the batch's records, and lets go of long ones."
	}
	l.loops.add(jen.Comment(does).Line(),
		jen.Func().Params(recv).Id("Settle").Params().Block(append(l.settle(), letGo...)...))
	if len(l.open) > 0 {
		l.loops.add(jen.Comment("Open opens the components of this lane.").Line(),
			jen.Func().Params(recv).Id("Open").Params(l.Go("ctx @context.Context")).Error().Block(append(l.open, jen.Return(jen.Nil()))...))
	}
	if len(l.close) > 0 {
		l.loops.add(jen.Comment("Close closes the components of this lane.").Line(),
			jen.Func().Params(recv).Id("Close").Params(l.Go("ctx @context.Context")).Error().Block(
				append(append([]jen.Code{jen.Var().Id("errs").Index().Error()}, l.close...), l.Go("return @errors.Join(errs...)"))...))
	}
}

// yamlNodes are the YAML nodes that run here, in order.
func (l *loop) yamlNodes() []string {
	var out []string
	for _, id := range l.members() {
		if n := l.nodes[id]; !slices.Contains(out, n.YAML) && !l.isEncode(id) {
			out = append(out, n.YAML)
		}
	}
	return out
}

func list(names []string) string {
	s := ""
	for i, n := range names {
		switch {
		case i == 0:
		case i == len(names)-1:
			s += " and "
		default:
			s += ", "
		}
		s += "`" + n + "`"
	}
	return s
}

// settle quotes the counting: along each chain, what a node hands on is what
// the next one gets.
func (l *loop) settle() []jen.Code {
	var code []jen.Code
	refused := map[string]bool{} // sinks: several ways may lead to one
	for _, c := range l.chains {
		if len(c.steps) == 0 {
			code = append(code, l.Gof("l.%s = 0", c.counter))
			continue
		}
		in := "l." + c.counter
		zero := []string{"l." + c.counter}
		for i, s := range c.steps {
			filtered := "0"
			if s.filtered != "" {
				filtered = s.filtered
				zero = append(zero, filtered)
			}
			switch {
			case s.flushed:
				code = append(code, l.Gof("l.Counts[%s].Emitted += %s", l.node(s.node), in))
				continue
			case s.refused && refused[s.node]:
				continue
			case s.refused:
				refused[s.node] = true
				code = append(code, l.Gof("l.Refused(%s)", l.node(s.node)))
				continue
			case s.emitted != "":
				zero = append(zero, s.emitted)
				code = append(code, l.Gof("l.Spread(%s, %s, %s, %s)", l.node(s.node), in, filtered, s.emitted))
				continue
			}
			call := fmt.Sprintf("l.Pass(%s, %s, %s)", l.node(s.node), in, filtered)
			if !needsResult(c.steps[i+1:]) {
				code = append(code, l.Go(call))
				continue
			}
			result := fmt.Sprintf("%sOut", l.names.lower(s.node))
			code = append(code, l.Gof("%s := %s", result, call))
			in = result
		}
		for _, z := range zero {
			code = append(code, l.Gof("%s = 0", z))
		}
	}
	return code
}

// letGo quotes that the loop holds nothing of records that are very long: of its
// decoders, each has the last one, and each lane has them.
func (l *loop) letGo() []jen.Code {
	var fresh []jen.Code
	for _, d := range l.decoders {
		if len(d.wants) > 0 {
			fresh = append(fresh, l.Gof("l.%s = new%s()", d.field, upperFirst(d.typ)))
		}
	}
	if len(fresh) == 0 {
		return l.tidy
	}
	return append(l.tidy, l.block("if l.Long()", fresh...))
}

// needsResult tells whether a later step counts what this one handed on.
func needsResult(rest []step) bool {
	return slices.ContainsFunc(rest, func(s step) bool { return !s.refused })
}
