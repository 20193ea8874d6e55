package oracle

import "slices"

// What is known of a pipeline before a record is read: which nodes share a loop,
// what is read of a record behind an edge, where its bytes are needed.
//
// The language says that a field is read where a stage that the record can reach
// names it; when exactly is left to the compiler, and shows only in records whose
// fields are wrong. The rule here is the one that flowc documents in its
// generated code: just before the first stage that reads it, but before records
// take several ways, meet again, or wait in a queue.
type facts struct {
	p       *pipeline
	regions map[*node]*node
	lives   map[*node][]path
	// unshown leaves dead letters out of what needs bytes.
	unshown bool
}

func newFacts(p *pipeline) *facts {
	return &facts{p: p, regions: map[*node]*node{}, lives: map[*node][]path{}}
}

// region is the node whose loop a node runs in.
func (f *facts) region(n *node) *node {
	if r := f.regions[n]; r != nil {
		return r
	}
	r := n
	if n.role != source {
		var feeders []*node
		for _, from := range n.from {
			if r := f.region(from.node); !slices.Contains(feeders, r) {
				feeders = append(feeders, r)
			}
		}
		if len(feeders) == 1 && n.role == processor && f.joins(n, feeders[0]) {
			r = feeders[0]
		}
	}
	f.regions[n] = r
	return r
}

// joins tells whether a node can run in the loop that feeds it: not where it
// asks for lanes of its own, nor where it may keep state and that loop has
// several lanes.
func (f *facts) joins(n, feeder *node) bool {
	switch {
	case n.key != nil || n.parallel > 1 || n.takesBatches():
		return false
	case n.parallel == 1 || n.verb == vGo:
		return f.isAlone(feeder)
	}
	return true
}

// isAlone tells whether the loop that a node begins runs in one lane.
func (f *facts) isAlone(head *node) bool {
	switch {
	case head.parallel > 0:
		return head.parallel == 1
	case head.role == source || head.key != nil:
		return false
	}
	return head.verb == vGo
}

// crosses tells whether records wait in a queue on their way to n. Those for a
// sink do as bytes, which is nothing to them.
func (f *facts) crosses(from ref, n *node) bool {
	return n.role == processor && f.region(from.node) != f.region(n)
}

// meets tells whether several ways of one loop lead to n.
func (f *facts) meets(n *node) bool {
	return n.role == processor && len(n.from) > 1
}

// A form says where the records of an output come from.
type form struct {
	// intact are formats of records that nobody changed but by set and unset;
	// made tells that some were made in the program.
	intact  []string
	made    bool
	changed bool
}

func (f *facts) form(r ref) form {
	n := r.node
	switch {
	case n.role == source:
		switch n.format {
		case "csv":
			return form{intact: []string{""}}
		case "text":
			return form{intact: []string{"text"}}
		}
		return form{intact: []string{"json"}}
	case n.verb == vMap || n.verb == vFlatmap || n.verb == vParse || n.verb == vGo && !n.handsOn():
		return form{made: true}
	}
	var out form
	for _, from := range n.from {
		in := f.form(from)
		for _, format := range in.intact {
			if !slices.Contains(out.intact, format) {
				out.intact = append(out.intact, format)
			}
		}
		out.made = out.made || in.made
		out.changed = out.changed || in.changed
	}
	if n.verb == vSet {
		if !slices.Equal(out.intact, []string{"json"}) {
			return form{made: true}
		}
		out.changed = true
	}
	return out
}

// asIs tells whether a sink writes the records of an edge as they came.
func (f *facts) asIs(from ref, n *node) bool {
	form := f.form(from)
	want := map[string]string{"ndjson": "json", "json": "json", "text": "text"}[n.format]
	return n.writes() && want != "" && n.csv == nil && !form.made && slices.Equal(form.intact, []string{want})
}

// needsBytes tells whether somebody needs the bytes of the records on an edge.
func (f *facts) needsBytes(from ref, n *node) bool {
	if n.role == sink {
		return f.asIs(from, n)
	}
	form := f.form(from)
	intact := !form.made
	if !f.unshown && intact && form.changed && f.p.policyOf(n).then == "dead" {
		return true
	}
	return (n.handsOn() || n.verb == vSet) && intact && f.bytesBehind(n)
}

func (f *facts) bytesBehind(n *node) bool {
	for _, out := range n.outputs() {
		for _, c := range f.p.consumers(out) {
			if f.needsBytes(out, c) {
				return true
			}
		}
	}
	return false
}

// live are the values of a record that are read at n or behind it, before it is
// made anew.
func (f *facts) live(from ref, n *node) []path {
	t := from.typ()
	if n.role == sink {
		var out []path
		out = t.reading(n.beside()...)
		if n.writes() && !f.asIs(from, n) {
			if t.kind != kStruct {
				return []path{{}}
			}
			out = append(out, t.whole()...)
		}
		return out
	}
	out := f.shown(from, n)
	if behind, ok := f.lives[n]; ok {
		return append(out, behind...)
	}
	f.lives[n] = f.behind(n)
	return append(out, f.lives[n]...)
}

// shown is what dead letters of n show of a record that was made: all of it.
func (f *facts) shown(from ref, n *node) []path {
	if f.p.policyOf(n).then == "dead" && f.form(from).made {
		return from.typ().whole()
	}
	return nil
}

// behind are the values that are read at n or behind it.
func (f *facts) behind(n *node) []path {
	out := f.reads(n)
	if n.handsOn() {
		for _, o := range n.outputs() {
			for _, c := range f.p.consumers(o) {
				out = append(out, f.live(o, c)...)
			}
		}
	}
	return out
}

// reads are the values that n reads itself: for set also those that it hands on
// to somebody who reads them.
func (f *facts) reads(n *node) []path {
	out := n.in.reading(n.exprs()...)
	if n.verb == vGo {
		out = append(out, n.component.reads(n.in)...)
	}
	if n.verb == vSet {
		for _, c := range f.p.consumers(ref{n, ""}) {
			for _, p := range f.live(ref{n, ""}, c) {
				if n.assigned(p[0]) == nil && n.in.field(p[0]) != nil {
					out = append(out, p)
				}
			}
		}
	}
	return out
}

func (n *node) assigned(goName string) *assign {
	for i := range n.assigns {
		if n.assigns[i].goName == goName {
			return &n.assigns[i]
		}
	}
	return nil
}

// wanted are all values that are read of the records of an output, and names
// those of members that set or unset changes in the source's own bytes.
func (f *facts) wanted(out ref) (paths []path, names []string) {
	for _, c := range f.p.consumers(out) {
		paths = append(paths, f.live(out, c)...)
		names = append(names, f.edited(out, c)...)
	}
	return paths, names
}

// mixes tells whether records of sources and such that were made come to a node.
func (p *pipeline) mixes(n *node) bool {
	f := newFacts(p)
	made, intact := false, false
	for _, r := range n.from {
		in := f.form(r)
		made, intact = made || in.made, intact || len(in.intact) > 0
	}
	return made && intact
}

// uncertain are the names of members that set or unset changes in bytes that
// dead letters alone could show: where no node behind it can fail, which is for
// the compiler to know, nobody looks whether such a member is there twice.
func (p *pipeline) uncertain() map[string]bool {
	shown, unshown := newFacts(p), newFacts(p)
	unshown.unshown = true
	out := map[string]bool{}
	for _, n := range p.processors {
		if n.verb != vSet || shown.bytesBehind(n) == unshown.bytesBehind(n) {
			continue
		}
		for _, a := range n.assigns {
			out[a.name] = true
		}
		for _, name := range n.unset {
			out[name] = true
		}
	}
	return out
}

func (f *facts) edited(from ref, n *node) []string {
	if n.role == sink || f.crosses(from, n) || f.meets(n) {
		return nil
	}
	switch {
	case n.verb == vSet:
		if !f.bytesBehind(n) {
			return nil
		}
		out := slices.Clone(n.unset)
		for _, a := range n.assigns {
			out = append(out, a.name)
		}
		return out
	case n.handsOn():
		var out []string
		for _, o := range n.outputs() {
			for _, c := range f.p.consumers(o) {
				out = append(out, f.edited(o, c)...)
			}
		}
		return out
	}
	return nil
}
