package flowctl

import (
	"slices"
	"strings"

	"github.com/flowc-dev/flowc/compiler/parse"
	"github.com/flowc-dev/flowc/ir/diag"
)

// whole is the list of whole programs, which are the jobs of the short spelling.
var whole = block{"pipelines", "a pipeline", []string{"pipeline", "Pipeline"}}

// jobs carries `pipelines`.
func (v *v1) jobs() {
	list := v.spec.Member(whole.name)
	switch {
	case list == nil || list.Value.Kind == parse.Null || list.Value.Kind == parse.Sequence && len(list.Value.Items) == 0:
		return
	case list.Value.Kind != parse.Sequence:
		v.l.Errorf(diag.WrongType, list.Value.Place(), "`%s` must be a list of whole programs, and this is %s", whole.name, list.Value.Kind)
		return
	}
	v.From[v.blockOf("jobs", list)] = list.Key
	for _, n := range list.Value.Items {
		v.job(n)
	}
}

// job carries one entry of `pipelines`.
func (v *v1) job(n *parse.Node) {
	if n.Kind != parse.Mapping {
		v.l.Errorf(diag.WrongType, n.Place(), "%s must be a mapping, and this is %s", whole.who, n.Kind).
			Helpf("write `- id: name` and what it starts below it")
		return
	}
	n = v.spelt(whole, n)
	name, at := v.id(whole, n, n.Get("id"))
	if name == "" {
		return
	}
	body := mapping(n.Place())
	m := v.put(v.block(v.Root, "jobs", n.Place()), name, at, body)
	v.From[m] = n
	for _, m := range n.Members {
		v.jobEntry(n, name, m, body)
	}
	v.Lost[body] = append(v.Lost[body], v.Lost[n]...)
}

// jobEntry carries one key.
func (v *v1) jobEntry(n *parse.Node, name string, m *parse.Member, body *parse.Node) {
	switch m.Key.Text {
	case "id":
	case "type":
		if tag.MatchString(word(m.Value)) {
			v.l.Errorf(diag.NotYet, m.Value.Place(), "this version of flowc brings components from registries, and no whole programs (`%s`)", word(m.Value)).
				Helpf("name its image: `image: name:tag`")
			if n.Get("image") == nil && n.Get("command") == nil { // it is meant to start that
				v.carry(body, "image", m, m.Value)
			}
		} // any other word is for people: what it starts is said otherwise
	case "command":
		if m.Value.Kind == parse.Sequence && len(m.Value.Items) == 0 {
			return
		}
		if !shell(m.Value) {
			v.literal(m.Value, "command", name)
		}
		v.carry(body, "command", m, v.plain(v.strings(m.Value)))
	case "depends_on":
		v.carry(body, "depends_on", m, v.ourNames(m.Value))
	case "inputs":
		v.l.Errorf(diag.UnknownKey, m.Key.Span, "`%s` is a whole program, and takes no `inputs`", name).
			Helpf("what must have completed before it is `depends_on`; a component that takes events stands under `processors` or `sinks`")
	default:
		if v.startEntry(n, name, m, body) {
			return
		}
		// event types, ports, health checks, replicas
		if m.Value.Kind != parse.Null && (m.Value.Kind != parse.Sequence || len(m.Value.Items) > 0) {
			v.leave(body, m, "`%s` of `%s` is left out: a whole program takes and gives no events, runs once, and is asked for nothing but its end", m.Key.Text, name)
		}
	}
}

// ourNames are ids as they are called here.
func (v *v1) ourNames(n *parse.Node) *parse.Node {
	one := func(id *parse.Node) *parse.Node {
		if ours := Name(word(id)); word(id) != "" && ours != id.Text {
			return v.text(ours, id.Place())
		}
		return id
	}
	if n.Kind != parse.Sequence {
		return one(n)
	}
	out := *n
	out.Items = nil
	for _, item := range n.Items {
		out.Items = append(out.Items, one(item))
	}
	return &out
}

// waits carries `depends_on` of a component: whole programs must have completed before it;
// on another component flowctl waits for nothing either.
func (v *v1) waits(name string, m *parse.Member, body *parse.Node) {
	list := []*parse.Node{m.Value}
	if m.Value.Kind == parse.Sequence {
		list = m.Value.Items
	}
	var jobs, others []*parse.Node
	for _, id := range list {
		switch {
		case v.isJob(word(id)):
			jobs = append(jobs, id)
		case v.all[word(id)] != nil || word(id) == "":
			others = append(others, id)
		default:
			d := v.l.Errorf(diag.UnknownNode, id.Place(), "`%s` depends on `%s`, and there is no such component", name, word(id))
			if !d.Near(word(id), append(v.idsOf(), v.jobIDs()...)) {
				d.Helpf("remove it, or add it to `pipelines`")
			}
		}
	}
	switch {
	case len(jobs) == 0 && len(others) > 0:
		v.leave(body, m, "`depends_on` of `%s` is left out: a component starts before those that take its events, and `depends_on` is for `pipelines`", name)
		return
	case len(jobs) == 0:
		return
	case len(others) > 0:
		var names []string
		for _, id := range others {
			names = append(names, word(id))
		}
		v.l.Warningf(diag.NotCarried, others[0].Place(), "`%s` in `depends_on` of `%s` is left out: a component starts before those that take its events", strings.Join(names, "`, `"), name)
	}
	v.carry(body, "depends_on", m, v.ourNames(sequence(m.Value.Place(), jobs...)))
}

// jobIDs are the ids of whole programs.
func (v *v1) jobIDs() (ids []string) {
	for _, n := range items(v.spec.Get(whole.name)) {
		if id := word(n.Get("id")); id != "" {
			ids = append(ids, id)
		}
	}
	return ids
}

// isJob tells whether an id is that of a whole program.
func (v *v1) isJob(id string) bool {
	return slices.ContainsFunc(v.jobIDs(), func(known string) bool { return known == id || Name(known) == id })
}
