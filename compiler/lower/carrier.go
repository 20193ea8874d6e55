package lower

import (
	"slices"

	"github.com/flowc-dev/flowc/compiler/syntax"
	"github.com/flowc-dev/flowc/ir"
	"github.com/flowc-dev/flowc/runtime/catalog"
)

// carrierRole is how messages call what carries records between processes.
const carrierRole syntax.Role = "carrier"

// edgeKeys are the keys of the two ends of an edge that the compiler sets.
var edgeKeys = []string{"stream", "topic", "partitions", "key", "schema", "writer", "steady", "ends"}

// carrier reads what carries records between processes; nil where nothing is said.
func (w *lowering) carrier() *ir.Carrier {
	s := w.p.Edges
	if s.Carrier.IsZero() {
		return nil
	}
	found, ok := catalog.Lookup("edge-" + s.Carrier.Text)
	if !ok { // the schema has said that there is no such carrier
		return nil
	}
	side := *found.Sink
	side.Keys = slices.DeleteFunc(slices.Clone(side.Keys), func(k catalog.Key) bool { return slices.Contains(edgeKeys, k.Name) })
	own := slices.DeleteFunc(slices.Clone(s.Config), func(c syntax.ConfigKey) bool { return c.Default && !hasKey(&side, c.Key.Text) })
	n := &node{Node: &syntax.Node{Role: carrierRole, Name: syntax.Text{Text: "edges", Span: s.Carrier.Span}, Use: s.Carrier, Config: own, Body: s.Body}}
	return &ir.Carrier{Connector: s.Carrier.Text, Config: w.config(n, &side), Span: s.Carrier.Span}
}
