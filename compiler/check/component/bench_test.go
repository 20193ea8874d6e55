package component

import (
	"context"
	"os"
	"testing"

	"github.com/flowc-dev/flowc/ir/diag"
	"github.com/flowc-dev/flowc/ir/source"
)

// BenchmarkLoad is what a compile pays for the user's Go with warm caches:
// three packages, one of which needs net/http and its 100 dependencies, one
// component and one type read from each.
func BenchmarkLoad(b *testing.B) {
	file := source.NewFile("pipeline.yaml", "", nil)
	at := source.Span{File: file}
	env := append(os.Environ(), "GOFLAGS=", "GOWORK=", "GOPROXY=off")
	for b.Loop() {
		l := NewLoader("testdata/shop", Options{Env: env})
		for _, path := range []string{"./shapes", "./model", "./pricing", "net/http"} {
			l.Want(path, at)
		}
		var dl diag.List
		l.Load(context.Background(), &dl)
		l.Component("./shapes.NewConverter", at, Processor, &dl)
		l.Component("./pricing.New", at, Processor, &dl)
		l.Type("./model.Ledger", at, &dl)
		if len(dl) > 0 {
			b.Fatal(show(dl))
		}
	}
}
