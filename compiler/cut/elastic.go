package cut

import (
	"slices"

	"github.com/flowc-dev/flowc/ir"
	"github.com/flowc-dev/flowc/ir/diag"
	"github.com/flowc-dev/flowc/runtime/catalog"
)

// checkElastic refuses processes that come and go and whose checkpoints would not: what
// one process leaves, another one takes up, on another machine perhaps.
func (d *division) checkElastic(l *diag.List) {
	const elsewhere = "keep them where all can reach them: `delivery: {checkpoint: {store: postgres, dsn: …}}`, or `store: nats`"
	delivery := d.p.Delivery
	store := storeOf(delivery.Store)
	for _, g := range d.groups {
		if g.head == nil || g.head.Elastic == nil {
			continue
		}
		name, at := g.head.YAML, g.head.ScaleSpan
		carries := d.p.Carrier != nil && storeOf(d.p.Carrier.Connector) != nil
		switch keeper := d.keeperIn(g); {
		case store != nil && slices.ContainsFunc(store.Keys, func(k catalog.Key) bool { return k.Reach == "writes" }):
			l.Errorf(diag.ScaleElastic, at, "the processes of `%s` come and go, and their checkpoints are in a file, which does not come along", name).Helpf(elsewhere)
		case store != nil:
		case delivery.Store == "file" && !delivery.StoreSpan.IsZero():
			l.Errorf(diag.ScaleElastic, at, "the processes of `%s` come and go, and their checkpoints are in folders, which do not come along", name).Helpf(elsewhere)
		case carries:
		case keeper != "":
			l.Errorf(diag.ScaleElastic, at, "the processes of `%s` come and go, and nothing says who of them works on which part: `%s` keeps their checkpoints, and has no place for that", name, keeper).
				Helpf("carry records with what has one: `edges: {nats: {url: …}}`").
				Helpf("or " + elsewhere)
		default:
			l.Errorf(diag.ScaleElastic, at, "the processes of `%s` come and go, and nothing says where their checkpoints are that all of them can reach", name).
				Helpf("name a store: `delivery: {checkpoint: {store: postgres, dsn: …}}`, or `store: nats`").
				Helpf("`edges: {nats: …}` would bring one: what carries records there keeps checkpoints too")
		}
	}
}

// storeOf is a connector as a store of checkpoints, nil where it is none.
func storeOf(connector string) *catalog.Side {
	c, ok := catalog.Lookup(connector)
	if !ok {
		return nil
	}
	return c.Store
}

// keeperIn is the sink of a group that keeps its checkpoint, "" for none.
func (d *division) keeperIn(g *group) string {
	for _, n := range d.p.Nodes {
		if sink, ok := n.Op.(*ir.Sink); ok && sink.Checkpoint && d.of[n.YAML] == g {
			return n.YAML
		}
	}
	return ""
}

// keepOutside has an elastic process keep its checkpoints where the pipeline says, or
// else with what carries its records.
func (c *cutting) keepOutside() {
	delivery := &c.made.Program.Delivery
	if delivery.Store == "sink" || storeOf(delivery.Store) != nil {
		return
	}
	store := storeOf(c.p.Carrier.Connector)
	delivery.Store, delivery.StoreConfig, delivery.StoreSpan = c.p.Carrier.Connector, nil, c.p.Carrier.Span
	for _, s := range c.p.Carrier.Config {
		if store.Key(s.Key) != nil {
			delivery.StoreConfig = append(delivery.StoreConfig, s)
		}
	}
}
