package check

import (
	"go/ast"
	"go/format"
	"go/parser"
	"go/scanner"
	"go/token"
	"sort"
	"strings"
)

// layOut formats lowered text as gofmt does and finds the line of the file
// that each of its lines came from.
func (j *job) layOut(text string, origins []origin) (string, []int) {
	if !strings.ContainsAny(text, "\n{") {
		// One line stays one line: whoever writes the file formats it.
		at := 0
		if len(origins) > 0 {
			at = origins[0].in
		}
		return strings.TrimSpace(text), []int{j.lineAt(at)}
	}
	out := formatted(text)
	was, now := anchors(text), anchors(out)
	lines := make([]int, strings.Count(out, "\n")+1)
	if len(was) == len(now) {
		starts := lineStarts(out)
		for i, p := range now {
			n := sort.SearchInts(starts, p+1) - 1
			if lines[n] == 0 {
				lines[n] = j.lineAt(inverse(origins, was[i]))
			}
		}
	}
	// Lines on which nothing begins (comments) follow the one before, and so do
	// lines that begin inside a raw string or a comment: nothing may be put
	// between them.
	inside := insideTokens(out)
	last := 0
	for i, n := range lines {
		if i == 0 && n == 0 {
			lines[i] = j.lineAt(0)
		} else if n == 0 || inside[i] {
			lines[i] = last + 1
		}
		last = lines[i]
	}
	return out, lines
}

// insideTokens tells which lines begin inside a token.
func insideTokens(text string) map[int]bool {
	inside := map[int]bool{}
	var s scanner.Scanner
	s.Init(token.NewFileSet().AddFile("", -1, len(text)), []byte(text), func(token.Position, string) {}, scanner.ScanComments)
	line := 0
	at := 0
	for {
		pos, tok, lit := s.Scan()
		if tok == token.EOF {
			return inside
		}
		from := int(pos) - 1
		line += strings.Count(text[at:from], "\n")
		at = from
		if tok == token.STRING || tok == token.COMMENT {
			for i := range strings.Count(lit, "\n") {
				inside[line+1+i] = true
			}
		}
	}
}

// formatted is text as gofmt lays it out in a function, without the indentation
// there; text that does not parse stays as it is.
func formatted(text string) string {
	const head, tail = "package p\n\nfunc _() {\n", "\n}\n"
	src, err := format.Source([]byte(head + text + tail))
	out, ok := strings.CutPrefix(string(src), head)
	if err != nil || !ok {
		return strings.TrimSpace(text)
	}
	out = strings.Trim(strings.TrimSuffix(out, tail), "\n")
	lines := strings.Split(out, "\n")
	inside := insideTokens(out)
	for i, line := range lines {
		if !inside[i] {
			lines[i] = strings.TrimPrefix(line, "\t")
		}
	}
	return strings.Join(lines, "\n")
}

// lineAt is the line of the file that an offset of the text is on.
func (j *job) lineAt(offset int) int {
	s := j.span(offset, offset)
	if s.IsZero() {
		return 0
	}
	return s.Line()
}

// inverse is the offset of the original that an offset of the result came from.
func inverse(origins []origin, out int) int {
	i := sort.Search(len(origins), func(i int) bool { return origins[i].out > out })
	if i == 0 {
		return 0
	}
	o := origins[i-1]
	if o.made {
		return o.in
	}
	return o.in + out - o.out
}

func lineStarts(s string) []int {
	starts := []int{0}
	for i := range len(s) {
		if s[i] == '\n' {
			starts = append(starts, i+1)
		}
	}
	return starts
}

// anchors are the offsets of names, literals, statements and closing brackets,
// in the order of the syntax tree: formatting moves them and keeps their
// number. Parentheses are left out, since gofmt drops some.
func anchors(text string) []int {
	const head = "package p;func _(){"
	file, err := parser.ParseFile(token.NewFileSet(), "", head+text+"\n}", parser.SkipObjectResolution)
	if err != nil {
		return nil
	}
	var list []int
	add := func(p token.Pos) {
		if p.IsValid() {
			list = append(list, max(0, int(p)-1-len(head)))
		}
	}
	body := file.Decls[0].(*ast.FuncDecl).Body
	ast.Inspect(body, func(n ast.Node) bool {
		switch n := n.(type) {
		case nil, *ast.ParenExpr, *ast.EmptyStmt:
		case *ast.BlockStmt:
			if n != body {
				add(n.Lbrace)
				add(n.Rbrace)
			}
		case *ast.CompositeLit:
			add(n.Rbrace)
		case *ast.CallExpr:
			add(n.Rparen)
		case *ast.Ident, *ast.BasicLit, ast.Stmt, *ast.FuncLit:
			add(n.Pos())
		}
		return true
	})
	return list
}
