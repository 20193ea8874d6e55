package manifest

import (
	"slices"
	"strconv"
	"strings"

	"github.com/flowc-dev/flowc/ir"
	"github.com/flowc-dev/flowc/runtime/catalog"
)

// A place is a value of the pipeline: where it stands, and what the catalog knows
// of its key; nil for what is no connector's.
type place struct {
	node, setting string
	connector     string
	key           *catalog.Key
	value         *ir.Value
}

// values are all values of a program that may come from outside or be of the world
// outside, in the order of the program.
func values(p *ir.Program) []place {
	var all []place
	for _, n := range p.Nodes {
		connector, side := sideOf(n)
		for _, s := range n.Settings() {
			at := place{node: n.YAML, setting: n.YAML + ".config." + s.Key, connector: connector, value: s.Value}
			if side != nil {
				at.key = side.Key(s.Key)
			}
			all = append(all, at)
		}
		if op, ok := n.Op.(*ir.Source); ok && op.Range != nil {
			all = append(all, place{node: n.YAML, setting: n.YAML + ".range.from", value: op.Range.From}, place{node: n.YAML, setting: n.YAML + ".range.to", value: op.Range.To})
		}
	}
	if c, ok := catalog.Lookup(p.Delivery.Store); ok {
		for _, s := range p.Delivery.StoreConfig {
			all = append(all, place{"delivery", "delivery.checkpoint." + s.Key, c.Name, c.Store.Key(s.Key), s.Value})
		}
	}
	for _, l := range p.Lets {
		all = append(all, place{node: l.Name, setting: l.Name, value: l.Value})
	}
	for _, j := range p.Jobs {
		for i, list := range [][]*ir.Value{j.Start.Command, j.Start.Args, {j.Start.Image}} {
			for _, v := range list {
				all = append(all, place{node: j.Name, setting: j.Name + "." + [...]string{"command", "args", "image"}[i], value: v})
			}
		}
		for _, e := range j.Start.Env {
			all = append(all, place{node: j.Name, setting: j.Name + ".env." + e.Key, value: e.Value})
		}
	}
	all = append(all, place{node: "telemetry", setting: "telemetry.http", value: p.Telemetry.HTTP})
	return all
}

// sideOf is the connector of a node, and its side.
func sideOf(n *ir.Node) (string, *catalog.Side) {
	switch op := n.Op.(type) {
	case *ir.Source:
		if c, ok := catalog.Lookup(op.Connector); ok {
			return c.Name, c.Source
		}
	case *ir.Sink:
		if c, ok := catalog.Lookup(op.Connector); ok {
			return c.Name, c.Sink
		}
	case *ir.Apply:
		if op.Foreign == nil {
			break
		}
		if c, ok := catalog.Lookup(op.Foreign.Connector()); ok {
			return c.Name, c.Sink
		}
	}
	return "", nil
}

// parts calls f for each part of a value, its items and entries.
func parts(v *ir.Value, f func(v *ir.Value, part *ir.Part)) {
	if v == nil {
		return
	}
	for i := range v.Parts {
		f(v, &v.Parts[i])
	}
	for _, item := range v.Items {
		parts(item, f)
	}
	for _, e := range v.Entries {
		parts(e.Value, f)
	}
}

// Text is a value as the program will have it, as far as that is known when a
// deployment is written: up to the first part that is not.
func (g Given) Text(v *ir.Value) (text string, known bool) {
	if v == nil {
		return "", false
	}
	var b strings.Builder
	for _, part := range v.Parts {
		given, some := g.Env[part.Text]
		switch {
		case part.Kind == ir.Literal:
			b.WriteString(part.Text)
		case part.Kind == ir.Env && some:
			b.WriteString(given)
		case part.Kind == ir.Env && part.HasDefault && !slices.Contains(g.Secrets, part.Text):
			b.WriteString(part.Default)
		default:
			return b.String(), false
		}
	}
	return b.String(), true
}

// written is a value as the pipeline has it, for keys of options and for messages.
func written(v *ir.Value) string {
	var b strings.Builder
	for _, part := range v.Parts {
		switch part.Kind {
		case ir.Literal:
			b.WriteString(part.Text)
		case ir.Env:
			b.WriteString("${env:" + part.Text)
			if part.HasDefault {
				b.WriteString(":-" + part.Default)
			}
			b.WriteString("}")
		case ir.FileRef:
			b.WriteString("${file:" + part.Text + "}")
		default:
			b.WriteString("${…}")
		}
	}
	return b.String()
}

// texts are the known texts of a value and of its items.
func (r *reader) texts(v *ir.Value) (known []string, all bool) {
	if v == nil {
		return nil, true
	}
	if len(v.Items) == 0 {
		text, ok := r.given.Text(v)
		if !ok {
			return nil, false
		}
		return []string{text}, true
	}
	all = true
	for _, item := range v.Items {
		texts, ok := r.texts(item)
		known = append(known, texts...)
		all = all && ok
	}
	return known, all
}

// port is the number behind the colon of an address, 0 where it is none.
func port(address string) int {
	n, err := strconv.Atoi(address[strings.LastIndexByte(address, ':')+1:])
	if err != nil {
		return 0
	}
	return n
}
