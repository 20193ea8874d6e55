package component

import (
	"strings"

	"github.com/flowc-dev/flowc/ir"
	"github.com/flowc-dev/flowc/ir/diag"
	"github.com/flowc-dev/flowc/ir/source"
)

// ReportUntagged warns of fields without a json tag in a type that is decoded:
// their keys are their Go names, letter by letter, and a key in another case is
// one that nobody reads. (encoding/json took it; encoding/json/v2 does not, nor
// does what is generated, and a missing field of Go's is its zero value.)
func (l *Loader) ReportUntagged(t *ir.Type, at source.Span, dl *diag.List) {
	seen := map[*ir.Type]bool{}
	var visit func(t *ir.Type)
	visit = func(t *ir.Type) {
		if t == nil || seen[t] || t.Go != nil && t.Go.Custom {
			return
		}
		seen[t] = true
		l.reportUntagged(t, at, dl)
		visit(t.Elem)
		for _, f := range t.Fields {
			visit(f.Type)
		}
	}
	visit(t)
}

func (l *Loader) reportUntagged(t *ir.Type, at source.Span, dl *diag.List) {
	fields := l.untagged[t]
	if len(fields) == 0 {
		return
	}
	var names []string
	for _, f := range fields {
		names = append(names, "`"+f.Name+"`")
	}
	said := "%s of %s has no json tag, and is read from a key of exactly that name"
	if len(names) > 1 {
		said = "%s of %s have no json tags, and are read from keys of exactly these names"
	}
	d := dl.Warningf(codeUntagged, at, said, strings.Join(names, ", "), t)
	for _, f := range fields[:min(len(fields), 3)] {
		d.NoteAt(f.Span, "`%s` is declared here", f.Go)
	}
	d.Helpf("name the key: `json:%q`", snakeCase(fields[0].Name))
}
