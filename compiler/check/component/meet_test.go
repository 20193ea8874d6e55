package component

import (
	"fmt"
	"go/types"
	"slices"
	"strings"
	"testing"

	"github.com/flowc-dev/flowc/ir"
	"github.com/flowc-dev/flowc/ir/diag"
	"github.com/flowc-dev/flowc/ir/source"
)

// eventType reads a type as the language writes it in flow style, with places:
// {id: string, memo?: string, legs: [{amount: decimal}], side: buy | sell}.
func eventType(t *testing.T, name, text string) *ir.Type {
	t.Helper()
	p := &typeParser{t: t, file: source.NewFile(name+".yaml", "", []byte(text)), named: map[string]*ir.Type{}}
	root := &ir.Type{Name: name, Span: source.Span{File: p.file, Start: 0, End: 1}}
	p.named[name] = root
	parsed := p.parse()
	root.Kind, root.Fields, root.Elem, root.Values = parsed.Kind, parsed.Fields, parsed.Elem, parsed.Values
	if root.Kind != ir.Struct {
		root.Name = ""
	}
	return root
}

type typeParser struct {
	t     *testing.T
	file  *source.File
	pos   int
	named map[string]*ir.Type
}

func (p *typeParser) rest() string { return string(p.file.Text[p.pos:]) }

func (p *typeParser) eat(s string) bool {
	p.pos += len(p.rest()) - len(strings.TrimLeft(p.rest(), " \n"))
	if strings.HasPrefix(p.rest(), s) {
		p.pos += len(s)
		return true
	}
	return false
}

func (p *typeParser) word() (string, source.Span) {
	p.eat("")
	n := strings.IndexAny(p.rest()+",", "?:,]} |")
	w := p.rest()[:n]
	span := source.Span{File: p.file, Start: p.pos, End: p.pos + n}
	p.pos += n
	return w, span
}

func (p *typeParser) parse() *ir.Type {
	switch {
	case p.eat("["):
		out := &ir.Type{Kind: ir.List, Elem: p.parse()}
		p.eat("]")
		return out
	case p.eat("map of "):
		return &ir.Type{Kind: ir.Map, Elem: p.parse()}
	case p.eat("{"):
		out := &ir.Type{Kind: ir.Struct, Span: source.Span{File: p.file, Start: p.pos - 1, End: p.pos}}
		for !p.eat("}") {
			name, span := p.word()
			f := &ir.Field{Name: name, Span: span, Optional: p.eat("?")}
			f.Go = map[string]string{"id": "ID", "base_url": "BaseURL", "i64": "I64"}[name]
			if f.Go == "" {
				f.Go = strings.ToUpper(name[:1]) + name[1:]
			}
			if !p.eat(":") {
				p.t.Fatalf("no colon at %q", p.rest())
			}
			f.Type = p.parse()
			out.Fields = append(out.Fields, f)
			p.eat(",")
		}
		return out
	}
	name, _ := p.word()
	if p.eat("|") {
		out := &ir.Type{Kind: ir.Enum, Values: []string{name}}
		for {
			v, _ := p.word()
			out.Values = append(out.Values, v)
			if !p.eat("|") {
				return out
			}
		}
	}
	if t := p.named[name]; t != nil {
		return t
	}
	return &ir.Type{Kind: ir.TypeKind(name)}
}

// describePlan writes a plan, each part of a struct or list further in.
func describePlan(plan []ir.Conv, indent string, seen map[*ir.Conv]bool) string {
	var b strings.Builder
	for i := range plan {
		c := &plan[i]
		fmt.Fprintf(&b, "%s%s <- %s: %s", indent, strings.Join(c.To, "."), strings.Join(c.From, "."), c.How)
		if c.Type != nil && c.How != ir.HowAssign {
			b.WriteString(" " + typeOfGo(c.Type))
		}
		for name, is := range map[string]bool{"fails": c.Fails} {
			if is {
				b.WriteString(" " + name)
			}
		}
		if c.Optional {
			b.WriteString(" from-pointer")
		}
		if c.Pointer {
			b.WriteString(" to-pointer")
		}
		if seen[c] {
			b.WriteString(" again\n")
			continue
		}
		seen[c] = true
		b.WriteString("\n" + describePlan(c.Each, indent+"  ", seen))
	}
	return b.String()
}

// TestMeet lets event types meet Go structs, and compares plans, or every word
// and place of the reasons against.
func TestMeet(t *testing.T) {
	var all strings.Builder
	payment := `{id: string, base_url: string, amount: decimal, side: buy | sell, at: time, extra: json}`
	cases := []struct{ in, event string }{
		{"TakeThree", payment},
		{"TakeUntagged", payment},
		{"TakeAll", `{i: int, i64: int64, u64: uint64, f: float64, b: bool, s: string, data: bytes, at: time, took: duration, raw: json, any: any, tags: [string], who: map of int, lvl: int64, ip: string, memo?: string}`},
		{"TakeAll", `{i: int, i64: int64, u64: uint64, f: float64, b: bool, s: string, data?: bytes, at: time, took: duration, raw?: json, any: any, tags?: [string], who?: map of int, lvl: int64, ip: string, memo: string}`},
		{"TakeMoney", `{a: decimal, b: number, c?: decimal, d: decimal, e: decimal}`},
		{"TakeNested", `{asset: {code: string, issuer?: string}, issuer?: {code: string, issuer: string}, legs?: [{amount: decimal}], marks: map of {amount: number}, deep: [[a | b]], sides: [string], names: [string]}`},
		{"TakeTree", `{name: string, kids: [Event]}`},
		{"TakeText", `string`},
		{"TakeText", payment},
		{"TakeThree", `string`},
		{"TakeRaw", `json`},
		{"TakeRaw", `bytes`},
		{"TakePointed", `{X: string, id: string}`},
		{"TakeCustom", `{A: int}`},
		{"TakeThree", `{id: string, amont: decimal, side: bool}`},
		{"TakeUntagged", `{id: string, ID: string, base_url: string, amount: decimal, at: time}`},
		{"TakeUntagged", `{iD: string, ID: string, base_url: string, amount: decimal, at: time}`},
	}
	var refs []string
	for _, c := range cases {
		if ref := "./meet." + c.in; !slices.Contains(refs, ref) {
			refs = append(refs, ref)
		}
	}
	f := open(t, "shop", refs...)
	for _, c := range cases {
		ref := "./meet." + c.in
		f.diags = nil
		r := f.component(ref, Processor)
		if r == nil {
			t.Fatal(show(f.diags))
		}
		event := eventType(t, "Event", c.event)
		plan, against := f.Meet(event, r.In)
		got := "=== " + ref + " " + c.event + "\n" + describePlan(plan, "", map[*ir.Conv]bool{})
		if against != nil {
			ReportMismatch(event, r, against, f.at(ref), &f.diags)
		}
		checkPlan(t, f, c.in, event, f.origins[r.In], plan, map[*ir.Conv]bool{})
		if plan != nil && against != nil {
			t.Errorf("%s: plan %v, reasons %v", ref, plan, against)
		}
		all.WriteString(got + show(f.diags))
	}
	golden(t, "meet", all.String())
}

// TestMeetWrong has a struct that fits nothing: each field is a reason.
func TestMeetWrong(t *testing.T) {
	f := open(t, "shop", "./meet.TakeThree", "./meet.Wrong")
	r := f.component("./meet.TakeThree", Processor)
	// Its func field makes it no record; as a target of Meet it has reasons all
	// the same.
	pkg := f.lookup("./meet")
	wrong := *r
	wrong.In = f.records[false].read(pkg.Scope().Lookup("Wrong").Type())
	for _, text := range []string{
		`{i: int, f: float64, amount: decimal, rough: decimal, memo?: string, s: string, took: duration, at: time, custom: {A: int}, tags: [string], asset: {code: string}, legs: [{code: string}], fn: string, code: string}`,
	} {
		event := eventType(t, "Event", text)
		plan, against := f.Meet(event, wrong.In)
		if plan != nil {
			t.Errorf("a plan:\n%s", describePlan(plan, "", map[*ir.Conv]bool{}))
		}
		ReportMismatch(event, &wrong, against, f.at("./meet.TakeThree"), &f.diags)
		golden(t, "meet-wrong", show(f.diags))
	}
}

// TestMeetGo lets the Go type of one component meet that of another, and types
// of the language.
func TestMeetGo(t *testing.T) {
	f := open(t, "shop", "./meet.Make", "./meet.TakeOut", "./meet.TakeOutIn", "./meet.TakeThree")
	out := f.component("./meet.Make", Processor).Out
	var b strings.Builder
	for _, name := range []string{"TakeOut", "TakeOutIn", "TakeThree"} {
		r := f.component("./meet."+name, Processor)
		plan, against := f.Meet(out, r.In)
		checkPlan(t, f, name, out, f.origins[r.In], plan, map[*ir.Conv]bool{})
		b.WriteString("=== Out into " + name + "\n" + describePlan(plan, "", map[*ir.Conv]bool{}))
		if against != nil {
			var dl diag.List
			ReportMismatch(out, r, against, f.at("./meet."+name), &dl)
			b.WriteString(show(dl))
		}
	}
	for _, text := range []string{
		`{id: string, amount: decimal, name?: string, legs: [{amount: number}], when: string, price: number, cost: decimal, nothing?: string}`,
		`{id: a | b, amount: float64, count: uint64, name: string, nothing: string, level: int64, took: duration}`,
	} {
		event := eventType(t, "Event", text)
		plan, against := f.Meet(out, event)
		b.WriteString("=== Out into " + text + "\n" + describePlan(plan, "", map[*ir.Conv]bool{}))
		for _, a := range against {
			fmt.Fprintf(&b, "%s: %s (%s, %s) %s\n", a.Field, a.Text, a.Event.Text(), a.Go.Text(), a.Help)
		}
	}
	if !f.Identical(out, f.component("./meet.TakeOut", Processor).In) || f.Identical(out, f.component("./meet.TakeOutIn", Processor).In) {
		t.Error("Identical")
	}
	golden(t, "meet-go", b.String())
}

// checkPlan holds that Go would compile what a plan says: selectors exist, and
// assignments and conversions are legal.
func checkPlan(t *testing.T, f *flow, where string, from *ir.Type, to types.Type, plan []ir.Conv, seen map[*ir.Conv]bool) {
	t.Helper()
	m := &meeting{l: f.Loader}
	for i := range plan {
		c := &plan[i]
		if seen[c] {
			continue
		}
		seen[c] = true
		src, dst, at := from, to, where
		for _, name := range c.From {
			field := src.GoField(name)
			if field == nil {
				t.Fatalf("%s: no source field %s", where, name)
			}
			src = field.Type
			if got := field.Pointer(); got != c.Optional && c.How != ir.HowAssign {
				t.Errorf("%s.%s: Optional is %v, and the field's pointer %v", where, name, c.Optional, got)
			}
		}
		for _, name := range c.To {
			obj, _, _ := types.LookupFieldOrMethod(dst, true, nil, name)
			if obj == nil {
				t.Fatalf("%s: no target field %s", where, name)
			}
			dst, at = obj.Type(), where+"."+name
		}
		if c.Pointer {
			p, ok := dst.Underlying().(*types.Pointer)
			if !ok {
				t.Errorf("%s: %s is no pointer", at, dst)
				continue
			}
			dst = p.Elem()
		}
		if c.Type == nil || m.goType(c.Type) == nil || c.How != ir.HowAssign && !types.Identical(m.goType(c.Type), dst) {
			t.Errorf("%s: the plan's type is %v, and Go's %s", at, c.Type, dst)
		}
		source := m.goType(src)
		switch c.How {
		case ir.HowAssign:
			if p, ok := dst.Underlying().(*types.Pointer); ok && !c.Pointer {
				dst = p.Elem() // the pointer is handed on
			}
			if source != nil && !types.AssignableTo(source, dst) {
				t.Errorf("%s: %s can't be assigned to %s", at, source, dst)
			}
		case ir.HowConvert:
			if src.Kind == ir.Enum {
				source = types.Typ[types.String]
			}
			if !types.ConvertibleTo(source, dst) {
				t.Errorf("%s: %s can't be converted to %s", at, source, dst)
			}
		case ir.HowToString:
			if !types.ConvertibleTo(types.Typ[types.String], dst) {
				t.Errorf("%s: a string can't be converted to %s", at, dst)
			}
		case ir.HowUnmarshalText, ir.HowCompose:
			name := map[ir.How]string{ir.HowUnmarshalText: "UnmarshalText", ir.HowCompose: "Compose"}[c.How]
			if method(dst, name) == nil {
				t.Errorf("%s: %s has no %s", at, dst, name)
			}
		case ir.HowFields:
			checkPlan(t, f, at, src, dst, c.Each, seen)
		case ir.HowElements:
			switch u := dst.Underlying().(type) {
			case *types.Slice:
				checkPlan(t, f, at+"[]", src.Elem, u.Elem(), c.Each, seen)
			case *types.Map:
				checkPlan(t, f, at+"[]", src.Elem, u.Elem(), c.Each, seen)
			default:
				t.Errorf("%s: %s has no elements", at, dst)
			}
		}
	}
}
