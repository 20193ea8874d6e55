package compile

import (
	"go/parser"
	"go/token"
	"strings"
	"testing"
)

func TestLargePipelinesHaveNodesOfFiveLines(t *testing.T) {
	for name, text := range map[string]string{"large": large(0), "with packages": withPackages(1000)} {
		_, rest, _ := strings.Cut(text, "processors:\n")
		body, _, ok := strings.Cut(rest, "\nsinks:")
		if lines := strings.Count(body, "\n"); !ok || lines != 5000 {
			t.Errorf("%s: %d lines of nodes, want 5000", name, lines)
		}
	}
}

func TestAnEditChangesOneLine(t *testing.T) {
	a, b := strings.Split(large(0), "\n"), strings.Split(large(1), "\n")
	changed := 0
	for i := range a {
		if a[i] != b[i] {
			changed++
		}
	}
	if changed != 1 || len(a) != len(b) {
		t.Errorf("%d lines changed", changed)
	}
}

func TestPackagesAreGo(t *testing.T) {
	for name, text := range packages() {
		if !strings.HasSuffix(name, ".go") {
			continue
		}
		if _, err := parser.ParseFile(token.NewFileSet(), name, text, 0); err != nil {
			t.Error(err)
		}
	}
}
