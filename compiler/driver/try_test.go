package driver

import (
	"context"
	"fmt"
	"os"
	"testing"

	"github.com/flowc-dev/flowc/ir"
)

func TestTry(t *testing.T) {
	for _, name := range []string{os.Getenv("TRY")} {
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
		for _, d := range r.Diagnostics {
			fmt.Println(d)
			if !d.Span.IsZero() {
				fmt.Printf("    <%s> %s\n", d.Span.Text(), d.Label)
			}
			for _, l := range d.Labels {
				fmt.Printf("    also %d:%d <%s> %s\n", l.Span.Pos().Line, l.Span.Pos().Column, l.Span.Text(), l.Text)
			}
			for _, n := range d.Notes {
				fmt.Println("    note:", n.Text, n.Span.Pos().Line, n.Span.Text())
			}
			for _, h := range d.Help {
				fmt.Println("    help:", h)
			}
			for _, f := range d.Fixes {
				for _, e := range f.Edits {
					fmt.Printf("    fix: %s <%s> -> %q\n", f.Title, e.Span.Text(), e.New)
				}
			}
		}
		if r.Program != nil {
			fmt.Println(ir.Print(r.Program))
		}
	}
}
