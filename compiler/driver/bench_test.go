package driver

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/flowc-dev/flowc/compiler/parse"
	"github.com/flowc-dev/flowc/compiler/schema"
	"github.com/flowc-dev/flowc/ir/diag"
	"github.com/flowc-dev/flowc/ir/source"
)

// manyNodes is a pipeline of n processors of five lines.
func manyNodes(n int) []byte {
	var b strings.Builder
	b.WriteString(`pipeline: many
types:
  Payment: {id: string, account: string, amount: decimal, side: buy | sell, at: time}
sources:
  ledger: {use: file, config: {path: in.ndjson}, out: Payment}
processors:
`)
	from := "ledger"
	for i := range n {
		name := fmt.Sprintf("step%d", i)
		switch i % 3 {
		case 0:
			fmt.Fprintf(&b, "  %s:\n    from: %s\n    filter: in.Amount > limit && in.Side == \"buy\"\n    let: {limit: %d}\n    on_error: {retry: 3, then: drop}\n", name, from, i)
		case 1:
			fmt.Fprintf(&b, "  %s:\n    from: %s\n    set: {amount: in.Amount * 2}\n    parallel: 4\n    was: old%d\n", name, from, i)
		case 2:
			fmt.Fprintf(&b, "  %s:\n    from: %s\n    check:\n      positive: in.Amount > 0\n      named: in.ID != \"\"\n", name, from)
		}
		from = name
	}
	fmt.Fprintf(&b, "sinks:\n  store: {from: %s, use: stdout}\n", from)
	return []byte(b.String())
}

func BenchmarkCompile(b *testing.B) {
	text := manyNodes(1000)
	b.SetBytes(int64(len(text)))
	for range b.N {
		r, err := Compile(context.Background(), Options{File: "many.yaml", Text: text, Connectors: testConnectors, CacheDir: cacheDir, StopAfter: "lower"})
		if err != nil || r.Program == nil {
			b.Fatal(err, r.Diagnostics)
		}
	}
}

func BenchmarkParse(b *testing.B) {
	text := manyNodes(1000)
	for range b.N {
		var l diag.List
		if parse.File(source.NewFile("many.yaml", "", text), parse.FormatYAML, &l) == nil {
			b.Fatal(l)
		}
	}
}

func BenchmarkSchema(b *testing.B) {
	var l diag.List
	root := parse.File(source.NewFile("many.yaml", "", manyNodes(1000)), parse.FormatYAML, &l)
	forms := []string{"Filter", "Set", "Check"}
	for range b.N {
		for i, m := range root.Get("processors").Members {
			if !schema.Check(forms[i%3], "a stage", m.Value, m.Key.Span, &l) {
				b.Fatal(l)
			}
		}
	}
}
