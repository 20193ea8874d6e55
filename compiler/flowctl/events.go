package flowctl

import (
	"slices"
	"strings"

	"github.com/flowc-dev/flowc/compiler/parse"
	"github.com/flowc-dev/flowc/ir/diag"
)

// match compares what a component takes with what another, whose events it gets,
// gives.
func (v *v1) match(n *parse.Node, name string, item, producer *parse.Node) {
	takes, gives := eventTypes(n, "input_event_types", "takes"), eventTypes(producer, "output_event_types", "gives")
	if len(takes) == 0 || len(gives) == 0 {
		return
	}
	var given []string
	for _, g := range gives {
		given = append(given, g.Text)
	}
	for _, t := range takes {
		if slices.Contains(given, t.Text) {
			return
		}
	}
	id := word(producer.Get("id"))
	d := v.l.Errorf(diag.EventType, item.Place(), "`%s` takes %s, and `%s` gives %s: nothing would pass", name, quoted(takes), id, quoted(gives)).
		Caret("connected here").
		Also(takes[0].Place(), "what `%s` takes", name).
		Also(gives[0].Place(), "what `%s` gives", id)
	for _, t := range takes {
		if near := diag.Nearest(t.Text, given); near != "" {
			d.Replace(t.Place(), near, "write `%s`", near)
			break
		}
	}
}

// eventTypes are the event types under a key.
func eventTypes(n *parse.Node, keys ...string) []*parse.Node {
	for _, key := range keys {
		for _, m := range members(n) {
			if m.Key.Text != key && camel[m.Key.Text] != key {
				continue
			}
			if m.Value.Kind == parse.String {
				return []*parse.Node{m.Value}
			}
			var out []*parse.Node
			for _, item := range items(m.Value) {
				if item.Kind == parse.String {
					out = append(out, item)
				}
			}
			return out
		}
	}
	return nil
}

func quoted(types []*parse.Node) string {
	var out []string
	for _, t := range types {
		out = append(out, "`"+t.Text+"`")
	}
	if len(out) > 1 {
		return strings.Join(out[:len(out)-1], ", ") + " and " + out[len(out)-1]
	}
	return out[0]
}

// unproduced reports event types that a component takes and that none of those
// whose events it gets gives.
func (v *v1) unproduced(n *parse.Node, name string) {
	takes := eventTypes(n, "input_event_types", "takes")
	inputs := n.Get("inputs")
	var given []string
	for _, item := range items(inputs) {
		producer := v.all[word(item)]
		gives := eventTypes(producer, "output_event_types", "gives")
		if producer == nil || len(gives) == 0 {
			return // what it gives is not said
		}
		for _, g := range gives {
			given = append(given, g.Text)
		}
	}
	if len(given) == 0 {
		return
	}
	none := !slices.ContainsFunc(takes, func(t *parse.Node) bool { return slices.Contains(given, t.Text) })
	for _, t := range takes {
		if none || slices.Contains(given, t.Text) {
			continue
		}
		d := v.l.Errorf(diag.EventType, t.Place(), "`%s` takes `%s`, and none of its inputs gives it", name, t.Text)
		if !d.Near(t.Text, given) {
			d.Helpf("they give `%s`", strings.Join(given, "`, `"))
		}
	}
}
