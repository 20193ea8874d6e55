package component

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/flowc-dev/flowc/ir"
	"github.com/flowc-dev/flowc/ir/diag"
	"github.com/flowc-dev/flowc/ir/source"
)

// A Mismatch is one reason why an event type does not fit a Go type.
type Mismatch struct {
	// Field is the wire path of the part, "asset.code"; "" is the record.
	Field string
	// Text says what is wrong: "`amount` is a decimal, and pricing.Trade.Amount a
	// float64".
	Text string
	// Event and Go are the places of both sides; a missing field's side is where
	// its struct is declared. Zero where there is no text.
	Event, Go source.Span
	// Help says how to mend it, "" where nothing better than the text is known.
	Help string
}

// Meet tells whether records of a type can be given to Go code that takes
// another, by structure: each field of in, by json name, must be in event with
// a type that fits, exactly and without loss. It returns the plan of the copy,
// or every reason against it.
//
// Decisions, where structure leaves a choice:
//
//   - A field that event lacks is a mismatch even where Go has a pointer: a
//     pointer says that a record may lack it, not that the type may.
//   - An optional field needs a pointer: a zero value would claim that it was
//     there.
//   - A Go field without a json tag has its Go name on the wire, which
//     encoding/json matches in any case; the Go name of the event's field
//     (base_url is BaseURL) matches too. An exact match wins; several inexact
//     ones are none.
//   - Numbers fit their own width only. A decimal fits text and what composes
//     decimals, never a float.
//   - A type with UnmarshalJSON of its own has a form that nobody knows: only
//     the same type fits.
//
// The same rules work from a component's Go type to a type that the compiler
// generates, where optional fields of the latter may be lacking.
//
// The plan is nil where a record is given as it is, because both are one Go
// type. Else it has one [ir.Conv] a field of in; where no structs meet (text into
// a kind of string) it is one without paths, for the record itself. There are
// reasons against exactly where the types do not fit.
func (l *Loader) Meet(event, in *ir.Type) ([]ir.Conv, []Mismatch) {
	m := &meeting{l: l, event: event.String(), plans: map[[2]*ir.Field][]ir.Conv{}}
	if event.Kind == ir.JSON && in.Kind == ir.Bytes { // the text of a record; a field of bytes is base64
		return []ir.Conv{{How: ir.HowConvert, Type: in}}, nil
	}
	// Pointers to records are the caller's affair (GoRef.InPtr).
	c := m.value(side{event, "", event.Span, false}, side{in, typeOfGo(in), in.Span, false})
	if len(m.mismatches) > 0 {
		return nil, m.mismatches
	}
	plan := []ir.Conv{c}
	for settle(plan, map[*ir.Conv]bool{}) {
	}
	switch c.How {
	case ir.HowAssign:
		return nil, nil
	case ir.HowFields:
		return c.Each, nil
	}
	return plan, nil
}

// settle tells each conversion that one of its parts may fail, and whether
// anything changed: a part of a recursive plan was made before that was known.
func settle(plan []ir.Conv, seen map[*ir.Conv]bool) (changed bool) {
	for i := range plan {
		c := &plan[i]
		if seen[c] {
			continue
		}
		seen[c] = true
		changed = settle(c.Each, seen) || changed
		for _, e := range c.Each {
			if e.Fails && !c.Fails {
				c.Fails, changed = true, true
			}
		}
	}
	return changed
}

// Identical tells whether two types are one Go type, so that records pass from
// one component to another as they are.
func (l *Loader) Identical(a, b *ir.Type) bool {
	if a == b {
		return true
	}
	return a.Go != nil && b.Go != nil && a.Go.Package != "" && a.Go.Package == b.Go.Package && a.Go.Name == b.Go.Name
}

// ReportMismatch makes one diagnostic of the reasons why records of a type
// can't go into a component; at is the `from` or the node that joins them.
func ReportMismatch(event *ir.Type, ref *ir.GoRef, reasons []Mismatch, at source.Span, dl *diag.List) *diag.Diagnostic {
	takes := typeOfGo(ref.In)
	first := reasons[0]
	d := dl.Errorf(codeInput, at, "`%s` takes %s, which %s does not fit: %s", ref.Use, takes, event, first.Text)
	if n := len(reasons); n > 1 {
		d.Message = fmt.Sprintf("`%s` takes %s, which %s does not fit in %d fields", ref.Use, takes, event, n)
	}
	for _, r := range reasons {
		text := r.Text
		if len(reasons) == 1 {
			text = "the component's side"
		}
		if r.Go.IsZero() && len(reasons) > 1 {
			d.Notef("%s", text)
		}
		noteAt(d, r.Go, "%s", text)
		noteAt(d, r.Event, "the event's side")
		if r.Help != "" {
			d.Helpf("%s", r.Help)
		}
	}
	return d
}

// typeOfGo is the Go name of a type, for messages.
func typeOfGo(t *ir.Type) string {
	if t.Go == nil {
		return cmp.Or(t.Name, string(t.Kind))
	}
	if t.Go.Pointer {
		return "*" + goName(t)
	}
	return goName(t)
}

// A meeting is the state of one Meet.
type meeting struct {
	l          *Loader
	event      string // the name of the event type
	mismatches []Mismatch
	// plans are those of struct pairs, also of the ones in the making, so that
	// recursive types end. They are known by their first fields, which T and *T
	// share.
	plans map[[2]*ir.Field][]ir.Conv
}

// A side is one side of a conversion: a type where it stands.
type side struct {
	t *ir.Type
	// name is how messages call it: a wire path on the event's side, a Go path
	// on the other.
	name string
	at   source.Span
	// ptr tells that the value is a pointer in Go, which may be nil.
	ptr bool
}

func (m *meeting) mismatch(from, to side, help, format string, args ...any) ir.Conv {
	m.mismatches = append(m.mismatches, Mismatch{
		Field: from.name, Text: fmt.Sprintf(format, args...), Event: from.at, Go: to.at, Help: help,
	})
	return ir.Conv{}
}

// fields plans the copy of a struct, but for the fields that can't be set.
func (m *meeting) fields(from, to side, unset map[string]bool) ir.Conv {
	c := ir.Conv{How: ir.HowFields, Type: to.t}
	var wanted []*ir.Field
	for _, f := range to.t.Fields {
		if unset[f.Name] {
			continue
		}
		if matching(from.t, f) == nil && to.t.Go == nil && f.Optional {
			continue // a type of ours, whose field may be missing
		}
		wanted = append(wanted, f)
	}
	if len(wanted) == 0 || len(from.t.Fields) == 0 {
		for _, f := range wanted {
			m.missing(from, side{f.Type, to.name + "." + f.Go, f.Span, false}, f)
		}
		return c
	}
	pair := [2]*ir.Field{from.t.Fields[0], wanted[0]}
	if plan, known := m.plans[pair]; known {
		c.Each = plan
		return c
	}
	plan := make([]ir.Conv, len(wanted))
	m.plans[pair] = plan
	for i, tf := range wanted {
		target := side{tf.Type, to.name + "." + tf.Go, tf.Span, tf.Pointer()}
		sf := matching(from.t, tf)
		if sf == nil {
			m.missing(from, target, tf)
			continue
		}
		before := len(m.mismatches)
		conv := m.value(side{sf.Type, strings.TrimPrefix(from.name+"."+sf.Name, "."), sf.Span, sf.Pointer()}, target)
		if sf.Optional && !tf.Optional && !sf.Pointer() && !nils(tf.Type) && len(m.mismatches) == before {
			m.optional(side{sf.Type, sf.Name, sf.Span, true}, target)
		}
		conv.From, conv.To = ir.Path{sf.Go}, ir.Path{tf.Go}
		plan[i] = conv
		c.Fails = c.Fails || conv.Fails
	}
	c.Each = plan
	return c
}

// nils tells whether nil is a value of the type in Go.
func nils(t *ir.Type) bool {
	switch t.Kind {
	case ir.List, ir.Map, ir.JSON, ir.Any, ir.Bytes:
		return true
	}
	return false
}

// missing reports a field that the event lacks.
func (m *meeting) missing(from, target side, tf *ir.Field) {
	var names []string
	for _, f := range from.t.Fields {
		names = append(names, f.Name)
	}
	owner := m.event
	if from.name != "" {
		owner = "`" + from.name + "`"
	}
	help := ""
	if near := diag.Nearest(tf.Name, names); near != "" {
		help = fmt.Sprintf("%s has `%s`: name the Go field so, with the tag `json:\"%s\"`", owner, near, near)
	} else {
		help = fmt.Sprintf("add `%s` to %s, or tag the Go field `json:\"-\"`", tf.Name, owner)
	}
	name := tf.Name
	if from.name != "" {
		name = from.name + "." + name
	}
	m.mismatches = append(m.mismatches, Mismatch{
		Field: name, Text: fmt.Sprintf("%s has no `%s`, which %s wants", owner, tf.Name, target.name),
		Event: from.at, Go: target.at, Help: help,
	})
}

// optional reports an optional value that would become a plain one.
func (m *meeting) optional(from, to side) ir.Conv {
	return m.mismatch(from, to, fmt.Sprintf("make it a pointer: *%s", goTypeText(m.l, to.t)),
		"`%s` is optional, and %s is no pointer, so it could not tell missing from zero", from.name, to.name)
}

// goTypeText is a type as Go writes it.
func goTypeText(l *Loader, t *ir.Type) string {
	if o := l.origins[t]; o != nil {
		return typeText(o)
	}
	return goName(t)
}

// matching finds the field of a struct that another's field means.
func matching(from *ir.Type, tf *ir.Field) *ir.Field {
	if f := from.Field(tf.Name); f != nil {
		return f
	}
	for _, same := range []func(f *ir.Field) bool{
		func(f *ir.Field) bool {
			return (untagged(tf) || untagged(f) && from.Go != nil) && strings.EqualFold(f.Name, tf.Name)
		},
		func(f *ir.Field) bool { return untagged(tf) && f.Go == tf.Go },
	} {
		var found *ir.Field
		n := 0
		for _, f := range from.Fields {
			if same(f) {
				found = f
				n++
			}
		}
		if n == 1 {
			return found
		}
	}
	return nil
}

// untagged tells whether a Go field has its own name on the wire.
func untagged(f *ir.Field) bool { return f.Name == f.Go }
