package component

import (
	"fmt"
	"go/types"
	"os"

	"golang.org/x/tools/go/gcexportdata"
	"golang.org/x/tools/go/packages"
)

// Importer gives the types of every package that was wanted and of all that
// they import, standard ones included. It is the one importer of a compile
// whose pipeline uses Go of the user's: types are compared by identity, and a
// second importer would have another time.Time.
func (l *Loader) Importer() types.Importer { return importer{l} }

type importer struct{ l *Loader }

// Import returns a complete package, reading its export data when it is asked
// for the first time. A package of the user's that does not compile is an
// error that says no more than that: what is wrong in it has been reported.
func (i importer) Import(path string) (*types.Package, error) {
	if path == "unsafe" {
		return types.Unsafe, nil
	}
	l := i.l
	p := l.listed[path]
	if w := l.wanted[path]; w != nil {
		p = w
	}
	if p == nil {
		return nil, fmt.Errorf("package %s is not among those that this pipeline uses", path)
	}
	if l.broken[p.PkgPath] {
		return nil, fmt.Errorf("package %s does not compile", path)
	}
	return l.fromExport(p)
}

// fromExport reads a package's export data. Packages are read into one map, in
// which those that were only mentioned so far are incomplete; reading them
// completes them in place, so that every type has one identity.
func (l *Loader) fromExport(p *packages.Package) (*types.Package, error) {
	if t := l.types[p.PkgPath]; t != nil && t.Complete() {
		return t, nil
	}
	if p.PkgPath == "unsafe" {
		return types.Unsafe, nil
	}
	if p.ExportFile == "" {
		return nil, fmt.Errorf("package %s has no export data", p.PkgPath)
	}
	f, err := os.Open(p.ExportFile)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	r, err := gcexportdata.NewReader(f) //nolint:staticcheck // the go command gives archives, which Read alone does not know
	if err != nil {
		return nil, fmt.Errorf("export data of %s: %w", p.PkgPath, err)
	}
	t, err := gcexportdata.Read(r, l.fset, l.types, p.PkgPath)
	if err != nil {
		return nil, fmt.Errorf("export data of %s: %w", p.PkgPath, err)
	}
	return t, nil
}
