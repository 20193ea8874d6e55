package component

import (
	"fmt"
	"strings"
	"testing"
)

// TestMisses asks for components that are none, in the role that they were
// meant for, and compares every word and place of what is said.
func TestMisses(t *testing.T) {
	roles := map[Role]string{
		Processor: "Comma LateContext EarlyError Nothing Sinkish Two Variadic Generic Channel Pull Unnamed Mute Swallow OneOfMany " +
			"Anonymous Secret Face NoInput Inner Failing Max Rate NewContext NewStrings NewSecret NewTypo NewWriter NewInvoice NewOpaque Bad Odd " +
			"Generics Func Face2 Text Twice HalfFlow Worker2 comma trade Generic[int] Invoice",
		Source: "Seq ReadFunc Chan Arg Seeker Single NoPosition Streamer BadPosition HalfEvents Worker",
		Sink:   "Lossy Counting Wide Comma Worker Halfway Offsets Commits",
	}
	for _, role := range []Role{Processor, Source, Sink} {
		var refs []string
		for _, name := range strings.Fields(roles[role]) {
			refs = append(refs, "./misses."+name)
		}
		f := open(t, "wrong", refs...)
		got := show(f.diags)
		for _, ref := range refs {
			f.diags = nil
			r := f.component(ref, role)
			found := ""
			if r != nil {
				found = " -> " + string(r.Shape)
			}
			if r == nil && !f.diags.HasErrors() {
				t.Errorf("%s: nil without an error", ref)
			}
			got += fmt.Sprintf("=== %s%s\n%s", ref, found, show(f.diags))
		}
		golden(t, "misses-"+string(role), got)
	}
}
