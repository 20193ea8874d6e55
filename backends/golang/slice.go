package golang

import (
	"bytes"
	"fmt"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/flowc-dev/flowc/backends"
	"github.com/flowc-dev/flowc/runtime"
)

// own is the import path of the runtime inside flowc.
const own = "github.com/flowc-dev/flowc/runtime/"

// RuntimeSlice returns the packages of the runtime that files import, directly
// or not, with their imports pointing at the copy.
func RuntimeSlice(files []backends.File, l backends.Layout) ([]backends.File, error) {
	var todo []string
	for _, f := range files {
		if strings.HasSuffix(f.Path, ".go") {
			imports, err := importsOf(f.Path, f.Data)
			if err != nil {
				return nil, err
			}
			for _, i := range imports {
				if pkg, ok := strings.CutPrefix(i, l.Runtime()+"/"); ok {
					todo = append(todo, pkg)
				}
			}
		}
	}
	seen := map[string]bool{}
	var out []backends.File
	for len(todo) > 0 {
		pkg := todo[0]
		todo = todo[1:]
		if seen[pkg] {
			continue
		}
		seen[pkg] = true
		copied, needs, err := copyPackage(pkg, l)
		if err != nil {
			return nil, err
		}
		out = append(out, copied...)
		todo = append(todo, needs...)
	}
	return out, nil
}

// copyPackage returns the files of one package and the packages of the runtime
// that it imports.
func copyPackage(pkg string, l backends.Layout) (files []backends.File, needs []string, err error) {
	entries, err := fs.ReadDir(runtime.Source, pkg)
	if err != nil {
		return nil, nil, fmt.Errorf("the runtime has no package %s: %w", pkg, err)
	}
	for _, e := range entries {
		name := e.Name()
		if e.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			continue
		}
		text, err := fs.ReadFile(runtime.Source, path.Join(pkg, name))
		if err != nil {
			return nil, nil, err
		}
		imports, err := importsOf(name, text)
		if err != nil {
			return nil, nil, err
		}
		for _, i := range imports {
			rest, ok := strings.CutPrefix(i, own)
			if !ok {
				continue
			}
			if !slices.Contains(needs, rest) {
				needs = append(needs, rest)
			}
			text = bytes.ReplaceAll(text, []byte(strconv.Quote(i)), []byte(strconv.Quote(l.Runtime()+"/"+rest)))
		}
		head := fmt.Sprintf("// %s%s: part of its runtime. DO NOT EDIT.\n\n", backends.Header, l.VersionSuffix())
		files = append(files, backends.File{Path: path.Join("runtime", pkg, name), Data: append([]byte(head), text...)})
	}
	return files, needs, nil
}

// importsOf lists the import paths of a Go file.
func importsOf(name string, text []byte) ([]string, error) {
	f, err := parser.ParseFile(token.NewFileSet(), name, text, parser.ImportsOnly)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, i := range f.Imports {
		p, err := strconv.Unquote(i.Path.Value)
		if err != nil {
			return nil, err
		}
		out = append(out, p)
	}
	return out, nil
}
