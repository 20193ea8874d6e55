package gocode

import (
	"fmt"

	"github.com/dave/jennifer/jen"

	"github.com/flowc-dev/flowc/ir"
)

// A groupWriter writes the body of one group method.
type groupWriter struct {
	d     *decoder
	phase int
	done  map[string]bool
	// spans is the slice that the scan filled, results what stands before the
	// error in a return.
	spans, results string
	code           []jen.Code
}

func (d *decoder) groupWriter(spans, results string, done map[string]bool) *groupWriter {
	return &groupWriter{d: d, done: done, spans: spans, results: results}
}

// failAt returns an error that has a place in line.
func (w *groupWriter) failAt(format string, args ...any) *jen.Statement {
	if w.results != "" { // line is a part of the record here
		format = "@jsonscan.Shift(" + format + ", int(s.Start))"
	}
	return w.fail(format, args...)
}

// fail returns an error.
func (w *groupWriter) fail(format string, args ...any) *jen.Statement {
	return w.d.g.Gof("return "+w.results+format, args...)
}

func (w *groupWriter) add(c ...jen.Code) { w.code = append(w.code, c...) }

// leaves decodes leaves that share their first depth fields into base.
func (w *groupWriter) leaves(base, port string, wants *[]*want, todo []leaf, depth int) {
	for len(todo) > 0 {
		f := todo[0][depth]
		n := 1
		for n < len(todo) && todo[n][depth] == f {
			n++
		}
		same := todo[:n]
		todo = todo[n:]
		wanted := child(wants, f.Name, &w.d.spans, w.phase)
		if len(same[0]) == depth+1 {
			w.leaf(base, port, same[0], wanted)
			continue
		}
		wanted.part = true
		w.object(base, port, same, depth, wanted)
	}
}

// object decodes fields of a struct below the record.
func (w *groupWriter) object(base, port string, same []leaf, depth int, wanted *want) {
	d, g := w.d, w.d.g
	prefix := same[0][:depth+1]
	f := prefix[depth]
	target := base + "." + f.Go
	first := !w.done[prefix.key()]
	w.done[prefix.key()] = true
	span := fmt.Sprintf("%s[%d]", w.spans, wanted.index)

	inner := &groupWriter{d: d, phase: w.phase, done: w.done, spans: w.spans, results: w.results}
	inner.leaves(target, port, &wanted.sub, same, depth+1)
	notObject := g.block("if !"+span+".IsObject(line)",
		w.failAt("@codec.Field(%q, @codec.NotObject(%s.Of(line)))", prefix.wire(), span))
	absent, present := d.absent(span, f.Type), d.present(span, f.Type)
	if d.op.Validate == ir.Needed { // the scan may have stopped inside of the object
		absent, present = "!"+span+".Begun()", span+".Begun() && !"+span+".IsNull(line)"
	}
	lenient := lenientField(f)
	switch {
	case !f.Pointer() && !lenient:
		if first {
			w.add(g.block("if "+absent, w.fail("@codec.Missing(%q)", prefix.wire())), notObject)
		}
		w.add(inner.code...)
	case lenient && !f.Pointer():
		if first {
			w.add(g.Gof("%s = ", target).Add(g.typ(f.Type)).Values())
		}
		body := inner.code
		if first {
			body = append([]jen.Code{notObject}, body...)
		}
		w.add(g.block("if "+present, body...))
	default: // a pointer
		if first {
			make := []jen.Code{notObject}
			if d.views && !d.heap {
				slot := d.optional(prefix, port, g.typ(f.Type))
				make = append(make, g.Gof("%s = &%s", target, slot))
			} else {
				make = append(make, g.Gof("%s = new(", target).Add(g.typ(f.Type)).Op(")"))
			}
			w.add(g.Gof("%s = nil", target), g.block("if "+present, make...))
		}
		w.add(g.block("if "+target+" != nil", inner.code...))
	}
}

// leaf decodes one value.
func (w *groupWriter) leaf(base, port string, l leaf, wanted *want) {
	d, g := w.d, w.d.g
	f := l[len(l)-1]
	w.done[l.key()] = true
	wanted.optional = wanted.optional && f.Optional
	target := base + "." + f.Go
	span := fmt.Sprintf("%s[%d]", w.spans, wanted.index)
	failed := g.block("if err != nil", w.failAt("@codec.Field(%q, err)", l.wire()))
	lenient := lenientField(f)

	switch {
	case !f.Optional && !lenient:
		w.add(g.block("if "+d.absent(span, f.Type), w.fail("@codec.Missing(%q)", l.wire())))
		w.add(d.value(f.Type, span, func(v string) jen.Code { return g.Gof("%s = %s", target, v) }, failed)...)
	case f.Pointer():
		var store func(string) jen.Code
		var body []jen.Code
		if d.views && !d.heap {
			slot := d.optional(l, port, g.typ(f.Type))
			store = func(v string) jen.Code { return g.Gof("%s, %s = %s, &%s", slot, target, v, slot) }
		} else {
			store = func(v string) jen.Code { return g.Gof("%s = &%s", target, v) }
		}
		body = d.value(f.Type, span, store, failed)
		w.add(g.Gof("%s = nil", target), g.block("if "+d.present(span, f.Type), body...))
	default:
		body := d.value(f.Type, span, func(v string) jen.Code { return g.Gof("%s = %s", target, v) }, failed)
		w.add(g.Gof("%s = %s", target, g.zero(f.Type)), g.block("if "+d.present(span, f.Type), body...))
	}
}

// lenientField tells whether a field follows Go's rules: missing is zero.
func lenientField(f *ir.Field) bool {
	return f.Lenient || f.Type.Go != nil && f.Type.Go.Lenient
}
