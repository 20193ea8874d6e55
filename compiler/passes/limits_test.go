package passes

import (
	"go/ast"
	"go/constant"
	"go/parser"
	"go/token"
	"go/types"
	"testing"

	"github.com/flowc-dev/flowc/ir"
	"github.com/flowc-dev/flowc/runtime/catalog"
)

// The runtime can't import the compiler, so its sizes are its own: they must be
// those that the memory bound counts with.
func TestRuntimeKeepsToTheLimits(t *testing.T) {
	for _, limit := range []struct {
		file, name string
		most       int64
	}{
		{"batch.go", "BlockSize", ir.BlockBytes},
		{"long.go", "LongBytes", ir.LongBytes},
		{"region.go", "maxAutoLanes", ir.AutoLanes},
	} {
		fset := token.NewFileSet()
		file, err := parser.ParseFile(fset, "../../runtime/flow/"+limit.file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		found := false
		ast.Inspect(file, func(n ast.Node) bool {
			spec, ok := n.(*ast.ValueSpec)
			if !ok || spec.Names[0].Name != limit.name {
				return true
			}
			found = true
			value, err := types.Eval(fset, nil, token.NoPos, types.ExprString(spec.Values[0]))
			if err != nil {
				t.Fatal(err)
			}
			if n, _ := constant.Int64Val(value.Value); n != limit.most {
				t.Errorf("flow.%s is %d, the bound counts %d", limit.name, n, limit.most)
			}
			return true
		})
		if !found {
			t.Errorf("runtime/flow/%s has no %s", limit.file, limit.name)
		}
	}
}

// A source takes a longest record that the bound knows.
func TestSourcesKeepToTheLongestRecord(t *testing.T) {
	for _, c := range catalog.Connectors {
		if c.Source == nil {
			continue
		}
		for _, k := range c.Source.Keys {
			if n, ok := catalog.ParseSize(k.Default); (k.Name == "max_record" || k.Name == "max_body") && (!ok || n != ir.RecordBytes) {
				t.Errorf("%s takes records of %s, the bound counts %d", c.Name, k.Default, ir.RecordBytes)
			}
		}
	}
}
