package check

import (
	"errors"
	"go/scanner"
	"go/token"
	"strings"

	"github.com/flowc-dev/flowc/ir/diag"
)

// brackets reports a bracket without its partner, which the parser would
// report where it gave up and not where the mistake is. It tells whether it
// found one.
func (j *job) brackets() bool {
	type open struct {
		tok    token.Token
		offset int
	}
	var stack []open
	text := j.s.Text
	var s scanner.Scanner
	broken := false
	s.Init(token.NewFileSet().AddFile("", -1, len(text)), []byte(text), func(token.Position, string) { broken = true }, 0)
	for {
		pos, tok, _ := s.Scan()
		at := int(pos) - 1
		switch tok {
		case token.EOF:
			if len(stack) == 0 || broken {
				return false
			}
			o := stack[len(stack)-1]
			j.l.Errorf(diag.GoSyntax, j.span(o.offset, o.offset+1), "`%s` is never closed", o.tok).Caret("no `%s` for this one", partner(o.tok))
			return true
		case token.LPAREN, token.LBRACK, token.LBRACE:
			stack = append(stack, open{tok, at})
		case token.RPAREN, token.RBRACK, token.RBRACE:
			if broken {
				return false
			}
			if len(stack) == 0 {
				d := j.l.Errorf(diag.GoSyntax, j.span(at, at+1), "`%s` closes nothing", tok)
				d.Replace(d.Span, "", "remove it")
				return true
			}
			o := stack[len(stack)-1]
			stack = stack[:len(stack)-1]
			if partner(o.tok) != tok {
				j.l.Errorf(diag.GoSyntax, j.span(at, at+1), "`%s` does not close `%s`", tok, o.tok).
					Caret("`%s` is expected here", partner(o.tok)).
					Also(j.span(o.offset, o.offset+1), "opened here")
				return true
			}
		}
	}
}

// partner is the closing bracket of an opening one.
func partner(t token.Token) token.Token {
	switch t {
	case token.LPAREN:
		return token.RPAREN
	case token.LBRACK:
		return token.RBRACK
	}
	return token.RBRACE
}

// syntaxError reports the first error of the parser; the others follow from it.
func (j *job) syntaxError(err error) {
	var list scanner.ErrorList
	if !errors.As(err, &list) || len(list) == 0 {
		j.l.Errorf(diag.GoSyntax, j.whole(), "%v", err)
		return
	}
	list.Sort()
	e := list[0]
	text := j.s.Text
	at := max(0, min(e.Pos.Offset-(j.base-1), len(text)))
	from, to, tok, lit := tokenAt(text, at)
	msg := e.Msg
	// What the parser says about the end is about the function around the text.
	if from >= len(strings.TrimRight(text, " \t\r\n")) {
		from = len(strings.TrimRight(text, " \t\r\n"))
		at := j.span(max(0, from-1), from)
		d := j.l.Errorf(diag.GoSyntax, at, "the Go ends too early: %s", trimFound(msg))
		d.Caret("something is missing behind this")
		return
	}
	d := j.l.Errorf(diag.GoSyntax, j.span(from, to), "%s", msg)
	if strings.HasPrefix(msg, "expected ';'") {
		// The function around the text goes on behind it.
		d.Message = "`" + oneLine(text[from:to]) + "` is unexpected here"
		d.Caret("an operator is missing before this, or a line break")
	}
	switch {
	case tok == token.GTR && strings.HasSuffix(text[:from], "<"):
		d.Span, d.Message = j.span(from-1, to), "`<>` is no operator of Go"
		d.Caret("in Go this is `!=`").Replace(d.Span, "!=", "write `!=`")
	case tok == token.ASSIGN && strings.HasPrefix(text[to:], ">"):
		d.Span, d.Message = j.span(from, to+1), "`=>` makes no function in Go"
		d.Helpf("a function is written `func(x int) bool { return x > 1 }`")
	case tok == token.ASSIGN:
		d.Caret("did you mean `==`?").Replace(d.Span, "==", "write `==`")
	case strings.HasSuffix(strings.TrimRight(text[:from], " "), "not"):
		at := strings.LastIndex(text[:from], "not")
		d.Span = j.span(at, from)
		d.Message = "`not` is no operator of Go"
		d.Caret("in Go this is `!`").Replace(d.Span, "!", "write `!`")
	case tok == token.IDENT && (lit == "and" || lit == "or"):
		op := map[string]string{"and": "&&", "or": "||"}[lit]
		d.Caret("in Go this is `%s`", op).Replace(d.Span, op, "write `%s`", op)
	case tok == token.IDENT && (lit == "in" && !strings.HasPrefix(text[to:], ".") || lit == "contains"):
		d.Helpf("whether a list has a value tells `slices.Contains(list, value)`, whether a text has another `strings.Contains(text, other)`")
	case tok == token.IDENT && (lit == "matches" || lit == "like" || lit == "LIKE"):
		d.Helpf("%s", matchHelp)
	case strings.Contains(msg, "rune literal") && strings.HasPrefix(text[from:], "'"):
		end := strings.IndexByte(text[from+1:], '\'')
		if end < 0 {
			d.Caret("strings stand in double quotes")
			break
		}
		d.Span = j.span(from, from+end+2)
		d.Caret("strings stand in double quotes").
			Replace(d.Span, `"`+text[from+1:from+1+end]+`"`, "use double quotes")
	case tok == token.ILLEGAL && lit == "?":
		d.Helpf("Go has no `?:`; write a function body: if … { return … }")
	}
}

// matchHelp says how a text is held against a regular expression.
const matchHelp = "compile the expression once, `let: {card: {regexp: '…'}}`, and ask it: `card.MatchString(…)`"

// noMatch reports `=~`, which Go reads as an assignment.
func (j *job) noMatch(at int) {
	j.l.Errorf(diag.GoSyntax, j.span(at, at+2), "`=~` is no operator of Go").Helpf("%s", matchHelp)
}

// trimFound cuts ", found …" off a message of the parser.
func trimFound(msg string) string {
	msg, _, _ = strings.Cut(msg, ", found ")
	return msg
}

// tokenAt returns the token that covers an offset of a text or begins behind
// it.
func tokenAt(text string, at int) (from, to int, tok token.Token, lit string) {
	var s scanner.Scanner
	s.Init(token.NewFileSet().AddFile("", -1, len(text)), []byte(text), func(token.Position, string) {}, 0)
	for {
		pos, tok, lit := s.Scan()
		from := int(pos) - 1
		if tok == token.EOF {
			return len(text), len(text), tok, ""
		}
		size := len(lit)
		if size == 0 || tok == token.SEMICOLON {
			size = len(tok.String())
		}
		if tok == token.SEMICOLON && lit == "\n" {
			size = 0
		}
		if from+size > at {
			return from, min(from+size, len(text)), tok, lit
		}
	}
}
