package check

import (
	"strings"

	"github.com/flowc-dev/flowc/ir/diag"
)

// Together makes one diagnostic of those that say, in the same words, that a
// name is not there: the mistake is one, most often in the declaration, however
// many places use the name. The others become labels of the first; a fix mends
// all of them. The list is sorted.
func Together(l *diag.List) {
	first := map[string]*diag.Diagnostic{}
	kept := (*l)[:0]
	for _, d := range *l {
		before := first[d.Message]
		switch {
		case d.Code != diag.GoType || !strings.Contains(d.Message, "undefined"):
		case before == nil:
			first[d.Message] = d
		case before.Span.File == d.Span.File:
			before.Again(d.Span, "and here")
			for i := range before.Fixes {
				if i < len(d.Fixes) && d.Fixes[i].Title == before.Fixes[i].Title {
					before.Fixes[i].Edits = append(before.Fixes[i].Edits, d.Fixes[i].Edits...)
				}
			}
			continue
		}
		kept = append(kept, d)
	}
	*l = kept
}
