package check

import (
	"go/ast"
	"go/parser"
	"go/scanner"
	"go/token"
	"go/types"
	"strings"

	"github.com/flowc-dev/flowc/ir"
	"github.com/flowc-dev/flowc/ir/diag"
	"github.com/flowc-dev/flowc/ir/source"
)

// A job is the work on one snippet.
type job struct {
	c *Checker
	s Snippet
	l *diag.List

	fset *token.FileSet
	file *ast.File
	// base is added to an offset of the text to give its token.Pos.
	base int
	fn   *ast.FuncDecl
	// expr is the expression, nil where the snippet is a function body.
	expr ast.Expr
	// assign is the statement that holds the expression.
	assign *ast.AssignStmt

	pkg  *types.Package
	info *types.Info
	errs []types.Error
	// in and meta are the variables, nil where there is none.
	in, meta *types.Var
	lets     map[types.Object]*letEntry
	packages map[*types.PkgName]*importEntry
	params   map[types.Object]bool

	shape     shape
	marks     map[ast.Node]any        // what operators.go rewrote
	replaced  []ast.Expr              // what operators.go made, for messages
	known     map[ast.Expr]types.Type // types of what was just rewritten
	locals    map[types.Object]types.Type
	said      []rewording
	refused   map[token.Pos]bool // mistakes with numbers that were reported
	returns   []*ast.ReturnStmt
	errResult bool       // the body returns an error as well
	result    types.Type // the value's type, after solve
	irResult  *ir.Type   // the same of the language
	optional  bool       // the value is a pointer to it
	seq       bool       // a flatmap's value is an iter.Seq
	tuple     bool       // the expression is a call that gives a value and an error
	failed    bool
}

const (
	exprHead = "package p;func _(){_="
	bodyHead = "package p;func _(){"
)

// parse decides whether the snippet is an expression or a function body: an
// expression is tried first. It reports what parses as neither.
func (j *job) parse() bool {
	text := j.s.Text
	if strings.TrimSpace(text) == "" {
		j.l.Errorf(diag.GoSyntax, j.span(0, len(text)), "%s is empty, and Go is expected here", j.s.Want.who())
		return false
	}
	if j.brackets() {
		return false
	}
	exprErr := j.parseAs(exprHead)
	if exprErr == nil {
		if a, ok := j.only().(*ast.AssignStmt); ok && len(a.Lhs) == 1 && a.Tok == token.ASSIGN {
			if len(a.Rhs) > 1 {
				j.l.Errorf(diag.GoSyntax, j.nodeSpan(a.Rhs[1]), "%s must be one value, and there are %d", j.s.Want.who(), len(a.Rhs))
				return false
			}
			j.assign, j.expr = a, a.Rhs[0]
			j.look()
			return true
		}
	}
	bodyErr := j.parseAs(bodyHead)
	if bodyErr == nil && j.bodyEnds() && len(j.fn.Body.List) == 0 {
		j.l.Errorf(diag.GoSyntax, j.whole(), "%s is empty but for comments, and Go is expected here", j.s.Want.who())
		return false
	}
	if bodyErr == nil && j.bodyEnds() {
		j.look()
		return true
	}
	if exprErr == nil && bodyErr != nil || bodyErr == nil {
		// Brackets match, yet the text closes the function around it.
		j.l.Errorf(diag.GoSyntax, j.span(0, len(text)), "this is no expression and no function body")
		return false
	}
	if looksLikeBody(text) {
		j.syntaxError(bodyErr)
	} else {
		// Once more, because the places of the error count from this head.
		j.syntaxError(j.parseAs(exprHead))
	}
	return false
}

// parseAs parses the text behind a head that makes it a file.
func (j *job) parseAs(head string) error {
	j.fset = token.NewFileSet()
	j.fn, j.expr, j.assign = nil, nil, nil
	file, err := parser.ParseFile(j.fset, "", head+j.s.Text+"\n}", 0)
	j.base = 1 + len(head)
	j.file = file
	if err != nil {
		return err
	}
	j.fn, _ = file.Decls[0].(*ast.FuncDecl)
	return nil
}

// A shape says what kinds of syntax a snippet holds, so that most of the work
// on the many that are `in.Region == "EU"` can be left out.
type shape struct {
	operators bool // anything that rewrite looks at
	calls     bool
	writes    bool // anything that may change something, calls aside
}

// look takes the shape of the snippet.
func (j *job) look() {
	s := &j.shape
	ast.Inspect(j.fn.Body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.BinaryExpr:
			s.operators = true
		case *ast.CallExpr:
			s.operators, s.calls = true, true
		case *ast.AssignStmt:
			if n != j.assign {
				s.operators, s.writes = true, true
			}
		case *ast.SliceExpr:
			s.operators, s.writes = true, true
		case *ast.IncDecStmt, *ast.RangeStmt:
			s.writes = true
		case *ast.UnaryExpr:
			s.writes = s.writes || n.Op == token.AND
		}
		return true
	})
}

// only returns the statement of a snippet that is one statement to its end.
func (j *job) only() ast.Stmt {
	if !j.bodyEnds() || len(j.fn.Body.List) != 1 {
		return nil
	}
	return j.fn.Body.List[0]
}

// bodyEnds tells whether the function around the text ends where it should,
// and not at a bracket in the text.
func (j *job) bodyEnds() bool {
	return j.fn != nil && len(j.file.Decls) == 1 && j.offset(j.fn.Body.Rbrace) == len(j.s.Text)+1
}

// offset is where in the text a position is.
func (j *job) offset(p token.Pos) int { return int(p) - j.base }

// span is a range of the text in the file.
func (j *job) span(from, to int) source.Span {
	n := len(j.s.Text)
	from = max(0, min(from, n))
	to = max(from, min(to, n))
	if j.s.At == nil {
		return source.Span{}
	}
	return j.s.At.SubSpan(from, to)
}

// nodeSpan is the place of a piece of syntax.
func (j *job) nodeSpan(n ast.Node) source.Span {
	return j.span(j.offset(n.Pos()), j.offset(n.End()))
}

// source is the text of a piece of syntax as it was written.
func (j *job) source(n ast.Node) string {
	from, to := max(0, j.offset(n.Pos())), min(len(j.s.Text), j.offset(n.End()))
	if from >= to {
		return ""
	}
	return j.s.Text[from:to]
}

// whole is the text without the white space around it.
func (j *job) whole() source.Span {
	t := j.s.Text
	from := len(t) - len(strings.TrimLeft(t, " \t\r\n"))
	return j.span(from, len(strings.TrimRight(t, " \t\r\n")))
}

// looksLikeBody tells whether a text that does not parse was meant to be
// statements.
func looksLikeBody(text string) bool {
	var s scanner.Scanner
	fset := token.NewFileSet()
	s.Init(fset.AddFile("", -1, len(text)), []byte(text), func(token.Position, string) {}, 0)
	depth := 0
	for first := true; ; first = false {
		_, tok, lit := s.Scan()
		switch tok {
		case token.EOF:
			return false
		case token.LPAREN, token.LBRACE, token.LBRACK:
			depth++
		case token.RPAREN, token.RBRACE, token.RBRACK:
			depth--
		case token.IF, token.FOR, token.SWITCH, token.VAR, token.CONST, token.TYPE, token.DEFER, token.GO, token.SELECT:
			if first {
				return true
			}
		case token.RETURN, token.DEFINE:
			if depth == 0 {
				return true
			}
		case token.SEMICOLON:
			if depth == 0 && lit == ";" {
				return true
			}
		}
	}
}
