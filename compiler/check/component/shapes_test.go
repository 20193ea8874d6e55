package component

import (
	"fmt"
	"strings"
	"testing"
)

// TestShapes reads a component of every shape of the language, with one load.
func TestShapes(t *testing.T) {
	roles := map[Role]string{
		Processor: "Keep KeepErr Map MapErr MapCtx Slice Pointers Seq Emit Ports Batch Text Raw Variable Maker MakerErr " +
			"NewConverter Converter Limiter Value NewHidden NewProcessor FlowProcessor",
		Source: "Stream Reader FlowSource",
		Sink:   "Store StoreAll SinkMaker NewWriter Writer FlowSink",
	}
	var refs []string
	for _, role := range []Role{Source, Processor, Sink} {
		for _, name := range strings.Fields(roles[role]) {
			refs = append(refs, "./shapes."+name)
		}
	}
	f := open(t, "shop", refs...)
	var b strings.Builder
	for _, role := range []Role{Source, Processor, Sink} {
		for _, name := range strings.Fields(roles[role]) {
			fmt.Fprintf(&b, "%s %s: %s", role, name, describe(f.component("./shapes."+name, role)))
		}
	}
	if len(f.diags) > 0 {
		t.Errorf("unexpected:\n%s", show(f.diags))
	}
	if f.Loads() != 1 {
		t.Errorf("packages.Load ran %d times, want once", f.Loads())
	}
	golden(t, "shapes", b.String())
}
