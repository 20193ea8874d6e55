package driver

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/flowc-dev/flowc/ir"
)

// The same text gives the same program and the same words, always.
func TestDeterminism(t *testing.T) {
	for _, name := range []string{"/valid/everything.yaml", "/config.yaml", "/graph.yaml"} {
		text, err := os.ReadFile(corpus + name)
		if err != nil {
			t.Fatal(err)
		}
		first := ""
		for i := range 20 {
			r := compileText(t, "a.yaml", text)
			got := fmt.Sprintln(saidBy(r.Diagnostics))
			for _, d := range r.Diagnostics {
				got += fmt.Sprintln(d.Label, d.Help)
				for _, n := range d.Notes {
					got += fmt.Sprintln(n.Text, n.Span.Start)
				}
				for _, f := range d.Fixes {
					got += fmt.Sprintln(f.Title, f.Edits[0].Span.Start, f.Edits[0].New)
				}
			}
			if r.Program != nil {
				got += ir.Print(r.Program)
			}
			if i == 0 {
				first = got
			} else if got != first {
				t.Fatalf("%s differs from one compile to the next", name)
			}
		}
	}
}

// The order of nodes in a file means nothing for what they do: it decides only
// about the order in which they are listed.
func TestOrderMeansNothing(t *testing.T) {
	blocks := map[string]string{
		"types":      "types:\n  Payment: {id: string, amount: decimal}\n",
		"sources":    "sources:\n  ledger: {use: file, config: {path: in.ndjson}, out: Payment}\n",
		"processors": "processors:\n  big: {from: doubled, filter: in.Twice > 10}\n  doubled: {from: ledger, map: {id: in.ID, twice: in.Amount * 2}}\n",
		"sinks":      "sinks:\n  store: {from: big, use: stdout}\n",
	}
	lines := func(order ...string) string {
		text := "pipeline: x\n"
		for _, b := range order {
			text += blocks[b]
		}
		r := compileText(t, "a.yaml", []byte(text))
		wantSaid(t, r)
		if r.Program == nil {
			return ""
		}
		all := strings.Split(ir.Print(r.Program), "\n")
		for i := range all { // the hash is of the text
			if strings.HasPrefix(all[i], "program ") {
				all[i] = "program"
			}
		}
		return strings.Join(all, "\n")
	}
	count := func(text string) map[string]int {
		m := map[string]int{}
		for _, l := range strings.Split(text, "\n") {
			if !strings.HasPrefix(l, "region ") && !strings.HasPrefix(l, "process ") {
				m[l]++
			}
		}
		return m
	}
	want := count(lines("types", "sources", "processors", "sinks"))
	for _, order := range [][]string{{"sinks", "processors", "sources", "types"}, {"processors", "types", "sinks", "sources"}} {
		got := count(lines(order...))
		for l, n := range want {
			if got[l] != n {
				t.Errorf("in the order %v the line %q stands %d times, not %d", order, l, got[l], n)
			}
		}
	}
}

// Hostile sizes end: in a program or in an error, not in a stack overflow.
func TestHostileSizes(t *testing.T) {
	head := "sources:\n  a: {use: file, config: {path: in.ndjson}, out: T}\nsinks:\n  b: {from: a, use: drop}\n"
	var chain strings.Builder
	chain.WriteString("types: {T: {id: string}}\nsources:\n  n0: {use: file, config: {path: in.ndjson}, out: T}\nprocessors:\n")
	const length = 3000
	for i := 1; i <= length; i++ {
		fmt.Fprintf(&chain, "  n%d: {from: n%d, filter: true}\n", i, i-1)
	}
	fmt.Fprintf(&chain, "sinks:\n  s: {from: n%d, use: drop}\n", length)
	for name, text := range map[string]string{
		"a long chain":    chain.String(),
		"a deep type":     "types:\n  T: " + strings.Repeat("list of ", 20000) + "int\n" + head,
		"a deep bracket":  "types:\n  T: \"" + strings.Repeat("[", 20000) + "int" + strings.Repeat("]", 20000) + "\"\n" + head,
		"a long enum":     "types:\n  T: {x: a" + strings.Repeat(" | b", 20000) + "}\n" + head,
		"many references": "types: {T: {id: string}}\n" + strings.Replace(head, "in.ndjson", "\""+strings.Repeat("${env:A}", 20000)+"\"", 1),
		"a long name":     "types: {T: {id: string}}\n" + strings.ReplaceAll(head, "a", strings.Repeat("a", 20000)),
	} {
		r := compileText(t, "a.yaml", []byte(text))
		if (r.Program == nil) != r.Diagnostics.HasErrors() {
			t.Errorf("%s: neither a program nor an error", name)
		}
		if len(r.Diagnostics) > 5 && name != "a long enum" {
			t.Errorf("%s: %d diagnostics", name, len(r.Diagnostics))
		}
	}
}
