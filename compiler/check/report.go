package check

import (
	"go/ast"
	"go/token"
	"go/types"
	"regexp"
	"slices"
	"strings"

	"github.com/flowc-dev/flowc/ir/diag"
	"github.com/flowc-dev/flowc/ir/source"
)

// report says what go/types found, in its own words and at the places where the
// user wrote it, each mistake once.
func (j *job) report() {
	slices.SortStableFunc(j.errs, func(a, b types.Error) int { return int(a.Pos - b.Pos) })
	hard := slices.ContainsFunc(j.errs, func(e types.Error) bool { return !e.Soft })
	said := map[string]*diag.Diagnostic{}
	for _, e := range j.errs {
		if e.Soft && (hard || j.failed) {
			continue // unused variables follow from what was not understood
		}
		if strings.HasPrefix(e.Msg, "\t") || strings.Contains(e.Msg, "invalid type") {
			continue // the other place of the error before; a follow-up
		}
		start, end := errRange(e)
		if j.refused[start] || j.refused[e.Pos] {
			continue
		}
		msg := j.words(e.Msg)
		d := j.explain(e, msg, start, end)
		if before := said[msg]; before != nil {
			again(before, d)
			continue
		}
		said[msg] = j.l.Add(d)
		j.failed = true
	}
}

// posSpan is the place of a range of positions. A range without length is
// widened to the token there.
func (j *job) posSpan(start, end token.Pos) source.Span {
	from, to := j.offset(start), j.offset(end)
	if from >= len(j.s.Text) {
		// The end of the function around the text.
		n := len(strings.TrimRight(j.s.Text, " \t\r\n"))
		return j.span(max(0, n-1), n)
	}
	if to <= from {
		_, to, _, _ = tokenAt(j.s.Text, max(0, from))
	}
	return j.span(from, to)
}

// A rewording is how rewritten code is called in messages.
type rewording struct{ now, was string }

// rewordings are all of them, longer code first, since it holds the shorter.
func (j *job) rewordings() []rewording {
	if j.said != nil {
		return j.said
	}
	j.said = []rewording{}
	for _, x := range j.replaced {
		// A message that holds more code than this is of no use to anybody.
		if int(x.End()-x.Pos()) < 2000 {
			j.said = append(j.said, rewording{types.ExprString(x), oneLine(j.source(x))})
		}
	}
	slices.SortStableFunc(j.said, func(a, b rewording) int { return len(b.now) - len(a.now) })
	return j.said
}

// words takes out of a message what is the checker's own: the package of event
// types, conversions that it inserted, and what decimals and enums are in it.
func (j *job) words(msg string) string {
	for _, r := range j.rewordings() {
		msg = strings.ReplaceAll(msg, r.now, r.was)
	}
	msg = strings.NewReplacer(j.c.universe.orList.Name(), "or", j.c.universe.orMap.Name(), "or").Replace(msg)
	for _, kind := range []string{"float64", "string", "slice"} {
		msg = strings.ReplaceAll(msg, "of "+kind+" type "+hidden+".", "of type "+hidden+".")
		msg = strings.ReplaceAll(msg, "constant of "+kind+" type "+hidden+".", "constant of type "+hidden+".")
	}
	msg = structTags.ReplaceAllString(strings.ReplaceAll(msg, hidden+".", ""), "")
	msg = operatorCall.ReplaceAllString(msg, "but 1 value")
	return shorten(strings.ReplaceAll(msg, wantName, ""))
}

// structTags are the tags of fields in the text of a type.
var structTags = regexp.MustCompile(` "json:(?:[^"\\]|\\.)*"`)

// operatorCall is how a message calls an operator that was lowered to a function,
// where it tells how many values that has: for the user it is no call.
var operatorCall = regexp.MustCompile(`but ` + hidden + `[^\w\s]+[\w.]+,[\w.]+ returns 1 value`)

// shorten takes the middle out of a message that repeats a lot of code.
func shorten(msg string) string {
	const most, head, tail = 600, 300, 200
	r := []rune(msg)
	if len(r) <= most {
		return msg
	}
	return string(r[:head]) + " … " + string(r[len(r)-tail:])
}

// typeText is a type as messages name it.
func (j *job) typeText(t types.Type) string {
	text := types.TypeString(t, func(p *types.Package) string {
		if p.Path() == hidden {
			return ""
		}
		return p.Name()
	})
	return structTags.ReplaceAllString(text, "")
}

// explain is one error as a diagnostic, with what helps to mend it.
func (j *job) explain(e types.Error, msg string, start, end token.Pos) *diag.Diagnostic {
	first, rest, more := strings.Cut(msg, "\n")
	d := diag.Errorf(diag.GoType, j.posSpan(start, end), "%s", first)
	if more {
		for _, line := range strings.Split(rest, "\n") {
			if line = strings.TrimSpace(line); line != "" {
				d.Notef("%s", line)
			}
		}
	}
	path := j.nodesAt(start, end)
	if j.wrongResult(d, e, path) {
		return d
	}
	switch {
	case strings.HasPrefix(msg, "not enough return values") && strings.Contains(msg, "have ()"):
		d.Code = diag.MustReturn
		d.Message = "this `return` gives no value: " + j.s.Want.who() + " " + j.s.Want.must()
		d.Notes = nil
	case strings.HasPrefix(msg, "use of untyped nil"):
		d.Code = diag.WrongResult
		d.Message = j.s.Want.who() + " " + j.s.Want.must() + ", and `nil` alone has no type"
	case strings.HasPrefix(msg, "missing return"):
		d.Code = diag.MustReturn
		d.Message = j.s.Want.who() + ": not every way through the function body ends in a return"
		d.Span = j.posSpan(e.Pos, e.Pos)
	case strings.HasPrefix(msg, "in call to or, "):
		j.hintOr(d, path)
	case strings.HasPrefix(msg, "undefined: "):
		j.hintUndefined(d, strings.TrimPrefix(first, "undefined: "), path)
	case strings.Contains(msg, " undefined (type "):
		j.hintField(d, path)
	case strings.HasPrefix(msg, "unknown field "):
		j.hintKey(d, path)
	default:
		j.hintOptional(d, path)
		j.hintDecimal(d, msg, path)
		j.hintEnum(d, msg, path)
		j.hintRune(d, msg, path)
		j.hintText(d, msg, path)
	}
	return d
}

// nodesAt is the path of nodes that cover a range, innermost first.
func (j *job) nodesAt(start, end token.Pos) []ast.Node {
	var path []ast.Node
	var walk func(ast.Node)
	walk = func(root ast.Node) {
		ast.Inspect(root, func(n ast.Node) bool {
			if n == nil || n == root {
				return n != nil
			}
			if n.Pos() <= start && end <= n.End() {
				walk(n)
				path = append(path, n)
			}
			return false
		})
	}
	walk(j.fn.Body)
	return path
}

// wrongResult rewords the error of a value that is not what is wanted: go/types
// speaks of a return statement, which in an expression nobody wrote.
func (j *job) wrongResult(d *diag.Diagnostic, e types.Error, path []ast.Node) bool {
	const where = " value in return statement"
	i := strings.Index(d.Message, where)
	if i < 0 {
		return false
	}
	var result ast.Expr
	for _, r := range j.returns {
		if len(r.Results) == 0 {
			continue // the second result is the error
		}
		if s, t := errRange(e); r.Results[0].Pos() == s && r.Results[0].End() == t {
			result = r.Results[0]
		}
	}
	if result == nil {
		return false
	}
	detail := strings.TrimPrefix(d.Message[i+len(where):], ": ")
	t := j.typeOf(result)
	if t == nil {
		return false
	}
	d.Code = diag.WrongResult
	is := article(j.typeText(t))
	if b, ok := t.(*types.Basic); ok && b.Info()&types.IsUntyped != 0 {
		is = article(strings.TrimPrefix(b.Name(), "untyped ")) + " constant"
	}
	d.Message = j.s.Want.who() + " " + j.s.Want.must() + ", and `" + oneLine(j.source(result)) + "` is " + is
	if detail = strings.TrimSpace(detail); detail != "" {
		if strings.HasPrefix(detail, "(") && strings.HasSuffix(detail, ")") && strings.Count(detail, "(") == 1 {
			detail = detail[1 : len(detail)-1]
		}
		d.Notef("%s", detail)
	}
	j.hintOptional(d, path)
	j.hintResult(d, result, t)
	return true
}

// oneLine shortens source text for a message.
func oneLine(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	if r := []rune(s); len(r) > 60 {
		s = string(r[:57]) + "…"
	}
	return s
}
