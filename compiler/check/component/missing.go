package component

import (
	"cmp"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/tools/go/packages"

	"github.com/flowc-dev/flowc/ir/diag"
)

// missing reports a wanted package that is not there; p may be nil.
func (l *Loader) missing(w want, p *packages.Package, mod moduleFile, dl *diag.List) {
	msg := ""
	if p != nil && len(p.Errors) > 0 {
		msg = p.Errors[0].Msg
	}
	local := l.localFolder(w.path, mod)
	switch {
	case p != nil && p.Name != "" && len(p.CompiledGoFiles) == 0 && msg == "":
		d := dl.Errorf(codeNotFound, w.at, "`%s` has test files only", w.path)
		d.Helpf("a component lives in a file that does not end in _test.go")
	case strings.HasPrefix(msg, "found packages "):
		found, _, _ := strings.Cut(strings.TrimPrefix(msg, "found packages "), " in ")
		dl.Errorf(codeBuild, w.at, "`%s` holds more than one package: %s", w.path, found).
			Helpf("keep one package in a folder")
	case p != nil && l.needsCgo(p, w.at, w.path, dl):
	case strings.Contains(msg, "build constraints exclude all Go files"):
		d := dl.Errorf(codeNotFound, w.at, "build constraints leave no Go file in `%s`", w.path)
		d.Notef("packages are read as the program is built: without cgo, for the GOOS and GOARCH of the environment")
		d.Helpf("where a file needs a build tag, set it: GOFLAGS=-tags=NAME")
	case local != "" && isDir(local):
		l.emptyFolder(w, local, msg, mod, dl)
	case local != "":
		l.missingFolder(w, local, dl)
	default:
		l.missingModule(w, msg, mod, dl)
	}
}

// localFolder is where a package of the user's module should be, "" for others.
func (l *Loader) localFolder(p string, mod moduleFile) string {
	switch {
	case isLocal(p):
		return filepath.Join(l.dir, filepath.FromSlash(p))
	case mod.holds(p):
		return filepath.Join(filepath.Dir(mod.file), filepath.FromSlash(strings.TrimPrefix(p, mod.path)))
	}
	return ""
}

func isDir(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

// emptyFolder reports a folder that is there and is no package of this module.
func (l *Loader) emptyFolder(w want, folder, msg string, mod moduleFile, dl *diag.List) {
	other := findModule(folder)
	work := l.env.GOWORK
	if other.file != "" && other.file != mod.file {
		d := dl.Errorf(codeModule, w.at, "`%s` belongs to another module, %s", w.path, other.path)
		if work != "" && work != "off" {
			d.Notef("%s does not list it", l.places.name(work))
			d.Helpf("add it to the workspace: `go work use %s`", l.shown(filepath.Dir(other.file)))
			return
		}
		d.Notef("this pipeline lies in the module %s", cmp.Or(mod.path, "of no go.mod"))
		d.Helpf("join both in a workspace: `go work init %s %s`", l.arg(filepath.Dir(mod.file)), l.arg(filepath.Dir(other.file)))
		return
	}
	if strings.Contains(msg, "not one of the workspace modules") || strings.Contains(msg, "go work use") {
		dl.Errorf(codeModule, w.at, "the module of `%s` is not in the workspace %s", w.path, l.places.name(work)).
			Helpf("add it: `go work use %s`", l.arg(filepath.Dir(mod.file)))
		return
	}
	d := dl.Errorf(codeNotFound, w.at, "there is no Go file in `%s`", w.path)
	if near := l.goFolders(folder); len(near) > 0 {
		d.Notef("folders below it that have Go files: %s", strings.Join(quoted(near), ", "))
	}
}

// arg is a folder as an argument of the go command.
func (l *Loader) arg(dir string) string {
	name := l.places.name(dir)
	if isLocal(name) || filepath.IsAbs(name) {
		return name
	}
	return "./" + name
}

// missingFolder reports a local package whose folder is not there, with the
// nearest that is.
func (l *Loader) missingFolder(w want, folder string, dl *diag.List) {
	d := dl.Errorf(codeNotFound, w.at, "there is no folder `%s`", w.path)
	parent := filepath.Dir(folder)
	if !isDir(parent) {
		d.Notef("nor is there `%s`", strings.TrimSuffix(w.path, "/"+path.Base(w.path)))
		return
	}
	near := l.goFolders(parent)
	if name := diag.Nearest(filepath.Base(folder), near); name != "" {
		fixed := strings.TrimSuffix(w.path, path.Base(w.path)) + name
		l.propose(d, w, fixed)
		return
	}
	if len(near) > 0 {
		d.Notef("folders with Go files there: %s", strings.Join(quoted(near), ", "))
	}
}

// propose offers another path for the one that is written.
func (l *Loader) propose(d *diag.Diagnostic, w want, path string) {
	d.Caret("did you mean `%s`?", path)
	if i := strings.Index(w.at.Text(), w.path); i >= 0 {
		d.Replace(w.at.Sub(i, i+len(w.path)), path, "write `%s`", path)
	}
}

// goFolders lists the folders in one that have Go files.
func (l *Loader) goFolders(dir string) []string {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil
	}
	var out []string
	for _, e := range entries {
		name := e.Name()
		if !e.IsDir() || name[0] == '.' || name[0] == '_' || name == "testdata" || name == "vendor" {
			continue
		}
		files, err := os.ReadDir(filepath.Join(dir, name))
		if err == nil && slices.ContainsFunc(files, func(f os.DirEntry) bool { return isSource(f.Name()) }) {
			out = append(out, name)
		}
	}
	return out
}

// isSource tells whether a file is one of a package.
func isSource(name string) bool {
	return strings.HasSuffix(name, ".go") && !strings.HasSuffix(name, "_test.go")
}

// missingModule reports an import path that no module of the build has.
func (l *Loader) missingModule(w want, msg string, mod moduleFile, dl *diag.List) {
	first, _, _ := strings.Cut(w.path, "/")
	if strings.Contains(msg, "is not in std") || !strings.Contains(first, ".") {
		d := dl.Errorf(codeNotFound, w.at, "there is no package `%s` in the standard library, nor in the module %s", w.path, cmp.Or(mod.path, "of this pipeline"))
		folder := filepath.Join(l.dir, filepath.FromSlash(w.path))
		if isDir(folder) {
			d.Helpf("for the folder beside the pipeline write `./%s`", w.path)
			if i := strings.Index(w.at.Text(), w.path); i >= 0 {
				d.Replace(w.at.Sub(i, i), "./", "write `./%s`", w.path)
			}
			return
		}
		std := filepath.Join(l.env.GOROOT, "src", filepath.FromSlash(path.Dir(w.path)))
		if near := diag.Nearest(path.Base(w.path), l.goFolders(std)); near != "" {
			l.propose(d, w, path.Join(path.Dir(w.path), near))
		}
		return
	}
	if strings.Contains(msg, "missing go.sum entry") {
		dl.Errorf(codeModule, w.at, "go.sum has no entry for the module of `%s`", w.path).
			Helpf("run `go mod tidy` in %s: flowc never writes to your module", l.shown(filepath.Dir(mod.file)))
		return
	}
	for _, r := range mod.requires {
		if within(w.path, r) {
			d := dl.Errorf(codeNotFound, w.at, "the module %s has no package `%s`", r, w.path)
			if text, _, _ := strings.Cut(msg, "\n"); text != "" && !strings.HasPrefix(text, "cannot find module") && !strings.HasPrefix(text, "no required module") {
				d.Notef("the go command says: %s", text)
			}
			return
		}
	}
	d := dl.Errorf(codeNotFound, w.at, "no module in go.mod has the package `%s`", w.path)
	for _, r := range mod.requires {
		// Compare module paths with as many elements of what was written.
		n := strings.Count(r, "/") + 1
		parts := strings.Split(w.path, "/")
		if len(parts) < n {
			continue
		}
		if start := strings.Join(parts[:n], "/"); diag.Nearest(start, []string{r}) == r {
			fixed := r + strings.TrimPrefix(w.path, start)
			l.propose(d, w, fixed)
			return
		}
	}
	if l.flags[0] == "-mod=vendor" {
		d.Notef("the module has a vendor folder, and only what is in it can be used")
		d.Helpf("run `go get %s` and `go mod vendor` in %s", w.path, l.shown(filepath.Dir(mod.file)))
		return
	}
	d.Helpf("add it in %s: `go get %s`", l.shown(filepath.Dir(mod.file)), w.path)
}

// usable reports packages that are there and can't be imported by generated
// code: programs, and internal packages that are out of its reach.
func (l *Loader) usable(w want, p *packages.Package, dl *diag.List) bool {
	if p.Name == "main" {
		dl.Errorf(codeNotFound, w.at, "`%s` is a program (package main), which can't be imported", w.path).
			Helpf("move the component to a package of its own")
		return false
	}
	parent, reached := l.reach(p.PkgPath)
	if reached || p.Module == nil {
		return true
	}
	d := dl.Errorf(codeNotFound, w.at, "`%s` is internal to %s", w.path, parent)
	if p.Module.Main {
		d.Helpf("put the pipeline into a folder below %s: internal packages are in reach from there only", l.places.name(filepath.Join(p.Module.Dir, filepath.FromSlash(strings.TrimPrefix(parent, p.Module.Path)))))
	} else {
		d.Helpf("only code of the module %s may use it", p.Module.Path)
	}
	return false
}

// reach tells whether generated code, which lies below the pipeline's folder,
// may import a package, and below which path it would have to lie.
func (l *Loader) reach(path string) (parent string, ok bool) {
	parent, internal := internalParent(path)
	return parent, !internal || l.module != nil && within(l.module.Folder, parent)
}

// internalParent is the path below which an internal package may be imported.
func internalParent(p string) (string, bool) {
	if i := strings.LastIndex(p, "/internal/"); i >= 0 {
		return p[:i], true
	}
	if strings.HasSuffix(p, "/internal") {
		return strings.TrimSuffix(p, "/internal"), true
	}
	return "", false
}

func quoted(names []string) []string {
	out := make([]string, len(names))
	for i, n := range names {
		out[i] = "`" + n + "`"
	}
	return out
}
