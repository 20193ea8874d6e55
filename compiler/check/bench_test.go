package check_test

import (
	"testing"

	"github.com/flowc-dev/flowc/compiler/check"
	"github.com/flowc-dev/flowc/ir"
	"github.com/flowc-dev/flowc/ir/diag"
)

// BenchmarkSnippets checks and lowers 1,000 small snippets with one checker, as
// a compile of a large pipeline does.
func BenchmarkSnippets(b *testing.B) {
	texts := []struct {
		text string
		want check.Want
	}{
		{`in.Qty > 100`, check.Bool("a filter")},
		{`in.Side == "buy" && in.ID != ""`, check.Bool("a filter")},
		{`in.Amount > 100`, check.Bool("a filter")},
		{`in.Amount * 1.19`, check.Any("`total`")},
		{`in.At`, check.Any("`at`")},
		{`strings.ToUpper(in.ID)`, check.Any("`id`")},
		{`or(in.Memo, "")`, check.Any("`memo`")},
		{`in.Asset.Code`, check.Any("`code`")},
		{`in.Until - in.At > time.Hour`, check.Bool("a check")},
		{"if in.Qty > 3 {\n\treturn in.Amount\n}\nreturn in.Amount * 2", check.Of(scalar(ir.Decimal), "a map")},
	}
	b.ReportAllocs()
	for b.Loop() {
		c := newChecker()
		for i := range 1000 {
			s := texts[i%len(texts)]
			var l diag.List
			e := c.Check(check.Snippet{Text: s.text, At: plain{}, Node: "n", In: payment, Want: s.want}, &l)
			if e == nil {
				b.Fatal(s.text, l)
			}
		}
	}
}
