package gocode

import (
	"strings"
	"testing"

	"github.com/flowc-dev/flowc/ir"
)

// programOf has nodes of these names.
func programOf(nodes ...string) *ir.Program {
	p := &ir.Program{Name: "p"}
	for _, n := range nodes {
		p.Nodes = append(p.Nodes, &ir.Node{ID: n, YAML: n, Op: &ir.Apply{Verb: ir.VerbFilter}})
	}
	return p
}

func TestNames(t *testing.T) {
	for _, c := range []struct {
		nodes         string
		lower, locals string
	}{
		{"orders large-payments log_out", "orders largePayments logOut", "orders largePayments logOut"},
		// Two spellings of one name, and names that differ in case alone.
		{"a-b a_b aB ab", "aB aB2 aB3 ab4", "aB aB2 aB3 ab4"},
		// What Go or generated code has itself is no variable.
		{"type len int64 end record", "typeNode len int64 end record", "typeNode lenOut int64Out endOut recordOut"},
		{"end end-out", "end endOut", "endOut2 endOut"},
		// Members of the settings.
		{"nodes refs telemetry", "nodes2 refs2 telemetry2", "nodes2 refs2 telemetry2"},
		// Variables of other nodes, whichever comes first.
		{"parse parse-text", "parse parseText2", "parse parseText2"},
		{"parse-text parse", "parseText parse2", "parseText parse2"},
	} {
		nodes := strings.Fields(c.nodes)
		n := newNames(programOf(nodes...))
		var lower, locals []string
		for _, node := range nodes {
			lower, locals = append(lower, n.lower(node)), append(locals, n.local(node))
		}
		if got := strings.Join(lower, " "); got != c.lower {
			t.Errorf("%s: named %s, want %s", c.nodes, got, c.lower)
		}
		if got := strings.Join(locals, " "); got != c.locals {
			t.Errorf("%s: variables %s, want %s", c.nodes, got, c.locals)
		}
	}
}

func TestManyNamesakes(t *testing.T) {
	nodes := []string{"a-b", "a_b", "a--b", "a__b", "a-_b", "a_-b", "a---b", "a___b", "a--_b", "a__-b", "a-__b", "aB"}
	n := newNames(programOf(nodes...))
	seen := map[string]bool{}
	for _, node := range nodes {
		if seen[n.lower(node)] {
			t.Errorf("%s is called %s as well", node, n.lower(node))
		}
		seen[n.lower(node)] = true
	}
}

func TestPackagesAreNoVariables(t *testing.T) {
	p := programOf("rates", "model")
	model := &ir.Type{Kind: ir.Struct, Go: &ir.GoType{Package: "example.com/shop/model", PkgName: "model", Name: "Order"}}
	p.Nodes[0].Op = &ir.Apply{Verb: ir.VerbGo, Go: &ir.GoRef{Package: "example.com/shop/rates", PkgName: "rates", Symbol: "Convert", In: model}}
	n := newNames(p)
	if a, b := n.local("rates"), n.local("model"); a != "ratesOut" || b != "modelOut" {
		t.Errorf("got %s and %s", a, b)
	}
}

func TestCamel(t *testing.T) {
	for _, c := range [][2]string{
		{"orders", "orders"},
		{"Orders", "orders"},
		{"large-payments", "largePayments"},
		{"log_out", "logOut"},
		{"a.b c", "aBC"},
		{"HTTPIn", "hTTPIn"},
		{"2nd", "n2nd"},
		{"--", "node"},
		{"", "node"},
		{"größe", "größe"},
		{"a-", "a"},
		{"-a", "a"},
		{"x/y", "xY"},
	} {
		if got := camel(c[0]); got != c[1] {
			t.Errorf("%q: got %q, want %q", c[0], got, c[1])
		}
	}
}
