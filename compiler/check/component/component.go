// Package component reads the Go that users bring: it finds the function or
// type behind `use: ./pricing.NewConverter`, reads from its signature what it
// is and how it is called, and says where it does not fit.
//
// There is no SDK to import and nothing is run: everything comes from the
// types. They are had with one packages.Load for a whole compile ([Loader]),
// from export data, which is ten times faster than from source; only a package
// that does not compile is type-checked from source, to say where. What export
// data lacks (columns, comments) is looked up in the one file that matters.
//
// The work is spread so:
//
//	loader.go goenv.go module.go   which packages, with which flags; the user's module
//	importer.go broken.go missing.go   types of packages, and why there are none
//	place.go                       Go positions as spans
//	resolve.go call.go make.go methods.go flowctl.go miss.go   symbols -> ir.GoRef
//	record.go jsonfields.go        Go types -> ir.Type
//	config.go value.go             config keys against the Go struct
//	meet.go fit.go                 event types against Go structs
package component

import (
	"go/token"
	"strings"
)

// A Role is the block of the pipeline that a component stands in.
type Role string

// The roles.
const (
	Source    Role = "source"
	Processor Role = "processor"
	Sink      Role = "sink"
)

// SplitUse takes a reference to Go apart: the symbol stands behind the last dot
// after the last slash, so that import paths may hold dots
// ("github.com/x/y.Symbol", "gopkg.in/yaml.v3.Node", "./pricing.New"; "./.New"
// is in the pipeline's own folder). It is not ok where nothing there can be a
// Go name, exported or not; path is then the whole.
func SplitUse(use string) (path, symbol string, ok bool) {
	slash := strings.LastIndexByte(use, '/')
	dot := strings.LastIndexByte(use, '.')
	if dot <= slash {
		return use, "", false
	}
	path, symbol = use[:dot], use[dot+1:]
	// A bracket is a try at a generic function: let it through to its own
	// error.
	name, _, _ := strings.Cut(symbol, "[")
	if path == "" || !token.IsIdentifier(name) || isVersion(symbol) {
		return use, "", false
	}
	return path, symbol, true
}

// isVersion tells a version suffix (gopkg.in/yaml.v3) from a symbol.
func isVersion(s string) bool {
	return len(s) > 1 && s[0] == 'v' && strings.Trim(s[1:], "0123456789") == ""
}

// isLocal tells whether a path is relative to the pipeline's folder.
func isLocal(path string) bool {
	return path == "." || path == ".." || strings.HasPrefix(path, "./") || strings.HasPrefix(path, "../")
}
