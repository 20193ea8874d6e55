package gocode

import (
	"slices"
	"strings"
	"testing"

	"github.com/flowc-dev/flowc/ir"
)

// treeType is a record with structs below, one that holds itself, and a struct
// that decodes itself.
func treeType() *ir.Type {
	text := &ir.Type{Kind: ir.String}
	inner := &ir.Type{Kind: ir.Struct, Name: "Inner", Fields: []*ir.Field{{Name: "x", Go: "X", Type: text}, {Name: "y", Go: "Y", Type: text}}}
	self := &ir.Type{Kind: ir.Struct, Name: "Tree"}
	self.Fields = []*ir.Field{{Name: "v", Go: "V", Type: text}, {Name: "next", Go: "Next", Type: self, Optional: true}}
	custom := &ir.Type{Kind: ir.Struct, Go: &ir.GoType{Package: "example.com/money", PkgName: "money", Name: "Money", Custom: true}, Fields: []*ir.Field{{Name: "units", Go: "Units", Type: text}}}
	return &ir.Type{Kind: ir.Struct, Name: "Record", Fields: []*ir.Field{
		{Name: "id", Go: "ID", Type: text},
		{Name: "inner", Go: "Inner", Type: inner},
		{Name: "tree", Go: "Tree", Type: self},
		{Name: "cost", Go: "Cost", Type: custom},
		{Name: "list", Go: "List", Type: &ir.Type{Kind: ir.List, Elem: inner}},
		{Name: "empty", Go: "Empty", Type: &ir.Type{Kind: ir.Struct, Name: "Empty"}},
	}}
}

func TestLeaves(t *testing.T) {
	for _, c := range []struct {
		name  string
		paths []ir.Path
		want  string
	}{
		{"nothing", nil, ""},
		{"one", []ir.Path{{"ID"}}, "id"},
		{"in the order of the type, once", []ir.Path{{"Inner", "Y"}, {"ID"}, {"Inner", "X"}, {"ID"}, {"Inner"}}, "id inner.x inner.y"},
		{"a part", []ir.Path{{"Inner", "Y"}}, "inner.y"},
		{"a struct field by field", []ir.Path{{"Inner"}}, "inner.x inner.y"},
		{"a struct that decodes itself as a whole", []ir.Path{{"Cost"}, {"Cost", "Units"}}, "cost"},
		{"a struct without fields as a whole", []ir.Path{{"Empty"}}, "empty"},
		{"behind a list the list", []ir.Path{{"List", "X"}}, "list"},
		{"a method: all that it is called on", []ir.Path{{"Inner", "Text"}}, "inner.x inner.y"},
		{"a method of the record", []ir.Path{{"Text"}}, "id inner.x inner.y tree.v tree.next cost list empty"},
		{"a type within itself as a whole", []ir.Path{{"Tree", "Next", "V"}}, "tree.next"},
		{"everything", []ir.Path{ir.Whole}, "id inner.x inner.y tree.v tree.next cost list empty"},
	} {
		var got []string
		for _, l := range leaves(treeType(), c.paths) {
			got = append(got, l.wire())
		}
		if s := strings.Join(got, " "); s != c.want {
			t.Errorf("%s: got %q, want %q", c.name, s, c.want)
		}
	}
}

// What is read does not depend on who asks first.
func TestLeavesOrder(t *testing.T) {
	r := treeType()
	paths := []ir.Path{{"Inner", "X"}, {"Tree", "V"}, {"Cost"}, {"ID"}}
	want := leaves(r, paths)
	slices.Reverse(paths)
	if got := leaves(r, paths); !slices.EqualFunc(got, want, func(a, b leaf) bool { return slices.Equal(a, b) }) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestChild(t *testing.T) {
	var list []*want
	index := 0
	a := child(&list, "a", &index, 2)
	b := child(&list, "b", &index, 1)
	if again := child(&list, "a", &index, 0); again != a || a.phase != 0 || a.index != 0 || b.index != 1 || index != 2 {
		t.Errorf("got %+v %+v, %d spans", a, b, index)
	}
	if child(&list, "a", &index, 5); a.phase != 0 {
		t.Error("a field that is needed early is read late")
	}
}

func TestSetReads(t *testing.T) {
	record := treeType()
	p := &ir.Program{
		Nodes: []*ir.Node{
			{ID: "src", YAML: "src", Op: &ir.Source{}},
			{ID: "s", YAML: "s", Op: &ir.Apply{Verb: ir.VerbSet, Assign: []ir.Assign{{Name: "id", Go: "ID"}}, Unset: []string{"list"}}},
			{ID: "a", YAML: "a", Op: &ir.Sink{}},
			{ID: "b", YAML: "b", Op: &ir.Sink{}},
		},
		Edges: []*ir.Edge{
			{From: "src", To: "s", Kind: ir.Data, Type: record},
			{From: "s", To: "a", Kind: ir.Data, Live: []ir.Path{{"ID"}, {"Inner", "X"}}},
		},
	}
	text := func() string {
		g := newGenerator(p, layoutOf())
		var got []string
		for _, path := range g.setReads(g.nodes["s"], g.nodes["s"].Op.(*ir.Apply)) {
			got = append(got, strings.Join(path, "."))
		}
		return strings.Join(got, " ")
	}
	if got := text(); got != "Inner.X" {
		t.Errorf("got %q", got)
	}
	p.Edges = append(p.Edges, &ir.Edge{From: "s", To: "b", Kind: ir.Data}) // reads everything
	if got := text(); got != "Inner.X Inner Tree Cost Empty" {
		t.Errorf("got %q", got)
	}
}
