package ir

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"slices"
)

// Hash names what a program means, with 16 hexadecimal digits. It is the same
// for two texts that lower to the same program (comments, layout, the order of
// nodes, the names of files) or that differ only in how it is deployed (labels,
// options of targets), and another for every other change. It is taken
// before the passes, which keep it in Program.Hash, so that a compiler which
// optimises better gives the same.
func Hash(p *Program) string {
	if p.Hash != "" {
		return p.Hash
	}
	meaning := *p
	meaning.Files = nil
	meaning.Labels, meaning.Annotations, meaning.Targets = nil, nil, nil
	meaning.Types = slices.Clone(p.Types)
	slices.SortStableFunc(meaning.Types, func(a, b *Type) int { return cmp.Compare(a.Name, b.Name) })
	meaning.Nodes = slices.Clone(p.Nodes)
	slices.SortStableFunc(meaning.Nodes, func(a, b *Node) int { return cmp.Compare(a.ID, b.ID) })
	meaning.Edges = slices.Clone(p.Edges)
	slices.SortStableFunc(meaning.Edges, func(a, b *Edge) int { return cmp.Compare(a.String(), b.String()) })
	meaning.Jobs = slices.Clone(p.Jobs)
	slices.SortStableFunc(meaning.Jobs, func(a, b *Job) int { return cmp.Compare(a.Name, b.Name) })
	meaning.Lets = slices.Clone(p.Lets)
	slices.SortStableFunc(meaning.Lets, func(a, b *Let) int { return cmp.Compare(a.GoName, b.GoName) })
	sum := sha256.Sum256([]byte(Print(&meaning)))
	return hex.EncodeToString(sum[:8])
}
