package component

import (
	"context"
	"fmt"
	"go/types"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/flowc-dev/flowc/ir"
	"github.com/flowc-dev/flowc/ir/diag"
	"github.com/flowc-dev/flowc/ir/source"
)

// TestModules finds components through every way in which Go finds packages.
func TestModules(t *testing.T) {
	for _, c := range []struct {
		name, dir string
		refs      []string
		packages  []string
		module    string
		folder    string
		requires  []ir.Require
		flags     []string
	}{
		{
			name: "workspace", dir: "modules/work/flows",
			refs:     []string{"./.Keep", "../parts/pricing.Keep", "example.com/parts/pricing.Keep"},
			packages: []string{"example.com/flows", "example.com/parts/pricing", "example.com/parts/pricing"},
			module:   "example.com/flows", folder: "example.com/flows",
			flags: []string{"-mod=readonly"},
		},
		{
			name: "vendor", dir: "modules/vendored",
			refs:     []string{"./pricing.Keep", "github.com/ledger/model/event.Closed"},
			packages: []string{"example.com/vendored/pricing", "github.com/ledger/model/event"},
			module:   "example.com/vendored", folder: "example.com/vendored",
			requires: []ir.Require{{Path: "github.com/ledger/model", Version: "v1.2.3"}},
			flags:    []string{"-mod=vendor"},
		},
		{
			name: "replace, version suffix, dots, internal packages, a folder below the root", dir: "modules/replaced/flows",
			refs: []string{
				"github.com/ledger.go/model/v2/event.Closed", "github.com/ledger.go/model/v2.Any",
				"../pricing.Keep", "./internal/near.Keep", "../internal/shared.Keep", "example.com/replaced/pricing.Keep",
			},
			packages: []string{
				"github.com/ledger.go/model/v2/event", "github.com/ledger.go/model/v2",
				"example.com/replaced/pricing", "example.com/replaced/flows/internal/near", "example.com/replaced/internal/shared", "example.com/replaced/pricing",
			},
			module: "example.com/replaced", folder: "example.com/replaced/flows",
			requires: []ir.Require{{Path: "github.com/ledger.go/model/v2", Version: "v2.1.0"}},
			flags:    []string{"-mod=readonly"},
		},
		{
			name: "a module that is replaced needs the user's module too", dir: "modules/replaced",
			refs:     []string{"github.com/ledger.go/model/v2.Any"},
			packages: []string{"github.com/ledger.go/model/v2"},
			module:   "example.com/replaced", folder: "example.com/replaced",
			requires: []ir.Require{{Path: "github.com/ledger.go/model/v2", Version: "v2.1.0"}},
			flags:    []string{"-mod=readonly"},
		},
		{
			name: "the standard library alone stands alone", dir: "modules/replaced",
			refs:     []string{"strings.ToUpper"},
			packages: []string{"strings"},
			flags:    []string{"-mod=readonly"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			before := snapshot(t, "testdata/modules")
			f := open(t, c.dir, c.refs...)
			for i, ref := range c.refs {
				r := f.component(ref, Processor)
				if r == nil {
					t.Errorf("%s was not found", ref)
				} else if r.Package != c.packages[i] {
					t.Errorf("%s is in %s, want %s", ref, r.Package, c.packages[i])
				}
			}
			if len(f.diags) > 0 {
				t.Fatalf("unexpected:\n%s", show(f.diags))
			}
			m := f.Module()
			switch {
			case c.module == "":
				if m != nil {
					t.Errorf("module %+v, want none", m)
				}
			case m == nil || m.Path != c.module || m.Folder != c.folder:
				t.Errorf("module %+v, want %s with the folder %s", m, c.module, c.folder)
			case m.GoVersion != "1.24":
				t.Errorf("go version %q, want 1.24", m.GoVersion)
			}
			if !slices.Equal(f.Requires(), c.requires) {
				t.Errorf("requires %v, want %v", f.Requires(), c.requires)
			}
			if !slices.Equal(f.Flags(), c.flags) {
				t.Errorf("flags %v, want %v", f.Flags(), c.flags)
			}
			if f.Loads() != 1 {
				t.Errorf("%d loads, want 1", f.Loads())
			}
			if after := snapshot(t, "testdata/modules"); after != before {
				t.Error("loading wrote into the user's module")
			}
		})
	}
}

// TestNothingToLoad holds that a pipeline without Go of the user's runs no go
// command, even where there is none and no module.
func TestNothingToLoad(t *testing.T) {
	t.Setenv("PATH", "")
	l := NewLoader(t.TempDir(), Options{Env: []string{"PATH="}})
	l.WantStandard("strings")
	var dl diag.List
	l.Load(context.Background(), &dl)
	if l.Loads() != 0 || l.Loaded() || len(dl) > 0 || l.Module() != nil || len(l.Requires()) > 0 {
		t.Errorf("loads %d, module %v, requires %v, %s", l.Loads(), l.Module(), l.Requires(), show(dl))
	}
}

// TestStandardAlone uses the standard library from a folder outside of any
// module.
func TestStandardAlone(t *testing.T) {
	f := openWith(t, Options{}, t.TempDir(), "strings.ToUpper")
	r := f.component("strings.ToUpper", Processor)
	if r == nil || len(f.diags) > 0 {
		t.Fatalf("%v %s", r, show(f.diags))
	}
	if r.In.Kind != ir.String || r.Out.Kind != ir.String || f.Module() != nil {
		t.Errorf("%s, module %v", describe(r), f.Module())
	}
}

// TestNoGoCommand and TestOldGo need no go command but one that answers.
func TestNoGoCommand(t *testing.T) {
	t.Setenv("PATH", "")
	f := openWith(t, Options{Env: []string{"PATH="}}, "testdata/shop", "./shapes.Keep")
	if got, want := show(f.diags), "the `go` command is not in PATH [go-toolchain]"; !strings.Contains(got, want) {
		t.Errorf("got\n%s\nwant %s", got, want)
	}
	if r := f.component("./shapes.Keep", Processor); r != nil || len(f.diags) != 1 {
		t.Errorf("%v\n%s", r, show(f.diags))
	}
}

func TestOldGo(t *testing.T) {
	f := openWith(t, Options{MinGo: "1.999"}, "testdata/shop", "./shapes.Keep")
	got := show(f.diags)
	for _, want := range []string{"generated programs need go1.999 or newer [go-toolchain]", "pipeline.yaml:1:6"} {
		if !strings.Contains(got, want) {
			t.Errorf("got\n%s\nwant %s", got, want)
		}
	}
	for _, c := range []struct {
		have, need string
		older      bool
	}{
		{"go1.25.3", "1.26", true},
		{"go1.26", "1.26", false},
		{"go1.26.8", "1.26", false},
		{"go1.100", "1.26", false},
		{"devel go1.27-abcdef", "1.26", false},
		{"go1.24rc1", "1.26", true},
		{"weird", "1.26", false},
	} {
		if got := older(c.have, c.need); got != c.older {
			t.Errorf("older(%q, %q) = %v", c.have, c.need, got)
		}
	}
}

// TestFlagsOfTheUser holds what of GOFLAGS counts: tags do, the rest does not.
func TestFlagsOfTheUser(t *testing.T) {
	root := unpackText(t, `
-- go.mod --
module example.com/shop

go 1.24
-- pricing/pricing.go --
package pricing
-- pricing/tagged.go --
//go:build special

package pricing

func Keep(in string) bool { return true }
`)
	env := append(os.Environ(), "GOWORK=", "GOPROXY=off", "GOFLAGS=-mod=mod -trimpath -tags=special,other")
	f := openWith(t, Options{Env: env}, root, "./pricing.Keep")
	r := f.component("./pricing.Keep", Processor)
	if r == nil {
		t.Fatal(show(f.diags))
	}
	if want := []string{"-mod=readonly", "-tags=special,other"}; !slices.Equal(f.Flags(), want) {
		t.Errorf("flags %v, want %v", f.Flags(), want)
	}
	if r.Declared.File.Name != "pricing/tagged.go" {
		t.Errorf("declared in %s: -trimpath was not taken away", r.Declared.File.Name)
	}
}

// TestImporter holds that types read by whatever way are the same.
func TestImporter(t *testing.T) {
	f := open(t, "shop", "./shapes.Keep")
	shapes, err := f.Importer().Import("example.com/shop/shapes")
	if err != nil {
		t.Fatal(err)
	}
	// context is no package that the pipeline names, but one that it needs.
	ctx, err := f.Importer().Import("context")
	if err != nil {
		t.Fatal(err)
	}
	sig := shapes.Scope().Lookup("MapCtx").Type().(*types.Signature)
	if want := ctx.Scope().Lookup("Context").Type(); !types.Identical(sig.Params().At(0).Type(), want) {
		t.Error("two context.Contexts")
	}
	if !ctx.Complete() || ctx.Scope().Lookup("WithTimeout") == nil {
		t.Error("context is not whole")
	}
	if _, err := f.Importer().Import("net/http"); err == nil {
		t.Error("net/http, which nobody named, was imported")
	}
	if _, err := f.Importer().Import("unsafe"); err != nil {
		t.Error(err)
	}
}

// TestUnreadable has an export file that this flowc can't read, as a newer
// toolchain's may be.
func TestUnreadable(t *testing.T) {
	f := open(t, "shop", "./shapes.Keep")
	garbage := filepath.Join(t.TempDir(), "garbage")
	if err := os.WriteFile(garbage, []byte("!<arch>\nnothing of the kind"), 0o666); err != nil {
		t.Fatal(err)
	}
	f.wanted["./shapes"].ExportFile = garbage
	f.env.GOVERSION = "go1.999"
	delete(f.types, "example.com/shop/shapes")
	f.checkBroken(context.Background(), &f.diags)
	got := show(f.diags)
	for _, want := range []string{"the compiled form of `./shapes` can't be read", "go1.999", "[go-toolchain]", "pipeline.yaml:1:6"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is not in\n%s", want, got)
		}
	}
	if r := f.component("./shapes.Keep", Processor); r != nil || len(f.diags) != 1 {
		t.Errorf("%v\n%s", r, show(f.diags))
	}
}

// TestBrokenImport holds that a package with errors imports as an error of few
// words.
func TestBrokenImport(t *testing.T) {
	root := unpackText(t, `
-- go.mod --
module example.com/shop

go 1.24
-- pricing/pricing.go --
package pricing

var X int = "no number"
`)
	f := openWith(t, Options{}, root, "./pricing.X")
	if _, err := f.Importer().Import("example.com/shop/pricing"); err == nil || err.Error() != "package example.com/shop/pricing does not compile" {
		t.Errorf("got %v", err)
	}
	if len(f.diags) != 1 {
		t.Error(show(f.diags))
	}
}

// TestCancel holds that a stopped compile says nothing.
func TestCancel(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	l := NewLoader("testdata/shop", Options{})
	file := source.NewFile("pipeline.yaml", "", []byte("./shapes.Keep"))
	at := source.Span{File: file, Start: 0, End: 13}
	l.Want("./shapes", at)
	var dl diag.List
	l.Load(ctx, &dl)
	if r := l.Component("./shapes.Keep", at, Processor, &dl); r != nil || len(dl) > 0 {
		t.Errorf("%v\n%s", r, show(dl))
	}
}

func TestSplitUse(t *testing.T) {
	for _, c := range []struct {
		use, path, symbol string
		ok                bool
	}{
		{"./pricing.New", "./pricing", "New", true},
		{"github.com/x/y.Symbol", "github.com/x/y", "Symbol", true},
		{"github.com/x.y/z.v2/w.Symbol", "github.com/x.y/z.v2/w", "Symbol", true},
		{"gopkg.in/yaml.v3.Node", "gopkg.in/yaml.v3", "Node", true},
		{"gopkg.in/yaml.v3", "gopkg.in/yaml.v3", "", false},
		{"./.New", "./", "New", true},
		{"../..New", "../.", "New", true},
		{"strings.ToUpper", "strings", "ToUpper", true},
		{"./pricing", "./pricing", "", false},
		{"./pricing.", "./pricing.", "", false},
		{".New", ".New", "", false},
		{"./a.b-c", "./a.b-c", "", false},
		{"./a.Map[int]", "./a", "Map[int]", true},
		{"file", "file", "", false},
		{"", "", "", false},
	} {
		path, symbol, ok := SplitUse(c.use)
		if path != c.path || symbol != c.symbol || ok != c.ok {
			t.Errorf("SplitUse(%q) = %q, %q, %v; want %q, %q, %v", c.use, path, symbol, ok, c.path, c.symbol, c.ok)
		}
	}
}

// TestModuleFile reads go.mod files in their odd spellings.
func TestModuleFile(t *testing.T) {
	m := readModuleFile("// a comment\nmodule \"example.com/x\" // why\n\ngo 1.24\nrequire github.com/a/b v1.0.0\nrequire (\n\tgithub.com/c/d v1.0.0 // indirect\n\n\t\"github.com/e/f\" v2.0.0+incompatible\n)\nreplace github.com/a/b => ../b\n")
	if got, want := fmt.Sprint(m.path, m.requires), "example.com/x[github.com/a/b github.com/c/d github.com/e/f]"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if m := readModuleFile("module (\n\texample.com/y\n)\n\x00("); m.path != "example.com/y" {
		t.Errorf("got %q", m.path)
	}
	if m := findModule(filepath.Join(t.TempDir(), "nowhere")); m.file != "" {
		t.Errorf("found %s", m.file)
	}
}

func FuzzModuleFile(f *testing.F) {
	f.Add("module example.com/x\nrequire (\n)")
	f.Fuzz(func(t *testing.T, text string) { readModuleFile(text) })
}
