package analyze

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"slices"

	"github.com/flowc-dev/flowc/ir"
)

// Hash is the pipeline hash that `--version` shows: 16 hexadecimal digits over
// what the program means. It is the same for two texts that lower to the same
// program (comments, layout, the spelling of the YAML, the names of files), and
// another for every other change. Take it of a program before the passes, so
// that a new version of the compiler which optimises better gives the same.
func Hash(p *ir.Program) string {
	meaning := *p
	meaning.Files = nil
	// The order of nodes means nothing either.
	meaning.Nodes = slices.Clone(p.Nodes)
	slices.SortStableFunc(meaning.Nodes, func(a, b *ir.Node) int { return cmp.Compare(a.ID, b.ID) })
	meaning.Edges = slices.Clone(p.Edges)
	slices.SortStableFunc(meaning.Edges, func(a, b *ir.Edge) int { return cmp.Compare(a.String(), b.String()) })
	meaning.Lets = slices.Clone(p.Lets)
	slices.SortStableFunc(meaning.Lets, func(a, b *ir.Let) int { return cmp.Compare(a.GoName, b.GoName) })
	sum := sha256.Sum256([]byte(ir.Print(&meaning)))
	return hex.EncodeToString(sum[:8])
}
