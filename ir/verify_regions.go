package ir

import (
	"slices"
)

func (v *verifier) regions() {
	p := v.p
	if len(p.Regions) == 0 {
		for _, n := range p.Nodes {
			if n.Region != "" {
				v.errorf("node %s: its region `%s` does not exist", n.ID, n.Region)
			}
		}
		return
	}
	var names []string
	var members [][]string
	for _, r := range p.Regions {
		names, members = append(names, r.Name), append(members, r.Nodes)
		if !slices.Contains(r.Nodes, r.Head) {
			v.errorf("region %s: its head `%s` is not in it", r.Name, r.Head)
		}
		if r.Lanes < 0 {
			v.errorf("region %s: it has %d lanes", r.Name, r.Lanes)
		}
	}
	v.partition("region", names, members, func(n *Node) string { return n.Region })
	for _, e := range p.Edges {
		from, to := v.nodes[e.From], v.nodes[e.To]
		if from == nil || to == nil {
			continue
		}
		switch together := from.Region == to.Region; {
		case together && e.Via != Call:
			v.errorf("edge %s: both ends are in the region `%s`, and it is `%s`, not a call", e, from.Region, e.Via)
		case !together && e.Via != Queue && e.Via != Cut:
			v.errorf("edge %s: it joins the regions `%s` and `%s`, and is `%s`, not a queue", e, from.Region, to.Region, e.Via)
		case together && (e.Batch != 0 || e.Depth != 0 || e.Bytes != 0):
			v.errorf("edge %s: a call has a queue's bounds", e)
		}
	}
	for _, r := range p.Regions {
		v.enteredAtHead(r)
	}
}

// enteredAtHead checks that a region's loop is a loop: what comes from outside
// comes to its head.
func (v *verifier) enteredAtHead(r *Region) {
	for _, e := range v.p.Edges {
		from, to := v.nodes[e.From], v.nodes[e.To]
		if from != nil && to != nil && to.Region == r.Name && from.Region != r.Name && e.To != r.Head {
			v.errorf("region %s: `%s` is fed from `%s`, outside, and is not its head `%s`", r.Name, e.To, e.From, r.Head)
		}
	}
}

func (v *verifier) partition(what string, names []string, members [][]string, label func(*Node) string) {
	owner := map[string]string{}
	for i, name := range names {
		if slices.Contains(names[:i], name) {
			v.errorf("two %ss have the name `%s`", what, name)
		}
		for _, id := range members[i] {
			if other, ok := owner[id]; ok {
				v.errorf("node %s: it is in the %ss `%s` and `%s`", id, what, other, name)
			}
			owner[id] = name
			if v.nodes[id] == nil {
				v.errorf("%s %s: the node `%s` does not exist", what, name, id)
			}
		}
	}
	for _, n := range v.p.Nodes {
		switch name, ok := owner[n.ID]; {
		case !ok:
			v.errorf("node %s: it is in no %s", n.ID, what)
		case name != label(n):
			v.errorf("node %s: it is in the %s `%s` and says `%s`", n.ID, what, name, label(n))
		}
	}
}

func (v *verifier) processes() {
	if len(v.p.Processes) == 0 {
		return
	}
	var names []string
	var members [][]string
	for _, process := range v.p.Processes {
		names, members = append(names, process.Name), append(members, process.Nodes)
	}
	v.partition("process", names, members, func(n *Node) string { return n.Process })
	for _, e := range v.p.Edges {
		from, to := v.nodes[e.From], v.nodes[e.To]
		if from == nil || to == nil {
			continue
		}
		if (from.Process != to.Process) != (e.Via == Cut) {
			v.errorf("edge %s: it joins the processes `%s` and `%s`, and is `%s`", e, from.Process, to.Process, e.Via)
		}
	}
}

func (v *verifier) memory() {
	sum := int64(0)
	for _, part := range v.p.Memory.Parts {
		if part.Bytes <= 0 {
			v.errorf("memory: the part %q is %d bytes", part.What, part.Bytes)
		}
		sum += part.Bytes
	}
	if sum != v.p.Memory.Total {
		v.errorf("memory: the parts add up to %d, not %d", sum, v.p.Memory.Total)
	}
}
