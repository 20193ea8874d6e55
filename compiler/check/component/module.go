package component

import (
	"os"
	"path"
	"path/filepath"
	"sort"
	"strconv"
	"strings"

	"github.com/flowc-dev/flowc/ir"
)

// A moduleFile is the go.mod in whose module a folder lies, as far as it can
// be read without the go command.
type moduleFile struct {
	file     string // its path, "" where there is none
	path     string // the module path, "" where it can't be read
	version  string // of the go line
	requires []string
}

// findModule looks for go.mod in a folder and above, as the go command does.
func findModule(dir string) moduleFile {
	for {
		file := filepath.Join(dir, "go.mod")
		if text, err := os.ReadFile(file); err == nil {
			m := readModuleFile(string(text))
			m.file = file
			return m
		}
		up := filepath.Dir(dir)
		if up == dir {
			return moduleFile{}
		}
		dir = up
	}
}

// readModuleFile reads the module path and the paths of required modules. It
// is as lenient as can be: what is wrong with the file, the go command says.
func readModuleFile(text string) moduleFile {
	var m moduleFile
	block := ""
	for _, line := range strings.Split(text, "\n") {
		line, _, _ = strings.Cut(line, "//")
		words := strings.Fields(line)
		switch {
		case len(words) == 0:
			continue
		case words[0] == ")":
			block = ""
			continue
		case len(words) == 2 && words[1] == "(":
			block = words[0]
			continue
		}
		verb, args := block, words
		if verb == "" {
			verb, args = words[0], words[1:]
		}
		if len(args) == 0 {
			continue
		}
		name := args[0]
		if unquoted, err := strconv.Unquote(name); err == nil {
			name = unquoted
		}
		switch verb {
		case "module":
			m.path = name
		case "go":
			m.version = name
		case "require":
			m.requires = append(m.requires, name)
		}
	}
	return m
}

// holds tells whether an import path is below the module's.
func (m moduleFile) holds(path string) bool { return within(path, m.path) }

// within tells whether a path is another or below it.
func within(p, root string) bool {
	return root != "" && (p == root || strings.HasPrefix(p, root+"/"))
}

// readModule learns the user's module from what go list told.
func (l *Loader) readModule(mod moduleFile) {
	if mod.path == "" {
		return
	}
	m := &ir.Module{Path: mod.path, Dir: filepath.Dir(mod.file), GoVersion: mod.version}
	m.Folder = m.Path
	if rel, err := filepath.Rel(m.Dir, l.dir); err == nil && rel != "." {
		m.Folder = path.Join(m.Path, filepath.ToSlash(rel))
	}
	l.module = m
}

// importPath is the import path of a local one, which may lie above the
// pipeline's folder.
func (l *Loader) importPath(local string) string {
	return path.Join(l.module.Folder, local)
}

// Module is the module that the program has to be built in, nil where it can
// stand alone: where the pipeline names no package of the user's own modules,
// and no module that is replaced.
func (l *Loader) Module() *ir.Module {
	if l.module == nil {
		return nil
	}
	for _, p := range l.listed {
		if p.Module != nil && (p.Module.Main || p.Module.Replace != nil) {
			return l.module
		}
	}
	return nil
}

// Requires are the modules outside the user's own and the standard library
// that the packages need, sorted by path, with the versions that the user's
// go.mod selects.
func (l *Loader) Requires() []ir.Require {
	versions := map[string]string{}
	for _, p := range l.listed {
		if p.Module != nil && !p.Module.Main && p.Module.Version != "" {
			versions[p.Module.Path] = p.Module.Version
		}
	}
	paths := make([]string, 0, len(versions))
	for p := range versions {
		paths = append(paths, p)
	}
	sort.Strings(paths)
	requires := make([]ir.Require, len(paths))
	for i, p := range paths {
		requires[i] = ir.Require{Path: p, Version: versions[p]}
	}
	return requires
}
