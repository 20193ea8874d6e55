// Package gocode turns the IR into the Go that every target shares which
// produces Go: the event types, the decoders that read only what the pipeline
// needs, the encoders, the user's own expressions as functions, and one loop
// for each region.
//
// The text is built with jennifer from quoted Go: [quoter.Go] parses nothing
// and decides nothing, it only turns @pkg.Name into a qualified name whose
// import jennifer then writes. Decisions are made in Go code, never in a
// template.
//
// [Generate] makes a loop of each region (loop.go): how records come out of a
// batch (run.go), then node by node (stage.go and a file for each kind of node)
// along the edges (branch.go), until records go into packets (encodeto.go,
// enqueue.go). What the loop reads is decoded just before it is read
// (decode.go: which fields, in which groups; flavor.go: from which format), and
// what the user wrote becomes functions of stages.go (call.go, stages.go).
// Counters follow chains of nodes that the same records pass (loop.go,
// settle.go). [Writer] lends the same quoting and names to backends.
package gocode

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"

	"github.com/dave/jennifer/jen"

	"github.com/flowc-dev/flowc/backends"
	"github.com/flowc-dev/flowc/ir"
)

// A Unit is the Go of one program, with what a backend needs to wire it.
type Unit struct {
	// Files are types.go, decode.go, encode.go, convert.go, stages.go and
	// loops.go, those that are not empty.
	Files []backends.File
	// Loops are the regions' loops in the order of the program's regions.
	Loops []Loop
	// Stages map names of generated functions to YAML nodes, so that a panic
	// finds its node.
	Stages []StageFunc
	// Feeds say what loops put into the packets of sinks and queues, by the ID
	// of the consumer.
	Feeds map[string]Feed
	// Headers are the header rows of CSV sinks, by node ID.
	Headers map[string]string
	// Tables are the types of the records of sinks of tables, by node ID.
	Tables map[string]*ir.Type
	// Originals name the functions that give a source's typed row as JSON for
	// dead letters, by node ID.
	Originals map[string]string
	// Outside are the texts of per-record values that come from outside.
	Outside []Outside
}

// A Feed is what a loop puts into the packets of one consumer besides bytes.
type Feed struct {
	// Rows is the type of Out.Rows, nil for bytes.
	Rows *jen.Statement
	// JSON is the function that appends a row as JSON for dead letters, "" where
	// the source's record says all.
	JSON string
	// Ends and Origins tell that Out.Ends and Lane.Origin are kept.
	Ends, Origins bool
	// Keyed tells that Out.Hashes are kept, which decide the lane of a record.
	Keyed bool
	// Keys are the config keys whose values stand in Out.Keys, in that order.
	Keys []string
	// Literals are Go expressions of the text that stands before the first value
	// of a record in each of the Keys that is a config key.
	Literals []string
}

// A Loop is how a region's loop is made.
type Loop struct {
	Region *ir.Region
	// New is the name of func(*flow.Lane, *settings) (flow.Loop, error).
	New string
	// Targets are the IDs of sinks and queue consumers that it fills, in the
	// order of its packets.
	Targets []string
}

// A StageFunc is a generated function that holds a user's code.
type StageFunc struct{ Func, Node string }

// Generate returns the Go of a program.
func Generate(p *ir.Program, l backends.Layout) (*Unit, error) {
	g := newGenerator(p, l)
	u := &Unit{}
	for _, r := range p.Regions {
		loop, err := g.region(r)
		if err != nil {
			return nil, fmt.Errorf("region %s: %w", r.Name, err)
		}
		if loop != nil {
			u.Loops = append(u.Loops, *loop)
		}
	}
	g.declareTypes()
	for _, part := range []struct {
		name string
		code *section
	}{{"types.go", g.types}, {"decode.go", g.decode}, {"encode.go", g.encode}, {"convert.go", g.convert}, {"loops.go", g.loops}} {
		if part.code.empty {
			continue
		}
		f, err := g.render(part.name, part.code.file)
		if err != nil {
			return nil, err
		}
		u.Files = append(u.Files, f)
	}
	if len(g.stages.funcs)+len(g.stages.decls) > 0 {
		data, err := g.stages.render(l)
		if err != nil {
			return nil, fmt.Errorf("stages.go: %w", err)
		}
		u.Files = append(u.Files, backends.File{Path: "stages.go", Data: data})
	}
	slices.SortFunc(u.Files, func(a, b backends.File) int { return cmp.Compare(a.Path, b.Path) })
	u.Stages, u.Outside = g.stageFuncs, g.outside
	u.Feeds, u.Headers, u.Tables, u.Originals = g.feeds, g.headers, g.tables, g.originals
	return u, nil
}

// render formats a generated file, with the names of the packages that are known
// by now.
func (g *generator) render(name string, f *jen.File) (backends.File, error) {
	g.nameImports(f)
	return render(name, f)
}

// render formats a generated file. Imports of the standard library stand apart
// from the others, as people write them.
func render(name string, f *jen.File) (backends.File, error) {
	var buf bytes.Buffer
	if err := f.Render(&buf); err != nil {
		return backends.File{}, fmt.Errorf("%s: %w", name, err)
	}
	return backends.File{Path: name, Data: groupImports(buf.Bytes())}, nil
}

// groupImports puts the imports of the standard library first.
func groupImports(text []byte) []byte {
	head, rest, ok := bytes.Cut(text, []byte("\nimport (\n"))
	if !ok {
		return text
	}
	block, tail, ok := bytes.Cut(rest, []byte("\n)\n"))
	if !ok {
		return text
	}
	var std, other [][]byte
	for line := range bytes.SplitSeq(block, []byte("\n")) {
		quoted := line[max(0, bytes.IndexByte(line, '"'))+1:]
		first, _, _ := bytes.Cut(quoted, []byte("/"))
		if bytes.IndexByte(first, '.') >= 0 {
			other = append(other, line)
		} else {
			std = append(std, line)
		}
	}
	if len(std) == 0 || len(other) == 0 {
		return text
	}
	lines := append(append(std, nil), other...)
	return slices.Concat(head, []byte("\nimport (\n"), bytes.Join(lines, []byte("\n")), []byte("\n)\n"), tail)
}

// A generator holds what is known while one program is turned into Go.
type generator struct {
	quoter
	p      *ir.Program
	layout backends.Layout
	names  *names

	types, decode, encode, convert, loops *section
	stages                                *stageWriter
	stageFuncs                            []StageFunc
	outside                               []Outside
	feeds                                 map[string]Feed
	tables                                map[string]*ir.Type
	headers, originals                    map[string]string
	rows                                  map[string]bool // row types of queues that are declared

	nodes     map[string]*ir.Node
	out, in   map[string][]*ir.Edge
	functions map[string]string // names of functions written so far, by what each is for
	declared  map[string]*ir.Type
	order     []string // names of declared types, in order
}

// A section is one generated file that grows declaration by declaration.
type section struct {
	file  *jen.File
	empty bool
}

// add appends a declaration with a blank line before it.
func (s *section) add(code ...jen.Code) {
	s.empty = false
	s.file.Line()
	one := &jen.Statement{}
	for _, c := range code {
		one.Add(c)
	}
	s.file.Add(one)
}

func newGenerator(p *ir.Program, l backends.Layout) *generator {
	graph := p.Graph()
	g := &generator{
		quoter: newQuoter(l.Runtime()), p: p, layout: l, names: newNames(p),
		nodes: graph.Nodes, out: graph.Out, in: graph.In,
		functions: map[string]string{}, declared: map[string]*ir.Type{}, feeds: map[string]Feed{}, headers: map[string]string{}, tables: map[string]*ir.Type{}, originals: map[string]string{}, rows: map[string]bool{},
	}
	for _, s := range []**section{&g.types, &g.decode, &g.encode, &g.convert, &g.loops} {
		*s = &section{file: g.newFile(l), empty: true}
	}
	g.stages = newStageWriter(g)
	for _, n := range p.Nodes {
		for _, e := range n.Exprs() { // their text is as it is, so they have the first choice of names
			for _, u := range e.Uses {
				g.user(u.Name, g.importPath(u.Path))
			}
		}
	}
	for _, n := range p.Nodes {
		if c := n.Component(); c != nil {
			g.user(c.PkgName, c.Package)
		}
	}
	return g
}

// dataOut returns the data edges that leave a port of a node.
func (g *generator) dataOut(id, port string) []*ir.Edge {
	var edges []*ir.Edge
	for _, e := range g.out[id] {
		if e.Kind == ir.Data && e.Port == port {
			edges = append(edges, e)
		}
	}
	return edges
}
