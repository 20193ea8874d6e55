package component

import (
	"go/ast"
	"go/parser"
	"go/scanner"
	"go/token"
	"go/types"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/flowc-dev/flowc/ir/source"
)

// places turns positions of Go code into spans. Export data knows lines and no
// columns, so the name is looked for in its line; files are read only when a
// place in them is needed.
type places struct {
	fset   *token.FileSet
	dir    string // the pipeline's folder, which file names are relative to
	goroot string // of the go command, for positions in the standard library
	files  map[string]*source.File
	trees  map[string]*ast.File
}

func newPlaces(fset *token.FileSet, dir string) *places {
	return &places{fset: fset, dir: dir, files: map[string]*source.File{}, trees: map[string]*ast.File{}}
}

// name is how a file or folder is shown: relative to the pipeline's folder
// where it is below it or a few steps beside it, else whole.
func (p *places) name(path string) string {
	rel, err := filepath.Rel(p.dir, path)
	if err != nil || strings.Count(rel, "..") > 3 {
		return filepath.ToSlash(path)
	}
	return filepath.ToSlash(rel)
}

// file reads a file, nil where it can't be read.
func (p *places) file(path string) *source.File {
	if f, ok := p.files[path]; ok {
		return f
	}
	p.files[path] = nil
	if text, err := os.ReadFile(path); err == nil {
		p.files[path] = source.NewFile(p.name(path), path, text)
	}
	return p.files[path]
}

// object is the name of an object where it is declared; zero for what has no
// place (universe types) or whose source is not there.
func (p *places) object(o types.Object) source.Span {
	if o == nil || !o.Pos().IsValid() {
		return source.Span{}
	}
	pos := p.position(o.Pos())
	return p.word(pos.Filename, pos.Line, o.Name())
}

// position is where the compiler saw something. Its own library it calls
// $GOROOT.
func (p *places) position(at token.Pos) token.Position {
	pos := p.fset.Position(at)
	if rest, ok := strings.CutPrefix(pos.Filename, "$GOROOT"); ok {
		pos.Filename = p.goroot + rest
	}
	return pos
}

// word is the first occurrence of an identifier in a line of code.
func (p *places) word(path string, line int, name string) source.Span {
	f := p.file(path)
	if f == nil || line < 1 || line > f.Lines() {
		return source.Span{}
	}
	start := f.Offset(line, 1)
	text := f.Line(line)
	for _, t := range tokens(text) {
		if t.tok == token.IDENT && t.text == name {
			return source.Span{File: f, Start: start + t.offset, End: start + t.offset + len(name)}
		}
	}
	return source.Span{File: f, Start: start, End: start + len(text)}
}

// at is the token at a position.
func (p *places) at(path string, line, column int) source.Span {
	f := p.file(path)
	if f == nil || line < 1 || line > f.Lines() {
		return source.Span{}
	}
	start := f.Offset(line, max(column, 1))
	end := f.Offset(line, 1<<30)
	span := source.Span{File: f, Start: start, End: start}
	for _, t := range tokens(f.Text[start:end]) {
		span.End = start + t.offset + len(t.text)
		break
	}
	span.End = min(max(span.End, start), end)
	return span
}

type goToken struct {
	tok    token.Token
	text   string
	offset int
}

// tokens scans a piece of Go, leaving out what the scanner puts in by itself.
func tokens(text []byte) []goToken {
	var s scanner.Scanner
	fset := token.NewFileSet()
	file := fset.AddFile("", fset.Base(), len(text))
	s.Init(file, text, func(token.Position, string) {}, 0)
	var out []goToken
	for {
		pos, tok, lit := s.Scan()
		if tok == token.EOF {
			return out
		}
		if tok == token.SEMICOLON && lit != ";" {
			continue
		}
		if lit == "" {
			lit = tok.String()
		}
		out = append(out, goToken{tok, lit, file.Offset(pos)})
	}
}

// split reads "file:line:col: message" as the go command prints it, with files
// relative to a folder.
func (p *places) split(line, dir string) (source.Span, string, bool) {
	path, rest, ok := cutPath(line)
	if !ok {
		return source.Span{}, "", false
	}
	number, rest, ok := strings.Cut(rest, ":")
	n, err := strconv.Atoi(number)
	if !ok || err != nil {
		return source.Span{}, "", false
	}
	column := 0
	if number, after, ok := strings.Cut(rest, ":"); ok {
		if c, err := strconv.Atoi(number); err == nil {
			column, rest = c, after
		}
	}
	if !filepath.IsAbs(path) {
		path = filepath.Join(dir, path)
	}
	f := p.file(path)
	if f == nil {
		return source.Span{}, "", false
	}
	if column > 0 {
		return p.at(path, n, column), strings.TrimSpace(rest), true
	}
	start := f.Offset(n, 1)
	return source.Span{File: f, Start: start, End: start + len(f.Line(n))}, strings.TrimSpace(rest), true
}

// cutPath cuts at the colon behind a path, which on Windows may hold one.
func cutPath(line string) (path, rest string, ok bool) {
	from := 0
	if len(line) > 2 && line[1] == ':' && (line[2] == '\\' || line[2] == '/') {
		from = 2
	}
	i := strings.IndexByte(line[from:], ':')
	if i < 0 {
		return "", "", false
	}
	return line[:from+i], line[from+i+1:], true
}

// tree parses a file, nil where that is impossible. It is kept: asked for by
// each field of a config struct.
func (p *places) tree(path string) *ast.File {
	if t, ok := p.trees[path]; ok {
		return t
	}
	p.trees[path] = nil
	if f := p.file(path); f != nil {
		// A file set of its own: l.fset has an entry of this name from export
		// data, whose positions are made up.
		t, _ := parser.ParseFile(token.NewFileSet(), "", f.Text, parser.ParseComments|parser.SkipObjectResolution)
		p.trees[path] = t
	}
	return p.trees[path]
}

// fieldDoc is the first sentence of the comment on a struct field.
func (p *places) fieldDoc(v *types.Var) string {
	if !v.Pos().IsValid() {
		return ""
	}
	pos := p.position(v.Pos())
	tree := p.tree(pos.Filename)
	f := p.file(pos.Filename)
	if tree == nil || f == nil {
		return ""
	}
	doc := ""
	ast.Inspect(tree, func(n ast.Node) bool {
		field, ok := n.(*ast.Field)
		if !ok {
			return true
		}
		for _, name := range field.Names {
			// The tree's file set begins at 1.
			if name.Name != v.Name() || f.Position(int(name.Pos())-1).Line != pos.Line {
				continue
			}
			if doc = field.Doc.Text(); doc == "" {
				doc = field.Comment.Text()
			}
			return false
		}
		return true
	})
	return sentence(doc)
}

// sentence is the first one of a text, in one line.
func sentence(text string) string {
	text = strings.Join(strings.Fields(text), " ")
	for i := 0; i+1 < len(text); i++ {
		if text[i] == '.' && text[i+1] == ' ' {
			return text[:i+1]
		}
	}
	return text
}
