package flowctl

import (
	"slices"
	"strings"

	"github.com/flowc-dev/flowc/compiler/parse"
	"github.com/flowc-dev/flowc/ir/diag"
)

// containsWord tells whether a name in kebab-case has a word.
func containsWord(name, word string) bool {
	word = strings.TrimSuffix(strings.TrimSuffix(strings.ToLower(word), "-consumer"), "-sink")
	return slices.Contains(strings.Split(name, "-"), word)
}

// intent carries `from: <event type>, to: <sink>` of flowctl/v2, which says what
// is wanted and not which components do it.
func (m *migration) intent(root *parse.Node) bool {
	body := root
	if spec := root.Get("spec"); spec != nil {
		body = spec
	}
	from, to := body.Member("from"), body.Member("to")
	if from == nil || to == nil || word(from.Value) == "" || word(to.Value) == "" {
		m.l.Errorf(diag.MissingKey, m.first, "a topology of flowctl/v2 says `from` (an event type) and `to` (a sink), and this one does not").
			Helpf("write the pipeline in the short spelling: `sources:`, `processors:`, `sinks:`")
		return false
	}
	sink := to.Value
	chains := Chains(word(from.Value), word(sink))
	if len(chains) == 0 {
		d := m.l.Errorf(diag.ChooseOne, from.Value.Place(), "no public component leads from `%s` to `%s`", word(from.Value), word(sink)).Also(sink.Place(), "where it is to end")
		var types []string
		for _, c := range Known() {
			types = append(types, c.Gives...)
		}
		if !d.Near(word(from.Value), types) {
			d.Helpf("name the components yourself: `sources:`, `processors:` and `sinks:` with a `command` or an `image`")
		}
		return false
	}
	chain := m.choose(chains, from.Value)
	if chain == nil {
		return false
	}
	var lists []*list
	var last *parse.Node
	for _, b := range blocks {
		l := &list{m: m, block: b.name}
		for _, c := range chain {
			if c.Role+"s" != b.name {
				continue
			}
			at := from.Value.Place()
			if c.Role == "sink" {
				at = sink.Place()
			}
			id := m.text(c.Name, at)
			n := mapping(at)
			n.Members = append(n.Members, m.member("id", at, id), m.member("type", at, m.text(c.Name+"@v1.0.0", at)))
			if last != nil {
				n.Members = append(n.Members, m.member("inputs", at, sequence(at, last)))
			}
			l.items, last = append(l.items, n), id
		}
		lists = append(lists, l)
	}
	m.root(root)
	name := body.Get("name")
	if name == nil {
		name = root.Get("name")
	}
	if name == nil {
		name = root.Get("metadata").Get("name")
	}
	for _, e := range body.Members {
		if !oneOf(e.Key.Text, "from", "to", "apiVersion", "kind", "name", "description", "spec", "metadata") {
			m.lost(m.Root, e, "`%s` of a topology says nothing that a component reads by itself", e.Key.Text).Helpf("write it into the `config` of the component that is to know it")
		}
	}
	m.l.Add(diag.Warningf(diag.NotCarried, from.Value.Place(), "a topology names no config: each component needs its own")).
		Helpf("`flowc processors find` lists what the public components read")
	m.compile(name, lists...)
	if d := body.Member("description"); d != nil {
		m.description(d)
	}
	return true
}

// choose is the one chain that there is, or that goes through the components that
// were named; of several none, which lists them.
func (m *migration) choose(chains [][]Component, at *parse.Node) []Component {
	var fit [][]Component
	for _, chain := range chains {
		all := true
		for _, name := range m.o.Through {
			all = all && slices.ContainsFunc(chain, func(c Component) bool { return c.Name == name })
		}
		if all && (len(m.o.Through) == 0 || len(fit) == 0 || len(chain) <= len(fit[0])) {
			fit = append(fit, chain)
		}
	}
	if len(fit) == 1 {
		return fit[0]
	}
	listed := fit
	d := (*diag.Diagnostic)(nil)
	if len(fit) == 0 {
		listed = chains
		d = m.l.Errorf(diag.ChooseOne, at.Place(), "no way from here goes through `%s`", strings.Join(m.o.Through, "`, `"))
	} else {
		d = m.l.Errorf(diag.ChooseOne, at.Place(), "%d ways lead from here to the end, and none is picked for you", len(fit))
	}
	for _, chain := range listed {
		d.Notef("%s", arrows(chain))
	}
	only := listed[len(listed)-1]
	for _, c := range only {
		if !slices.ContainsFunc(listed[:len(listed)-1], func(other []Component) bool {
			return slices.ContainsFunc(other, func(o Component) bool { return o.Name == c.Name })
		}) {
			d.Helpf("name one that is only in the way that you mean: `--through %s`", c.Name)
			return nil
		}
	}
	d.Helpf("name all of the way that you mean: `--through %s`", strings.ReplaceAll(arrows(listed[0]), " → ", ","))
	return nil
}

func arrows(chain []Component) string {
	var names []string
	for _, c := range chain {
		names = append(names, c.Name)
	}
	return strings.Join(names, " → ")
}
