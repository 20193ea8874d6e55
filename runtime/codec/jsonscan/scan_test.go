package jsonscan

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

var testFields = []Field{
	{Name: "a", Index: 0},
	{Name: "b", Index: 1},
	{Name: "n", Index: 2, Fields: []Field{{Name: "x", Index: 3}, {Name: "y", Index: 4}}},
}

// show prints the spans that are there, such as `a=1 n={"x":2} n.x=2`.
func show(line string, spans []Span) string {
	var out []string
	for i, name := range []string{"a", "b", "n", "n.x", "n.y"} {
		if !spans[i].Absent() {
			out = append(out, name+"="+string(spans[i].Of([]byte(line))))
		}
	}
	return strings.Join(out, " ")
}

func TestScan(t *testing.T) {
	for _, tc := range []struct{ line, want string }{
		{`{}`, ``},
		{` { } `, ``},
		{`{"a":1,"b":"x"}`, `a=1 b="x"`},
		{`{"b":"x","a":1}`, `a=1 b="x"`},
		{"{ \"a\"\t:\r\n[1, 2] , \"b\" : {\"a\": 5} }\n", `a=[1, 2] b={"a": 5}`},
		{`{"z":{"a":1,"n":{"x":1}},"a":2}`, `a=2`},
		{`{"a":"}\"","b":"\\"}`, `a="}\"" b="\\"`},
		{`{"a":"1234567\\","b":"1234567\"8\\\""}`, `a="1234567\\" b="1234567\"8\\\""`},
		{`{"\u0061":1,"\u006e":{"\u0078":2}}`, `a=1 n={"\u0078":2} n.x=2`},
		{`{"n":{"x":1,"q":[{"x":2}],"y":"}"}}`, `n={"x":1,"q":[{"x":2}],"y":"}"} n.x=1 n.y="}"`},
		{`{"n":{},"a":{}}`, `a={} n={}`},
		{`{"n":null,"a":1}`, `a=1 n=null`},
		{`{"n":7}`, `n=7`},
		{`{"n":[{"x":1}]}`, `n=[{"x":1}]`},
		{`{"z":12345678901234567890,"a":-1.5e+10,"b":true}`, `a=-1.5e+10 b=true`},
		{`{"z":1,"z":2,"a":3}`, `a=3`}, // doubled, and nobody's
		{`{"z\q":1,"a":3}`, `a=3`},     // a key that is no string, and nobody's
		{`{"z":tru,"y":1.,"a":3}`, `a=3`},
		{"{\"z\":\"\xff\x00\",\"a\":3}", `a=3`},
		{`{"":1,"a":2}`, `a=2`},
	} {
		o := NewObject(testFields)
		spans := make([]Span, o.Width())
		for turn := range 3 { // the first learns, the others know
			spans[0] = Span{77, 99}
			if err := o.Scan([]byte(tc.line), spans); err != nil {
				t.Errorf("turn %d: %s: %v", turn, tc.line, err)
			} else if got := show(tc.line, spans); got != tc.want {
				t.Errorf("turn %d: %s:\n got %s\nwant %s", turn, tc.line, got, tc.want)
			}
		}
	}
}

func TestScanErrors(t *testing.T) {
	deep := strings.Repeat(`[`, maxDepth) + strings.Repeat(`]`, maxDepth)
	for _, tc := range []struct{ line, want string }{
		{``, `expected an object, found the end of the record (byte 0)`},
		{` [1]`, `expected an object, found "[" (byte 1)`},
		{`null`, `expected an object, found null (byte 0)`},
		{`{`, `expected a key or '}', found the end of the record (byte 1)`},
		{`{,`, `expected a key or '}', found "," (byte 1)`},
		{`{"a"`, `expected ':', found the end of the record (byte 4)`},
		{`{"a" 1}`, `expected ':', found 1 (byte 5)`},
		{`{"a":`, `expected a value, found the end of the record (byte 5)`},
		{`{"a":}`, `expected a value, found "}" (byte 5)`},
		{`{"a"::1}`, `expected a value, found ":" (byte 5)`},
		{`{"a":,"b":1}`, `expected a value, found "," (byte 5)`},
		{`{"a":1`, `expected ',' or '}', found the end of the record (byte 6)`},
		{`{"a":1 "b":2}`, `expected ',' or '}', found "b" (byte 7)`},
		{`{"a":1]`, `expected ',' or '}', found "]" (byte 6)`},
		{`{"a":1,}`, `expected a key, found "}" (byte 7)`},
		{`{"a":1,b:2}`, `expected a key, found b (byte 7)`},
		{`{"a":1}}`, `expected nothing after the object, found "}" (byte 7)`},
		{`{"a":1}{"a":1}`, `expected nothing after the object, found "{" (byte 7)`},
		{`{"a":"x`, `a string without its closing quote (byte 5)`},
		{`{"a":"x\"}`, `a string without its closing quote (byte 5)`},
		{`{"a`, `a string without its closing quote (byte 1)`},
		{`{"z":[1,{"b":2}`, `an array without its closing bracket (byte 5)`},
		{`{"z":{"b":"}`, `an object without its closing brace (byte 5)`},
		{`{"z":[1}`, `expected ']' to close the array, found '}' (byte 7)`},
		{`{"z":{"b":[]]}`, `expected '}' to close the object, found ']' (byte 12)`},
		{`{"z":12{}}`, `expected ',' or '}', found "{" (byte 7)`},
		{`{"a":1,"a":2}`, `a second value for a field that is read (byte 11)`},
		{`{"a":1,"\u0061":2}`, `a second value for a field that is read (byte 16)`},
		{`{"n":{"x":1,"x":2}}`, `a second value for a field that is read (byte 16)`},
		{`{"n":{"x":1},"n":{"y":2}}`, `a second value for a field that is read (byte 17)`},
		{`{"n":{"x":1},"n":null}`, `a second value for a field that is read (byte 17)`},
		{`{"n":null,"n":{"x":1}}`, `a second value for a field that is read (byte 14)`},
		{`{"a":1,"b":2,"a":3}`, `a second value for a field that is read (byte 17)`},
		{`{"z":` + deep + `}`, `nested deeper than 10000 levels (byte 10004)`},
		{`{"n":{"z":` + deep[1:len(deep)-1] + `}}`, `nested deeper than 10000 levels (byte 10008)`},
	} {
		o := NewObject(testFields)
		spans := make([]Span, o.Width())
		for turn := range 3 {
			err := o.Scan([]byte(tc.line), spans)
			if err == nil || err.Error() != tc.want {
				t.Errorf("turn %d: %.40s:\n got %v\nwant %s", turn, tc.line, err, tc.want)
			}
			// What was learned from good records changes nothing.
			_ = o.Scan([]byte(`{"a":1,"b":2}`), spans)
			_ = o.Scan([]byte(`{"n":{"x":1},"a":{"b":12}}`), spans)
		}
	}
}

func TestDepthLimitAccepts(t *testing.T) {
	inner := maxDepth - 1 // the record is the first level
	line := []byte(`{"a":` + strings.Repeat(`[`, inner) + strings.Repeat(`]`, inner) + `}`)
	o := NewObject(testFields)
	spans := make([]Span, o.Width())
	if err := o.Scan(line, spans); err != nil {
		t.Error(err)
	}
	if err := o.ScanFull(line, spans); err != nil {
		t.Error(err)
	}
}

// TestScanShapes has one scanner read records of many shapes in turn, and
// compares it with a fresh scanner for each record.
func TestScanShapes(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	keys := []string{"a", "b", "n", "c", "d", `\u0061`, "a_key_that_is_longer_than_sixteen_bytes", "a_key_that_is_longer_than_sixteen_bytes_too", "x", "y"}
	values := []string{"1", `"text"`, `"a longer text, \"quoted\""`, "null", "true", "[]", `[1,"]"]`, "{}", `{"x":1}`, `{"y":[],"x":"}"}`, `{"x":{"x":1},"z":2}`, `-12.5e+3`}
	spaces := []string{"", "", "", "", " ", "\t", "  "}
	known := NewObject(testFields)
	got := make([]Span, known.Width())
	want := make([]Span, known.Width())
	sp := func() string { return spaces[r.IntN(len(spaces))] }
	for range 20_000 {
		line := sp() + "{" + sp()
		for k := range r.IntN(6) {
			if k > 0 {
				line += sp() + "," + sp()
			}
			line += `"` + keys[r.IntN(len(keys))] + `"` + sp() + ":" + sp() + values[r.IntN(len(values))]
		}
		line += sp() + "}" + sp()
		if r.IntN(10) == 0 {
			at := r.IntN(len(line))
			line = line[:at] + line[at+1:]
		}
		err := known.Scan([]byte(line), got)
		wantErr := NewObject(testFields).Scan([]byte(line), want)
		if fmt.Sprint(err) != fmt.Sprint(wantErr) {
			t.Fatalf("%s:\n got %v\nwant %v", line, err, wantErr)
		}
		if err != nil {
			continue
		}
		if show(line, got) != show(line, want) {
			t.Fatalf("%s:\n got %s\nwant %s", line, show(line, got), show(line, want))
		}
		known.Start([]byte(line), got)
		if _, err := known.Until(0, []byte(line), got); err != nil {
			t.Fatalf("%s: Until: %v", line, err)
		}
		if got[2].Absent() {
			got[2] = want[2] // it may have stopped inside of n
		}
		if show(line, got) != show(line, want) {
			t.Fatalf("%s: Until:\n got %s\nwant %s", line, show(line, got), show(line, want))
		}
	}
}

// TestShapeLimits feeds keys that never come again: memory must not grow with
// them, and results must stay right.
func TestShapeLimits(t *testing.T) {
	o := NewObject(testFields)
	spans := make([]Span, o.Width())
	for i := range 20_000 {
		line := fmt.Appendf(nil, `{"k%d":1,"a":%d,"l%d":{"x":1},"n":{"m%d":1,"x":"%d"}}`, i, i, i, i, i)
		if err := o.Scan(line, spans); err != nil {
			t.Fatal(err)
		}
		if got, want := show(string(line), spans), fmt.Sprintf(`a=%d n={"m%d":1,"x":"%d"} n.x="%d"`, i, i, i, i); got != want {
			t.Fatalf("%s:\n got %s\nwant %s", line, got, want)
		}
		if o.nodes > maxNodes || o.edges > maxEdges {
			t.Fatalf("%d nodes, %d edges", o.nodes, o.edges)
		}
	}
}

// TestShapeForgets shows that a stream which changes is learned anew.
func TestShapeForgets(t *testing.T) {
	o := NewObject(testFields)
	spans := make([]Span, o.Width())
	for i := range 2 * maxEdges {
		_ = o.Scan(fmt.Appendf(nil, `{"k%d":1,"l%d":2}`, i, i), spans)
	}
	steady := []byte(`{"p":1,"q":2,"a":3,"r":4}`)
	for range 4 * manyMisses {
		_ = o.Scan(steady, spans)
	}
	before := o.misses
	for range 1000 {
		_ = o.Scan(steady, spans)
	}
	if o.misses != before {
		t.Errorf("%d texts of a steady stream were not known", o.misses-before)
	}
}

func TestUntil(t *testing.T) {
	o := NewObject([]Field{
		{Name: "id", Index: 0, Phase: 1},
		{Name: "type", Index: 1},
		{Name: "n", Index: 2, Phase: 1, Fields: []Field{{Name: "x", Index: 3}, {Name: "y", Index: 4, Phase: 2}}},
		{Name: "amount", Index: 5, Phase: 2},
	})
	spans := make([]Span, o.Width())
	at := func(i int, line string) string { return string(spans[i].Of([]byte(line))) }
	for turn := range 3 {
		// What follows the wanted fields is not looked at.
		line := `{"id":7,"type":"t","n":{"x":1,"y":2},"amount":3, and so on`
		o.Start([]byte(line), spans)
		done, err := o.Until(0, []byte(line), spans)
		if done || err != nil || at(1, line) != `"t"` || at(3, line) != "1" || !spans[4].Absent() || !spans[2].Absent() {
			t.Fatalf("turn %d: phase 0: %v %v %v", turn, done, err, spans)
		}
		done, err = o.Until(1, []byte(line), spans)
		if done || err != nil || at(0, line) != "7" || !spans[4].Absent() {
			t.Fatalf("turn %d: phase 1: %v %v %v", turn, done, err, spans)
		}
		done, err = o.Until(2, []byte(line), spans)
		if done || err != nil || at(4, line) != "2" || at(5, line) != "3" || at(2, line) != `{"x":1,"y":2}` {
			t.Fatalf("turn %d: phase 2: %v %v %v", turn, done, err, spans)
		}

		// A field that does not come leads to the end of the record.
		line = `{"id":7,"n":null,"z":1} `
		o.Start([]byte(line), spans)
		for phase := range 3 {
			done, err = o.Until(phase, []byte(line), spans)
			if !done || err != nil || !spans[1].Absent() || at(0, line) != "7" || at(2, line) != "null" {
				t.Fatalf("turn %d: phase %d: %v %v %v", turn, phase, done, err, spans)
			}
		}
		line = `{"id":7,"n":null,"z":1}x`
		o.Start([]byte(line), spans)
		if _, err = o.Until(0, []byte(line), spans); err == nil {
			t.Fatalf("turn %d: text after the record", turn)
		}
	}
}

func TestScanFullErrors(t *testing.T) {
	many := func(last string) string {
		line := `{"a":1,"z":{`
		for i := range 100 {
			line += fmt.Sprintf(`"k%d":{"k%d":0},`, i, i)
		}
		return line + `"` + last + `":1}}`
	}
	for _, tc := range []struct{ line, want string }{
		{`{"z":1,"z":2}`, `a second member of this name in one object (byte 11)`},
		{`{"n":{"z":1,"z":2}}`, `a second member of this name in one object (byte 16)`},
		{`{"q":{"z":1,"\u007a":2}}`, `a second member named "\u007a" (byte 12)`},
		{`{"q":[{"z":1},{"z":1,"z":2}]}`, `a second member named "z" (byte 21)`},
		{many("k99"), `a second member named "k99" (byte 1592)`},
		{`{"z\q":1}`, `no escape begins with \q (byte 3)`},
		{`{"z":"\ud800"}`, `half a surrogate pair inside a string (byte 6)`},
		{`{"z":"\u12x4"}`, `four hexadecimal digits must follow \u (byte 6)`},
		{"{\"z\":\"\xff\"}", `invalid UTF-8 inside a string (byte 6)`},
		{"{\"z\":\"a\tb\"}", `a control character inside a string (it is written \t) (byte 7)`},
		{`{"z":tru}`, `expected a value, found tru (byte 5)`},
		{`{"z":[01]}`, `expected a value, found 01 (byte 6)`},
		{`{"z":[1 2]}`, `expected ',' or ']', found 2 (byte 8)`},
		{`{"z":{"y":1,}}`, `expected a key, found "}" (byte 12)`},
		{`{"z":[1,]}`, `expected a value, found "]" (byte 8)`},
		{`{"a":1} x`, `expected nothing after the object, found x (byte 8)`},
	} {
		o := NewObject(testFields)
		spans := make([]Span, o.Width())
		for turn := range 2 {
			err := o.ScanFull([]byte(tc.line), spans)
			if err == nil || err.Error() != tc.want {
				t.Errorf("turn %d: %.40s:\n got %v\nwant %s", turn, tc.line, err, tc.want)
			}
		}
		if err := o.ScanFull([]byte(many("k")), spans); err != nil {
			t.Errorf("after %.40s: %v", tc.line, err)
		}
	}
}

// TestScanFullOtherKeys has more keys than get nodes, twice in some records.
func TestScanFullOtherKeys(t *testing.T) {
	o := NewObject(testFields)
	spans := make([]Span, o.Width())
	for i := range 3000 {
		if err := o.ScanFull(fmt.Appendf(nil, `{"k%d":1,"a":2,"l%d":3}`, i, i), spans); err != nil {
			t.Fatal(err)
		}
		if err := o.ScanFull(fmt.Appendf(nil, `{"k%d":1,"a":2,"k%d":3}`, i, i), spans); err == nil {
			t.Fatalf("k%d twice was accepted", i)
		}
	}
}

func TestScanAllocatesNothing(t *testing.T) {
	for _, d := range benchData {
		lines := d.lines(200)
		o := NewObject(d.fields)
		spans := make([]Span, o.Width())
		for _, scan := range []func(*Object, []byte, []Span) error{
			(*Object).Scan, (*Object).ScanFull,
			func(o *Object, line []byte, spans []Span) error {
				o.Start(line, spans)
				_, err := o.Until(0, line, spans)
				return err
			},
		} {
			all := func() {
				for _, l := range lines {
					if err := scan(o, l, spans); err != nil {
						t.Fatal(err)
					}
				}
			}
			all() // learns
			if n := testing.AllocsPerRun(3, all); n > 0 {
				t.Errorf("%s: %v allocations in %d records", d.name, n, len(lines))
			}
		}
	}
}

func TestNewObjectPanics(t *testing.T) {
	for name, fields := range map[string][]Field{
		"one name":  {{Name: "a", Index: 0}, {Name: "a", Index: 1}},
		"one index": {{Name: "a", Index: 0}, {Name: "b", Index: 0}},
		"no index":  {{Name: "a", Index: -1}},
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: no panic", name)
				}
			}()
			NewObject(fields)
		}()
	}
}

// TestHostile reads large records that are made to be slow. Anything quadratic
// would not end before the test times out.
func TestHostile(t *testing.T) {
	const size = 2 << 20
	quotes := `"` + strings.Repeat(`\"`, size/2) + `"`
	backslashes := `"` + strings.Repeat(`\\`, size/2) + `"`
	long := `"` + strings.Repeat("x", size) + `"`
	var keys, same strings.Builder
	for i := range size / 16 {
		fmt.Fprintf(&keys, `"%d":0,`, i)
		same.WriteString(`"z":0,`)
	}
	o := NewObject(testFields)
	spans := make([]Span, o.Width())
	for name, tc := range map[string]struct {
		line           string
		scan, scanFull bool
	}{
		"quotes":          {`{"a":` + quotes + `,"z":` + quotes + `}`, true, true},
		"backslashes":     {`{"a":` + backslashes + `,"z":[` + backslashes + `]}`, true, true},
		"open string":     {`{"a":` + quotes[:size], false, false},
		"long keys":       {`{` + long + `:1,` + quotes + `:2}`, true, true},
		"deep and broken": {`{"a":` + strings.Repeat(`[`, size), false, false},
		"many deep":       {`{"a":[` + strings.Repeat(strings.Repeat("[", 100)+strings.Repeat("]", 100)+",", size/200) + `1]}`, true, true},
		"many keys":       {`{` + keys.String() + `"a":1}`, true, true},
		"many inner keys": {`{"z":{` + keys.String() + `"a":1}}`, true, true},
		"one key":         {`{` + same.String() + `"a":1}`, true, false},
		"spaces":          {`{"a"` + strings.Repeat(" ", size) + `:` + strings.Repeat("\n", size) + `1}`, true, true},
		"empty arrays":    {`{"z":[` + strings.Repeat("[],", size/3) + `[]]}`, true, true},
		"digits":          {`{"a":` + strings.Repeat("1", size) + `}`, true, true},
	} {
		for range 2 {
			if err := o.Scan([]byte(tc.line), spans); (err == nil) != tc.scan {
				t.Errorf("%s: %v", name, err)
			}
			if err := o.ScanFull([]byte(tc.line), spans); (err == nil) != tc.scanFull {
				t.Errorf("%s in full: %v", name, err)
			}
		}
	}
}
