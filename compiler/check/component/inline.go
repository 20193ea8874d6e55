package component

import (
	"go/types"

	"github.com/flowc-dev/flowc/ir"
)

// What inline Go needs to know of the packages that it imports.

// ImportPath is the import path of a package that was wanted ("./money" is
// "example.com/shop/money"); "" where it could not be found, which has been
// reported.
func (l *Loader) ImportPath(wanted string) string {
	if p := l.wanted[wanted]; p != nil {
		return p.PkgPath
	}
	return ""
}

// Record reads a named type that the Go of a pipeline gives, so that it is the
// same [ir.Type] as where a component takes it. It is nil for types that can be
// no record, and for those of other importers.
func (l *Loader) Record(t types.Type) *ir.Type {
	name := typeName(t)
	if name == nil || l.types[name.Pkg().Path()] == nil {
		return nil
	}
	r := l.records[false]
	out := r.read(t)
	if _, bad := r.unfit(out); bad {
		return nil
	}
	return out
}
