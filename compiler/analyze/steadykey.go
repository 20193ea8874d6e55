package analyze

import (
	"slices"

	"github.com/flowc-dev/flowc/ir"
)

// unsteadyKey finds the node because of which the key of a record may be another
// one when the record is made again, and says why; nil for none. What is not in
// the key may change: the record is told by its key, and the last one counts.
//
// It goes back from the sink and keeps the fields that the key is made of. A field
// that a node sets is made of those that the node reads for it.
func (w way) unsteadyKey(key []ir.KeyPart) (*ir.Node, string) {
	k := keyed{}
	for _, part := range key {
		if part.Expr == nil {
			k.fields = append(k.fields, part.Field)
			continue
		}
		if why := k.add(part.Expr); why != "" {
			return w.sink, "makes it of what " + why
		}
		if source := w.source.Op.(*ir.Source); asks(source) && slices.Contains(part.Expr.MetaReads, "headers") {
			return w.source, "may be answered with other headers the second time"
		}
	}
	for _, n := range slices.Backward(w.nodes) {
		if why := k.through(n); why != "" {
			return n, why
		}
	}
	return nil, ""
}

// keyed is what a key is made of: fields by their names in Go or on the wire, or
// the whole record.
type keyed struct {
	fields []string
	whole  bool
}

// add adds what an expression reads; it returns why its value may be another one
// the second time.
func (k *keyed) add(e *ir.Expr) string {
	if why := unsteadyExprs(e); why != "" {
		return why
	}
	if e == nil {
		return ""
	}
	for _, p := range e.Reads {
		if slices.Equal(p, ir.Whole) {
			k.whole = true
		} else {
			k.fields = append(k.fields, p[0])
		}
	}
	return ""
}

func (k *keyed) holds(a ir.Assign) bool {
	return k.whole || slices.Contains(k.fields, a.Go) || slices.Contains(k.fields, a.Name)
}

// through goes back through a node.
func (k *keyed) through(n *ir.Node) string {
	if d, ok := n.Op.(*ir.Decode); ok && d.Input != nil {
		k.whole = true
		return k.add(d.Input)
	}
	op, ok := n.Op.(*ir.Apply)
	switch {
	case !ok, op.Verb == ir.VerbFilter, op.Verb == ir.VerbCheck, op.Go != nil && op.Go.Shape == ir.ShapeFilter:
		return "" // a record goes on as it is, or not at all
	case op.Go != nil:
		if why := unsteady(n); why != "" {
			return why
		}
		k.whole = true // who knows what it makes the key of
		return ""
	}
	for _, a := range op.Assign {
		if !k.holds(a) {
			continue
		}
		if why := k.add(a.Expr); why != "" {
			return why
		}
	}
	if op.Expr == nil {
		return ""
	}
	k.whole = true
	return k.add(op.Expr)
}
