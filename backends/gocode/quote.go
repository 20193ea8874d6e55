package gocode

import (
	"fmt"
	"path"
	"regexp"
	"strings"

	"github.com/dave/jennifer/jen"

	"github.com/flowc-dev/flowc/backends"
)

// A quoter turns quoted Go into jennifer's statements. `@flow.Lane` in the
// text is a name of the package called flow below; jennifer writes its import.
type quoter struct {
	packages map[string]string // name -> import path
}

// newQuoter knows the standard packages that generated code uses and those of
// the runtime, whose copy lies at the import path runtime.
func newQuoter(runtime string) quoter {
	q := quoter{packages: map[string]string{}}
	for _, p := range []string{"context", "encoding/base64", "encoding/json", "errors", "fmt", "io", "iter", "math/rand/v2", "os", "regexp", "slices", "strconv", "time"} {
		q.packages[packageName(p)] = p
	}
	for _, p := range []string{
		"codec", "codec/jsonscan", "codec/csv", "codec/frame", "codec/logfmt", "codec/text", "decimal", "flow", "program",
		"connect/file", "connect/generate", "connect/http", "connect/log", "connect/stdin", "connect/stdout", "connect/drop", "connect/native", "connect", "codec/zstd",
	} {
		q.packages[packageName(p)] = runtime + "/" + p
	}
	return q
}

// packageName is the name of the package at an import path.
func packageName(importPath string) string {
	base := path.Base(importPath)
	if len(base) > 1 && base[0] == 'v' && strings.Trim(base[1:], "0123456789") == "" {
		base = path.Base(path.Dir(importPath))
	}
	return base
}

var qualified = regexp.MustCompile(`@(\w+)\.(\w+)`)

// Gof quotes a piece of Go, formatted as with fmt.Sprintf.
func (q quoter) Gof(format string, args ...any) *jen.Statement {
	return q.Go(fmt.Sprintf(format, args...))
}

// Go quotes a piece of Go. An unknown @package is a mistake of the compiler's
// and panics.
func (q quoter) Go(text string) *jen.Statement {
	s := &jen.Statement{}
	for {
		m := qualified.FindStringSubmatchIndex(text)
		if m == nil {
			if text != "" {
				s.Add(jen.Op(text))
			}
			return s
		}
		if m[0] > 0 {
			s.Add(jen.Op(text[:m[0]]))
		}
		name := text[m[2]:m[3]]
		importPath, ok := q.packages[name]
		if !ok {
			panic("gocode: quoted package " + name + " is not in the table")
		}
		s.Add(jen.Qual(importPath, text[m[4]:m[5]]))
		text = text[m[1]:]
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
	for name, importPath := range q.packages {
		f.ImportName(importPath, name)
	}
	return f
}
