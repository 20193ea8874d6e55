package dialect

import (
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
			length := strings.IndexByte(text[i:], '}')
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
	case onRecord(body, "in"), onRecord(body, "meta"):
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

// onRecord tells whether Go is about `in` or `meta`: a value of it, or, with
// `or(in.Field, …)`, one that may be missing.
func onRecord(body, name string) bool {
	body = strings.TrimPrefix(body, "or(")
	return body == name || strings.HasPrefix(body, name+".") || strings.HasPrefix(body, name+"[")
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
