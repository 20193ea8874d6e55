package golang

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/flowc-dev/flowc/backends"
	"github.com/flowc-dev/flowc/runtime/catalog"
)

var known = []catalog.Module{
	{Path: "example.com/hash", Version: "v0.1.0", Sum: "h1:h=", GoModSum: "h1:hm="},
	{Path: "example.com/kafka", Version: "v1.0.0", Sum: "h1:k=", GoModSum: "h1:km=", Needs: []string{"example.com/hash", "example.com/zip"}},
	{Path: "example.com/kafka/fake", Version: "v0.0.1", Sum: "h1:f=", GoModSum: "h1:fm="},
	{Path: "example.com/unused", Version: "v9.0.0", Sum: "h1:u=", GoModSum: "h1:um="},
	{Path: "example.com/zip", Version: "v2.0.0", Sum: "h1:z=", GoModSum: "h1:zm=", GoMods: []string{"example.com/old v0.1.0/go.mod h1:o="}},
}

func file(path, imports string) backends.File {
	return backends.File{Path: path, Data: []byte("package p\n\nimport _ " + imports + "\n")}
}

// A program requires what its runtime imports and what that needs, and nothing
// else of what flowc knows.
func TestModulesOf(t *testing.T) {
	for _, c := range []struct {
		name  string
		files []backends.File
		want  string
	}{
		{"nothing", []backends.File{file("main.go", `"fmt"`), file("runtime/x/x.go", `"example.com/kafkas"`)}, ""},
		{"a module alone", []backends.File{file("runtime/zip/x.go", `"example.com/zip/deflate"`)}, "example.com/zip"},
		{"with its needs", []backends.File{file("runtime/kafka/x.go", `"example.com/kafka"`)}, "example.com/hash*,example.com/kafka,example.com/zip*"},
		{"a need that is imported too", []backends.File{file("runtime/kafka/x.go", `"example.com/kafka"`), file("runtime/zip/x.go", `"example.com/zip"`)}, "example.com/hash*,example.com/kafka,example.com/zip"},
		{"the other way round", []backends.File{file("runtime/a/x.go", `"example.com/zip"`), file("runtime/kafka/x.go", `"example.com/kafka"`)}, "example.com/hash*,example.com/kafka,example.com/zip"},
		{"the innermost of two", []backends.File{file("runtime/x/x.go", `"example.com/kafka/fake/server"`)}, "example.com/kafka/fake"},
		{"the user's own imports", []backends.File{file("x.go", `"example.com/zip"`)}, ""},
	} {
		got, err := modulesOf(c.files, known)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		var names []string
		for _, m := range got {
			if m.Indirect {
				m.Path += "*"
			}
			names = append(names, m.Path)
		}
		if s := strings.Join(names, ","); s != c.want {
			t.Errorf("%s: got %s, want %s", c.name, s, c.want)
		}
	}
	if _, err := modulesOf([]backends.File{file("runtime/x/x.go", `"example.com/kafka"`)}, known[1:2]); err == nil {
		t.Error("a need that the catalog lacks is no error")
	}
}

func TestRequireBlocks(t *testing.T) {
	modules, err := modulesOf([]backends.File{file("runtime/kafka/x.go", `"example.com/kafka"`)}, known)
	if err != nil {
		t.Fatal(err)
	}
	var mod bytes.Buffer
	writeRequires(&mod, modules, false)
	writeRequires(&mod, modules, true)
	if want := "\nrequire example.com/kafka v1.0.0\n\nrequire (\n\texample.com/hash v0.1.0 // indirect\n\texample.com/zip v2.0.0 // indirect\n)\n"; mod.String() != want {
		t.Errorf("got %s", mod.String())
	}
	want := []string{
		"example.com/hash v0.1.0 h1:h=", "example.com/hash v0.1.0/go.mod h1:hm=",
		"example.com/kafka v1.0.0 h1:k=", "example.com/kafka v1.0.0/go.mod h1:km=",
		"example.com/zip v2.0.0 h1:z=", "example.com/zip v2.0.0/go.mod h1:zm=", "example.com/old v0.1.0/go.mod h1:o=", "",
	}
	if got := strings.Split(string(goSum(slices.Concat(modules, modules))), "\n"); !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
}

// Whatever a module needs, the catalog knows.
func TestCatalogIsClosed(t *testing.T) {
	for _, m := range catalog.Modules {
		for _, path := range m.Needs {
			if !slices.ContainsFunc(catalog.Modules, func(o catalog.Module) bool { return o.Path == path }) {
				t.Errorf("%s needs %s, which is not there", m.Path, path)
			}
		}
	}
}
