package dialect

import (
	"go/ast"
	"go/parser"
	"strings"

	"github.com/flowc-dev/flowc/compiler/parse"
	"github.com/flowc-dev/flowc/ir"
	"github.com/flowc-dev/flowc/ir/diag"
)

// value reads a value of a config with its references. Those on the record
// (${in.Field}) keep their Go as text; whoever knows the record's type compiles
// it.
func (r *reader) value(n *parse.Node) *ir.Value {
	v := &ir.Value{Span: n.Place(), Overrides: r.overrides[n]}
	switch n.Kind {
	case parse.Sequence:
		v.Kind = "list"
		for _, item := range n.Items {
			v.Items = append(v.Items, r.value(item))
		}
	case parse.Mapping:
		v.Kind = "map"
		for _, m := range n.Members {
			v.Entries = append(v.Entries, ir.Entry{Key: m.Key.Text, Value: r.value(m.Value), Span: m.Key.Span})
		}
	case parse.String:
		v.Kind, v.Parts = "string", r.parts(n)
	default:
		v.Kind = [...]string{parse.Null: "null", parse.Bool: "bool", parse.Int: "int", parse.Float: "float"}[n.Kind]
		v.Parts = []ir.Part{{Kind: ir.Literal, Text: n.Text, Span: n.Place()}}
	}
	return v
}

// parts takes a string apart at its references; `$${` stands for `${`.
func (r *reader) parts(n *parse.Node) []ir.Part {
	var parts []ir.Part
	text, from := n.Text, 0
	var literal strings.Builder
	flush := func(to int) {
		if literal.Len() > 0 {
			parts = append(parts, ir.Part{Kind: ir.Literal, Text: literal.String(), Span: n.SubSpan(from, to)})
			literal.Reset()
		}
	}
	i := 0
	for i < len(text) {
		switch {
		case strings.HasPrefix(text[i:], "$${"):
			literal.WriteString("${")
			i += 3
		case strings.HasPrefix(text[i:], "${"):
			flush(i)
			length := closing(text[i:])
			if length < 0 {
				r.l.Errorf(diag.BadReference, n.SubSpan(i, len(text)), "`${` is not closed").
					Helpf("write `${env:NAME}`; `$${` stands for the two characters themselves")
				return parts
			}
			if p, ok := r.reference(n, i+2, i+length); ok {
				p.Span = n.SubSpan(i, i+length+1)
				parts = append(parts, p)
			}
			i += length + 1
			from = i
		default:
			literal.WriteByte(text[i])
			i++
		}
	}
	flush(i)
	if len(parts) == 0 {
		parts = []ir.Part{{Kind: ir.Literal, Span: n.Place()}}
	}
	return parts
}

// reference reads what stands inside ${…}.
func (r *reader) reference(n *parse.Node, from, to int) (ir.Part, bool) {
	body := n.Text[from:to]
	kind, rest, hasColon := strings.Cut(body, ":")
	switch {
	case hasColon && kind == "env":
		name, fallback, hasDefault := strings.Cut(rest, ":-")
		if name == "" {
			r.l.Errorf(diag.BadReference, n.SubSpan(from-2, to+1), "`${env:}` names no variable").Helpf("write `${env:NAME}`, or `${env:NAME:-default}` with a value for when it is not set")
			return ir.Part{}, false
		}
		if !isVariable(name) {
			r.l.Errorf(diag.BadReference, n.SubSpan(from+4, from+4+len(name)), "`%s` can't be the name of an environment variable", name).
				Helpf("write `${env:NAME}`, or `${env:NAME:-default}` with a value for when it is not set")
			return ir.Part{}, false
		}
		return ir.Part{Kind: ir.Env, Text: name, Default: fallback, HasDefault: hasDefault}, true
	case hasColon && kind == "file":
		if rest == "" {
			r.l.Errorf(diag.BadReference, n.SubSpan(from, to), "`${file:}` names no file").Helpf("write `${file:/run/secrets/name}`")
			return ir.Part{}, false
		}
		return ir.Part{Kind: ir.FileRef, Text: rest}, true
	case onRecord(body):
		return ir.Part{Kind: ir.Record, Text: body}, true
	}
	d := r.l.Errorf(diag.BadReference, n.SubSpan(from-2, to+1), "`${%s}` is no reference", body)
	word := kind
	if near := diag.Nearest(word, []string{"env", "file"}); near != "" && hasColon {
		at := n.SubSpan(from, from+len(word))
		d.Replace(at, near, "write `%s`", near)
		return ir.Part{}, false
	}
	if isVariable(body) {
		d.Replace(n.SubSpan(from, to), "env:"+body, "for the environment variable write `${env:%s}`", body)
	}
	d.Helpf("references are `${env:NAME}`, `${env:NAME:-default}`, `${file:/path}`, and `${in.Field}` or `${meta.Key}` where a key is set for each record; `$${` stands for the two characters themselves")
	return ir.Part{}, false
}

// closing is where a reference ends, -1 where it does not. Go in it may have braces
// in pairs, and in texts.
func closing(text string) int {
	first := strings.IndexByte(text, '}')
	if strings.HasPrefix(text, "${env:") || strings.HasPrefix(text, "${file:") {
		return first
	}
	depth, quote := 0, byte(0)
	for i := 1; i < len(text); i++ {
		switch c := text[i]; {
		case quote != 0:
			if c == '\\' && quote != '`' {
				i++
			} else if c == quote {
				quote = 0
			}
		case c == '"' || c == '`' || c == '\'':
			quote = c
		case c == '{':
			depth++
		case c == '}':
			if depth--; depth == 0 {
				return i
			}
		}
	}
	return first // it is no Go, which is said elsewhere
}

// onRecord tells whether a reference is Go about `in` or `meta`, and not a word
// that was meant to be something else.
func onRecord(body string) bool {
	for _, name := range []string{"in", "meta"} {
		begin := strings.TrimPrefix(body, "or(")
		if begin == name || strings.HasPrefix(begin, name+".") || strings.HasPrefix(begin, name+"[") {
			return true
		}
	}
	e, err := parser.ParseExpr(body)
	if err != nil {
		return false
	}
	about := false
	ast.Inspect(e, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.SelectorExpr:
			ast.Inspect(n.X, func(n ast.Node) bool {
				id, ok := n.(*ast.Ident)
				about = about || ok && (id.Name == "in" || id.Name == "meta")
				return !about
			})
		case *ast.Ident:
			about = about || n.Name == "in"
		}
		return !about
	})
	return about
}

func isVariable(s string) bool {
	if s == "" || s[0] >= '0' && s[0] <= '9' {
		return false
	}
	for i := range len(s) {
		if c := s[i]; c != '_' && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') {
			return false
		}
	}
	return true
}
