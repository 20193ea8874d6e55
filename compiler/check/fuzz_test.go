package check_test

import (
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/flowc-dev/flowc/compiler/check"
	"github.com/flowc-dev/flowc/ir"
	"github.com/flowc-dev/flowc/ir/diag"
	"github.com/flowc-dev/flowc/ir/source"
)

// FuzzCheck holds for any text: there is an expression or an error and never
// both, no panic, places lie in the text, the lowered text parses, and each of
// its lines has a line of the file.
func FuzzCheck(f *testing.F) {
	for _, s := range emitted {
		f.Add(s.text)
	}
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil {
		f.Fatal(err)
	}
	for _, name := range files {
		data, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		for _, l := range strings.Split(string(txtar.Parse(data).Files[0].Data), "\n") {
			f.Add(strings.TrimPrefix(strings.TrimSpace(l), "- "))
		}
	}
	kinds := []check.Want{check.Any("x"), check.Bool("x"), check.Of(scalar(ir.Decimal), "x"), check.ListOf(nil, "x")}
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 2000 {
			t.Skip()
		}
		file := source.NewFile("x", "", []byte(text))
		for _, want := range kinds {
			c := newChecker()
			var l diag.List
			s := check.Snippet{Text: text, At: plain{file}, Node: "n", In: payment, Meta: fileMeta, Want: want}
			e := c.Check(s, &l)
			if (e == nil) != l.HasErrors() {
				t.Fatalf("expression %v with %v", e, l)
			}
			for _, d := range l {
				if d.Span.Start < 0 || d.Span.End > len(text) || d.Span.Start > d.Span.End {
					t.Errorf("%v: place %d-%d", d, d.Span.Start, d.Span.End)
				}
				if strings.Contains(d.Message, "·") && !strings.Contains(text, "·") {
					t.Errorf("the message shows a name of ours: %s", d.Message)
				}
			}
			if e == nil {
				continue
			}
			if n := strings.Count(e.Go, "\n") + 1; n != len(e.Lines) {
				t.Errorf("%d lines of Go, %d of the file\n%s", n, len(e.Lines), e.Go)
			}
			body := e.Go
			if !e.Body {
				body = "return " + body
			}
			if _, err := parser.ParseFile(token.NewFileSet(), "", "package p;func _() {\n"+body+"\n}", parser.SkipObjectResolution); err != nil {
				t.Errorf("lowered text does not parse: %v\n%s", err, e.Go)
			}
			if strings.Contains(e.Go, "·") && !strings.Contains(text, "·") {
				t.Errorf("the lowered text shows a name of ours: %s", e.Go)
			}
		}
	})
}
