package passes

import (
	"os"
	"strings"
	"testing"

	"github.com/flowc-dev/flowc/ir"
)

// The README of the IR shows a program before and after all passes.
func TestREADME(t *testing.T) {
	text, err := os.ReadFile("../../ir/README.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := strings.Split(string(text), "```flowc-ir\n")
	if len(blocks) < 3 {
		t.Fatalf("%d programs", len(blocks)-1)
	}
	before, _, _ := strings.Cut(blocks[1], "```")
	after, _, _ := strings.Cut(blocks[2], "```")
	p, err := ir.Read(before)
	if err != nil {
		t.Fatal(err)
	}
	if err := Run(p, Options{Verify: true}); err != nil {
		t.Fatal(err)
	}
	if got := ir.Print(p); got != after {
		t.Errorf("ir/README.md shows another program after the passes, which is\n%s\n%s", got, diff(after, got))
	}
}
