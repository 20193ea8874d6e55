package passes

import (
	"fmt"
	"slices"

	"github.com/flowc-dev/flowc/ir"
	"github.com/flowc-dev/flowc/runtime/catalog"
)

// A Size is a size in the config of sources that decides much of the memory
// bound.
type Size struct {
	Key   string
	Nodes []string // the sources, in the order of the program
	From  int64    // the largest of their values
	To    int64    // a smaller one that serves most
}

// Text is the smaller size as it stands in a pipeline.
func (s Size) Text() string { return fmt.Sprintf("%dMiB", s.To>>20) }

// Smaller tells which sizes decide most of the memory bound of a program, and
// what the bound is with smaller ones: half of what it was at most. It is nil
// where no sizes do. The program is as it was.
func Smaller(p *ir.Program) (sizes []Size, bound int64) {
	left := sizesOf(p)
	bound = p.Memory.Total
	for bound > p.Memory.Total/2 {
		best, at := bound-p.Memory.Total/10, -1 // what does less is not worth a word
		for i, s := range left {
			if with := boundWith(p, append(slices.Clone(sizes), s)); with <= best {
				best, at = with, i
			}
		}
		if at < 0 {
			return nil, 0
		}
		bound = best
		sizes = append(sizes, left[at])
		left = slices.Delete(left, at, at+1)
	}
	return sizes, bound
}

// sizesOf are the sizes in configs of sources that the bound grows with, where
// they are larger than most pipelines need.
func sizesOf(p *ir.Program) []Size {
	var sizes []Size
	for _, n := range p.Nodes {
		op, ok := n.Op.(*ir.Source)
		if !ok {
			continue
		}
		for _, key := range sourceKeys(op) {
			to := smallerThan(op, key)
			from := amount(op, key)
			if to == 0 || from <= to {
				continue
			}
			i := slices.IndexFunc(sizes, func(s Size) bool { return s.Key == key.Name })
			if i < 0 {
				i = len(sizes)
				sizes = append(sizes, Size{Key: key.Name, To: to})
			}
			sizes[i].Nodes = append(sizes[i].Nodes, n.YAML)
			sizes[i].From = max(sizes[i].From, from)
		}
	}
	return sizes
}

// smallerThan is a size of a key that serves most pipelines, 0 where the bound
// does not grow with the key.
func smallerThan(op *ir.Source, key catalog.Key) int64 {
	switch {
	case key.Type != "size":
		return 0
	case isLongest(key):
		if makesRecords(op) {
			return 0
		}
		return 1 << 20
	case key.Holds > 0:
		return 8 << 20
	}
	return 0
}

// boundWith is the memory bound with smaller sizes.
func boundWith(p *ir.Program, sizes []Size) int64 {
	q := *p
	q.Nodes, q.Edges = slices.Clone(p.Nodes), slices.Clone(p.Edges)
	for i, e := range q.Edges { // the pass writes to edges
		copied := *e
		q.Edges[i] = &copied
	}
	for i, n := range q.Nodes {
		op, ok := n.Op.(*ir.Source)
		if !ok {
			continue
		}
		copied, source := *n, *op
		for _, s := range sizes {
			if !slices.Contains(s.Nodes, n.YAML) {
				continue
			}
			value := &ir.Value{Parts: []ir.Part{{Kind: ir.Literal, Text: s.Text()}}, Kind: "string"}
			source.Config = slices.DeleteFunc(slices.Clone(source.Config), func(c ir.Setting) bool { return c.Key == s.Key })
			source.Config = append(source.Config, ir.Setting{Key: s.Key, Value: value})
		}
		copied.Op = &source
		q.Nodes[i] = &copied
	}
	buffers(&q)
	return q.Memory.Total
}
