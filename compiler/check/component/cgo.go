package component

import (
	"path/filepath"
	"slices"

	"golang.org/x/tools/go/packages"

	"github.com/flowc-dev/flowc/ir/diag"
	"github.com/flowc-dev/flowc/ir/source"
)

// cgoFile is a file that is left out of a package because it is C's way into Go,
// relative to the package's folder; "" for none.
func (l *Loader) cgoFile(p *packages.Package) string {
	for _, file := range p.IgnoredFiles {
		if tree := l.places.tree(file); tree != nil {
			for _, spec := range tree.Imports {
				if spec.Path.Value == `"C"` {
					return filepath.Base(file)
				}
			}
		}
	}
	return ""
}

// needsCgo reports a package of which nothing is left without cgo, and tells
// whether it is one.
func (l *Loader) needsCgo(p *packages.Package, at source.Span, named string, dl *diag.List) bool {
	if len(p.CompiledGoFiles) > 0 || at.IsZero() {
		return false
	}
	file := l.cgoFile(p)
	if file == "" {
		return false
	}
	d := dl.Errorf(codeBuild, at, "`%s` needs C, and programs are built without cgo", named)
	d.Notef("%s imports \"C\"; a program is one static binary, for any machine and for images from scratch", file)
	d.Helpf("use a package in plain Go, or leave that part to a program of its own and reach it over HTTP")
	return true
}

// importsCgo reports which imports of a package need cgo, where it imports them.
func (l *Loader) importsCgo(p *packages.Package, dl *diag.List) (reported bool) {
	paths := make([]string, 0, len(p.Imports))
	for path := range p.Imports {
		paths = append(paths, path)
	}
	slices.Sort(paths)
	for _, path := range paths {
		imp := p.Imports[path]
		if imp.ExportFile == "" && l.needsCgo(imp, l.importOf(p, path), path, dl) {
			l.broken[imp.PkgPath], reported = true, true
		}
	}
	return reported
}
