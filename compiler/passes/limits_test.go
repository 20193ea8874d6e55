package passes

import (
	"go/ast"
	"go/constant"
	"go/parser"
	"go/token"
	"go/types"
	"testing"

	"github.com/flowc-dev/flowc/ir"
)

// The runtime can't import the compiler, so its sizes are its own: they must be
// those that the memory bound counts with.
func TestRuntimeKeepsToTheLimits(t *testing.T) {
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, "../../runtime/flow/batch.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	found := false
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok || spec.Names[0].Name != "BlockSize" {
			return true
		}
		found = true
		value, err := types.Eval(fset, nil, token.NoPos, types.ExprString(spec.Values[0]))
		if err != nil {
			t.Fatal(err)
		}
		if n, _ := constant.Int64Val(value.Value); n != ir.BlockBytes {
			t.Errorf("flow.BlockSize is %d, ir.BlockBytes %d", n, ir.BlockBytes)
		}
		return true
	})
	if !found {
		t.Error("runtime/flow/batch.go has no BlockSize")
	}
}
