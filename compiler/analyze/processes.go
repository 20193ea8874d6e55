package analyze

import (
	"fmt"
	"slices"
	"strings"

	"github.com/flowc-dev/flowc/ir"
)

// A Process is one of those that a pipeline runs in where it is cut.
type Process struct {
	Name     string   `json:"name"`
	Replicas int      `json:"replicas"`
	Nodes    []string `json:"nodes"`
	// Memory is the bound of each copy, in bytes.
	Memory int64 `json:"memory"`
	// Hosts, where it is set, are those that share the copies.
	Hosts *Hosts `json:"hosts,omitempty"`
	// Checkpoint is where a process keeps its checkpoint that does not do so where the
	// pipeline says.
	Checkpoint string `json:"checkpoint,omitempty"`
}

// Hosts come and go, and start the copies of a process.
type Hosts struct {
	Min int        `json:"min"`
	Max int        `json:"max"`
	By  ir.ScaleBy `json:"by"`
	// Copies is how many one starts at the most, Memory its bound with them, in bytes.
	Copies int   `json:"copies"`
	Memory int64 `json:"memory"`
}

// A Cut is an edge between two processes.
type Cut struct {
	From string `json:"from"`
	To   string `json:"to"`
	// Writer and Reader are the processes at its ends, Carrier what is between.
	Writer  string `json:"writer"`
	Reader  string `json:"reader"`
	Carrier string `json:"carrier"`
	// Partitions is one for each copy of the reader; Key is what decides a record's, ""
	// where they go round.
	Partitions int    `json:"partitions"`
	Key        string `json:"key,omitempty"`
	// Guarantee is what holds from the writer's checkpoint to the reader's.
	Guarantee ir.Guarantee `json:"guarantee"`
	Why       string       `json:"why"`
}

// InProcesses adds what a pipeline is that was cut: its processes, the edges between
// them, and what its paths promise over these. All passes must have run on the pieces.
func (e *Explanation) InProcesses(p *ir.Program, pieces []*ir.Piece) {
	if len(pieces) == 0 {
		return
	}
	c := &crossing{pieces: map[string]*ir.Piece{}, ways: map[string][]way{}}
	for _, piece := range pieces {
		c.pieces[piece.Name], c.ways[piece.Name] = piece, newGraph(piece.Program).ways()
	}
	for _, piece := range pieces {
		ends := map[string]bool{}
		for _, edge := range slices.Concat(piece.Inputs, piece.Outputs) {
			ends[edge.Node] = true
		}
		one := Process{Name: piece.Name, Replicas: piece.Replicas, Memory: piece.Program.Memory.Total}
		if piece.Elastic != nil {
			one.Hosts = &Hosts{Min: piece.Elastic.Min, Max: piece.Replicas, By: piece.Elastic.By, Copies: piece.MostCopies(), Memory: piece.HostBound()}
			if piece.Program.Delivery.Store != p.Delivery.Store {
				one.Checkpoint = fmt.Sprintf("their checkpoints are in `%s`, with what carries the records: the pipeline names no store that all of them can reach", piece.Program.Delivery.Store)
			}
		}
		for _, name := range yamlOrder(piece.Program) {
			if !ends[name] {
				one.Nodes = append(one.Nodes, name)
			}
		}
		e.Processes = append(e.Processes, one)
		for _, out := range piece.Outputs {
			reader := c.pieces[out.Peer]
			cut := Cut{
				From: out.From, To: out.To, Writer: piece.Name, Reader: out.Peer, Carrier: p.Carrier.Connector,
				Partitions: reader.Replicas, Guarantee: ir.AtLeastOnce, Why: out.Why,
			}
			if out.Port != "" {
				cut.From += "." + out.Port
			}
			if out.Steady {
				cut.Guarantee = ir.EffectivelyOnce
			}
			if reader.Head == out.To {
				cut.Key = keyText(p, out.To)
			}
			e.Cuts = append(e.Cuts, cut)
		}
	}
	for i := range e.Paths {
		c.path(&e.Paths[i])
	}
}

func keyText(p *ir.Program, node string) string {
	for _, n := range p.Nodes {
		if n.ID == node && n.Key != nil {
			return n.Key.Text
		}
	}
	return ""
}

// A crossing follows paths from process to process.
type crossing struct {
	pieces map[string]*ir.Piece
	ways   map[string][]way
}

// path sets what a path promises that crosses between processes: the least that holds on
// the way.
func (c *crossing) path(p *Path) {
	for _, piece := range c.pieces {
		for _, w := range c.ways[piece.Name] {
			if w.source.YAML != p.Source {
				continue
			}
			if got, order, ok := c.from(piece, w, p.Sink); ok {
				if w.sink.YAML != p.Sink {
					p.Guarantee, p.Reason = got.class, got.reason
					if order != "" {
						p.Order, p.OrderReason = "key", order
					}
				}
				return
			}
		}
	}
}

// from is the least promise from a way on to a sink; false where it does not lead there.
func (c *crossing) from(piece *ir.Piece, w way, sink string) (least promise, order string, ok bool) {
	here := promised(w)
	if w.sink.YAML == sink {
		return here, "", true
	}
	for _, out := range piece.Outputs {
		if out.Node != w.sink.ID {
			continue
		}
		reader := c.pieces[out.Peer]
		for _, next := range c.ways[reader.Name] {
			if next.source.ID != out.Node {
				continue
			}
			there, order, ok := c.from(reader, next, sink)
			if !ok {
				continue
			}
			if reader.Replicas > 1 && order == "" {
				order = fmt.Sprintf("`%s` runs in %d processes, and each has the records of its keys in their order", reader.Head, reader.Replicas)
			}
			if !out.Steady && strength[here.class] >= strength[ir.AtLeastOnce] {
				here = promise{class: ir.AtLeastOnce, reason: fmt.Sprintf("from `%s` to `%s` records may cross twice: %s", out.From, out.To, out.Why)}
			}
			if strength[here.class] <= strength[there.class] {
				return here, order, true
			}
			return there, order, true
		}
	}
	return promise{}, "", false
}

// processes writes what a pipeline runs in.
func (t *text) processes(e *Explanation) {
	if len(e.Processes) == 0 {
		return
	}
	t.section("Processes (`flowc run` leaves it whole)")
	var rows []row
	for _, p := range e.Processes {
		name := p.Name
		if p.Replicas > 1 {
			name += fmt.Sprintf(" ×%d", p.Replicas)
		}
		each := ""
		if p.Replicas > 1 {
			each = " each"
		}
		says := fmt.Sprintf("%s; at most %s%s", strings.Join(p.Nodes, ", "), bytesInWords(p.Memory), each)
		if h := p.Hosts; h != nil {
			says += fmt.Sprintf(". %d to %s share them, as many as the %s asks for, and each runs %d at most: %d × %s + %s for itself = %s a host",
				h.Min, plural(h.Max, "host"), h.By, h.Copies, h.Copies, bytesInWords(p.Memory), bytesInWords(ir.HostMemory), bytesInWords(h.Memory))
		}
		if p.Checkpoint != "" {
			says += "; " + p.Checkpoint
		}
		rows = append(rows, row{name, says})
	}
	t.rows(rows)
	t.section("Between processes")
	rows = nil
	for _, c := range e.Cuts {
		how := fmt.Sprintf("by %s, %s", c.Carrier, plural(c.Partitions, "partition"))
		switch {
		case c.Partitions > 1 && c.Key != "":
			how += fmt.Sprintf(" by `%s`", c.Key)
		case c.Partitions > 1:
			how += " in turn"
		}
		rows = append(rows, row{c.From + " → " + c.To, fmt.Sprintf("%s; %s: %s", how, c.Guarantee, c.Why)})
	}
	t.rows(rows)
}
