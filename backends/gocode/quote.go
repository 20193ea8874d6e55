package gocode

import (
	"cmp"
	"fmt"
	"path"
	"regexp"
	"strconv"
	"strings"

	"github.com/dave/jennifer/jen"

	"github.com/flowc-dev/flowc/backends"
)

// A quoter turns quoted Go into jennifer's statements. `@flow.Lane` in the
// text is a name of the package called flow below; jennifer writes its import.
type quoter struct {
	packages map[string]string // what stands behind @ -> import path
	// named are the names of the user's packages, by import path.
	named map[string]string
}

// newQuoter knows the standard packages that generated code uses and those of
// the runtime, whose copy lies at the import path runtime.
func newQuoter(runtime string) quoter {
	q := quoter{packages: map[string]string{}, named: map[string]string{}}
	for _, p := range []string{"context", "encoding/base64", "encoding/json", "errors", "fmt", "io", "iter", "maps", "math/rand/v2", "os", "regexp", "slices", "strconv", "strings", "time"} {
		q.packages[packageName(p)] = p
	}
	for _, p := range []string{
		"codec", "codec/jsonscan", "codec/csv", "codec/row", "codec/frame", "codec/logfmt", "codec/text", "decimal", "flow", "jobs", "program", "supervise",
		"connect/drop", "connect/file", "connect/generate", "connect/http", "connect/kafka", "connect/log", "connect/native", "connect/nats",
		"connect/edge", "connect/foreign", "connect/lines", "connect/component", "connect/postgres", "connect/sqlite", "connect/stdin", "connect/stdout", "connect/table", "connect", "codec/zstd", "codec/parquet",
	} {
		q.packages[packageName(p)] = runtime + "/" + p
	}
	return q
}

// user makes a package of the user's known and returns what it is called behind
// @ and in stages.go: its own name, unless generated code uses another package
// of that name.
func (q quoter) user(name, importPath string) string {
	key := name
	for i := 2; ; i++ {
		have, taken := q.packages[key]
		if have == importPath {
			return key
		}
		if !taken && !declares[key] {
			q.packages[key], q.named[importPath] = importPath, name
			return key
		}
		key = name + strconv.Itoa(i)
	}
}

// packageName is the name of the package at an import path.
func packageName(importPath string) string {
	base := path.Base(importPath)
	if len(base) > 1 && base[0] == 'v' && strings.Trim(base[1:], "0123456789") == "" {
		base = path.Base(path.Dir(importPath))
	}
	return base
}

// qualified finds names of packages, and literals, which may hold an @ of the
// user's: nothing in them is a name.
var qualified = regexp.MustCompile("`[^`]*`" + `|"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|@([\pL\p{Nd}_]+)\.([\pL\p{Nd}_]+)`)

// Gof quotes a piece of Go, formatted as with fmt.Sprintf.
func (q quoter) Gof(format string, args ...any) *jen.Statement {
	return q.Go(fmt.Sprintf(format, args...))
}

// Go quotes a piece of Go. An unknown @package is a mistake of the compiler's
// and panics.
func (q quoter) Go(text string) *jen.Statement {
	s := &jen.Statement{}
	q.split(text, func(plain string) { s.Add(jen.Op(plain)) }, func(pkg, name string) { s.Add(jen.Qual(q.packages[pkg], name)) })
	return s
}

// plain is a piece of quoted Go as text; use sees the packages that it names.
func (q quoter) plain(text string, use func(name, path string)) string {
	var b strings.Builder
	q.split(text, func(plain string) { b.WriteString(plain) }, func(pkg, member string) {
		use(pkg, q.packages[pkg])
		b.WriteString(pkg + "." + member)
	})
	return b.String()
}

// split walks over quoted Go: what is plain, and the qualified names.
func (q quoter) split(text string, plain func(text string), name func(pkg, name string)) {
	done := 0
	for _, m := range qualified.FindAllStringSubmatchIndex(text, -1) {
		if m[2] < 0 { // a literal
			continue
		}
		if m[0] > done {
			plain(text[done:m[0]])
		}
		pkg := text[m[2]:m[3]]
		if _, ok := q.packages[pkg]; !ok {
			panic("gocode: quoted package " + pkg + " is not in the table")
		}
		name(pkg, text[m[4]:m[5]])
		done = m[1]
	}
	if done < len(text) {
		plain(text[done:])
	}
}

// block quotes `head { body }`.
func (q quoter) block(head string, body ...jen.Code) *jen.Statement {
	return q.Go(head).Block(body...)
}

// newFile starts a generated file.
func (q quoter) newFile(l backends.Layout) *jen.File {
	f := jen.NewFilePathName(l.Path, l.Package)
	f.HeaderComment(backends.Header + l.VersionSuffix() + ". DO NOT EDIT.")
	q.nameImports(f)
	return f
}

// nameImports tells a file the names of all packages that are known by now.
func (q quoter) nameImports(f *jen.File) {
	for name, importPath := range q.packages {
		if own, ok := q.named[importPath]; ok && declares[own] {
			f.ImportAlias(importPath, name)
			continue
		}
		f.ImportName(importPath, cmp.Or(q.named[importPath], name))
	}
}
