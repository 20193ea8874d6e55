package ir

import (
	"errors"
	"fmt"
	"os"
	"reflect"
	"strings"
	"testing"
)

func TestRoundTripRandom(t *testing.T) {
	for seed := range uint64(400) {
		p := randomProgram(seed)
		text := Print(p, WithSpans)
		back, err := Read(text)
		if err != nil {
			t.Fatalf("seed %d: %v\n%s", seed, err, numbered(text))
		}
		if !reflect.DeepEqual(p, back) {
			t.Fatalf("seed %d: read back differs at %s\n%s", seed, difference(reflect.ValueOf(p), reflect.ValueOf(back), "program", map[[2]uintptr]bool{}), numbered(text))
		}
		if again := Print(back, WithSpans); again != text {
			t.Fatalf("seed %d: prints differently after a round trip\n%s", seed, text)
		}
	}
}

func TestRoundTripWithoutSpans(t *testing.T) {
	for seed := range uint64(100) {
		text := Print(randomProgram(seed))
		back, err := Read(text)
		if err != nil {
			t.Fatalf("seed %d: %v\n%s", seed, err, numbered(text))
		}
		if again := Print(back, WithSpans); again != text {
			t.Fatalf("seed %d: the plain form is not the whole program without its spans\n--- printed\n%s--- read and printed\n%s", seed, text, again)
		}
	}
}

// difference names the first place where two values part.
func difference(a, b reflect.Value, at string, seen map[[2]uintptr]bool) string {
	if a.Kind() != b.Kind() || a.Type() != b.Type() {
		return at + ": kinds"
	}
	switch a.Kind() {
	case reflect.Pointer:
		if a.IsNil() || b.IsNil() {
			if a.IsNil() != b.IsNil() {
				return at + ": nil"
			}
			return ""
		}
		pair := [2]uintptr{a.Pointer(), b.Pointer()}
		if seen[pair] {
			return ""
		}
		seen[pair] = true
		return difference(a.Elem(), b.Elem(), at, seen)
	case reflect.Interface:
		if a.IsNil() || b.IsNil() {
			if a.IsNil() != b.IsNil() {
				return at + ": nil"
			}
			return ""
		}
		return difference(a.Elem(), b.Elem(), at, seen)
	case reflect.Struct:
		for i := range a.NumField() {
			if d := difference(a.Field(i), b.Field(i), at+"."+a.Type().Field(i).Name, seen); d != "" {
				return d
			}
		}
	case reflect.Slice:
		if a.IsNil() != b.IsNil() || a.Len() != b.Len() {
			return fmt.Sprintf("%s: %v, %v", at, a, b)
		}
		for i := range a.Len() {
			if d := difference(a.Index(i), b.Index(i), fmt.Sprintf("%s[%d]", at, i), seen); d != "" {
				return d
			}
		}
	case reflect.Map:
		if !reflect.DeepEqual(a.Interface(), b.Interface()) {
			return at
		}
	default:
		if !a.Equal(b) {
			return fmt.Sprintf("%s: %v, %v", at, a, b)
		}
	}
	return ""
}

func numbered(text string) string {
	var b strings.Builder
	for i, line := range strings.Split(text, "\n") {
		fmt.Fprintf(&b, "%4d %s\n", i+1, line)
	}
	return b.String()
}

// The README teaches the form with a whole program: it must be one.
func TestREADMEIsTrue(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := strings.Split(string(readme), "```")
	programs := 0
	for i := 1; i < len(blocks); i += 2 {
		text, ok := strings.CutPrefix(blocks[i], "flowc-ir\n")
		if !ok {
			continue
		}
		programs++
		p, err := Read(text)
		if err != nil {
			t.Fatalf("README.md: %v\n%s", err, numbered(text))
		}
		if err := Verify(p); err != nil {
			t.Errorf("README.md: %v", err)
		}
		if got := Print(p); got != text {
			t.Errorf("README.md holds a program in another form than the printed one, which is\n%s", got)
		}
	}
	if programs == 0 {
		t.Error("README.md shows no program")
	}
}

func TestSecretsAreHidden(t *testing.T) {
	secret := &Value{Kind: "string", Secret: true, Parts: []Part{
		{Kind: Literal, Text: "hunter2"}, {Kind: Env, Text: "PASSWORD", HasDefault: true, Default: "hunter2"}, {Kind: FileRef, Text: "/run/secrets/x"},
	}}
	p := &Program{Name: "x", Nodes: []*Node{{ID: "s", YAML: "s", Op: &Sink{Connector: "http", Config: []Setting{{Key: "token", Value: secret}}}}}}
	text := Print(p)
	if strings.Contains(text, "hunter2") {
		t.Errorf("a secret is printed:\n%s", text)
	}
	if !strings.Contains(text, `secret "***" + env PASSWORD or "***" + file "/run/secrets/x"`) {
		t.Errorf("the secret's references are not printed:\n%s", text)
	}
	if secret.Parts[0].Text != "hunter2" {
		t.Error("printing changed the program")
	}
}

func TestReadErrors(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"", "line 1: unexpected the end of the text, expected `program`"},
		{"pipeline x\n", "line 1: unexpected `pipeline`, expected `program`"},
		{"program\n", "line 1: unexpected the end of the line in `program`, expected the pipeline's name"},
		{"program x\n\n# a comment\nnode a sink drop pur\n", "line 4: unexpected `pur` in `node`, expected `deadletter`, `checkpoint`, `at-most-once`, `at-least-once`, `effectively-once`, " +
			"`pure`, `keeps`, `parallel`, `unordered`, `replicas`, `elastic`, `was`, `region`, `process` or `{`"},
		{"program x\nnode a sink drop {\n  facts acks\n  facts acks\n}\n", "line 4: unexpected `facts` in `node`, expected `config`, `meta`, `batch`, `key`, `out`, `on_error` or `}`"},
		{"program x\nnode a sink drop {\n", "line 3: unexpected the end of the text in `node`, expected `go`, `foreign`, `facts`, `config`, `meta`, `batch`, `key`, `out`, `on_error` or `}`"},
		{"program x\nnode a sunk drop\n", "line 2: unexpected `sunk` in `node`, expected `of`, `source`, `decode`, `route`, `encode`, `sink`, `filter`, `map`, `set`, `check`, `flatmap`, `go` or `foreign`"},
		{"program x\nedge a -> b carries Payment\n", "line 2: the type `Payment` is not declared"},
		{"program x\ntype A is string\ntype A is int\n", "line 3: the type `A` is declared twice"},
		{"program x\ntype A is text\n", "line 2: `text` is no kind of type"},
		{"program x\ntype A is list of [string]\n", "line 2: unexpected `[` in `type`, expected a type"},
		{"program x\nnode a decode ndjson {\n  input \"in\n}\n", "line 3: a string that does not end on its line"},
		{"program x\nregion r head a lanes many\n", "line 2: `many` is no whole number"},
		{"program x\nmemory 5GiB\n", "line 2: \"5GiB\" is no number of bytes (such as 4096, 256KiB or 1MiB)"},
		{"program x\ndelivery drain soon\n", "line 2: `drain` takes a duration such as 30s"},
		{"program x\nnode a @0:1-2 sink drop\n", "line 2: `@0:1-2` names file 0, of 0"},
		{"program x\nnode a @1 sink drop\n", "line 2: `@1` is no span (such as @0:12-15)"},
		{"program x\nnode a sink drop ;\n", "line 2: \";\" has no meaning here"},
		{"program x\nnode a go {\n  go ./x.F {\n    plan fields as string {\n      part again 5\n    }\n  }\n}\n", "line 5: unexpected `again` in `part`, expected `assign`, `convert`, `fields`, `elements`, " +
			"`from-string`, `to-string`, `compose`, `decompose`, `unmarshal-text`, `marshal-text`, `from`, `to`, `optional`, `pointer`, `fails` or `as`"},
		{"program x\nnode a go {\n  go ./x.F {\n    plan fields as string {\n      part fields as string again 5\n    }\n  }\n}\n", "line 5: there are no 5 levels around"},
		{"program x\nnode a filter {\n  expr: bool {\n    text\n      | a\n      | b\n    gone\n  }\n}\n", "line 7: unexpected `gone` in `expr`, expected `go` or `}`"},
	} {
		p, err := Read(c.text)
		var syntax *SyntaxError
		if !errors.As(err, &syntax) || err.Error() != c.want || p != nil {
			t.Errorf("%q:\n got %v\nwant %s", c.text, err, c.want)
		}
	}
}

func TestReadKeepsSharedTypes(t *testing.T) {
	p, err := Read("program x\ntype Tree is struct {\n  kids Kids list of Tree\n}\nedge a -> b carries Tree\nedge a -> c carries Tree\n")
	if err != nil {
		t.Fatal(err)
	}
	tree := p.Types[0]
	if tree.Fields[0].Type.Elem != tree || p.Edges[0].Type != tree || p.Edges[1].Type != tree {
		t.Error("uses of one named type are not one pointer")
	}
}

// A type without a name that holds itself can't come from a pipeline, but must
// not hang the printer.
func TestPrintCyclicAnonymousType(t *testing.T) {
	list := &Type{Kind: List}
	list.Elem = list
	p := &Program{Name: "x", Nodes: []*Node{{ID: "a", YAML: "a", Op: &Sink{}}}, Edges: []*Edge{{From: "a", To: "a", Type: list, Kind: Data}}}
	back, err := Read(Print(p))
	if err != nil {
		t.Fatalf("%v\n%s", err, Print(p))
	}
	if got := back.Edges[0].Type; got.Elem != got {
		t.Errorf("the cycle is lost:\n%s", Print(p))
	}
}

// A plan for a tree of nodes holds itself.
func TestRecursivePlan(t *testing.T) {
	text := &Type{Kind: String}
	plan := []Conv{{From: Path{"Name"}, To: Path{"Name"}, How: HowAssign, Type: text}, {From: Path{"Kids"}, To: Path{"Kids"}, How: HowElements, Type: text}}
	element := []Conv{{How: HowFields, Type: text, Each: plan}}
	plan[1].Each = element
	p := &Program{Name: "x", Nodes: []*Node{{ID: "a", YAML: "a", Op: &Apply{Verb: VerbGo, Go: &GoRef{Use: "./tree.Walk", Plan: plan}}}}}
	back, err := Read(Print(p))
	if err != nil {
		t.Fatalf("%v\n%s", err, Print(p))
	}
	got := back.Nodes[0].Op.(*Apply).Go.Plan
	if &got[1].Each[0].Each[0] != &got[0] || !reflect.DeepEqual(p, back) {
		t.Errorf("the plan does not hold itself any more:\n%s", Print(p))
	}
}

func FuzzRead(f *testing.F) {
	for seed := range uint64(5) {
		f.Add(Print(randomProgram(seed), WithSpans))
	}
	f.Add("program x\nnode a filter {\n  expr: bool {\n    text\n      | a\n      | b\n  }\n}\n")
	f.Fuzz(func(t *testing.T, text string) {
		p, err := Read(text)
		if err != nil {
			return
		}
		printed := Print(p, WithSpans)
		again, err := Read(printed)
		if err != nil {
			t.Fatalf("what was printed can't be read: %v\n%s", err, numbered(printed))
		}
		if got := Print(again, WithSpans); got != printed {
			t.Fatalf("printing is not stable:\n%s\n%s", printed, got)
		}
		_ = Verify(p)
	})
}
