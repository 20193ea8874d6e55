package parse_test

import (
	"strings"
	"testing"

	"github.com/flowc-dev/flowc/compiler/parse"
	"github.com/flowc-dev/flowc/ir/diag"
	"github.com/flowc-dev/flowc/ir/source"
)

// What does not come to an end, or takes the memory, is left alone and reported.
func TestEvaluationIsBounded(t *testing.T) {
	f := &source.File{Name: "p.cue", Text: []byte("a: 1\n")}
	release := make(chan struct{})
	defer close(release)
	var held []byte
	for name, work := range map[string]func(*diag.List){
		"takes more than 1.5s":              func(*diag.List) { <-release },
		"takes more than 512 MiB of memory": func(*diag.List) { held = make([]byte, 600<<20); <-release; held[0] = 1 },
	} {
		var l diag.List
		if parse.EvaluateCUE(f, &l, work) {
			t.Errorf("%s: it came to an end", name)
		}
		if len(l) != 1 || l[0].Code != diag.InputLimit || !strings.HasSuffix(l[0].Message, name) {
			t.Errorf("%s: %v", name, l)
		}
	}
	var l diag.List
	if !parse.EvaluateCUE(f, &l, func(l *diag.List) { l.Errorf(diag.CUEValue, source.Span{File: f}, "wrong") }) || len(l) != 1 {
		t.Errorf("what work reports is lost: %v", l)
	}
}

func TestCUEWithoutBoundsIsNotImported(t *testing.T) {
	f := &source.File{Name: "p.cue", Text: []byte("import (\n\t\"list\"\n\t\"math/bits\"\n)\n\nx: bits.Lsh(1, 1000000000000)\n")}
	var l diag.List
	if parse.CheckCUE(f, &l) || len(l) != 1 || l[0].Code != diag.CUEValue || l[0].Span.Text() != `"math/bits"` {
		t.Errorf("%v", l)
	}
}
