package lower

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/flowc-dev/flowc/compiler/syntax"
	"github.com/flowc-dev/flowc/ir"
	"github.com/flowc-dev/flowc/ir/diag"
	"github.com/flowc-dev/flowc/runtime/catalog"
)

// rangeOf lowers the part of a source that is to be read.
func (w *lowering) rangeOf(n *node) *ir.Range {
	r := &ir.Range{From: n.Range.From, To: n.Range.To, Parallel: n.Range.Parallel, Span: n.Range.Key}
	for key, v := range map[string]**ir.Value{"range.from": &r.From, "range.to": &r.To} {
		if *v != nil && !w.perRecord(n, key, false, *v) {
			*v = nil
		}
	}
	return r
}

// canRange tells whether a built-in can read a part of what it has, and checks that
// it can with the config that it has.
func (w *lowering) canRange(n *node, side *catalog.Side) bool {
	if n.Range == nil {
		return false
	}
	if n.changes {
		w.l.Errorf(diag.BadRange, n.Range.Key, "`%s` gives changes, and those have no end: the server keeps what was not read yet, and nothing before", n.Name.Text).
			Also(n.Out.Span, "said here").
			Helpf("remove `range`, or read the rows as they are, without `change of`")
		return false
	}
	if side.Range == nil {
		d := w.l.Errorf(diag.BadRange, n.Range.Key, "`%s` can't read a part of what there is: what it gives does not wait to be read", n.Use.Text)
		d.Helpf("`range` is for %s, and for Go with a method `Range`", w.rangedSources())
		return false
	}
	for _, c := range n.Config {
		if !slices.Contains(side.Range.Without, c.Key.Text) || c.Value == nil || c.Value.Kind == "null" {
			continue
		}
		if c.Default && c.Key.Text == "start" {
			continue // for those that read all: it does no harm
		}
		if b, err := strconv.ParseBool(c.Value.Text()); c.Value.IsLiteral() && (err == nil && !b || zeroLength(c.Value.Text())) {
			continue // `follow: false`
		}
		why := "the range says where it begins"
		switch c.Key.Text {
		case "group", "durable":
			why = "the positions are the server's then, and a range is read by those of the checkpoint"
		case "every", "follow":
			why = "the source would never end then, and a range does"
		}
		w.l.Errorf(diag.BadRange, c.Key.Span, "`%s` can't stand beside a `range`: %s", c.Key.Text, why).
			Also(n.Range.Key, "the range").
			Helpf("remove `%s`, or `range`", c.Key.Text)
	}
	if need := side.Range.Needs; need != "" && !slices.ContainsFunc(n.Config, func(c syntax.ConfigKey) bool { return c.Key.Text == need }) {
		w.l.Errorf(diag.BadRange, n.Range.Key, "a range of `%s` needs the key `%s`: what does not wait there can't be read again", n.Use.Text, need).
			Helpf("give `%s`, or remove `range`", need)
	}
	return true
}

// rangedSources are the built-ins that can read a part.
func (w *lowering) rangedSources() string {
	var names []string
	for _, c := range w.o.Connectors {
		if c.Source != nil && c.Source.Range != nil {
			names = append(names, "`"+c.Name+"`")
		}
	}
	if len(names) < 2 {
		return strings.Join(names, "")
	}
	return strings.Join(names[:len(names)-1], ", ") + " and " + names[len(names)-1]
}

// A bound is an end of a range that the pipeline says itself.
type bound struct {
	key   string
	value *ir.Value
}

// boundsOf are the ends of a range that are not open, and not from outside.
func boundsOf(r *ir.Range) []bound {
	var out []bound
	for _, b := range []bound{{"from", r.From}, {"to", r.To}} {
		if b.value == nil || !b.value.IsLiteral() {
			continue
		}
		open := []string{"", "earliest"}
		if b.key == "to" {
			open = []string{"", "now", "latest"}
		}
		if !slices.Contains(open, b.value.Text()) {
			out = append(out, b)
		}
	}
	return out
}

// checkRange checks the ends of a range of a built-in, as far as the pipeline says
// them. The source's outputs are known.
func (w *lowering) checkRange(n *node, side *catalog.Side, r *ir.Range) {
	if r == nil {
		return
	}
	takes := side.Range.Bounds
	var typ *ir.Type // of a key
	if slices.Contains(takes, "key") {
		typ = w.keyOfRange(n)
	}
	w.checkBounds(n, takes, typ, r)
	switch n.Use.Text {
	case "file":
		w.rangeOfFiles(n, r)
	case "generate":
		w.rangeOfNumbers(n, r)
	}
}

// checkBounds checks the ends of a range that the pipeline says; typ is the type of
// a key or a position, nil where it is not known.
func (w *lowering) checkBounds(n *node, takes []string, typ *ir.Type, r *ir.Range) {
	bounds := boundsOf(r)
	good := 0
	for _, b := range bounds {
		if ok, what := fitsBound(b.value, takes, typ); !ok {
			w.l.Errorf(diag.BadRange, b.value.Span, "`%s` of a range of `%s` must be %s, not `%s`", b.key, n.Use.Text, what, b.value.Text())
			continue
		}
		good++
	}
	if good == 2 && len(bounds) == 2 {
		w.backwards(bounds[0].value, bounds[1].value, takes, typ)
	}
}

// canRangeGo checks that a component can read a part of what it has.
func (w *lowering) canRangeGo(n *node, ref *ir.GoRef) bool {
	position := "Position"
	if ref.Position != nil {
		position = ref.Position.String()
	}
	refuse := func(format string, args ...any) *diag.Diagnostic {
		return w.l.Errorf(diag.BadRange, n.Range.Key, format, args...).NoteAt(ref.Declared, "%s is declared here", ref.Symbol)
	}
	switch {
	case !ref.Range || !ref.Seek:
		refuse("`%s` can't read a part of what it has", n.Use.Text).
			Helpf("give it the methods Range(ctx context.Context, from, to *%s) error and Seek(context.Context, %s) error beside Read", position, position)
	case n.Range.Parallel > 1 && !ref.Cut:
		refuse("`%s` does not say where chunks of a range end, so they can't be read at once", n.Use.Text).
			Helpf("give it a method Cut(ctx context.Context, n int) ([]%s, error), or remove `parallel`", position)
	case ref.TypeName == "":
		refuse("the type of `%s` has no name that can be written, so there can't be an instance for each chunk", n.Use.Text).
			Helpf("export the type that its constructor returns")
	case !slices.Contains(boundKinds, ref.Position.Kind):
		refuse("the positions of `%s` are %s, and the ends of a range are numbers, texts or times", n.Use.Text, article(position)).
			Helpf("take a position of one of these, or read all")
	default:
		return true
	}
	return false
}

// boundKinds are the kinds of positions that a text can say.
var boundKinds = []ir.TypeKind{ir.String, ir.Int, ir.Int64, ir.Uint64, ir.Float64, ir.Time}

// keyOfRange is the type of a table's key where the records say it, nil where they
// do not.
func (w *lowering) keyOfRange(n *node) *ir.Type {
	for _, c := range n.Config {
		if c.Key.Text != "key" || c.Value == nil || !c.Value.IsLiteral() || len(n.outs) != 1 || n.outs[0].typ == nil {
			continue
		}
		if f := n.outs[0].typ.Field(c.Value.Text()); f != nil {
			return f.Type
		}
	}
	return nil
}

// fitsBound tells whether an end is one of those that a source takes, and what
// these are, in words.
func fitsBound(v *ir.Value, takes []string, typ *ir.Type) (ok bool, what string) {
	words := map[string]string{
		"number": "a number, 0 or more", "time": "a time such as `2026-01-31T08:00:00Z`, or a day", "name": "a name", "key": "a value of the key", "position": "a position",
	}
	var list []string
	for _, kind := range takes {
		word := words[kind]
		switch kind {
		case "number":
			n, err := strconv.ParseInt(v.Text(), 10, 64)
			ok = ok || err == nil && n >= 0
		case "time":
			_, isTime := timeOf(v.Text())
			ok = ok || isTime
		case "name":
			ok = true
		case "key", "position":
			fine := true
			if typ != nil {
				if fine = isOf(v.Text(), typ); !fine {
					word += ", which is " + article(typ.String())
				}
			}
			ok = ok || fine
		}
		list = append(list, word)
	}
	return ok, strings.Join(list, ", or ")
}

// isOf tells whether a text is a value of the type of a key.
func isOf(text string, typ *ir.Type) bool {
	var err error
	switch typ.Kind {
	case ir.Int, ir.Int64:
		_, err = strconv.ParseInt(text, 10, 64)
	case ir.Uint64:
		_, err = strconv.ParseUint(text, 10, 64)
	case ir.Float64, ir.Decimal, ir.Number:
		_, err = strconv.ParseFloat(text, 64)
	case ir.Time:
		_, ok := timeOf(text)
		return ok || looksLikeTime(text)
	}
	return err == nil
}

// looksLikeTime tells whether a database may read a text as a time: that begins
// with a day.
func looksLikeTime(text string) bool {
	if len(text) < len(time.DateOnly) {
		return false
	}
	_, err := time.Parse(time.DateOnly, text[:len(time.DateOnly)])
	return err == nil
}

func timeOf(text string) (time.Time, bool) {
	for _, form := range []string{time.RFC3339, time.DateOnly} {
		if t, err := time.Parse(form, text); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}

// backwards reports a range that ends before it begins. Keys that are texts are
// left to the database: it has its own order of them.
func (w *lowering) backwards(from, to *ir.Value, takes []string, typ *ir.Type) {
	a, b := from.Text(), to.Text()
	ordered := true
	x, errX := strconv.ParseFloat(a, 64)
	y, errY := strconv.ParseFloat(b, 64)
	s, isTime := timeOf(a)
	t, areTimes := timeOf(b)
	switch {
	case slices.Contains(takes, "name"):
		ordered = a <= b
	case isTime && areTimes:
		ordered = !s.After(t)
	case errX == nil && errY == nil && (typ == nil || typ.Kind != ir.String):
		ordered = x <= y
	}
	if ordered {
		return
	}
	w.l.Errorf(diag.BadRange, to.Span, "the range ends at `%s`, which is before it begins, at `%s`", b, a).
		Also(from.Span, "it begins here").
		Helpf("swap `from` and `to`; what is at `to` is not read any more")
}

// rangeOfFiles checks that there are files to choose from.
func (w *lowering) rangeOfFiles(n *node, r *ir.Range) {
	for _, c := range n.Config {
		if c.Key.Text == "path" && c.Value != nil && c.Value.IsLiteral() && !strings.ContainsAny(c.Value.Text(), "*?[") {
			w.l.Errorf(diag.BadRange, r.Span, "a range of `file` is one of the names of files, and `path` is one file").
				Also(c.Value.Span, "this is one file").
				Helpf("write a pattern, such as `logs/*.ndjson`, or remove `range` and filter the records")
		}
	}
}

// rangeOfNumbers checks that made records have an end.
func (w *lowering) rangeOfNumbers(n *node, r *ir.Range) {
	count := slices.ContainsFunc(n.Config, func(c syntax.ConfigKey) bool { return c.Key.Text == "count" })
	to := n.Range.To
	if !count && (to == nil || to.IsLiteral() && slices.Contains([]string{"", "now", "latest"}, to.Text())) {
		w.l.Errorf(diag.BadRange, r.Span, "a range of `generate` has no end: there is no last record").
			Helpf("say where it ends (`to: 1000`), or how many there are (`count`)")
	}
}

// unorderedRanges reports chunks that are read at once where order is asked for.
func (w *lowering) unorderedRanges() {
	for _, n := range w.order {
		asks := n.OrderKept
		what := "`order: kept`"
		if asks.IsZero() && n.Key != nil {
			asks, what = n.Key.Place(), "`key`, which keeps the records of one in their order"
		}
		if asks.IsZero() {
			continue
		}
		for _, source := range sourcesOf(n) {
			if source.Range == nil || source.Range.Parallel < 2 {
				continue
			}
			w.l.Errorf(diag.RangeOrder, asks, "`%s` asks for order (%s), and `%s` reads %d chunks at once, which keep it inside each alone", n.Name.Text, what, source.Name.Text, source.Range.Parallel).
				Also(source.Range.ParallelSpan, "read in chunks here").
				Helpf("remove `parallel` of the range, or the order")
			break
		}
	}
}

// sourcesOf are the sources whose records come to a node.
func sourcesOf(n *node) []*node {
	var out []*node
	seen := map[*node]bool{}
	var visit func(n *node)
	visit = func(n *node) {
		if n == nil || seen[n] {
			return
		}
		seen[n] = true
		if n.Role == syntax.Source {
			out = append(out, n)
		}
		for _, e := range n.from {
			visit(e.from)
		}
	}
	visit(n)
	return out
}
