package lower

import (
	"testing"

	"github.com/flowc-dev/flowc/compiler/syntax"
	"github.com/flowc-dev/flowc/ir"
	"github.com/flowc-dev/flowc/ir/diag"
)

// Which sink keeps the checkpoint.
func TestKeeper(t *testing.T) {
	const able, asks = true, ir.EffectivelyOnce
	source := func(id string, replayable bool) *ir.Node {
		return &ir.Node{ID: id, YAML: id, Op: &ir.Source{Facts: ir.Facts{Replayable: replayable}}}
	}
	sink := func(id string, keeper bool, guarantee ir.Guarantee) *ir.Node {
		return &ir.Node{ID: id, YAML: id, Op: &ir.Sink{Facts: ir.Facts{Keeper: keeper}, Guarantee: guarantee}}
	}
	at := func(n *ir.Node, path string) *ir.Node {
		n.Op.(*ir.Sink).Config = []ir.Setting{{Key: "path", Value: &ir.Value{Kind: "string", Parts: []ir.Part{{Kind: ir.Literal, Text: path}}}}}
		return n
	}
	when := func(id string, guarantee ir.Guarantee) *ir.Node {
		n := sink(id, able, guarantee)
		n.Op.(*ir.Sink).Facts.WhenAsked = true
		return n
	}
	keyed := func(n *ir.Node) *ir.Node {
		n.Op.(*ir.Sink).Facts.Idempotent = true
		return n
	}
	for name, c := range map[string]struct {
		store  string
		nodes  []*ir.Node
		edges  []string // from, to
		keeper string   // "" for the file
		errors int
	}{
		"the one that can":          {"", []*ir.Node{source("in", true), sink("a", !able, ""), sink("b", able, "")}, []string{"in", "a", "in", "b"}, "b", 0},
		"the first":                 {"", []*ir.Node{source("in", true), sink("a", able, ""), sink("b", able, "")}, []string{"in", "a", "in", "b"}, "a", 0},
		"the one that asks":         {"sink", []*ir.Node{source("in", true), sink("a", able, ""), sink("b", able, asks)}, []string{"in", "a", "in", "b"}, "b", 0},
		"what can't be read again":  {"", []*ir.Node{source("in", true), source("live", false), sink("a", able, "")}, []string{"in", "a", "live", "a"}, "", 0},
		"behind others":             {"", []*ir.Node{source("in", true), {ID: "f", YAML: "f", Op: &ir.Apply{}}, sink("a", able, "")}, []string{"in", "f", "f", "a"}, "a", 0},
		"the user's store":          {"file", []*ir.Node{source("in", true), sink("a", able, asks)}, []string{"in", "a"}, "", 0},
		"asked for, and can't be":   {"sink", []*ir.Node{source("in", true), sink("a", !able, "")}, []string{"in", "a"}, "", 1},
		"alone in its file":         {"", []*ir.Node{source("in", true), at(sink("a", able, ""), "x.db"), at(sink("b", able, ""), "x.db"), at(sink("c", able, ""), "y.db")}, []string{"in", "a", "in", "b", "in", "c"}, "c", 0},
		"one that is to be asked":   {"", []*ir.Node{source("in", true), when("a", "")}, []string{"in", "a"}, "", 0},
		"one that is asked":         {"", []*ir.Node{source("in", true), when("a", asks)}, []string{"in", "a"}, "a", 0},
		"one that is asked as well": {"all", []*ir.Node{source("in", true), when("a", ir.AtLeastOnce), when("b", "")}, []string{"in", "a", "in", "b"}, "b", 0},
		"one by its store":          {"sink", []*ir.Node{source("in", true), when("a", "")}, []string{"in", "a"}, "a", 0},
		"one with no other way":     {"all", []*ir.Node{source("in", true), keyed(sink("a", able, "")), when("b", "")}, []string{"in", "a", "in", "b"}, "b", 0},
		"dead letters are no place": {"", []*ir.Node{source("in", true), {ID: "a", YAML: "a", Op: &ir.Sink{Facts: ir.Facts{Keeper: true}, DeadLetter: true}}}, []string{"in", "a"}, "", 0},
	} {
		t.Run(name, func(t *testing.T) {
			p := &ir.Program{Nodes: c.nodes, Delivery: ir.Delivery{Store: c.store}}
			if c.store == "all" { // and not where it is kept
				p.Delivery = ir.Delivery{Guarantee: asks}
			}
			for i := 0; i < len(c.edges); i += 2 {
				p.Edges = append(p.Edges, &ir.Edge{From: c.edges[i], To: c.edges[i+1]})
			}
			var l diag.List
			w := &lowering{p: &syntax.Pipeline{}, l: &l}
			w.keeper(p)
			keeper := ""
			for _, n := range p.Nodes {
				if op, ok := n.Op.(*ir.Sink); ok && op.Checkpoint {
					keeper += n.ID
				}
			}
			want := "file"
			if c.keeper != "" {
				want = "sink"
			}
			if keeper != c.keeper || p.Delivery.Store != want || len(l) != c.errors {
				t.Errorf("%q keeps it, store %s, %d errors", keeper, p.Delivery.Store, len(l))
			}
		})
	}
}
