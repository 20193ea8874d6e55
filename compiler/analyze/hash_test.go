package analyze

import (
	"slices"
	"testing"

	"github.com/flowc-dev/flowc/compiler/passes"
	"github.com/flowc-dev/flowc/ir"
	"github.com/flowc-dev/flowc/ir/source"
)

func TestHash(t *testing.T) {
	base := func() *ir.Program { return chain(func(*ir.Program, *ir.Source, *ir.Node, *ir.Sink) {}) }
	want := Hash(base())
	if len(want) != 16 {
		t.Fatalf("%q is no hash", want)
	}
	same := map[string]func(*ir.Program){
		"another place": func(p *ir.Program) { p.Nodes[0].Span.Start++ },
		"another file": func(p *ir.Program) {
			p.Files = []*source.File{source.NewFile("q.yaml", "", nil)}
		},
		"another order":  func(p *ir.Program) { slices.Reverse(p.Nodes); slices.Reverse(p.Edges) },
		"another folder": func(p *ir.Program) { p.Module = nil },
	}
	for name, change := range same {
		p := base()
		change(p)
		if got := Hash(p); got != want {
			t.Errorf("%s gives another hash", name)
		}
	}
	// What the passes do to a program does not change its name.
	p := base()
	if err := passes.Run(p, passes.Options{}); err != nil {
		t.Fatal(err)
	}
	if got := Hash(p); got != want {
		t.Error("the passes give another hash")
	}
	other := map[string]func(*ir.Program){
		"a name":        func(p *ir.Program) { p.Name = "y" },
		"a connector":   func(p *ir.Program) { p.Nodes[0].Op.(*ir.Source).Connector = "other" },
		"an expression": func(p *ir.Program) { p.Nodes[1].Op.(*ir.Apply).Expr.Go = "false" },
		"an edge":       func(p *ir.Program) { p.Edges = p.Edges[:1] },
		"a guarantee":   func(p *ir.Program) { p.Delivery.Guarantee = ir.AtLeastOnce },
	}
	seen := map[string]string{want: "nothing"}
	for name, change := range other {
		p := base()
		change(p)
		got := Hash(p)
		if seen[got] != "" {
			t.Errorf("%s and %s give one hash", name, seen[got])
		}
		seen[got] = name
	}
}
