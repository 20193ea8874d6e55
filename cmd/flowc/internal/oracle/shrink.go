package oracle

import (
	"iter"
	"slices"
)

// LessData takes records out of a case as long as it fails: first halves of
// files, then smaller parts, down to single records.
func (c *Case) LessData(fails func(*Case) bool) *Case {
	for at := range c.files {
		for size := len(c.files[at].records); size > 0; size /= 2 {
			for from := 0; from < len(c.files[at].records); {
				if less := c.withoutRecords(at, from, from+size); fails(less) {
					c = less
					continue
				}
				from += size
			}
		}
	}
	return c
}

func (c *Case) withoutRecords(file, from, to int) *Case {
	out := *c
	out.files = slices.Clone(c.files)
	f := *c.files[file]
	f.records = slices.Delete(slices.Clone(f.records), from, min(to, len(f.records)))
	out.files[file] = &f
	return &out
}

// FewerNodes gives cases that lack something of the pipeline: a node, a
// condition, a policy.
func (c *Case) FewerNodes() iter.Seq[*Case] {
	return func(yield func(*Case) bool) {
		all := c.p.all()
		for i := len(all) - 1; i >= 0; i-- {
			if all[i].dead {
				continue
			}
			for _, bridge := range []bool{true, false} {
				p := c.p.clone()
				n := p.all()[i]
				if bridge && !p.bridge(n) {
					continue
				}
				p.remove(n)
				if len(p.sources) == 0 || !slices.ContainsFunc(p.sinks, func(n *node) bool { return !n.dead }) {
					continue
				}
				if !yield(&Case{Seed: c.Seed, p: p, files: c.files, code: c.code}) {
					return
				}
			}
		}
		for i, n := range all {
			for k := range simpler {
				p := c.p.clone()
				if m := p.all()[i]; simpler[k](p, n, m) {
					p.tidy()
					if !yield(&Case{Seed: c.Seed, p: p, files: c.files, code: c.code}) {
						return
					}
				}
			}
		}
	}
}

// simpler are changes of a node, m, the copy of n; false where there is nothing
// to change.
var simpler = []func(p *pipeline, n, m *node) bool{
	func(p *pipeline, n, m *node) bool { m.parallel = 0; return n.parallel > 0 },
	func(p *pipeline, n, m *node) bool { m.key = nil; return n.key != nil },
	func(p *pipeline, n, m *node) bool { m.unordered = false; return n.unordered },
	func(p *pipeline, n, m *node) bool { m.onError = nil; return n.onError != nil },
	func(p *pipeline, n, m *node) bool { m.validate = ""; return n.validate != "" },
	func(p *pipeline, n, m *node) bool { p.common = nil; return p.common != nil },
	func(p *pipeline, n, m *node) bool { p.validate = ""; return p.validate != "" },
	func(p *pipeline, n, m *node) bool {
		if len(n.from) < 2 {
			return false
		}
		m.from = m.from[1:]
		return true
	},
	func(p *pipeline, n, m *node) bool {
		if n.verb == vCheck && len(n.assigns) > 1 {
			m.assigns = m.assigns[1:]
			return true
		}
		return false
	},
	func(p *pipeline, n, m *node) bool { return p.fewerFields(m, 0) },
	func(p *pipeline, n, m *node) bool { return p.fewerFields(m, 1) },
	func(p *pipeline, n, m *node) bool { return p.fewerFields(m, 2) },
}

// fewerFields takes a field out of what a map makes, if only sinks look at it.
func (p *pipeline) fewerFields(n *node, i int) bool {
	if n.verb != vMap && n.verb != vSet || n.declared || len(n.assigns) < 2 || i >= len(n.assigns) {
		return false
	}
	takers := p.consumers(ref{n, ""})
	if slices.ContainsFunc(takers, func(t *node) bool { return t.role != sink || len(t.beside()) > 0 }) {
		return false
	}
	name := n.assigns[i].goName
	n.assigns = slices.Delete(slices.Clone(n.assigns), i, i+1)
	if n.verb == vMap || n.in.field(name) == nil {
		t := *n.out
		t.fields = slices.DeleteFunc(slices.Clone(t.fields), func(f *field) bool { return f.goName == name })
		n.out = &t
		for _, taker := range takers {
			taker.in = &t
		}
	}
	return true
}

// clone is a pipeline with nodes of its own. What is in them is shared.
func (p *pipeline) clone() *pipeline {
	out := *p
	copies := map[*node]*node{}
	for _, list := range []*[]*node{&out.sources, &out.processors, &out.sinks} {
		*list = slices.Clone(*list)
		for i, n := range *list {
			c := *n
			copies[n] = &c
			(*list)[i] = &c
		}
	}
	redirect := func(p *policy) *policy {
		if p == nil || p.dead == nil {
			return p
		}
		c := *p
		c.dead = copies[p.dead]
		return &c
	}
	out.common = redirect(p.common)
	for _, n := range out.all() {
		n.from = slices.Clone(n.from)
		for i := range n.from {
			n.from[i].node = copies[n.from[i].node]
		}
		n.onError = redirect(n.onError)
		n.drop = slices.Clone(n.drop)
	}
	return &out
}

// bridge lets what follows a node read what the node reads; false where the types
// differ.
func (p *pipeline) bridge(n *node) bool {
	if n.role != processor || n.verb != vFilter && n.verb != vCheck {
		return false
	}
	for _, c := range p.consumers(ref{n, ""}) {
		c.from = slices.DeleteFunc(c.from, func(r ref) bool { return r.node == n })
		for _, r := range n.from {
			if !slices.Contains(c.from, r) {
				c.from = append(c.from, r)
			}
		}
	}
	return true
}

// remove takes a node out, with all that has nothing to read without it.
func (p *pipeline) remove(n *node) {
	for _, list := range []*[]*node{&p.sources, &p.processors, &p.sinks} {
		*list = slices.DeleteFunc(*list, func(m *node) bool { return m == n })
	}
	for _, m := range slices.Concat(p.processors, p.sinks) {
		before := len(m.from)
		m.from = slices.DeleteFunc(m.from, func(r ref) bool { return r.node == n })
		if before > 0 && len(m.from) == 0 {
			p.remove(m)
		}
	}
	p.tidy()
}

// tidy drops outputs that nobody takes any more, with the nodes that have no
// others, and dead-letter sinks that nobody names.
func (p *pipeline) tidy() {
	for again := true; again; {
		again = false
		for _, n := range slices.Concat(p.sources, p.processors) {
			outputs := n.outputs()
			free := slices.DeleteFunc(slices.Clone(outputs), func(r ref) bool { return len(p.consumers(r)) > 0 })
			if len(free) == len(outputs) {
				p.remove(n)
				again = true
				break
			}
			n.drop = nil
			for _, r := range free {
				n.drop = append(n.drop, r.port)
			}
		}
	}
	p.dropUnusedDefault()
	named := map[*node]bool{}
	for _, n := range p.all() {
		if n.onError != nil {
			named[n.onError.dead] = true
		}
	}
	if p.common != nil {
		named[p.common.dead] = true
	}
	p.sinks = slices.DeleteFunc(p.sinks, func(n *node) bool { return n.dead && !named[n] })
}
