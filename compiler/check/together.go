package check

import (
	"strings"

	"github.com/flowc-dev/flowc/ir/diag"
)

// Together makes one diagnostic of those that say that the same name is not
// there: a member that a type lacks, as a key of a literal or of a map and as
// `in.X`, or a name that is undefined, in the same words. The mistake is one,
// most often in the declaration, however many places use the name. The others
// become labels of the first; a fix mends all of them. The list is sorted.
func Together(l *diag.List) {
	first := map[string]*diag.Diagnostic{}
	kept := (*l)[:0]
	for _, d := range *l {
		missing := d.Lacks
		if missing == "" && d.Code == diag.GoType && strings.Contains(d.Message, "undefined") {
			missing = d.Message
		}
		before := first[missing]
		switch {
		case missing == "":
		case before == nil:
			first[missing] = d
		case before.Span.File == d.Span.File:
			again(before, d)
			continue
		}
		kept = append(kept, d)
	}
	*l = kept
}

// again adds to a diagnostic all places of another that tells of the same
// mistake, and to its fixes the edits of those that do the same there. What
// they write may differ in its spelling: `total` is a key, and Total Go.
func again(first, d *diag.Diagnostic) {
	first.Again(d.Span, "and here")
	for _, label := range d.Labels {
		first.Again(label.Span, "%s", label.Text)
	}
	for i := range first.Fixes {
		if i < len(d.Fixes) && strings.EqualFold(d.Fixes[i].Title, first.Fixes[i].Title) {
			first.Fixes[i].Edits = append(first.Fixes[i].Edits, d.Fixes[i].Edits...)
		}
	}
}
