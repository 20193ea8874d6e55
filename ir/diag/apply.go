package diag

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/flowc-dev/flowc/ir/source"
)

// Apply returns the text of a file with edits made. All must be of this file,
// lie inside it, and not overlap; insertions at one place are made in their
// order. The file itself does not change.
func Apply(f *source.File, edits []Edit) ([]byte, error) {
	edits = slices.Clone(edits)
	slices.SortStableFunc(edits, func(a, b Edit) int {
		return cmp.Or(cmp.Compare(a.Span.Start, b.Span.Start), cmp.Compare(a.Span.End, b.Span.End))
	})
	var out []byte
	at := 0
	for _, e := range edits {
		switch {
		case e.Span.File != f:
			return nil, fmt.Errorf("an edit of another file than %s", f.Name)
		case e.Span.Start < 0 || e.Span.End < e.Span.Start || e.Span.End > len(f.Text):
			return nil, fmt.Errorf("%s: an edit of the bytes %d to %d, the file has %d", f.Name, e.Span.Start, e.Span.End, len(f.Text))
		case e.Span.Start < at:
			p := e.Span.Pos()
			return nil, fmt.Errorf("%s:%d:%d: two edits overlap", f.Name, p.Line, p.Column)
		}
		out = append(out, f.Text[at:e.Span.Start]...)
		out = append(out, e.New...)
		at = e.Span.End
	}
	return append(out, f.Text[at:]...), nil
}
