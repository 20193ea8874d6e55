package golang

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/flowc-dev/flowc/backends"
	"github.com/flowc-dev/flowc/runtime/catalog"
)

// ModulesOf lists the modules outside the standard library that the runtime's
// files among files import, and those that these need in turn, by path: versions
// and sums are the compiler's own, so that nothing has to be looked up.
func ModulesOf(files []backends.File) ([]backends.Module, error) {
	return modulesOf(files, catalog.Modules)
}

// modulesOf is ModulesOf with the modules that there are.
func modulesOf(files []backends.File, known []catalog.Module) ([]backends.Module, error) {
	indirect := map[string]bool{} // by path
	for _, f := range files {
		if !strings.HasPrefix(f.Path, "runtime/") || !strings.HasSuffix(f.Path, ".go") {
			continue
		}
		imports, err := importsOf(f.Path, f.Data)
		if err != nil {
			return nil, err
		}
		for _, i := range imports {
			m, ok := moduleOf(i, known)
			if !ok {
				continue
			}
			indirect[m.Path] = false
			for _, path := range m.Needs {
				if _, is := indirect[path]; !is {
					indirect[path] = true
				}
			}
		}
	}
	var out []backends.Module
	for _, m := range known {
		if ind, ok := indirect[m.Path]; ok {
			out = append(out, backends.Module{Path: m.Path, Version: m.Version, Sum: m.Sum, GoModSum: m.GoModSum, Indirect: ind, GoMods: m.GoMods})
			delete(indirect, m.Path)
		}
	}
	for path := range indirect {
		return nil, fmt.Errorf("the catalog names the module %s and does not know it", path)
	}
	slices.SortFunc(out, func(a, b backends.Module) int { return cmp.Compare(a.Path, b.Path) })
	return out, nil
}

// moduleOf finds the module of a package: of modules inside one another the
// innermost.
func moduleOf(pkg string, known []catalog.Module) (found catalog.Module, ok bool) {
	for _, m := range known {
		if (pkg == m.Path || strings.HasPrefix(pkg, m.Path+"/")) && len(m.Path) > len(found.Path) {
			found, ok = m, true
		}
	}
	return found, ok
}

// goMod is the module's go.mod and, where it requires anything, its go.sum.
func goMod(files []backends.File, l backends.Layout) ([]backends.File, error) {
	modules, err := ModulesOf(files)
	if err != nil {
		return nil, err
	}
	var mod bytes.Buffer
	fmt.Fprintf(&mod, "// %s%s. DO NOT EDIT.\n\nmodule %s\n\ngo %s\n", backends.Header, l.VersionSuffix(), l.Path, GoVersion)
	writeRequires(&mod, modules, false)
	writeRequires(&mod, modules, true)
	out := []backends.File{{Path: "go.mod", Data: mod.Bytes()}}
	if len(modules) > 0 {
		out = append(out, backends.File{Path: "go.sum", Data: goSum(modules), Verbatim: true})
	}
	return out, nil
}

// writeRequires writes the requirements that are indirect, or those that are not,
// as the go command itself formats them.
func writeRequires(mod *bytes.Buffer, modules []backends.Module, indirect bool) {
	modules = slices.DeleteFunc(slices.Clone(modules), func(m backends.Module) bool { return m.Indirect != indirect })
	comment := ""
	if indirect {
		comment = " // indirect"
	}
	switch len(modules) {
	case 0:
	case 1:
		fmt.Fprintf(mod, "\nrequire %s %s%s\n", modules[0].Path, modules[0].Version, comment)
	default:
		mod.WriteString("\nrequire (\n")
		for _, m := range modules {
			fmt.Fprintf(mod, "\t%s %s%s\n", m.Path, m.Version, comment)
		}
		mod.WriteString(")\n")
	}
}

// goSum has each line of the modules' once.
func goSum(modules []backends.Module) []byte {
	var sum bytes.Buffer
	seen := map[string]bool{}
	for _, m := range modules {
		for _, line := range m.Sums() {
			if !seen[line] {
				seen[line] = true
				sum.WriteString(line)
			}
		}
	}
	return sum.Bytes()
}
