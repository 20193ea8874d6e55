package parse_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/flowc-dev/flowc/compiler/parse"
	"github.com/flowc-dev/flowc/ir/diag"
	"github.com/flowc-dev/flowc/ir/source"
)

// What YAML did to a value that it read without a word, and the fix.
func TestGoInYAML(t *testing.T) {
	for _, c := range []struct{ name, text, says, fixed string }{
		{"anchor", "k:\n  filter: &in\n  from: a\n", "YAML reads `&in` as an anchor, not as Go", "&in"},
		{"anchor before more", "k:\n  filter: &in == p\n", "YAML reads `&in` as an anchor, not as Go", "&in == p"},
		{"alias", "a: &in 3\nk:\n  filter: *in\n", "YAML reads `*in` as an alias of what is written in line 1, not as Go", "*in"},
		{"list", "k:\n  filter: [a, b]\n", "YAML reads `[` at the start of a value as a list, not as Go", "[a, b]"},
		{"mapping", "k:\n  filter: {a: b}\n", "YAML reads `{` at the start of a value as a mapping, not as Go", "{a: b}"},
		{"string", "k:\n  filter: \"info\"\n", "YAML takes the quotes off: Go reads the name `info`, not a string", `"info"`},
		{"string in single quotes", "k:\n  filter: 'two words'\n", "YAML takes the quotes off: Go reads the name `two words`, not a string", `"two words"`},
		{"comment", "k:\n  filter: in.A == \"a # b\"\n", "YAML cut the Go off at ` #`: it reads the rest of the line as a comment", "in.A == \"a # b\""},
		{"comment behind an operator", "k:\n  filter: in.A && # in.B\n", "YAML cut the Go off at ` #`: it reads the rest of the line as a comment", ""},
		{"lines", "k:\n  filter:\n    x := in.A\n    return x\n", "YAML joins these lines into one, and Go needs its line breaks", "x := in.A\nreturn x\n"},
		{"folded", "k:\n  filter: >\n    x := in.A\n    return x\n", "YAML joins these lines into one, and Go needs its line breaks", "x := in.A\nreturn x\n"},
		{"statements", "k:\n  filter:\n    case 1: return x\n", "YAML reads `case 1:` as a key, not as Go", "case 1: return x\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := parse.GoInYAML(read(t, parse.FormatYAML, c.text).Get("k").Get("filter"))
			if d == nil {
				t.Fatalf("%q: nothing is said", c.text)
			}
			if d.Message != c.says || d.Code != diag.GoInYAML || d.Span.IsZero() {
				t.Errorf("%q: %v", c.text, d)
			}
			if c.fixed == "" {
				return
			}
			if len(d.Fixes) == 0 {
				t.Fatalf("%q: no fix: %v", c.text, d)
			}
			for _, fix := range d.Fixes {
				text, err := diag.Apply(d.Span.File, fix.Edits)
				if err != nil {
					t.Fatal(err)
				}
				got := read(t, parse.FormatYAML, string(text)).Get("k").Get("filter").Text
				if strings.TrimSuffix(got, "\n") != strings.TrimSuffix(c.fixed, "\n") {
					t.Errorf("%s gives %q, not %q: %q", fix.Title, got, c.fixed, text)
				}
			}
		})
	}
}

// Go that YAML leaves whole.
func TestGoInYAMLNothing(t *testing.T) {
	for _, text := range []string{
		"in.A > 3", "in.A > 3 # a comment", "'in.A == \"x\"'", "|\n    x := 3\n    return x", ">\n    in.A > 3", "\"in.A == 3\"", "f(in.A, in.B)", "limit",
		"&a in.A\n  other: *a", "\n    - in.A", "\n    id: in.ID\n    n: in.N", "\n    in.A > 3 # wide",
	} {
		n := read(t, parse.FormatYAML, "k:\n  filter: "+text+"\n").Get("k").Get("filter")
		if d := parse.GoInYAML(n); d != nil {
			t.Errorf("%q: %v", text, d)
		}
	}
	if parse.GoInYAML(nil) != nil || parse.GoInYAML(read(t, parse.FormatJSON, `"info"`)) != nil || parse.GoInYAML(read(t, parse.FormatCUE, "a: \"info\"").Get("a")) != nil {
		t.Error("nothing to say of no node, JSON and CUE")
	}
}

// Each fix of the corpus makes a text that is read without errors.
func TestGoFixes(t *testing.T) {
	for _, c := range wrongTexts(t, "testdata/go.errors") {
		for nth := range 2 {
			f := source.NewFile("p", "", []byte(c.text))
			var l diag.List
			parse.File(f, parse.FormatYAML, &l)
			var edits []diag.Edit
			var said []string
			for _, d := range l {
				if d.Code != diag.GoInYAML || len(d.Fixes) == 0 {
					t.Errorf("%s: %v", c.name, d)
					continue
				}
				fix := d.Fixes[min(nth, len(d.Fixes)-1)]
				edits = append(edits, fix.Edits...)
				said = append(said, fix.Title)
			}
			text, err := diag.Apply(f, edits)
			if err != nil {
				t.Errorf("%s: %v", c.name, err)
				continue
			}
			fixed := source.NewFile("p", "", text)
			var after diag.List
			n := parse.File(fixed, parse.FormatYAML, &after)
			if n == nil || after.HasErrors() {
				t.Errorf("%s: %q leaves %v:\n%s", c.name, said, after, text)
				continue
			}
			walk(n, func(n *parse.Node) {
				if d := parse.GoInYAML(n); d != nil && len(n.Members) == 0 {
					t.Errorf("%s: after %q: %v:\n%s", c.name, said, d, text)
				}
			})
		}
	}
}

func walk(n *parse.Node, visit func(*parse.Node)) {
	visit(n)
	for _, item := range n.Items {
		walk(item, visit)
	}
	for _, m := range n.Members {
		walk(m.Value, visit)
	}
}

// A value that a comma has cut is put together again, so that later phases say
// nothing more about it.
func TestRejoin(t *testing.T) {
	var l diag.List
	n := parse.File(source.NewFile("p", "", []byte("k: {filter: f(in.A, g(1, 2)), from: x, key: h(2, 2)}\n")), parse.FormatYAML, &l)
	k := n.Get("k")
	if l.Count(diag.Error) != 2 || len(k.Members) != 3 || k.Get("filter").Text != "f(in.A, g(1, 2))" || k.Get("filter").SubSpan(2, 6).Text() != "in.A" || k.Get("from").Text != "x" {
		t.Errorf("%v: %s", l, show(n))
	}
}

// The pages of the syntax codes: each bad example gives its code, each good one
// is read without errors.
func TestCodeExamples(t *testing.T) {
	ours := map[diag.Code]bool{
		diag.BadText: true, diag.EmptyFile: true, diag.InputLimit: true, diag.YAMLSyntax: true, diag.YAMLTab: true, diag.YAMLTag: true, diag.YAMLKey: true,
		diag.YAMLAlias: true, diag.GoInYAML: true, diag.DuplicateKey: true, diag.SeveralDocuments: true,
	}
	for _, info := range diag.Codes() {
		if info.Bad == "" {
			continue
		}
		for _, example := range []string{info.Bad, info.Good} {
			var l diag.List
			parse.File(source.NewFile("p.yaml", "", []byte(example)), parse.FormatYAML, &l)
			switch {
			case example == info.Bad && ours[info.Code]:
				if len(l) != 1 || l[0].Code != info.Code {
					t.Errorf("the bad example of %s gives %v", info.Code, l)
				}
			case l.HasErrors():
				t.Errorf("an example of %s is no YAML: %v", info.Code, l)
			}
		}
		delete(ours, info.Code)
	}
	for code := range ours {
		t.Errorf("%s has no example", code)
	}
}

// Texts that are made to cost much end in an error, or in a tree of bounded
// size. (How long it takes is not asserted; each is read in a fraction of a
// second.)
func TestHostile(t *testing.T) {
	r := strings.Repeat
	numbered := func(n int, format string) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, format, i)
		}
		return b.String()
	}
	laughs := "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n"
	for i := 1; i < 40; i++ {
		laughs += fmt.Sprintf("a%d: &a%d [%s]\n", i, i, strings.TrimSuffix(r(fmt.Sprintf("*a%d,", i-1), 10), ","))
	}
	staircase := ""
	for i := range 1200 {
		staircase += r(" ", i) + "a:\n"
	}
	for _, c := range []struct {
		name, text string
		code       diag.Code
	}{
		{"too large", r("a", parse.MaxYAML+1), diag.InputLimit},
		{"brackets", r("[", 60_000), diag.InputLimit},
		{"brackets, closed", r("[", 500) + r("]", 500), diag.InputLimit},
		{"flow mappings", r("{a: ", 500), diag.InputLimit},
		{"dashes", r("- ", 100_000), diag.InputLimit},
		{"staircase", staircase, diag.InputLimit},
		{"keys", numbered(parse.MaxKeys+1, "k%d: 1\n"), diag.InputLimit},
		{"values", "a: [" + r("b,", parse.MaxValues) + "]", diag.InputLimit},
		{"aliases of aliases", laughs, diag.InputLimit},
		{"merges", "a: &a {" + numbered(1000, "k%d: 1, ") + "}\n" + numbered(2000, "b%d: {<<: *a}\n"), diag.InputLimit},
		{"less than", r("<", 100_000), diag.InputLimit},
		{"signs", r("&a *b ", 100_000), diag.InputLimit},
		{"documents", r("---\n", 60_000), diag.SeveralDocuments},
		{"ends", r("...\n", 60_000), diag.EmptyFile},
		{"empty lines of a block", "a: >\n" + r("\n", parse.MaxYAML-10), ""},
		{"tabs in quotes", "a: \"" + r("\t", parse.MaxYAML-10) + "\"", ""},
		{"one line", "a: " + r("b", parse.MaxYAML-10), ""},
		{"lines of one value", "a: " + r("b\n ", 300_000), ""},
		{"headers", r("- |\n", 60_000), diag.InputLimit},
		{"tags", r("!a ", 50_000), diag.YAMLTag},
		{"tags of Go", "filter: " + r("!a ", 50_000), diag.YAMLTag},
		{"duplicate keys", "{" + r("a: 1, ", 40_000) + "}", diag.DuplicateKey},
		{"Go in a line", "map: {" + numbered(20_000, "a%d: f(1, 2), ") + "}", diag.GoInYAML},
		{"colons of Go", "map: {" + numbered(20_000, "a%d: b: c, ") + "}", diag.YAMLSyntax},
	} {
		t.Run(c.name, func(t *testing.T) {
			var l diag.List
			n := parse.File(source.NewFile("p", "", []byte(c.text)), parse.FormatYAML, &l)
			if c.code == "" {
				if n == nil || len(l) > 0 {
					t.Errorf("got %d diagnostics, the first is %v", len(l), l[:min(1, len(l))])
				}
				return
			}
			if len(l) == 0 || l[0].Code != c.code {
				t.Fatalf("got %d diagnostics, want %s; the first is %v", len(l), c.code, l[:min(1, len(l))])
			}
			size := 0
			if n != nil {
				walk(n, func(*parse.Node) { size++ })
			}
			if size > 2*parse.MaxValues {
				t.Errorf("a tree of %d nodes", size)
			}
		})
	}
	for _, c := range []struct {
		name, text string
		format     parse.Format
	}{
		{"brackets", r("[", 100_000), parse.FormatJSON},
		{"objects", r(`{"a":`, 100_000), parse.FormatJSON},
		{"values", "[" + r("1,", 200_000) + "1]", parse.FormatJSON},
		{"too large", r(" ", parse.MaxSize) + "1", parse.FormatJSON},
		{"brackets", "a: " + r("[", 100_000), parse.FormatCUE},
		{"too large", "a: \"" + r(" ", parse.MaxYAML) + "\"", parse.FormatCUE},
	} {
		var l diag.List
		if n := parse.File(source.NewFile("p", "", []byte(c.text)), c.format, &l); n != nil || len(l) != 1 || l[0].Code != diag.InputLimit {
			t.Errorf("%v, %s: got %d diagnostics, the first is %v", c.format, c.name, len(l), l[:min(1, len(l))])
		}
	}
}

func BenchmarkYAML(b *testing.B) {
	var text strings.Builder
	text.WriteString("processors:\n")
	for i := range 1000 {
		fmt.Fprintf(&text, "  node%d:\n    from: node%d\n    filter: in.Amount > limit && in.Region == \"EU\" # %d\n    map: |\n      return in\n", i+1, i, i)
	}
	f := source.NewFile("p", "", []byte(text.String()))
	b.SetBytes(int64(text.Len()))
	b.ReportAllocs()
	for b.Loop() {
		var l diag.List
		if parse.File(f, parse.FormatYAML, &l); len(l) > 0 {
			b.Fatal(l)
		}
	}
}
