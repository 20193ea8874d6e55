package flowctl

import (
	"path"
	"slices"
	"strconv"
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
	if before := v.apart[n]; before != nil {
		before.Again(item.Place(), "`%s` gives none of them either", id)
		return
	}
	d := v.l.Errorf(diag.EventType, item.Place(), "`%s` takes %s, and `%s` gives %s: nothing would pass", name, quoted(takes), id, quoted(gives)).
		Caret("connected here").
		Also(takes[0].Place(), "what `%s` takes", name).
		Also(gives[0].Place(), "what `%s` gives", id)
	v.apart[n] = d
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

// mixed tells whether a component takes some of the event types that another gives,
// and not all.
func (v *v1) mixed(n, producer *parse.Node) bool {
	takes, gives := eventTypes(n, "input_event_types", "takes"), eventTypes(producer, "output_event_types", "gives")
	if len(takes) == 0 || len(gives) < 2 || byLines(producer) {
		return false
	}
	wanted := 0
	for _, g := range gives {
		if slices.ContainsFunc(takes, func(t *parse.Node) bool { return t.Text == g.Text }) {
			wanted++
		}
	}
	return wanted > 0 && wanted < len(gives)
}

// typed are the events that a node of Go's takes from a component which gives several types,
// as references that name each type: they are decoded as `types` says. nil where that does
// not say it of all that the node takes.
func (v *v1) typed(n, producer, ref *parse.Node) []*parse.Node {
	if !native(n) || producer == nil || native(producer) || producer.Get("out") != nil || byLines(producer) {
		return nil
	}
	gives := eventTypes(producer, "output_event_types", "gives")
	if len(gives) < 2 {
		return nil
	}
	var refs []*parse.Node
	for _, t := range eventTypes(n, "input_event_types", "takes") {
		if !slices.ContainsFunc(gives, func(g *parse.Node) bool { return g.Text == t.Text }) {
			continue
		}
		if v.spec.Get("types").Get(t.Text) == nil {
			return nil
		}
		refs = append(refs, v.text(ref.Text+"."+t.Text, t.Place()))
	}
	return refs
}

// native tells whether a node is Go of the pipeline or a built-in, and no component.
func native(n *parse.Node) bool {
	if n.Get("command") != nil || n.Get("image") != nil || n.Get("endpoint") != nil {
		return false
	}
	return slices.ContainsFunc(verbs, func(key string) bool { return n.Get(key) != nil })
}

// route puts a filter in front of a component, which lets the events pass that it
// takes.
func (v *v1) route(n *parse.Node, name string, refs []*parse.Node) *parse.Node {
	takes := eventTypes(n, "input_event_types", "takes")
	own := name + "-events"
	for v.said[own] != "" || slices.ContainsFunc(v.idsOf(), func(id string) bool { return Name(id) == own }) {
		own += "-in"
	}
	v.said[own] = own
	at := takes[0].Place()
	var conditions []string
	for _, t := range takes {
		conditions = append(conditions, "meta.Type == "+strconv.Quote(t.Text))
	}
	body := mapping(at)
	from := refs[0]
	if len(refs) > 1 {
		from = sequence(from.Place(), refs...)
	}
	v.put(body, "from", from.Place(), from)
	v.put(body, "filter", at, v.text(strings.Join(conditions, " || "), at))
	v.put(v.block(v.Root, "processors", at), own, at, body)
	return v.text(own, at)
}

// byLines tells whether a component speaks by lines, which have no event types.
func byLines(n *parse.Node) bool {
	if protocol := word(n.Get("protocol")); protocol != "" {
		return protocol != "grpc" && protocol != "acked"
	}
	return word(n.Get("type")) == "nebu-processor" || !serves(n) && (shell(n.Get("command")) || lineProgram(n.Get("command")))
}

// linePrograms read and write lines, whatever they are called with.
var linePrograms = []string{"sh", "bash", "awk", "sed", "grep", "jq", "cat", "tr", "cut", "head", "tail", "sort", "uniq", "tee", "perl", "echo", "printf", "seq"}

func lineProgram(command *parse.Node) bool {
	program := word(command)
	if list := items(command); len(list) > 0 {
		program = word(list[0])
	}
	program, _, _ = strings.Cut(strings.TrimSpace(program), " ")
	return slices.Contains(linePrograms, path.Base(program))
}

// dropped warns of event types that a component gives and that none of those behind
// it takes.
func (v *v1) dropped() {
	taken := map[*parse.Node][]string{}
	all := map[*parse.Node]bool{} // takes whatever comes
	for _, b := range blocks {
		for _, c := range items(v.spec.Get(b.name)) {
			takes := eventTypes(c, "input_event_types", "takes")
			for _, input := range oneOrMore(c.Get("inputs")) {
				producer := v.all[word(input)]
				if producer == nil {
					continue
				}
				if len(takes) == 0 {
					all[producer] = true
				}
				for _, t := range takes {
					taken[producer] = append(taken[producer], t.Text)
				}
			}
		}
	}
	for _, b := range blocks[:2] {
		for _, c := range items(v.spec.Get(b.name)) {
			if all[c] || taken[c] == nil {
				continue
			}
			gives := eventTypes(c, "output_event_types", "gives")
			if !slices.ContainsFunc(gives, func(g *parse.Node) bool { return slices.Contains(taken[c], g.Text) }) {
				continue // nothing passes, which is an error of its own
			}
			for _, g := range gives {
				if !slices.Contains(taken[c], g.Text) {
					v.l.Warningf(diag.EventType, g.Place(), "nobody takes the events `%s` of `%s`: they are filtered out, and counted", g.Text, word(c.Get("id"))).
						Helpf("name it in the `input_event_types` of who is to have them, or leave it out")
				}
			}
		}
	}
}
