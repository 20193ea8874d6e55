package dialect

import (
	"strings"
	"testing"

	"github.com/flowc-dev/flowc/compiler/syntax"
	"github.com/flowc-dev/flowc/ir/diag"
)

// shape is a type as Go's syntax would have it: []map(a|b).
func shape(t *syntax.TypeExpr) string {
	switch t.Form {
	case syntax.TypeList:
		return "[]" + shape(t.Elem)
	case syntax.TypeMap:
		return "map(" + shape(t.Elem) + ")"
	case syntax.TypeEnum:
		var values []string
		for _, v := range t.Values {
			values = append(values, v.Text)
		}
		return "enum(" + strings.Join(values, ",") + ")"
	}
	return t.Name
}

// The bars of an enum bind tighter than what it is an element of.
func TestTypeTexts(t *testing.T) {
	for text, want := range map[string]string{
		`a | b`:                     "enum(a,b)",
		`[string]`:                  "[]string",
		`"[a | b]"`:                 "[]enum(a,b)",
		`[a | b]`:                   "[]enum(a,b)",
		`"[[a | b]]"`:               "[][]enum(a,b)",
		`map of a | b`:              "map(enum(a,b))",
		`list of map of a | b`:      "[]map(enum(a,b))",
		`"map of [a | b]"`:          "map([]enum(a,b))",
		`'"map of a" | b'`:          "enum(map of a,b)",
		`'"[a" | "b]"'`:             "enum([a,b])",
		`not found | call first`:    "enum(not found,call first)",
		`map of list of ./m.Ledger`: "map([]./m.Ledger)",
	} {
		var l diag.List
		p := Read(Input{Root: readText(t, "types:\n  R:\n    f: "+text+"\nsources: {}\nsinks: {}", &l)}, &l)
		if len(l) > 0 || p == nil || len(p.Types) != 1 {
			t.Errorf("%s gives %v", text, l)
			continue
		}
		if got := shape(p.Types[0].Type.Fields[0].Type); got != want {
			t.Errorf("%s is %s, not %s", text, got, want)
		}
	}
}
