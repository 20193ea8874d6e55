package plan

import (
	"fmt"
	"slices"
	"strings"

	"github.com/flowc-dev/flowc/ir"
)

// A Request is a question.
type Request struct {
	// Program is the pipeline in one process, Pieces the processes that it asks for, nil
	// for none. All passes have run on them.
	Program *ir.Program
	Pieces  []*ir.Piece
	// Rates are records a second, Sizes bytes a record, by sources.
	Rates map[string]float64
	Sizes map[string]float64
	// Given are nanoseconds of processor time a record that somebody says of components and
	// Go of their own, by nodes.
	Given map[string]float64
	// Cores is how many a process may have.
	Cores int
	// Costs is the table, Measured what is known better, nil for nothing.
	Costs    *Table
	Measured *Measured
	// Copies tells that several copies of the program may run at once, or CopiesWhy not.
	Copies    bool
	CopiesWhy string
	// Try cuts the pipeline at a processor, in a process of its own; false where that
	// can't be.
	Try func(node string) ([]*ir.Piece, bool)
}

// Sources are the sources that records come from, by their names.
func Sources(p *ir.Program) []string {
	var names []string
	for _, n := range p.Nodes {
		if _, ok := n.Op.(*ir.Source); ok {
			names = append(names, n.YAML)
		}
	}
	return names
}

// CheckSource says why name is no source of the pipeline; nil where it is one.
func CheckSource(p *ir.Program, name string) error {
	all := Sources(p)
	if slices.Contains(all, name) {
		return nil
	}
	for _, n := range p.Nodes {
		if n.YAML == name {
			return fmt.Errorf("`%s` is no source: the sources are %s", name, quoted(all))
		}
	}
	return fmt.Errorf("the pipeline has no node `%s`: its sources are %s", name, quoted(all))
}

func quoted(names []string) string {
	out := make([]string, len(names))
	for i, n := range names {
		out[i] = "`" + n + "`"
	}
	if len(out) < 2 {
		return strings.Join(out, "")
	}
	return strings.Join(out[:len(out)-1], ", ") + " and " + out[len(out)-1]
}
