package lower

import (
	"slices"
	"strings"

	"github.com/flowc-dev/flowc/compiler/parse"
	"github.com/flowc-dev/flowc/compiler/syntax"
	"github.com/flowc-dev/flowc/ir"
	"github.com/flowc-dev/flowc/ir/diag"
	"github.com/flowc-dev/flowc/runtime/catalog"
)

// storeRole is how messages call a place for checkpoints that is none of the nodes.
const storeRole syntax.Role = "store"

// store reads what says where checkpoints are kept, where that is a place of its own.
func (w *lowering) store() []ir.Setting {
	s := w.p.Delivery
	side := w.storeSide(s.Store.Text)
	var own []syntax.ConfigKey
	for _, k := range s.StoreConfig {
		if side != nil && hasKey(side, k.Key.Text) || k.Default {
			own = append(own, k)
		} else {
			w.keyOfNoStore(k, side)
		}
	}
	if side == nil {
		return nil
	}
	n := &node{Node: &syntax.Node{Role: storeRole, Name: syntax.Text{Text: "checkpoint"}, Use: s.Store, Config: own, Body: &parse.Node{Kind: parse.Mapping}}}
	return w.config(n, side)
}

// storeSide is a connector as a store; nil for one that is none.
func (w *lowering) storeSide(name string) *catalog.Side {
	for _, c := range w.o.Connectors {
		if c.Name == name {
			return c.Store
		}
	}
	return nil
}

// hasKey tells whether a config has a key, or keys below it.
func hasKey(side *catalog.Side, key string) bool {
	return slices.ContainsFunc(side.Keys, func(k catalog.Key) bool { return k.Name == key || strings.HasPrefix(k.Name, key+".") })
}

// keyOfNoStore reports a key that belongs to another store than the one that is named,
// if any is.
func (w *lowering) keyOfNoStore(k syntax.ConfigKey, side *catalog.Side) {
	var of []string
	for _, c := range w.o.Connectors {
		if c.Store != nil && hasKey(c.Store, k.Key.Text) {
			of = append(of, "`"+c.Name+"`")
		}
	}
	if len(of) == 0 { // the schema has said that there is no such key
		return
	}
	store := w.p.Delivery.Store
	if store.Text == "" {
		w.l.Errorf(diag.MissingKey, k.Key.Span, "`%s` says where a store is, and `store` does not say which", k.Key.Text).
			Helpf("write `store: %s` beside it", strings.Trim(of[0], "`"))
		return
	}
	if side == nil && store.Text != "file" && store.Text != "sink" {
		return // there is no such store, which the schema has said
	}
	d := w.l.Errorf(diag.UnknownKey, k.Key.Span, "`%s` is a key of the store %s, and this is `%s`", k.Key.Text, strings.Join(of, ", "), store.Text)
	switch {
	case store.Text == "file":
		d.Helpf("the store `file` is the state folder, which FLOWC_STATE moves: remove the key, or write `store: %s`", strings.Trim(of[0], "`"))
	case store.Text == "sink":
		d.Helpf("the checkpoint goes where the sink's records go: remove the key, or write `store: %s`", strings.Trim(of[0], "`"))
	case side != nil:
		var names []string
		for _, key := range side.Keys {
			names = append(names, key.Name)
		}
		d.Notef("its keys are `%s`", strings.Join(names, "`, `"))
	}
}
