package schema

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"cuelang.org/go/cue"
	"github.com/google/go-cmp/cmp"

	"github.com/flowc-dev/flowc/compiler/parse"
	"github.com/flowc-dev/flowc/ir/diag"
	"github.com/flowc-dev/flowc/ir/source"
)

var definitions = []string{
	"Pipeline", "Source", "Filter", "Map", "Set", "Check", "Parse", "Flatmap", "Route", "Processor", "Sink", "Defaults", "Delivery", "Telemetry", "CSV", "ForeignSource", "ForeignProcessor", "ForeignSink",
}

func read(t *testing.T, text string) *parse.Node {
	t.Helper()
	var l diag.List
	n := parse.File(source.NewFile("a.json", "", []byte(text)), parse.FormatJSON, &l)
	if n == nil {
		t.Fatal(l)
	}
	return n
}

// What the shape takes, CUE takes; what CUE refuses is explained. Values are
// made of the language's own keys, near to what fits and just beside it.
func TestShapesAgreeWithCUE(t *testing.T) {
	lang := load()
	r := rand.New(rand.NewPCG(1, 2))
	fit, refused, asked := 0, 0, 0
	for range 6000 {
		name := definitions[r.IntN(len(definitions))]
		v, s := lang.definition(name)
		value := randomValue(r, s, 0)
		text, err := json.Marshal(value)
		if err != nil {
			t.Fatal(err)
		}
		n := read(t, string(text))
		err = v.Unify(lang.ctx.Encode(parse.Value(n))).Validate(cue.Concrete(true))
		switch fits := s.fits(n); {
		case fits && err != nil:
			t.Fatalf("the shape of #%s takes what CUE refuses: %s\n%v", name, text, err)
		case fits:
			fit++
		case err == nil:
			asked++
		default:
			refused++
			var l diag.List
			if Check(name, "this", n, n.Span, &l) || len(l) == 0 {
				t.Fatalf("nothing is said about %s, which #%s is not", text, name)
			}
			for _, d := range l {
				if strings.Contains(d.Message, "errors in empty disjunction") || strings.Contains(d.Message, "conflicting values") {
					t.Fatalf("CUE's own words about %s: %v", text, d)
				}
			}
		}
	}
	if fit < 500 || refused < 500 {
		t.Errorf("%d fit and %d are refused: the values are too much of one kind", fit, refused)
	}
	// The fast way is worth its name only if CUE is not asked for what is right.
	if asked > 0 {
		t.Errorf("CUE was asked about %d values that it takes", asked)
	}
}

// randomValue is a value that the shape may take.
func randomValue(r *rand.Rand, s *shape, depth int) any {
	if r.IntN(12) == 0 {
		return randomAnything(r, depth)
	}
	if len(s.any) > 0 {
		return randomValue(r, s.any[r.IntN(len(s.any))], depth)
	}
	if s.equals != nil {
		return s.equals
	}
	switch {
	case s.kind&cue.StructKind != 0 && s.kind&cue.StringKind == 0:
		out := map[string]any{}
		for _, f := range s.fields {
			if f.required && r.IntN(10) > 0 || r.IntN(3) == 0 && depth < 4 {
				out[f.name] = randomValue(r, f.shape, depth+1)
			}
		}
		if s.rest != nil && depth < 4 {
			for range r.IntN(3) {
				out[randomWord(r)] = randomValue(r, s.rest, depth+1)
			}
		}
		if r.IntN(10) == 0 {
			out[randomWord(r)] = randomAnything(r, depth+1)
		}
		return out
	case s.kind&cue.ListKind != 0 && s.kind&cue.StringKind == 0:
		out := []any{}
		for range r.IntN(3) {
			if s.items != nil {
				out = append(out, randomValue(r, s.items, depth+1))
			}
		}
		return out
	case s.kind&cue.StringKind != 0:
		return randomWord(r)
	case s.kind&cue.BoolKind != 0:
		return r.IntN(2) == 0
	case s.kind&cue.NumberKind != 0:
		return []any{0, 1, -1, 7, 1e30, 2.5}[r.IntN(6)]
	}
	return randomAnything(r, depth)
}

func randomWord(r *rand.Rand) string {
	words := []string{"", "from", "frm", "filter", "a", "10s", "5", "1h3m", "3d", "4KiB", "10 MB", "1%", "none", "file", "text", "stop", "config", "x.y", "full"}
	return words[r.IntN(len(words))]
}

func randomAnything(r *rand.Rand, depth int) any {
	switch r.IntN(8) {
	case 0:
		return nil
	case 1:
		return true
	case 2:
		return 3
	case 3:
		return 2.5
	case 4:
		return []any{randomWord(r)}
	case 5:
		return map[string]any{randomWord(r): randomWord(r)}
	}
	return randomWord(r)
}

// Each definition is understood as a whole: where it is not, CUE is asked for
// every value.
func TestShapesAreWhole(t *testing.T) {
	for _, name := range definitions {
		_, s := load().definition(name)
		var walk func(path string, s *shape, depth int)
		walk = func(path string, s *shape, depth int) {
			if depth > 6 {
				return
			}
			if len(s.any) == 0 && !s.whole {
				t.Errorf("%s is not understood", path)
			}
			for _, a := range s.any {
				walk(path+"|", a, depth+1)
			}
			for _, f := range s.fields {
				walk(path+"."+f.name, f.shape, depth+1)
				if f.shape.doc == "" && f.shape.name == "" {
					t.Errorf("%s.%s has no comment", path, f.name)
				}
			}
		}
		walk("#"+name, s, 0)
	}
}

func TestEveryDefinitionIsDocumented(t *testing.T) {
	for _, name := range definitions {
		if _, s := load().definition(name); s.doc == "" || len(s.fields) == 0 {
			t.Errorf("#%s has no comment or no fields", name)
		}
	}
}

func TestJSONSchema(t *testing.T) {
	var schema struct {
		Schema     string `json:"$schema"`
		Properties map[string]json.RawMessage
		Defs       map[string]json.RawMessage `json:"$defs"`
	}
	targets := map[string]string{"two": `// How many.
			n?: int & >=1`, "one": `as?: ("job" | "service") @is("job or service")`}
	text := JSONSchema(targets)
	if err := json.Unmarshal(text, &schema); err != nil {
		t.Fatal(err)
	}
	if !strings.HasSuffix(schema.Schema, "2020-12/schema") {
		t.Errorf("it is of %q", schema.Schema)
	}
	for _, key := range Keys("Pipeline") {
		if schema.Properties[key] == nil {
			t.Errorf("it lacks %s", key)
		}
	}
	for i, rest := 0, string(text); ; i++ {
		_, after, found := strings.Cut(rest, `"#/$defs/`)
		if !found {
			if i == 0 {
				t.Error("it has no references")
			}
			break
		}
		name, tail, _ := strings.Cut(after, `"`)
		if schema.Defs[name] == nil {
			t.Errorf("it names %s and does not define it", name)
		}
		rest = tail
	}
	var options struct {
		Properties           map[string]map[string]any
		AdditionalProperties any
	}
	if err := json.Unmarshal(schema.Properties["targets"], &options); err != nil {
		t.Fatal(err)
	}
	want := map[string]map[string]any{
		"one": {"type": "object", "properties": map[string]any{"as": map[string]any{"enum": []any{"job", "service"}}}, "additionalProperties": false},
		"two": {"type": "object", "properties": map[string]any{"n": map[string]any{"description": "How many.", "type": "integer", "minimum": 1.0}}, "additionalProperties": false},
	}
	if diff := cmp.Diff(want, options.Properties); diff != "" || options.AdditionalProperties != false {
		t.Errorf("the targets are others: %s", diff)
	}
	if string(JSONSchema(targets)) != string(text) {
		t.Error("it differs from one time to the next")
	}
}

func TestOptions(t *testing.T) {
	const text = `
// How many copies run.
replicas: *1 | int & >=1 & <=10
// The name of the service.
service?: =~"^[a-z]+$"
resources?: {cpu: *"100m" | string, memory!: string}
mode: *"auto" | "manual"
`
	check := func(value, want string, said ...string) {
		t.Helper()
		var l diag.List
		got := Options("k8s", text, read(t, value), &l)
		if string(got) != want {
			t.Errorf("%s gives %s, not %s", value, got, want)
		}
		for i, d := range l {
			if i >= len(said) || !strings.Contains(d.Error(), said[i]) {
				t.Errorf("%s: %v", value, d)
			}
		}
		if len(l) < len(said) {
			t.Errorf("%s: not said: %v", value, said[len(l):])
		}
	}
	check(`{}`, `{"mode":"auto","replicas":1}`)
	check(`{"replicas": 3, "resources": {"memory": "1Gi"}}`, `{"mode":"auto","replicas":3,"resources":{"cpu":"100m","memory":"1Gi"}}`)
	check(`{"replica": 3}`, ``, "`replica` is no key of the target `k8s` [unknown-key]")
	check(`{"replicas": 30}`, ``, "a.json:1:14: error: `replicas` must be")
	check(`{"service": "A B"}`, ``, "`service` must be")
	check(`{"resources": {}}`, ``, "needs the key `memory` [missing-key]")
	check(`{"mode": "manuall"}`, ``, "`mode` must be")
}

func ExampleCheck() {
	file := source.NewFile("orders.yaml", "", []byte("{form: orders, filter: in.Total > 0, parallel: four}"))
	var l diag.List
	n := parse.File(file, parse.FormatYAML, &l)
	Check("Filter", "a filter stage", n, n.Span, &l)
	for _, d := range l {
		fmt.Println(d)
	}
	// Output:
	// orders.yaml:1:2: error: `form` is no key of a filter stage [unknown-key]
	// orders.yaml:1:48: error: `parallel` must be a whole number above 0, and this is a string [wrong-type]
}
