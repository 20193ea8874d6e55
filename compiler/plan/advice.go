package plan

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/flowc-dev/flowc/ir"
)

// wantedHold is how many seconds of records an edge should hold: as long as its readers
// may be away for a restart, or a bad version.
const wantedHold = 300

// advise says what to do with a pipeline that runs in one process.
func advise(r Request, plan *Plan) Advice {
	p := plan.Processes[0]
	if p.Needed == 1 {
		return Advice{Enough: true, Says: []string{fmt.Sprintf("One process is enough: %s. %s", p.load(plan.Cores), p.limit())}}
	}
	too := fmt.Sprintf("One process is not enough: %s. %s", p.load(plan.Cores), p.limit())
	if r.Copies {
		return Advice{
			Says:     []string{too, fmt.Sprintf("Run %d copies: %s. Whatever divides the records between them needs as many parts (partitions of a topic, say).", p.Needed, r.CopiesWhy)},
			Replicas: p.Needed, Paste: fmt.Sprintf("targets:\n  k8s: {replicas: %d}\n", p.Needed),
		}
	}
	best := bestCut(r)
	if best == nil {
		return Advice{Says: []string{too, r.divide(p)}}
	}
	return best.advice(r, plan, too)
}

// divide says what is left where no cut helps.
func (r *Request) divide(p Process) string {
	why := ""
	if r.CopiesWhy != "" {
		why = " (" + r.CopiesWhy + ")"
	}
	return fmt.Sprintf("No cut helps: what reads or writes alone is too much for one process%s. Divide the input: %d pipelines, each with files, subjects or partitions of its own.", why, p.Needed)
}

// load says what a process has to do, of what it has.
func (p *Process) load(cores int) string {
	text := fmt.Sprintf("it needs %s of %s (planned to %.0f %%)", inCores(p.MilliCores), ofCores(cores), Headroom*100)
	if p.SerialMilli > 0 {
		text += fmt.Sprintf(", and `%s`, which one goroutine does, %s of one", p.Serial, inCores(p.SerialMilli))
	}
	return text
}

// limit says what it could take.
func (p *Process) limit() string {
	if p.Most == 0 {
		return "Of its costs nothing is known."
	}
	return fmt.Sprintf("So planned, one takes %s records/s.", count(p.Most))
}

// A cutAt is a way to divide a pipeline among processes.
type cutAt struct {
	node   string
	pieces []*ir.Piece
	plan   *Plan
	head   int // of the processes
	fits   bool
}

// bestCut finds the processor at which to cut, so that each process fits, with the least
// work in all; nil where none fits.
func bestCut(r Request) *cutAt {
	if r.Try == nil {
		return nil
	}
	var best *cutAt
	for _, n := range r.Program.Nodes {
		if n.ID != n.YAML && !parses(n) {
			continue
		}
		switch n.Op.(type) {
		case *ir.Source, *ir.Sink, *ir.Encode:
			continue
		}
		pieces, ok := r.Try(n.YAML)
		if !ok {
			continue
		}
		if c := r.cutInto(n.YAML, pieces); c.fits && (best == nil || c.plan.Total.MilliCores < best.plan.Total.MilliCores) {
			best = c
		}
	}
	return best
}

// cutInto plans a pipeline in pieces, of which that of the node has as many copies as it
// takes.
func (r *Request) cutInto(node string, pieces []*ir.Piece) *cutAt {
	c := &cutAt{node: node, pieces: pieces, plan: compute(*r, pieces), fits: true}
	for i, p := range c.plan.Processes {
		if pieces[i].Head == node {
			c.head = i
		} else if p.Needed > 1 {
			c.fits = false
		}
	}
	if c.fits {
		pieces[c.head].Replicas = c.plan.Processes[c.head].Needed
		c.plan = compute(*r, pieces)
	}
	return c
}

// advice says where to cut, with lines to paste.
func (c *cutAt) advice(r Request, before *Plan, too string) Advice {
	head := c.plan.Processes[c.head]
	a := Advice{Cut: c.node, Replicas: head.Needed, Then: c.plan}
	a.Says = append(a.Says, too,
		fmt.Sprintf("Cut at `%s`, %s of it: %s cores in all, of which the edges take %s.", c.node, copies(head.Needed), inCores(c.plan.Total.MilliCores), inCores(c.plan.Total.MilliCores-before.Total.MilliCores)))
	scale := fmt.Sprintf("scale: {replicas: %d}", head.Needed)
	for _, n := range r.Program.Nodes {
		if n.ID == c.node && n.Key == nil && !n.Unordered && head.Needed > 1 {
			scale += ", order: none"
			a.Says = append(a.Says, fmt.Sprintf("`order: none` gives up the order of records behind `%s`. Where it matters, write `key: in.…` in its place: the records of a key stay in theirs.", c.node))
		}
	}
	a.Paste = fmt.Sprintf("processors:\n  %s: {%s}\n", c.node, scale) + edgesToPaste(r, c.plan)
	a.Says = append(a.Says, edgesSay(c.plan)...)
	return a
}

// edgesToPaste is an `edges` block that names a broker and holds long enough, "" where
// the pipeline has all that.
func edgesToPaste(r Request, plan *Plan) string {
	room := int64(0)
	for _, e := range plan.Edges {
		if e.Holds < wantedHold {
			room = max(room, roomFor(e))
		}
	}
	switch {
	case r.Program.Carrier == nil && room > 0:
		return fmt.Sprintf("edges: {nats: {url: \"${env:NATS_URL}\", max_bytes: %dGiB}}\n", room)
	case r.Program.Carrier == nil:
		return "edges: {nats: {url: \"${env:NATS_URL}\"}}\n"
	case room > 0:
		return fmt.Sprintf("edges: {%s: {max_bytes: %dGiB}}\n", r.Program.Carrier.Connector, room)
	}
	return ""
}

// roomFor is how many GiB hold an edge's records for long enough.
func roomFor(e Edge) int64 {
	return int64(math.Ceil(wantedHold * e.BytesPerSecond / (1 << 30)))
}

// edgesSay tells what of edges needs attention.
func edgesSay(plan *Plan) []string {
	var says []string
	for _, e := range plan.Edges {
		name := e.From + " → " + e.To
		if e.Holds < wantedHold && e.BytesPerSecond > 0 {
			says = append(says, fmt.Sprintf("%s holds %s of records; its writer waits when it is full. max_bytes: %dGiB holds %s.", name, inTime(e.Holds), roomFor(e), inTime(wantedHold)))
		}
		if e.BrokerMilli > int64(Headroom*1000) {
			says = append(says, fmt.Sprintf("%s is one stream, which one server serves, and it takes %s cores of that: more than was seen of one. Divide the input among several pipelines, so that each has a stream of its own.", name, inCores(e.BrokerMilli)))
		}
	}
	return says
}

// adviseProcesses says what to do with a pipeline that says itself where it is cut.
func adviseProcesses(r Request, plan *Plan) Advice {
	a := Advice{Enough: true}
	var scale []string
	for _, p := range plan.Processes {
		switch {
		case p.Needed <= p.Replicas && p.Hosts > 0:
			a.Says = append(a.Says, fmt.Sprintf("`%s`: %d to %d hosts are enough: all copies need %s cores, which is %s.", p.Name, p.Hosts, p.Replicas, inCores(p.MilliCores), hosts(max(p.Needed, p.Hosts))))
		case p.Needed <= p.Replicas && p.Replicas > 1:
			a.Says = append(a.Says, fmt.Sprintf("`%s`: %s are enough: all of them need %s cores, and %s would do.", p.Name, copies(p.Replicas), inCores(p.MilliCores), copies(p.Needed)))
		case p.Needed <= p.Replicas:
			a.Says = append(a.Says, fmt.Sprintf("`%s`: one process is enough: %s. %s", p.Name, p.load(plan.Cores), p.limit()))
		case p.Several:
			a.Enough = false
			a.Says = append(a.Says, fmt.Sprintf("`%s`: %s are too few: all of them need %s cores, which is %s on %s each.", p.Name, copies(p.Replicas), inCores(p.MilliCores), copies(p.Needed), ofCores(plan.Cores)))
			if p.Hosts > 0 {
				scale = append(scale, fmt.Sprintf("  %s: {scale: {min: %d, max: %d}}\n", p.Name, p.Hosts, p.Needed))
				break
			}
			scale = append(scale, fmt.Sprintf("  %s: {scale: {replicas: %d}}\n", p.Name, p.Needed))
		default:
			a.Enough = false
			a.Says = append(a.Says, fmt.Sprintf("`%s`: one process is not enough: %s, and there is one of it, because %s. %s Divide the input among %d pipelines, or cut elsewhere.", p.Name, p.load(plan.Cores), p.Why, p.limit(), p.Needed))
		}
	}
	if len(scale) > 0 {
		a.Paste = "processors:\n" + strings.Join(scale, "")
	}
	a.Paste += edgesToPaste(r, plan)
	a.Says = append(a.Says, edgesSay(plan)...)
	if slices.ContainsFunc(plan.Edges, func(e Edge) bool { return e.BrokerMilli > int64(Headroom*1000) }) {
		a.Enough = false
	}
	return a
}

func hosts(n int) string {
	if n == 1 {
		return "one host at this rate"
	}
	return fmt.Sprintf("%d hosts at this rate", n)
}

func copies(n int) string {
	if n == 1 {
		return "one copy"
	}
	return fmt.Sprintf("%d copies", n)
}
