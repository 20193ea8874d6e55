package check_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/flowc-dev/flowc/compiler/check"
	"github.com/flowc-dev/flowc/compiler/parse"
	"github.com/flowc-dev/flowc/ir"
	"github.com/flowc-dev/flowc/ir/diag"
	"github.com/flowc-dev/flowc/ir/source"
)

// wants are the keys of the YAML in testdata/*.txtar: what the snippets in the
// list below a key must be.
var wants = map[string]check.Want{
	"bool":     check.Bool("a filter"),
	"any":      check.Any("`x`"),
	"body":     check.Any("a map"),
	"decimal":  check.Of(scalar(ir.Decimal), "`total`"),
	"int":      check.Of(scalar(ir.Int), "`count`"),
	"string":   check.Of(scalar(ir.String), "`name`"),
	"side":     check.Of(side, "`side`"),
	"ledger":   check.Of(ledger, "a map"),
	"list":     check.ListOf(nil, "a flatmap"),
	"lines":    check.ListOf(line, "a flatmap"),
	"optional": {Kind: check.WantType, Type: scalar(ir.String), Optional: true, Who: "`memo`"},
}

// TestDiagnostics compares what the checker says of the snippets in
// testdata/*.txtar, with all places, with the `want` there. FLOWC_UPDATE=1
// writes it anew.
func TestDiagnostics(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatal("no testdata", err)
	}
	for _, name := range files {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(name)
			if err != nil {
				t.Fatal(err)
			}
			if len(archive.Files) != 2 {
				t.Fatalf("%s: want the files in.* and want", name)
			}
			in := archive.Files[0]
			got := diagnose(t, in.Name, in.Data)
			if string(archive.Files[1].Data) == got {
				return
			}
			if os.Getenv("FLOWC_UPDATE") != "" {
				archive.Files[1].Data = []byte(got)
				if err := os.WriteFile(name, txtar.Format(archive), 0o600); err != nil {
					t.Fatal(err)
				}
				return
			}
			t.Errorf("got:\n%s\nwant:\n%s", got, archive.Files[1].Data)
		})
	}
}

// diagnose checks all snippets of a file and prints what was said.
func diagnose(t *testing.T, name string, data []byte) string {
	t.Helper()
	var l diag.List
	f := source.NewFile(name, "", data)
	root := parse.File(f, parse.FormatOf(name), &l)
	if l.HasErrors() {
		t.Fatal(l)
	}
	var imports []check.UserImport
	if n := root.Get("imports"); n != nil {
		for _, i := range n.Items {
			imports = append(imports, check.UserImport{Path: i.Text, Span: i.Span})
		}
	}
	c := newChecker(imports...)
	lets := testLets(t, c)
	for _, m := range root.Members {
		want, ok := wants[m.Key.Text]
		if !ok {
			continue
		}
		for _, n := range m.Value.Items {
			before := len(l)
			e := c.Check(check.Snippet{Text: n.Text, At: n, Node: "n", In: payment, Meta: fileMeta, Lets: lets, Want: want}, &l)
			if (e == nil) != (len(l) > before) {
				t.Errorf("%s: expression %v with %d diagnostics", n.Text, e, len(l)-before)
			}
		}
	}
	c.Unused(&l)
	l.Sort()
	var b strings.Builder
	for _, d := range l {
		fmt.Fprintf(&b, "%s: %s: %s [%s]\n", place(d.Span), d.Severity, d.Message, d.Code)
		if d.Label != "" {
			fmt.Fprintf(&b, "  ^ %s\n", d.Label)
		}
		for _, x := range d.Labels {
			fmt.Fprintf(&b, "  ^ %s: %s\n", place(x.Span), x.Text)
		}
		for _, x := range d.Notes {
			at := ""
			if !x.Span.IsZero() {
				at = x.Span.File.Name + ":" + place(x.Span) + ": "
			}
			fmt.Fprintf(&b, "  note: %s%s\n", at, x.Text)
		}
		for _, x := range d.Help {
			fmt.Fprintf(&b, "  help: %s\n", x)
		}
		for _, x := range d.Fixes {
			safe := ""
			if x.Safe {
				safe = " (safe)"
			}
			fmt.Fprintf(&b, "  fix%s: %s", safe, x.Title)
			for _, e := range x.Edits {
				fmt.Fprintf(&b, "; %s -> %q", place(e.Span), e.New)
			}
			b.WriteByte('\n')
		}
	}
	return b.String()
}

// place is a range with the text it covers.
func place(s source.Span) string {
	if s.IsZero() {
		return "nowhere"
	}
	p, e := s.Pos(), s.EndPos()
	return fmt.Sprintf("%d:%d-%d:%d %q", p.Line, p.Column, e.Line, e.Column, s.Text())
}
