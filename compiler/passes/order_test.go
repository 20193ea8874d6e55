package passes

import (
	"slices"
	"testing"
)

// An order is two passes of which one must run first.
type order struct{ first, then, because string }

// orders are what the table has to keep.
var orders = []order{
	{"route", "prune", "a condition that is decided can't fail any more, and then its node may be one that nobody needs"},
	{"prune", "push", "a node that nobody needs would keep fields alive"},
	{"prune", "fuse", "a node that nobody needs would be a second feeder, and end a region"},
	{"route", "push", "a comparison that is folded away no longer reads its field"},
	{"push", "fuse", "push splits encoders by what they get, and fuse by where they run"},
	{"fuse", "lanes", "lanes belong to regions"},
	{"fuse", "alias", "encoders are split by then, and every edge that shares a record is there"},
	{"lanes", "buffers", "a region holds a block and a packet for each lane"},
	{"fuse", "place", "a region is never cut between two processes"},
	{"buffers", "place", "place may turn a queue into a cut, and keeps its bounds"},
}

func position(name string) int {
	return slices.IndexFunc(table, func(p Pass) bool { return p.Name == name })
}

func TestOrder(t *testing.T) {
	seen := map[string]bool{}
	for _, o := range orders {
		if i, j := position(o.first), position(o.then); i < 0 || j < 0 || i > j {
			t.Errorf("%s must run before %s: %s", o.first, o.then, o.because)
		}
		if o.because == "" || seen[o.first+" "+o.then] {
			t.Errorf("%s before %s: no reason, or twice", o.first, o.then)
		}
		seen[o.first+" "+o.then] = true
	}
	for _, pass := range table {
		if pass.Name != "" && !slices.ContainsFunc(orders, func(o order) bool { return o.first == pass.Name || o.then == pass.Name }) {
			t.Errorf("nothing says where %s must run", pass.Name)
		}
	}
}
