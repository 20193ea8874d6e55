package ir

import (
	"fmt"
	"math/rand/v2"
	"reflect"

	"github.com/flowc-dev/flowc/ir/source"
)

// A randomizer fills a program by reflection, so that a field which somebody
// adds to the IR is in the round trip from its first day: if the text form
// does not know it, the test fails.
type randomizer struct {
	*rand.Rand
	types []*Type
	files []*source.File
	depth int
}

// awkward are texts that a form written without care would break on.
var awkward = []string{
	"a", "Amount", "ledger.decode", "", "with space", `quote"quote`, "back`quote", "two\nlines", "tab\tand \\", "#no comment",
	"->", "none", "go", "@0:1-2", "é…", "\xff\x00", "null", "12", "-3.5e7", "{", "a:b", "struct", "string", "| bar", "trailing \n", "\r\n", "1e999", "Inf", "+",
}

func (r *randomizer) text() string { return awkward[r.IntN(len(awkward))] }

func pick[T any](r *randomizer, values ...T) T { return values[r.IntN(len(values))] }

func randomProgram(seed uint64) *Program {
	r := &randomizer{Rand: rand.New(rand.NewPCG(seed, 1))}
	for i := range 3 {
		r.files = append(r.files, source.NewFile(fmt.Sprintf("file%d.yaml", i), "", nil))
	}
	p := &Program{Files: r.files}
	for i := range 6 {
		t := &Type{Name: fmt.Sprintf("T%d", i)}
		if i > 2 {
			// The last ones are only reached from others, if at all.
			t.Name = ""
			t.Go = &GoType{Package: "example.com/x", PkgName: "x", Name: pick(r, "Y", "Z", "string"), Pointer: i > 4, Custom: i == 4, Text: i == 4, Lenient: i == 3}
		} else {
			p.Types = append(p.Types, t)
		}
		r.types = append(r.types, t)
	}
	for _, t := range r.types {
		r.shape(t)
		t.Span = r.span()
	}
	v := reflect.ValueOf(p).Elem()
	for i := range v.NumField() {
		switch v.Type().Field(i).Name {
		case "Types", "Files", "TargetSpans", "Pieces": // the last two are never printed
		default:
			r.fill(v.Field(i))
		}
	}
	return p
}

func (r *randomizer) span() source.Span {
	if r.IntN(2) == 0 {
		return source.Span{}
	}
	return source.Span{File: pick(r, r.files...), Start: r.IntN(100), End: r.IntN(100)}
}

// shape fills a type by its kind, as the compiler does.
func (r *randomizer) shape(t *Type) {
	t.Kind = pick(r, String, Int, Decimal, List, Map, Enum, Struct, Struct, Struct, GoNamed, JSON)
	switch t.Kind {
	case List, Map:
		t.Elem = r.typ()
	case Enum:
		for range r.IntN(3) {
			t.Values = append(t.Values, r.text())
		}
	case Struct:
		for range r.IntN(4) {
			f := &Field{}
			r.fill(reflect.ValueOf(f).Elem())
			t.Fields = append(t.Fields, f)
		}
	}
}

func (r *randomizer) typ() *Type {
	if r.IntN(2) == 0 || r.depth > 3 {
		return pick(r, r.types...)
	}
	r.depth++
	defer func() { r.depth-- }()
	t := &Type{Span: r.span()}
	r.shape(t)
	return t
}

func (r *randomizer) value() *Value {
	r.depth++
	defer func() { r.depth-- }()
	v := &Value{Kind: pick(r, "string", "string", "int", "float", "bool", "null", "list", "map", "odd"), Span: r.span()}
	for range r.IntN(3) {
		v.Overrides = append(v.Overrides, source.Span{File: r.files[0], Start: 1, End: r.IntN(9)})
	}
	switch {
	case v.Kind == "list" && r.depth < 4:
		for range r.IntN(3) {
			v.Items = append(v.Items, r.value())
		}
	case v.Kind == "map" && r.depth < 4:
		for range r.IntN(3) {
			v.Entries = append(v.Entries, Entry{Key: r.text(), Value: r.value(), Span: r.span()})
		}
	case v.Kind == "list" || v.Kind == "map":
	case v.Kind == "int":
		v.Parts = []Part{{Kind: Literal, Text: pick(r, "5", "-7", "0x1F", "1_000"), Span: r.span()}}
	default:
		for range r.IntN(3) {
			part := Part{Kind: pick(r, Literal, Env, FileRef, Record), Text: r.text(), Span: r.span()}
			switch part.Kind {
			case Env:
				if part.HasDefault = r.IntN(2) == 0; part.HasDefault {
					part.Default = r.text()
				}
			case Record:
				part.Text = ""
				part.Expr = &Expr{}
				r.fill(reflect.ValueOf(part.Expr).Elem())
			}
			v.Parts = append(v.Parts, part)
		}
	}
	// Literal text in a secret is not printed: only references come back.
	v.Secret = r.IntN(3) == 0
	for _, part := range v.Parts {
		if part.Kind == Literal || part.HasDefault {
			v.Secret = false
		}
	}
	return v
}

// words are the values of each enumeration of the IR.
var words = map[reflect.Type][]string{
	reflect.TypeFor[Guarantee](): {"", "at-most-once", "at-least-once", "effectively-once"},
	reflect.TypeFor[Validate]():  {"", "structural", "full", "needed"},
	reflect.TypeFor[Verb]():      {"filter", "map", "set", "check", "flatmap", "go", "foreign"},
	reflect.TypeFor[Protocol]():  {"", "grpc", "lines", "ndjson"},
	reflect.TypeFor[Restart]():   {"", "no", "always", "on-failure", "unless-stopped"},
	reflect.TypeFor[Then]():      {"", "stop", "drop", "reject", "dead"},
	reflect.TypeFor[ScaleBy]():   {"lag", "cpu"},
	reflect.TypeFor[Kind]():      {"data", "error", "late"},
	reflect.TypeFor[Via]():       {"", "call", "queue", "cut"},
	reflect.TypeFor[Ownership](): {"", "move", "share", "clone"},
	reflect.TypeFor[Origin]():    {"", "intact", "made", "mixed"},
	reflect.TypeFor[Effect]():    {"", "pure", "clock", "random", "io", "unknown"},
	reflect.TypeFor[How]():       {"", "assign", "convert", "fields", "elements", "from-string", "to-string", "compose", "decompose", "unmarshal-text", "marshal-text"},
	reflect.TypeFor[Make]():      {"", "none", "new", "new-err", "literal", "func", "func-err"},
	reflect.TypeFor[Shape](): {
		"", "filter", "map", "slice", "seq", "emit", "ports", "batch", "source-seq", "source-read", "sink",
		"sink-batch", "flow-source", "flow-process", "flow-sink",
	},
}

// fill gives every field of a struct a value that may well be unusual.
func (r *randomizer) fill(v reflect.Value) {
	if list, ok := words[v.Type()]; ok {
		v.SetString(pick(r, list...))
		return
	}
	switch v.Type() {
	case reflect.TypeFor[source.Span]():
		v.Set(reflect.ValueOf(r.span()))
		return
	case reflect.TypeFor[*Type]():
		v.Set(reflect.ValueOf(r.typ()))
		return
	case reflect.TypeFor[*Value]():
		v.Set(reflect.ValueOf(r.value()))
		return
	case reflect.TypeFor[Path]():
		if r.IntN(3) > 0 {
			v.Set(reflect.ValueOf(pick(r, Path{"A"}, Path{"A", "B"}, Whole, Path{"odd name", "É"})))
		}
		return
	case reflect.TypeFor[[]Path]():
		if r.IntN(3) > 0 {
			v.Set(reflect.ValueOf(pick(r, []Path{{"A"}}, []Path{{"A", "B"}, {"C"}}, []Path{Whole})))
		}
		return
	case reflect.TypeFor[map[string][]Path]():
		v.Set(reflect.ValueOf(pick(r, nil, map[string][]Path{}, map[string][]Path{"": {{"A"}}}, map[string][]Path{"b": {}, "a": {{"C"}, {"D"}}})))
		return
	case reflect.TypeFor[map[string][]byte]():
		v.Set(reflect.ValueOf(pick(r, nil, map[string][]byte{"k8s": []byte(`{"a": 1}`), "compose": []byte("{\n}")})))
		return
	case reflect.TypeFor[[]Conv]():
		if r.depth < 3 {
			r.depth++
			defer func() { r.depth-- }()
			list := make([]Conv, r.IntN(3))
			for i := range list {
				r.fill(reflect.ValueOf(&list[i]).Elem())
			}
			if len(list) > 0 {
				v.Set(reflect.ValueOf(list))
			}
		}
		return
	case reflect.TypeFor[[]*Value]():
		for range r.IntN(3) {
			v.Set(reflect.Append(v, reflect.ValueOf(r.value())))
		}
		return
	case reflect.TypeFor[[]Entry]():
		for range r.IntN(3) {
			v.Set(reflect.Append(v, reflect.ValueOf(Entry{Key: r.text(), Value: r.value(), Span: r.span()})))
		}
		return
	case reflect.TypeFor[Op]():
		op := pick[Op](r, &Source{}, &Decode{Codec: "ndjson"}, &Apply{}, &Route{}, &Encode{}, &Sink{})
		r.fill(reflect.ValueOf(op).Elem())
		v.Set(reflect.ValueOf(op))
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(r.text())
	case reflect.Int, reflect.Int64:
		v.SetInt(pick[int64](r, 0, 1, 3, 1024, 1<<20, 30_000_000_000, 1234567))
	case reflect.Float64:
		v.SetFloat(pick(r, 0, 0.01, 1.5e-9))
	case reflect.Bool:
		v.SetBool(r.IntN(2) == 0)
	case reflect.Pointer:
		if r.IntN(3) > 0 {
			v.Set(reflect.New(v.Type().Elem()))
			r.fill(v.Elem())
		}
	case reflect.Slice:
		for range r.IntN(4) {
			one := reflect.New(v.Type().Elem()).Elem()
			if one.Kind() == reflect.Pointer && one.Type() != reflect.TypeFor[*Type]() {
				one.Set(reflect.New(one.Type().Elem()))
				r.fill(one.Elem())
			} else {
				r.fill(one)
			}
			v.Set(reflect.Append(v, one))
		}
	case reflect.Struct:
		for i := range v.NumField() {
			r.fill(v.Field(i))
		}
	default:
		panic("no rule for " + v.Type().String())
	}
	r.correct(v)
}

// correct undoes what no program has and the form therefore does not say.
func (r *randomizer) correct(v reflect.Value) {
	switch x := v.Addr().Interface().(type) {
	case *Module:
		x.Dir, x.Flags, x.Compiled = "", nil, "" // never printed
	case *Entry:
		panic("entries are made by value")
	case *Part:
		panic("parts are made by value")
	case *Edge:
		if r.IntN(4) == 0 {
			x.Live = []Path{}
		}
	case *FieldEq:
		x.Path = Path{"A", "B"}
	case *Case:
		if x.Cond == nil {
			x.Cond = &Expr{}
		}
	case *Assign:
		if x.Expr == nil {
			x.Expr = &Expr{}
		}
	}
}
