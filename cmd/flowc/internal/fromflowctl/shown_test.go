package fromflowctl

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"testing"
)

// shown says that tests of another package show it, where the parts that it takes are: they
// must be there, and run with that package.
func shown(pkg string, names ...string) func(*testing.T) {
	return func(t *testing.T) {
		files, err := filepath.Glob(filepath.Join(root, filepath.FromSlash(pkg), "*_test.go"))
		if err != nil {
			t.Fatal(err)
		}
		there := map[string]bool{}
		for _, file := range files {
			parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			for _, d := range parsed.Decls {
				if f, ok := d.(*ast.FuncDecl); ok && f.Recv == nil {
					there[f.Name.Name] = true
				}
			}
		}
		for _, name := range names {
			if !there[name] {
				t.Errorf("package %s has no %s", pkg, name)
			}
		}
	}
}

// both are two tests of one thing.
func both(a, b func(*testing.T)) func(*testing.T) {
	return func(t *testing.T) {
		a(t)
		b(t)
	}
}
