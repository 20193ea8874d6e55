package driver

import (
	"context"
	"fmt"
	"os"
	"testing"

	"github.com/flowc-dev/flowc/ir"
	"github.com/flowc-dev/flowc/ir/diag"
)

func TestTry(t *testing.T) {
	name := os.Getenv("TRY")
	if name == "" {
		t.Skip()
	}
	r, err := Compile(context.Background(), Options{File: name, Connectors: testConnectors, Verify: true})
	if err != nil {
		t.Error(err)
		if b, ok := err.(*BugError); ok {
			fmt.Println(b.Stack)
		}
	}
	diag.Text(os.Stdout, r.Diagnostics, diag.TextOptions{All: true})
	if r.Program != nil {
		fmt.Println(ir.Print(r.Program))
	}
}
