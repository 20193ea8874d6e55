package jsonscan

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// edit scans line and splices it: what maps a name to its new value, or to "" to
// remove it, in the order of names.
func edit(t *testing.T, line string, names []string, what map[string]string) string {
	t.Helper()
	var fields []Field
	for i, n := range names {
		fields = append(fields, Field{Name: n, Index: i})
	}
	o := NewObject(fields)
	spans := make([]Span, o.Width())
	if err := o.Scan([]byte(line), spans); err != nil {
		t.Fatalf("%s: %v", line, err)
	}
	var edits []Edit
	for i, n := range names {
		key, _ := AppendString(nil, n)
		e := Edit{At: spans[i], Key: string(key) + ":"}
		if v := what[n]; v != "" {
			e.Value = []byte(v)
		}
		edits = append(edits, e)
	}
	return string(Splice([]byte("> "), []byte(line), edits))
}

func TestSplice(t *testing.T) {
	for _, tc := range []struct {
		line  string
		names []string
		what  map[string]string
		want  string
	}{
		{`{"a":1,"b":2}`, []string{"b"}, map[string]string{"b": "3"}, `{"a":1,"b":3}`},
		{`{"a":1,"b":2}`, []string{"c", "d"}, map[string]string{"c": "3", "d": "[4]"}, `{"a":1,"b":2,"c":3,"d":[4]}`},
		{`{}`, []string{"c", "d"}, map[string]string{"c": "3", "d": "4"}, `{"c":3,"d":4}`},
		{` { } `, []string{"c"}, map[string]string{"c": "3"}, `{ "c":3}`},
		{`{"a":1,"b":2,"c":3}`, []string{"a"}, nil, `{"b":2,"c":3}`},
		{`{"a":1,"b":2,"c":3}`, []string{"b"}, nil, `{"a":1,"c":3}`},
		{`{"a":1,"b":2,"c":3}`, []string{"c"}, nil, `{"a":1,"b":2}`},
		{`{"a":1,"b":2,"c":3}`, []string{"c", "b"}, nil, `{"a":1}`},
		{`{"a":1,"b":2,"c":3}`, []string{"c", "a"}, nil, `{"b":2}`},
		{`{"a":1,"b":2,"c":3}`, []string{"b", "a", "c"}, nil, `{}`},
		{`{"a":1,"b":2,"c":3}`, []string{"b", "a", "c", "d"}, map[string]string{"d": "4"}, `{"d":4}`},
		{`{"a":1,"b":2,"c":3}`, []string{"d", "c", "a"}, map[string]string{"d": "4", "a": `"x"`}, `{"a":"x","b":2,"d":4}`},
		{`{"a":1}`, []string{"z"}, nil, `{"a":1}`},
		{"  {\n  \"a\" : 1 ,\n  \"b\" : 2 ,\n  \"c\" : 3\n}\n", []string{"b"}, nil, "{\n  \"a\" : 1 ,\n  \"c\" : 3\n}"},
		{"{ \"a\" : 1 , \"b\" : 2 }", []string{"b"}, nil, `{ "a" : 1  }`},
		{"{ \"a\" : 1 , \"b\" : 2 }", []string{"a"}, nil, `{ "b" : 2 }`},
		{"{ \"a\" : 1 , \"b\" : 2 }", []string{"a", "b"}, nil, `{  }`},
		{`{"q\"\\":1,"\u0061":2,"z":"}"}`, []string{"a", `q"\`}, nil, `{"z":"}"}`},
		{`{"\\\\":1,"\\":{"\\":2}}`, []string{`\`}, nil, `{"\\\\":1}`},
		{`{"a":{"b":1},"b":2}`, []string{"b"}, nil, `{"a":{"b":1}}`},
		{`{"a":"{"}`, []string{"b"}, map[string]string{"b": "1"}, `{"a":"{","b":1}`},
	} {
		if got := edit(t, tc.line, tc.names, tc.what); got != "> "+tc.want {
			t.Errorf("%s, %v %v:\n got %s\nwant %s", tc.line, tc.names, tc.what, got[2:], tc.want)
		}
	}
}

// TestSpliceRandom compares with a list of members.
func TestSpliceRandom(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	names := []string{"a", "b", `c"`, `d\`, "e"}
	space := func() string { return []string{"", "", " ", "\n\t"}[r.IntN(4)] }
	for range 20_000 {
		type member struct{ name, value string }
		var members []member
		line := space() + "{" + space()
		for k, i := range r.Perm(len(names))[:r.IntN(len(names)+1)] {
			m := member{names[i], []string{"1", `"}\""`, `{"a":[2]}`, "[]", "null"}[r.IntN(5)]}
			members = append(members, m)
			if k > 0 {
				line += "," + space()
			}
			key, _ := AppendString(nil, m.name)
			line += string(key) + space() + ":" + space() + m.value + space()
		}
		line += "}" + space()

		edited := append([]string(nil), names[:1+r.IntN(len(names))]...)
		r.Shuffle(len(edited), func(i, k int) { edited[i], edited[k] = edited[k], edited[i] })
		what := map[string]string{}
		for _, n := range edited {
			what[n] = []string{"", "", "42", `{"new":1}`}[r.IntN(4)]
		}
		var want []member
		met := map[string]bool{}
		for _, m := range members {
			met[m.name] = true
			v, ok := what[m.name]
			if ok && v == "" {
				continue
			}
			if ok {
				m.value = v
			}
			want = append(want, m)
		}
		for _, n := range edited {
			if !met[n] && what[n] != "" {
				want = append(want, member{n, what[n]})
			}
		}
		got := []byte(edit(t, line, edited, what)[2:])
		var list []member
		it := Members(got, Span{0, uint32(len(got))})
		for it.Next() {
			name, _ := String(got, it.Key(), new(Slab))
			list = append(list, member{name, string(it.Value().Of(got))})
		}
		if it.Err() != nil || fmt.Sprint(list) != fmt.Sprint(want) {
			t.Fatalf("%q, %v: %q, %v; want %q", line, what, got, it.Err(), want)
		}
	}
}

func TestSpliceAllocatesNothing(t *testing.T) {
	line := []byte(`{"id":1,"ssn":"123","msg":"text","n":5}`)
	o := NewObject([]Field{{Name: "ssn", Index: 0}, {Name: "msg", Index: 1}, {Name: "tier", Index: 2}})
	spans := make([]Span, o.Width())
	dst := make([]byte, 0, 1000)
	edits := make([]Edit, 0, 10)
	gold := []byte(`"gold"`)
	n := testing.AllocsPerRun(100, func() {
		if err := o.Scan(line, spans); err != nil {
			t.Fatal(err)
		}
		edits = append(edits[:0], Edit{At: spans[0]}, Edit{At: spans[1], Value: gold}, Edit{At: spans[2], Key: `"tier":`, Value: gold})
		dst = Splice(dst[:0], line, edits)
	})
	if want := `{"id":1,"msg":"gold","n":5,"tier":"gold"}`; n > 0 || string(dst) != want {
		t.Errorf("%v allocations, %s", n, dst)
	}
}

func BenchmarkSplice(b *testing.B) {
	line := payments(1)[0]
	o := NewObject([]Field{{Name: "memo", Index: 0}, {Name: "type", Index: 1}, {Name: "tier", Index: 2}})
	spans := make([]Span, o.Width())
	if err := o.Scan(line, spans); err != nil {
		b.Fatal(err)
	}
	var dst []byte
	edits := make([]Edit, 0, 10)
	gold := []byte(`"gold"`)
	for b.Loop() {
		edits = append(edits[:0], Edit{At: spans[0]}, Edit{At: spans[1], Value: gold}, Edit{At: spans[2], Key: `"tier":`, Value: gold})
		dst = Splice(dst[:0], line, edits)
	}
}
