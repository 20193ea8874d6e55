package schema

import (
	"fmt"
	"testing"

	"github.com/flowc-dev/flowc/compiler/parse"
	"github.com/flowc-dev/flowc/ir/diag"
	"github.com/flowc-dev/flowc/ir/source"
)

func TestTry(t *testing.T) {
	for _, x := range []string{"{from: a, filter: in.x > 3}", "{form: a, filter: [1], parallel: 0, order: nene, on_error: {retry: x, backoff: 3, then: ''}}", "{from: 3, filter: }"} {
		var l diag.List
		n := parse.File(source.NewFile("a.yaml", "", []byte(x)), parse.FormatYAML, &l)
		ok := Check("Filter", "a filter stage", n, n.Span, &l)
		fmt.Println(ok)
		for _, d := range l {
			fmt.Println(d, d.Label, d.Help, d.Notes, d.Fixes)
		}
	}
}
