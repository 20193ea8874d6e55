// Package profile says which node of a pipeline the time of its program went to.
//
// A loop runs all its nodes as one function, so no clock can stand between them: it
// would cost more than most of them do. A CPU profile can: each of its stacks passes
// through a line of the generated loops, and that line is of one node. What stands
// outside of all loops is a source that reads, a sink that writes, or the engine.
package profile

import (
	"regexp"
	"strings"

	"github.com/flowc-dev/flowc/backends"
	"github.com/flowc-dev/flowc/ir"
)

// Engine stands for the part of a program that is of no node: queues, acks, counters,
// the collector of garbage, and Go's scheduler.
const Engine = ""

// A Reader knows the generated files of a program, in which stacks are looked up.
type Reader struct {
	main   string            // the package's path as functions are called by it
	stages map[string]string // functions that a node's own code became
	lines  []string          // of loops.go

	source, decode map[string]string // node IDs by normal names of YAML nodes
	encode         map[string]string
	apply          map[string]string
	connectors     map[string]string // "/connect/file." with the source's ID
	sinks          map[string]string // the same with the sink's
	heads          map[string]string // decode nodes by normal names of their loops
}

// New makes a reader of the profiles of a program, which all passes have run on, and of
// which the files were emitted for package main of the layout.
func New(p *ir.Program, files []backends.File) *Reader {
	r := &Reader{
		main: "main.", stages: map[string]string{}, source: map[string]string{}, decode: map[string]string{}, encode: map[string]string{},
		apply: map[string]string{}, connectors: map[string]string{}, sinks: map[string]string{}, heads: map[string]string{},
	}
	for _, n := range p.Nodes {
		name := normal(n.YAML)
		switch op := n.Op.(type) {
		case *ir.Source:
			r.source[name] = n.ID
			if op.Connector != "" {
				r.connectors["/connect/"+op.Connector+"."] = n.ID
			}
		case *ir.Decode:
			r.decode[name] = n.ID
			if op.Input == nil {
				r.heads[normal(yamlOf(p, n.Region))] = n.ID
			}
		case *ir.Encode:
			if r.encode[name] == "" || n.ID == n.YAML+".encode" {
				r.encode[name] = n.ID
			}
		case *ir.Sink:
			if op.Connector != "" {
				r.sinks["/connect/"+op.Connector+"."] = n.ID
			}
		default:
			r.apply[name] = n.ID
		}
	}
	for _, f := range files {
		switch f.Path {
		case "loops.go":
			r.lines = strings.Split(string(f.Data), "\n")
		case "nodes.go":
			for _, m := range stageLine.FindAllStringSubmatch(string(f.Data), -1) {
				r.stages[m[1]] = r.stageNode(normal(m[2]))
			}
		}
	}
	return r
}

var (
	stageLine     = regexp.MustCompile(`"([^"]+)":\s+node(\w+)`)
	packetWord    = regexp.MustCompile(`\b(\w+)Packet\b`)
	decoderWord   = regexp.MustCompile(`\b(\w+)Decoder\.`)
	componentWord = regexp.MustCompile(`\bl\.(\w+)Component\b`)
	spliceWord    = regexp.MustCompile(`\bl\.splice(\w+)\(`)
)

// stageNode is the node of a stage function: a processor, or the decoder of a parse.
func (r *Reader) stageNode(name string) string {
	for _, in := range []map[string]string{r.apply, r.decode, r.encode, r.source} {
		if id := in[name]; id != "" {
			return id
		}
	}
	return Engine
}

// yamlOf is the node after which the loops of a region are called.
func yamlOf(p *ir.Program, region string) string {
	for _, reg := range p.Regions {
		if reg.Name == region {
			for _, n := range p.Nodes {
				if n.ID == reg.Head {
					return n.YAML
				}
			}
		}
	}
	return region
}

// normal is a name without what differs between YAML and Go.
func normal(name string) string {
	return strings.Map(func(c rune) rune {
		switch {
		case 'A' <= c && c <= 'Z':
			return c + 'a' - 'A'
		case 'a' <= c && c <= 'z', '0' <= c && c <= '9':
			return c
		}
		return -1
	}, name)
}

// Times adds up samples by the IDs of nodes, in nanoseconds; [Engine] is the rest.
func (r *Reader) Times(samples []Sample) map[string]int64 {
	times := map[string]int64{}
	for _, s := range samples {
		times[r.node(s.Stack)] += s.Nanos
	}
	return times
}

// node is the one that a stack is of. The innermost frame that says something counts.
func (r *Reader) node(stack []Frame) string {
	for i, f := range stack {
		if id, ok := r.stage(f.Function); ok {
			return id
		}
		if decoder, ok := r.decoder(f.Function); ok {
			return decoder
		}
		if loop, ok := r.loop(f.Function); ok {
			return r.inLoop(loop, f, i > 0)
		}
		for at, id := range r.connectors {
			if strings.Contains(f.Function, at) && !strings.Contains(f.Function, ".(*Sink)") && !strings.Contains(f.Function, ".(*target") {
				return id
			}
		}
		for at, id := range r.sinks {
			if strings.Contains(f.Function, at) {
				return id
			}
		}
	}
	return Engine
}

// stage finds the node of a function that a node's own code became, or of one that is
// written inside of it.
func (r *Reader) stage(function string) (string, bool) {
	if id, ok := r.stages[function]; ok {
		return id, true
	}
	rest, ok := strings.CutPrefix(function, r.main)
	if !ok {
		return "", false
	}
	for part := range strings.SplitSeq(rest, ".") {
		if id, ok := r.stages[r.main+part]; ok {
			return id, true
		}
	}
	return "", false
}

// decoder finds the node of a method of a decoder: main.(*eventsDecoder).forLarge.
func (r *Reader) decoder(function string) (string, bool) {
	rest, ok := strings.CutPrefix(function, r.main+"(*")
	if !ok {
		return "", false
	}
	name, _, ok := strings.Cut(rest, "Decoder).")
	return r.decode[normal(name)], ok
}

// loop is the normal name of the loop that a function is a method of.
func (r *Reader) loop(function string) (string, bool) {
	rest, ok := strings.CutPrefix(function, r.main+"(*")
	if !ok {
		return "", false
	}
	name, method, ok := strings.Cut(rest, "Loop).")
	if !ok {
		return "", false
	}
	if node, splices := strings.CutPrefix(method, "splice"); splices {
		return "splice " + normal(node), true
	}
	return normal(name), true
}

// inLoop is the node of a line of a loop; calls tells that it calls something.
func (r *Reader) inLoop(loop string, f Frame, calls bool) string {
	if node, splices := strings.CutPrefix(loop, "splice "); splices {
		return r.apply[node]
	}
	text := ""
	if i := int(f.Line) - 1; i >= 0 && i < len(r.lines) && strings.HasSuffix(f.File, "loops.go") {
		text = r.lines[i]
	}
	if m := spliceWord.FindStringSubmatch(text); m != nil {
		return r.apply[normal(m[1])]
	}
	if m := componentWord.FindStringSubmatch(text); m != nil {
		return r.apply[normal(m[1])]
	}
	if m := packetWord.FindStringSubmatch(text); m != nil {
		return r.encode[normal(m[1])] // "" where it is a queue, which is the engine's
	}
	if m := decoderWord.FindStringSubmatch(text); m != nil {
		if id := r.decode[normal(m[1])]; id != "" {
			return id
		}
	}
	if strings.Contains(text, "l.Mark()") || strings.Contains(text, "l.Fail(") || strings.Contains(text, "l.Origin(") {
		return Engine
	}
	if calls || strings.Contains(text, "line") || strings.Contains(text, "b.Data") {
		return r.heads[loop] // frames, scans, and what is decoded in its place
	}
	return Engine
}
