package component

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"go/token"
	"go/types"
	"maps"
	"path"
	"path/filepath"
	"slices"
	"sort"
	"strings"

	"golang.org/x/tools/go/packages"

	"github.com/flowc-dev/flowc/ir"
	"github.com/flowc-dev/flowc/ir/diag"
	"github.com/flowc-dev/flowc/ir/source"
)

// Options are what a Loader needs to know besides the folder.
type Options struct {
	// Env is the environment of the go command, as os.Environ returns it; nil
	// means that of the process. GOFLAGS, CGO_ENABLED and GOPACKAGESDRIVER in it
	// are replaced, see [Loader.Flags].
	Env []string
	// MinGo is the oldest version of Go that builds a generated program
	// ("1.26"); "" asks for none.
	MinGo string
}

// A Loader finds the Go packages that one pipeline names and reads what it
// names in them. Use it in this order: [Loader.Want] for every package,
// [Loader.Load] once, then the rest. It is for one compile and one goroutine.
type Loader struct {
	dir   string // absolute folder of the root pipeline
	opts  Options
	wants []want
	loads int

	env      goEnv
	flags    []string
	fset     *token.FileSet
	places   *places
	listed   map[string]*packages.Package // everything go list told, by import path
	wanted   map[string]*packages.Package // by the path as it is written
	types    map[string]*types.Package    // by import path, incomplete ones too
	broken   map[string]bool              // import paths whose Go does not compile
	cycle    map[string]bool              // packages being checked from source
	module   *ir.Module
	records  map[bool]*recordReader // by whether it reads configs
	origins  map[*ir.Type]types.Type
	skipped  map[*ir.Type][]skipped
	pointees map[*ir.Type]*ir.Type // *T, as an element, to T
	untagged map[*ir.Type][]*ir.Field
}

// A want is a package that the pipeline names.
type want struct {
	path  string // as written
	at    source.Span
	along bool // no reason to load
}

// NewLoader returns a loader for a pipeline whose root file lies in dir.
func NewLoader(dir string, o Options) *Loader {
	if abs, err := filepath.Abs(dir); err == nil {
		dir = abs
	}
	// The go command names packages by their real folders.
	if real, err := filepath.EvalSymlinks(dir); err == nil {
		dir = real
	}
	l := &Loader{
		dir: dir, opts: o,
		fset:     token.NewFileSet(),
		listed:   map[string]*packages.Package{},
		wanted:   map[string]*packages.Package{},
		types:    map[string]*types.Package{},
		broken:   map[string]bool{},
		cycle:    map[string]bool{},
		origins:  map[*ir.Type]types.Type{},
		skipped:  map[*ir.Type][]skipped{},
		pointees: map[*ir.Type]*ir.Type{},
		untagged: map[*ir.Type][]*ir.Field{},
	}
	l.places = newPlaces(l.fset, dir)
	l.records = map[bool]*recordReader{false: newRecordReader(l, false), true: newRecordReader(l, true)}
	return l
}

// Want notes that the pipeline names a package, as it is written: "./pricing",
// "../shared/model" or an import path. at is where the first mistake about it
// is shown.
func (l *Loader) Want(path string, at source.Span) {
	l.wants = append(l.wants, want{path: path, at: at})
}

// WantStandard notes a package of the standard library that inline Go uses. It
// is no reason to load anything, but where something is loaded it has to come
// from the same importer as the user's types.
func (l *Loader) WantStandard(path string) {
	l.wants = append(l.wants, want{path: path, along: true})
}

// Loads is how often packages.Load ran: 0 or 1.
func (l *Loader) Loads() int { return l.loads }

// Flags are the -mod and -tags flags with which the packages were found. A
// build of the program has to use the same, or it may see other code.
func (l *Loader) Flags() []string { return l.flags }

// Compiled identifies what the packages and all that they import were compiled
// to: the go command names its export files by their content. Whatever a package
// is built of (its Go, files that it embeds, modules that a replace or a
// workspace brings in) shows there.
func (l *Loader) Compiled() string {
	h := sha256.New()
	for _, path := range slices.Sorted(maps.Keys(l.listed)) {
		fmt.Fprintf(h, "%s\x00%s\x00", path, filepath.Base(l.listed[path].ExportFile))
	}
	return hex.EncodeToString(h.Sum(nil))
}

// Load finds all packages that were wanted, with one packages.Load; it does
// nothing where none was, and then [Loader.Loaded] is false. What can't be found or does not compile is reported here and once:
// later questions about it are answered with nil in silence.
func (l *Loader) Load(ctx context.Context, dl *diag.List) {
	mod := findModule(l.dir)
	var patterns []string
	user := false
	seen := map[string]bool{}
	for _, w := range l.wants {
		pattern := pattern(w.path)
		if seen[pattern] {
			continue
		}
		seen[pattern] = true
		user = user || !w.along
		if !sane(w.path) {
			l.wanted[w.path] = nil
			dl.Errorf(codeNotFound, w.at, "%q is no import path and no folder", w.path).
				Helpf("write ./folder for a package of this module, or a full import path like github.com/x/y")
			continue
		}
		patterns = append(patterns, pattern)
	}
	if !user || len(patterns) == 0 {
		return
	}
	sort.Strings(patterns)
	if !l.readGoEnv(ctx, mod, patterns, dl) {
		return
	}
	l.loads++
	roots, err := packages.Load(&packages.Config{
		Context: ctx,
		Dir:     l.dir,
		Env:     l.env.environ,
		Fset:    l.fset,
		// No types: they are read lazily from the export files of what is really
		// used (importer.go).
		Mode: packages.NeedName | packages.NeedFiles | packages.NeedCompiledGoFiles | packages.NeedImports |
			packages.NeedDeps | packages.NeedExportFile | packages.NeedModule,
	}, patterns...)
	if err != nil || len(roots) == 0 {
		// With -export the reasons for which the go command refuses the whole
		// module (a go.mod that does not parse, vendoring out of step) are lost.
		l.refused(ctx, mod, l.firstWant(), err, dl)
		return
	}
	packages.Visit(roots, nil, func(p *packages.Package) {
		if p.PkgPath != "" {
			l.listed[p.PkgPath] = p
		}
	})
	l.readModule(mod)
	for _, w := range l.wants {
		if _, done := l.wanted[w.path]; done || !sane(w.path) {
			continue
		}
		l.wanted[w.path] = nil
		p := l.root(roots, w.path)
		if l.absent(p) {
			l.missing(w, p, mod, dl)
			continue
		}
		if l.usable(w, p, dl) {
			l.wanted[w.path] = p
		}
	}
	l.checkBroken(ctx, dl)
}

// Loaded tells whether Load ran the go command, so that all types have to come
// from [Loader.Importer].
func (l *Loader) Loaded() bool { return l.loads > 0 }

// pattern is a wanted path as the go command wants it: a local one begins with
// a dot.
func pattern(p string) string {
	if !isLocal(p) {
		return p
	}
	if p = path.Clean(p); !isLocal(p) {
		p = "./" + p
	}
	return p
}

// sane refuses what the go command would take for a flag, a wildcard, a version
// or a query.
func sane(p string) bool {
	if p == "" || p[0] == '-' || p[0] == '/' || strings.Contains(p, "...") || strings.Contains(p, "//") {
		return false
	}
	for _, r := range p {
		if r <= ' ' || r == 0x7f || strings.ContainsRune("!\"#$%&'()*,:;<=>?@[\\]^`{|}", r) {
			return false
		}
	}
	switch p {
	case "all", "std", "cmd", "tool", "work", "C", "unsafe":
		return p == "unsafe"
	}
	return !strings.HasSuffix(p, ".go")
}

// root returns the package that go list found for a wanted path.
func (l *Loader) root(roots []*packages.Package, path string) *packages.Package {
	want := pattern(path)
	if isLocal(path) {
		dir := filepath.Join(l.dir, filepath.FromSlash(path))
		for _, p := range roots {
			if p.Dir == dir || p.ID == want {
				return p
			}
		}
		if real, err := filepath.EvalSymlinks(dir); err == nil && real != dir {
			for _, p := range roots {
				if p.Dir == real {
					return p
				}
			}
		}
		if l.module != nil {
			want = l.importPath(path)
		}
	}
	for _, p := range roots {
		if p.PkgPath == want || p.ID == want {
			return p
		}
	}
	return nil
}

// firstWant is the place of the first package of the user's, for what is wrong
// with all of them.
func (l *Loader) firstWant() source.Span {
	var at source.Span
	for _, w := range l.wants {
		if !w.along && (at.IsZero() || w.at.Compare(at) < 0) {
			at = w.at
		}
	}
	return at
}

// absent tells whether a package is not there at all, rather than wrong.
func (l *Loader) absent(p *packages.Package) bool {
	if p == nil || len(p.CompiledGoFiles) == 0 {
		return true
	}
	if len(p.Errors) == 0 {
		return false
	}
	_, _, placed := l.places.split(p.Errors[0].Pos+": -", l.dir)
	return p.Name == "" && !placed || strings.HasPrefix(p.Errors[0].Msg, "found packages ")
}

// lookup returns the types of a wanted package, or nil where its absence has
// been reported.
func (l *Loader) lookup(path string) *types.Package {
	p := l.wanted[path]
	if p == nil || l.broken[p.PkgPath] {
		return nil
	}
	return l.types[p.PkgPath]
}
