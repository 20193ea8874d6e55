package dialect

import (
	"github.com/flowc-dev/flowc/compiler/parse"
	"github.com/flowc-dev/flowc/compiler/schema"
	"github.com/flowc-dev/flowc/compiler/syntax"
)

// job reads an entry of `jobs`: what it starts is said as a component says it.
func (r *reader) job(m *parse.Member) *syntax.Node {
	n := &syntax.Node{Name: key(m), Role: syntax.Job, Kind: syntax.External, KindSpan: m.Key.Span, Body: m.Value}
	if n.Body.Kind != parse.Mapping {
		n.Bad = true
		return n // the definition of the block says so
	}
	for _, word := range []string{"command", "image"} {
		if k := n.Body.Member(word); k != nil {
			n.KindSpan = k.Key.Span
		}
	}
	n.Bad = !schema.Check("Job", "a job", n.Body, n.Name.Span, r.l)
	r.foreign(n, n.Body)
	n.DependsOn = oneOrMore(n.Body.Get("depends_on"))
	return n
}
