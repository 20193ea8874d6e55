package cut

import (
	"fmt"
	"strings"

	"github.com/flowc-dev/flowc/compiler/analyze"
	"github.com/flowc-dev/flowc/ir"
	"github.com/flowc-dev/flowc/runtime/catalog"
)

// judge finds out which edges begin steadily: the reader of such a one skips what comes
// again after a crash, by numbers that mean the same records as before.
func (c *cutting) judge() {
	g := c.made.Program.Graph(ir.Data)
	for i := range c.made.Outputs {
		out := &c.made.Outputs[i]
		why := c.unsteady(g, out.Node)
		n := g.Nodes[out.Node]
		sink := n.Op.(*ir.Sink)
		if why != "" {
			out.Why = why
			continue
		}
		out.Steady = true
		out.Why = "the same records come in the same order after a crash, and the reader skips those that it has"
		sink.Facts.Transactional = true
		carrier, _ := catalog.Lookup(sink.Connector)
		if k := carrier.Sink.Key("steady"); k != nil {
			sink.Config = append(sink.Config, ir.Setting{Key: k.Name, Type: &ir.Type{Kind: ir.Bool}, Span: n.Span, Value: &ir.Value{
				Kind: "bool", Span: n.Span, Parts: []ir.Part{{Kind: ir.Literal, Text: "true", Span: n.Span}},
			}})
		}
	}
	for i := range c.made.Inputs {
		in := &c.made.Inputs[i]
		in.Why = "what a writer sends again after a crash may come for the second time"
		if in.Steady {
			in.Why = "what a writer sends again after a crash is skipped"
		}
	}
}

// unsteady says why other records, or the same in another order, may come to the begin
// of an edge after a crash; "" where they do not.
func (c *cutting) unsteady(g *ir.Graph, id string) string {
	for {
		in := g.In[id]
		if len(in) == 0 {
			return unsteadySource(g.Nodes[id])
		}
		if len(in) > 1 {
			return fmt.Sprintf("`%s` gets records from several nodes, which may mix in another order after a crash", g.Nodes[id].YAML)
		}
		n := g.Nodes[in[0].From]
		if why := analyze.Unsteady(n); why != "" {
			return fmt.Sprintf("`%s` %s", n.YAML, why)
		}
		if apply, ok := n.Op.(*ir.Apply); ok && !n.Pure && apply.Go != nil {
			return fmt.Sprintf("`%s` may keep state, which is gone after a crash", n.YAML)
		}
		if n.Key != nil {
			return fmt.Sprintf("`%s` has lanes, and between these only the records of a key keep their order", n.YAML)
		}
		if n.Unordered {
			return fmt.Sprintf("`%s` does not keep the order", n.YAML)
		}
		id = n.ID
	}
}

// unsteadySource says why a source may give its records in another order, or others.
func unsteadySource(n *ir.Node) string {
	source, ok := n.Op.(*ir.Source)
	if !ok {
		return fmt.Sprintf("`%s` is fed by nothing", n.YAML)
	}
	given := func(key string) string {
		for _, s := range source.Config {
			if s.Key == key && s.Value != nil {
				if !s.Value.IsLiteral() {
					return "*" // as good as anything
				}
				return s.Value.Text()
			}
		}
		return ""
	}
	switch {
	case source.Range != nil && source.Range.Parallel > 1:
		return fmt.Sprintf("`%s` reads several chunks at once, which may mix in another order after a crash", n.YAML)
	case strings.HasPrefix(source.Connector, "edge-"):
		return ""
	case source.Connector == "file" && !strings.ContainsAny(given("path"), "*?["):
		return ""
	case source.Connector == "file":
		return fmt.Sprintf("`%s` may read several files, and there may be another one before them after a crash", n.YAML)
	case source.Connector == "nats" && given("stream") != "" && given("durable") == "":
		return ""
	}
	return fmt.Sprintf("nothing says that `%s` gives the same records in the same order after a crash", n.YAML)
}
