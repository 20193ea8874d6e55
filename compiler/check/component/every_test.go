package component

import (
	"testing"

	"github.com/flowc-dev/flowc/ir"
	"github.com/flowc-dev/flowc/ir/diag"
	"github.com/flowc-dev/flowc/ir/source"
)

// TestEverySymbol asks for every exported name of big packages, in every role
// and as an event type: there is a component or an error, and never a panic.
// What is a component has all that a call needs, and what is a type prints.
func TestEverySymbol(t *testing.T) {
	packages := []string{"strings", "time", "net/http", "go/ast", "go/types", "encoding/json", "database/sql", "math/big", "reflect", "iter", "slices", "sync", "os", "context", "path/filepath", "net/url", "html", "bytes", "math", "unicode", "net/netip"}
	l := NewLoader("testdata/shop", Options{})
	at := source.Span{File: source.NewFile("pipeline.yaml", "", []byte("x")), Start: 0, End: 1}
	for _, p := range packages {
		l.Want(p, at)
	}
	var dl diag.List
	l.Load(t.Context(), &dl)
	if len(dl) > 0 {
		t.Fatal(show(dl))
	}
	components, types := 0, 0
	for _, p := range packages {
		for _, name := range l.lookup(p).Scope().Names() {
			ref := p + "." + name
			for _, role := range []Role{Source, Processor, Sink} {
				var dl diag.List
				r := l.Component(ref, at, role, &dl)
				if (r == nil) != dl.HasErrors() {
					t.Errorf("%s as a %s: %v with\n%s", ref, role, r, show(dl))
				}
				if r == nil {
					continue
				}
				components++
				if r.Shape == "" || r.Make == "" || r.Package != p || role != Source && r.In == nil {
					t.Errorf("%s as a %s: %s", ref, role, describe(r))
				}
				describe(r)
				for _, c := range []*ir.Type{r.In, r.Out} {
					if c != nil {
						l.Meet(c, c)
					}
				}
			}
			var dl diag.List
			typ := l.Type(ref, at, &dl)
			if (typ == nil) != dl.HasErrors() {
				t.Errorf("%s as a type: %v with\n%s", ref, typ, show(dl))
			}
			if typ != nil {
				types++
				describeType(typ)
				if plan, against := l.Meet(typ, typ); plan != nil || against != nil {
					t.Errorf("%s does not meet itself: %v %v", ref, plan, against)
				}
			}
		}
	}
	if components < 100 || types < 50 {
		t.Errorf("only %d components and %d types: the test tests nothing", components, types)
	}
}
