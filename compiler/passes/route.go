package passes

import (
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strconv"
	"strings"

	"github.com/flowc-dev/flowc/ir"
)

// route decides comparisons that were decided before, and turns routes into
// switches.
//
// Where a decoder tells event types apart, the field that tells has a known
// value behind each port, and behind `filter: in.Side == "buy"` so has Side: a
// later comparison of that field with a constant is then true or false. (A body
// may assign to `in`, but what it changes is a copy of its own.) A
// condition that is decided as a whole becomes that constant and reads nothing;
// its node stays, and counts.
//
// A route all of whose conditions compare one field with different constants is
// a switch on it.
func route(p *ir.Program) {
	g := newGraph(p)
	known := map[*ir.Edge]facts{}
	for _, n := range g.forward() {
		in := meet(data(g.in[n.ID]), known)
		after := in
		ports := map[string]facts{}
		switch op := n.Op.(type) {
		case *ir.Decode:
			after = nil
			for _, port := range n.Out {
				ports[port.Name] = discriminated(op, port)
			}
		case *ir.Route:
			ports = routeCases(op, in, g.record(n))
		case *ir.Apply:
			after = throughApply(op, in, g.record(n))
		default:
			after = nil
		}
		for _, e := range data(g.out[n.ID]) {
			known[e] = after
			if f, ok := ports[e.Port]; ok {
				known[e] = f
			}
		}
	}
}

// facts are the values that fields can have, by Go path; a field that is not
// there can have any.
type facts map[string][]string

// meet is what holds whichever way a record came.
func meet(edges []*ir.Edge, known map[*ir.Edge]facts) facts {
	var out facts
	for i, e := range edges {
		if i == 0 {
			out = known[e]
			continue
		}
		both := facts{}
		for field, values := range out {
			if others, ok := known[e][field]; ok {
				both[field] = union2(values, others)
			}
		}
		out = both
	}
	return out
}

func union2(a, b []string) []string {
	out := slices.Concat(a, b)
	slices.Sort(out)
	return slices.Compact(out)
}

// with is the facts and those that are learnt, of which both hold.
func (f facts) with(learnt facts) facts {
	if len(learnt) == 0 {
		return f
	}
	out := facts{}
	for field, values := range f {
		out[field] = values
	}
	for field, values := range learnt {
		if have, ok := out[field]; ok {
			values = slices.DeleteFunc(slices.Clone(values), func(v string) bool { return !slices.Contains(have, v) })
		}
		out[field] = values
	}
	return out
}

// without is the facts but those on a field.
func (f facts) without(goName string) facts {
	out := facts{}
	for field, values := range f {
		if field != goName && !strings.HasPrefix(field, goName+".") {
			out[field] = values
		}
	}
	return out
}

// discriminated is what the event type says of the field that tells it.
func discriminated(op *ir.Decode, port ir.Port) facts {
	if op.By == "" || port.Type == nil || port.Type.Kind != ir.Struct {
		return nil
	}
	field := port.Type.Field(op.By)
	if field == nil || !isText(field) {
		return nil
	}
	var values []string
	for _, v := range op.Variants {
		if v.Port == port.Name {
			values = append(values, v.Value)
		}
	}
	if len(values) == 0 {
		return nil
	}
	slices.Sort(values)
	return facts{field.Go: values}
}

// isText tells whether a field always has a string that compares as one.
func isText(f *ir.Field) bool {
	return !f.Optional && f.Type.Go == nil && (f.Type.Kind == ir.String || f.Type.Kind == ir.Enum)
}

// throughApply folds the conditions of a node and returns what holds behind it.
func throughApply(op *ir.Apply, in facts, t *ir.Type) facts {
	switch op.Verb {
	case ir.VerbFilter, ir.VerbCheck:
		out := in
		if op.Verb == ir.VerbFilter {
			fold(op.Expr, in, t)
			out = out.with(learn(op.Expr, t))
		}
		for i := range op.Assign {
			fold(op.Assign[i].Expr, out, t)
			out = out.with(learn(op.Assign[i].Expr, t))
		}
		return out
	case ir.VerbSet:
		out := in
		for _, a := range op.Assign {
			out = out.without(a.Go)
		}
		for _, name := range op.Unset {
			if t != nil {
				if f := t.Field(name); f != nil {
					out = out.without(f.Go)
				}
			}
		}
		return out
	case ir.VerbGo:
		if op.Go.Shape == ir.ShapeFilter {
			return in
		}
	}
	return nil
}

// routeCases marks a switch, or folds the conditions, and returns what holds
// behind each port.
func routeCases(op *ir.Route, in facts, t *ir.Type) map[string]facts {
	isSwitch := markSwitch(op, t)
	behind := map[string][]facts{}
	for _, c := range op.Cases {
		if !isSwitch {
			fold(c.Cond, in, t)
		}
		behind[c.Port] = append(behind[c.Port], in.with(learn(c.Cond, t)))
	}
	ports := map[string]facts{}
	for port, list := range behind {
		if len(list) == 1 { // a port of several cases is left alone
			ports[port] = list[0]
		} else {
			ports[port] = nil
		}
	}
	if op.Else != "" {
		ports[op.Else] = in
		if len(behind[op.Else]) > 0 {
			ports[op.Else] = nil
		}
	}
	return ports
}

// markSwitch finds whether all cases compare one field with constants of their
// own.
func markSwitch(op *ir.Route, t *ir.Type) bool {
	op.On = nil
	for i := range op.Cases {
		op.Cases[i].Values = nil
	}
	var field string
	var all []string
	values := make([][]string, len(op.Cases))
	for i, c := range op.Cases {
		learnt, exact := equalities(c.Cond, t)
		if !exact || len(learnt) != 1 {
			return false
		}
		for f, v := range learnt {
			if field != "" && f != field {
				return false
			}
			field, values[i] = f, v
			all = append(all, v...)
		}
	}
	slices.Sort(all)
	if len(op.Cases) == 0 || len(slices.Compact(slices.Clone(all))) != len(all) {
		return false
	}
	op.On = strings.Split(field, ".")
	for i := range op.Cases {
		op.Cases[i].Values = values[i]
	}
	return true
}

// learn is what holds behind a condition that was true.
func learn(e *ir.Expr, t *ir.Type) facts {
	learnt, _ := equalities(e, t)
	return learnt
}

// equalities reads a condition as comparisons of fields with constants. Those
// that it returns hold where the condition is true; exact tells that it is true
// wherever they hold.
func equalities(e *ir.Expr, t *ir.Type) (f facts, exact bool) {
	if e == nil || e.Body || e.Errs {
		return nil, false
	}
	if e.Eq != nil {
		if f := fieldBelow(t, e.Eq.Path); f == nil || !isText(f) {
			return nil, false
		}
		return facts{strings.Join(e.Eq.Path, "."): e.Eq.Values}, true
	}
	root, err := parser.ParseExpr(e.Go)
	if err != nil {
		return nil, false
	}
	return equalitiesIn(root, t)
}

func equalitiesIn(root ast.Expr, t *ir.Type) (facts, bool) {
	switch x := root.(type) {
	case *ast.ParenExpr:
		return equalitiesIn(x.X, t)
	case *ast.BinaryExpr:
		switch x.Op {
		case token.EQL:
			if field, value, ok := comparison(x, t); ok {
				return facts{field: {value}}, true
			}
		case token.LAND:
			left, exactLeft := equalitiesIn(x.X, t)
			right, exactRight := equalitiesIn(x.Y, t)
			return left.with(right), exactLeft && exactRight
		case token.LOR:
			left, exactLeft := equalitiesIn(x.X, t)
			right, exactRight := equalitiesIn(x.Y, t)
			both := facts{}
			for field, values := range left {
				if others, ok := right[field]; ok {
					both[field] = union2(values, others)
				}
			}
			return both, exactLeft && exactRight && len(left) == 1 && len(right) == 1 && len(both) == 1
		}
	}
	return nil, false
}

// fieldBelow is the field at a path of a record, nil where there is none or a
// pointer on the way.
func fieldBelow(t *ir.Type, path ir.Path) *ir.Field {
	var f *ir.Field
	for _, name := range path {
		if f != nil && f.Pointer() || t == nil || t.Kind != ir.Struct {
			return nil
		}
		if f = t.GoField(name); f == nil {
			return nil
		}
		t = f.Type
	}
	return f
}

// comparison reads `in.Side == "buy"`, either way round.
func comparison(x *ast.BinaryExpr, t *ir.Type) (field, value string, ok bool) {
	left, right := ast.Unparen(x.X), ast.Unparen(x.Y)
	if _, isLit := left.(*ast.BasicLit); isLit {
		left, right = right, left
	}
	lit, isLit := right.(*ast.BasicLit)
	if !isLit || lit.Kind != token.STRING {
		return "", "", false
	}
	value, err := strconv.Unquote(lit.Value)
	if err != nil {
		return "", "", false
	}
	path := pathOf(left)
	if f := fieldBelow(t, path); f == nil || !isText(f) {
		return "", "", false
	}
	return strings.Join(path, "."), value, true
}
