package gocode

import (
	"bytes"
	"cmp"
	"fmt"
	"go/format"
	"maps"
	"slices"
	"strings"

	"github.com/flowc-dev/flowc/backends"
	"github.com/flowc-dev/flowc/ir"
)

// A stageWriter writes stages.go: the user's own expressions as functions,
// with //line directives to the pipeline, so that a panic, a profile and a
// debugger show the line that the user wrote. It is plain text and not
// jennifer's, because a directive must stand at the right line of the
// formatted file.
type stageWriter struct {
	g       *generator
	funcs   []string
	decls   []string
	imports map[string]string // name -> path
	names   map[string]bool
	lets    map[string]bool     // let values that are used, by Go name
	consts  map[string]ir.Const // decimal constants that are used
}

const stagesFile = "stages.go"

func newStageWriter(g *generator) *stageWriter {
	w := &stageWriter{g: g, imports: map[string]string{}, names: map[string]bool{}, lets: map[string]bool{}, consts: map[string]ir.Const{}}
	for _, let := range g.p.Lets {
		w.names[let.GoName] = true
	}
	return w
}

// use adds an import.
func (w *stageWriter) use(name, path string) { w.imports[name] = path }

// text is quoted Go as plain text, with its imports added.
func (w *stageWriter) text(quoted string) string { return w.g.plain(quoted, w.use) }

// typ is a type as text, with its imports added.
func (w *stageWriter) typ(t *ir.Type) string { return w.text(w.g.spell(t)) }

// A stageFunc is one function to write.
type stageFunc struct {
	name, comment string
	node          *ir.Node
	in, meta      *ir.Type
	extra         string // further parameters
	results       string
	body          string
}

// add writes a function and remembers that it belongs to its node.
func (w *stageWriter) add(f stageFunc) string {
	name := w.unique(f.name)
	var params []string
	if f.in != nil {
		params = append(params, "in *"+w.typ(f.in))
	}
	if f.meta != nil {
		params = append(params, "meta *"+w.typ(f.meta))
	}
	if f.extra != "" {
		params = append(params, f.extra)
	}
	w.funcs = append(w.funcs, fmt.Sprintf("// %s %s\nfunc %s(%s) %s {\n%s\n//line %s:1\n}\n",
		name, f.comment, name, strings.Join(params, ", "), f.results, f.body, stagesFile))
	w.g.stageFuncs = append(w.g.stageFuncs, StageFunc{name, f.node.YAML})
	return name
}

// unique is a name that nothing else of the package has, from one that it may
// have.
func (w *stageWriter) unique(base string) string {
	name := free(base, func(name string) bool { return w.names[name] || w.g.names.isNodes(name) })
	w.names[name] = true
	return name
}

// expr is the text of an expression, whose needs it notes.
func (w *stageWriter) expr(e *ir.Expr) string {
	for _, l := range e.Lets {
		w.lets[l] = true
	}
	for _, t := range e.Types {
		w.g.declare(t)
	}
	for _, c := range e.Consts {
		w.consts[c.Name] = c
	}
	text := e.Go
	for _, u := range e.Uses {
		path := w.g.importPath(u.Path)
		name := u.Name
		if declares[name] {
			name = w.g.user(u.Name, path)
			text = renamePackage(text, e.Body, u.Name, name)
		}
		w.use(name, path)
	}
	return text
}

// lined is Go text with a directive wherever its lines stop following those of
// the pipeline.
func lined(e *ir.Expr, text string) string {
	if e.Span.IsZero() || len(e.Lines) == 0 {
		return text
	}
	var b strings.Builder
	last := -1
	for i, line := range strings.Split(text, "\n") {
		at := e.Lines[min(i, len(e.Lines)-1)]
		if i >= len(e.Lines) {
			at = last + 1
		}
		if at != last+1 || i == 0 {
			fmt.Fprintf(&b, "//line %s:%d\n", e.Span.File.Name, at)
		}
		last = at
		b.WriteString(line)
		b.WriteByte('\n')
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// returns is the body that gives an expression's value.
func (w *stageWriter) returns(e *ir.Expr) string {
	text := w.expr(e)
	if e.Body {
		return lined(e, text)
	}
	return lined(e, "return "+text)
}

// result is the result list of an expression of a type.
func (w *stageWriter) result(e *ir.Expr, typ string) string {
	if e.Errs {
		return "(" + typ + ", error)"
	}
	return typ
}

// render formats the file and puts the right numbers into the directives that
// lead back to it.
func (w *stageWriter) render(l backends.Layout) ([]byte, error) {
	decls := w.declarations() // adds imports
	var b bytes.Buffer
	fmt.Fprintf(&b, "// %s%s. DO NOT EDIT.\n\npackage %s\n\n", backends.Header, l.VersionSuffix(), l.Package)
	if len(w.imports) > 0 {
		b.WriteString("import (\n")
		names := slices.SortedFunc(maps.Keys(w.imports), func(a, b string) int {
			return cmp.Or(strings.Compare(w.imports[a], w.imports[b]), strings.Compare(a, b))
		})
		for _, name := range names {
			if p := w.imports[name]; packageName(p) == name {
				fmt.Fprintf(&b, "%q\n", p)
			} else {
				fmt.Fprintf(&b, "%s %q\n", name, p)
			}
		}
		b.WriteString(")\n\n")
	}
	b.WriteString(decls)
	b.WriteString(strings.Join(w.decls, "\n"))
	for _, f := range w.funcs {
		b.WriteByte('\n')
		b.WriteString(f)
	}
	out, err := format.Source(b.Bytes())
	if err != nil {
		return nil, fmt.Errorf("%w\n%s", err, b.Bytes())
	}
	lines := bytes.Split(out, []byte("\n"))
	placeholder := []byte("//line " + stagesFile + ":1")
	for i, line := range lines {
		if bytes.Equal(line, placeholder) {
			lines[i] = fmt.Appendf(nil, "//line %s:%d", stagesFile, i+2)
		}
	}
	return bytes.Join(lines, []byte("\n")), nil
}
