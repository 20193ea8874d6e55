package dialect

import (
	"strings"
	"testing"

	"github.com/flowc-dev/flowc/compiler/parse"
	"github.com/flowc-dev/flowc/ir"
	"github.com/flowc-dev/flowc/ir/diag"
	"github.com/flowc-dev/flowc/ir/source"
)

func readText(t *testing.T, text string, l *diag.List) *parse.Node {
	t.Helper()
	n := parse.File(source.NewFile("a.yaml", "", []byte(text)), parse.FormatYAML, l)
	if n == nil {
		t.Fatal(*l)
	}
	return n
}

// A file of another tool is told from a broken one: one diagnostic says what it
// is, and nothing is said about its keys.
func TestForeign(t *testing.T) {
	for text, want := range map[string]string{
		"apiVersion: flowctl/v1\nkind: SandboxServices":                    "a file of flowctl's sandbox",
		"apiVersion: flowctl/v2\nkind: Topology":                           "the flowctl/v2 spelling",
		"apiVersion: v1\nkind: Pipeline":                                   "flowctl's `v1` spelling",
		"apiVersion: flow.obsrvr.com/v1\nspec: {components: []}":           "the hosted Flow service (flow.obsrvr.com/v1)",
		"apiVersion: apps/v1\nkind: Deployment":                            "a document of `apps/v1`",
		"kind: Pipeline\nmetadata: {}":                                     "without `apiVersion`",
		"pipelines: {A: {source: {type: x}, processors: []}}":              "cdp and Flow (`pipelines`)",
		"pipeline: {source: {type: x}, processors: []}":                    "`pipeline` as a mapping",
		"pipeline: {name: x, sources: [], sinks: []}":                      "{name, sources, processors, sinks}",
		"version: 0.1\nsource: {type: x}\nprocessors: []\nsink: {type: y}": "flowctl's legacy spelling",
		"source: {type: x}\nprocessors: []\nconsumers: []":                 "cdp's spelling (source, processors, consumers)",
		"name: a\ntype: sink\ninput_types: [x]":                            "the descriptor of the component `a`",
		"source: x\nprocess: [y]\nsave_to: z":                              "cdp's simplified spelling",
		"services: {redis: {image: redis}}":                                "a file of services",
	} {
		var l diag.List
		p := Read(Input{Root: readText(t, text, &l)}, &l)
		if p != nil || len(l) != 1 || l[0].Code != diag.ForeignDialect || !strings.Contains(l[0].Message, want) {
			t.Errorf("%q gives %v, not one diagnostic with %q", text, l, want)
		}
	}
}

// The short spelling is never taken for another.
func TestNotForeign(t *testing.T) {
	for _, text := range []string{
		"pipeline: x\nsources: {}\nsinks: {}",
		"sources: {source: {use: stdin}}\nsinks: {}",
		"sources: {}\nservices: {}",
		"types: {T: {kind: string, spec: string}}",
	} {
		var l diag.List
		Read(Input{Root: readText(t, text, &l)}, &l)
		for _, d := range l {
			if d.Code == diag.ForeignDialect {
				t.Errorf("%q: %v", text, d)
			}
		}
	}
}

func TestReferences(t *testing.T) {
	part := func(kind ir.PartKind, text string) ir.Part { return ir.Part{Kind: kind, Text: text} }
	for text, want := range map[string][]ir.Part{
		"plain":                      {part(ir.Literal, "plain")},
		"":                           {part(ir.Literal, "")},
		"${env:A}":                   {part(ir.Env, "A")},
		"a/${env:A_1:-x:-y}/b":       {part(ir.Literal, "a/"), {Kind: ir.Env, Text: "A_1", Default: "x:-y", HasDefault: true}, part(ir.Literal, "/b")},
		"${env:A:-}":                 {{Kind: ir.Env, Text: "A", HasDefault: true}},
		"${file:/run/secrets/x}":     {part(ir.FileRef, "/run/secrets/x")},
		"${in.A.B}-${meta.Key}.json": {part(ir.Record, "in.A.B"), part(ir.Literal, "-"), part(ir.Record, "meta.Key"), part(ir.Literal, ".json")},
		`${in.At.Format("2006}")}`:   {part(ir.Record, `in.At.Format("2006}")`)},
		`k=${strings.ToLower(in.X)}`: {part(ir.Literal, "k="), part(ir.Record, "strings.ToLower(in.X)")},
		"${[]string{in.X}[0]}/y":     {part(ir.Record, "[]string{in.X}[0]"), part(ir.Literal, "/y")},
		"$${env:A}":                  {part(ir.Literal, "${env:A}")},
		"costs $5, ${in.X}":          {part(ir.Literal, "costs $5, "), part(ir.Record, "in.X")},
	} {
		var l diag.List
		n := readText(t, "'"+text+"'", &l)
		r := &reader{l: &l}
		got := r.value(n).Parts
		if len(l) > 0 || len(got) != len(want) {
			t.Errorf("%q gives %d parts and %v", text, len(got), l)
			continue
		}
		for i, p := range got {
			if span := p.Span.Text(); text != "" && p.Kind != ir.Literal && span[:2] != "${" {
				t.Errorf("%q: part %d stands at %q", text, i, span)
			}
			p.Span = source.Span{}
			if p != want[i] {
				t.Errorf("%q: part %d is %+v, not %+v", text, i, p, want[i])
			}
		}
	}
}

func TestLabel(t *testing.T) {
	for name, want := range map[string]string{
		"payments": "payments", "My Pipeline": "my-pipeline", "a__b": "a-b", "-x-": "x", "": "pipeline", "äöü": "pipeline",
		strings.Repeat("a", 80): strings.Repeat("a", 63), strings.Repeat("a", 62) + " b": strings.Repeat("a", 62),
	} {
		if got := Label(name); got != want || !label.MatchString(got) {
			t.Errorf("Label(%q) is %q, not %q", name, got, want)
		}
	}
}
