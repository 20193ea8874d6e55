package dialect

import (
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/flowc-dev/flowc/compiler/parse"
	"github.com/flowc-dev/flowc/compiler/syntax"
	"github.com/flowc-dev/flowc/ir/diag"
	"github.com/flowc-dev/flowc/ir/source"
)

// maxTypeDepth is far beyond what anybody writes, and keeps those who walk
// types from deep recursion.
const maxTypeDepth = 100

// typeExpr reads a type; who is how it is called in messages ("the type of
// `amount`").
func (r *reader) typeExpr(n *parse.Node, who string) *syntax.TypeExpr {
	return r.typeAt(n, who, 0)
}

// checkedType is typeExpr for a place whose definition has said what is wrong
// with anything but a string, a list or a mapping.
func (r *reader) checkedType(n *parse.Node, who string) *syntax.TypeExpr {
	switch n.Kind {
	case parse.String, parse.Sequence, parse.Mapping:
		return r.typeAt(n, who, 0)
	}
	return &syntax.TypeExpr{Form: syntax.TypeBad, Span: n.Place()}
}

func (r *reader) typeAt(n *parse.Node, who string, depth int) *syntax.TypeExpr {
	t := &syntax.TypeExpr{Form: syntax.TypeBad, Span: n.Place()}
	if depth > maxTypeDepth {
		r.l.Errorf(diag.TypeSyntax, n.Place(), "%s is nested more than %d deep", who, maxTypeDepth)
		return t
	}
	switch n.Kind {
	case parse.String:
		p := typeText{r: r, n: n, who: who}
		if e := p.read(0, len(n.Text), depth); e != nil {
			return e
		}
	case parse.Sequence:
		if len(n.Items) != 1 {
			d := r.l.Errorf(diag.TypeSyntax, n.Place(), "a list type names one type, its elements', and this has %d", len(n.Items))
			if len(n.Items) > 1 && onlyWords(n.Items) {
				d.Helpf("for one of several words write an enum: `%s`", joinTexts(n.Items, " | "))
			} else {
				d.Helpf("write `[string]`, or `json` for anything")
			}
			return t
		}
		t.Form, t.Elem = syntax.TypeList, r.typeAt(n.Items[0], who, depth+1)
	case parse.Mapping:
		t.Form, t.Fields = syntax.TypeStruct, r.fields(n, depth)
		if len(t.Fields) == 0 {
			t.Form = syntax.TypeBad
			if len(n.Members) == 0 {
				r.l.Errorf(diag.TypeSyntax, n.Place(), "%s has no fields", who).Helpf("for a record that is not looked into use `json`")
			}
		}
	case parse.Null:
		if n.Broken() {
			break
		}
		d := r.l.Errorf(diag.MissingValue, n.Place(), "%s is missing", who)
		if at := n.Place(); at.Start == at.End {
			d.Span = lastWord(at)
		}
		d.Helpf("name a type, such as `string`")
	default:
		r.l.Errorf(diag.TypeSyntax, n.Place(), "%s can't be %s", who, n.Kind).Helpf("name a type, such as `string`")
	}
	return t
}

// lastWord is what stands before an empty place, such as the key of a missing
// value.
func lastWord(at source.Span) source.Span {
	text := at.File.Text
	end := at.Start
	for end > 0 && (text[end-1] == ' ' || text[end-1] == '\t') {
		end--
	}
	start := end
	for start > 0 && !strings.ContainsRune(" \t\n{,[", rune(text[start-1])) {
		start--
	}
	return source.Span{File: at.File, Start: start, End: end}
}

func onlyWords(nodes []*parse.Node) bool {
	return !slices.ContainsFunc(nodes, func(n *parse.Node) bool { return n.Kind != parse.String })
}

func joinTexts(nodes []*parse.Node, sep string) string {
	var words []string
	for _, n := range nodes {
		words = append(words, n.Text)
	}
	return strings.Join(words, sep)
}

// fields reads the fields of a struct.
func (r *reader) fields(n *parse.Node, depth int) []syntax.FieldExpr {
	var out []syntax.FieldExpr
	for _, m := range n.Members {
		name := m.Key.Text
		f := syntax.FieldExpr{}
		if strings.HasSuffix(name, "?") {
			f.Optional = true
			name = strings.TrimRight(strings.TrimSuffix(name, "?"), " ")
		}
		f.Name = syntax.Text{Text: name, Span: m.Key.SubSpan(0, len(name))}
		if name == "" {
			r.l.Errorf(diag.FieldName, m.Key.Span, "a field needs a name")
			continue
		}
		if i := slices.IndexFunc(out, func(o syntax.FieldExpr) bool { return o.Name.Text == name }); i >= 0 {
			r.l.Errorf(diag.FieldName, m.Key.Span, "the field `%s` stands twice", name).
				Caret("again here").Also(out[i].Name.Span, "first here")
			continue
		}
		if f.Optional || !r.markedType(m, &f, depth) {
			f.Type = r.typeAt(m.Value, "the type of `"+name+"`", depth+1)
		}
		out = append(out, f)
	}
	return out
}

// markedType reads a field whose question mark stands behind its type, and
// reports that; it tells whether there was one.
func (r *reader) markedType(m *parse.Member, f *syntax.FieldExpr, depth int) bool {
	n := m.Value
	text := strings.TrimRight(n.Text, " ")
	if n.Kind != parse.String || !strings.HasSuffix(text, "?") || strings.HasSuffix(text, "??") {
		return false
	}
	mark := len(text) - 1
	d := r.l.Errorf(diag.TypeSyntax, n.SubSpan(mark, mark+1), "the question mark of an optional field stands behind its name")
	key := f.Name.Text + "?"
	if n.InFlow || m.Key.Style == parse.JSON || m.Key.Style != parse.Plain {
		key = strconv.Quote(key)
	}
	if n.Style == parse.Plain {
		d.Fix(diag.Fix{Title: "write `" + key + ": " + strings.TrimRight(text[:mark], " ") + "`", Safe: true, Edits: []diag.Edit{
			{Span: m.Key.Span, New: key}, {Span: n.SubSpan(mark, mark+1)},
		}})
	} else {
		d.Helpf("write `%s: …`", key)
	}
	f.Optional = true
	if f.Type = (typeText{r: r, n: n, who: "the type of `" + f.Name.Text + "`"}).read(0, mark, depth+1); f.Type == nil {
		f.Type = &syntax.TypeExpr{Form: syntax.TypeBad, Span: n.Place()}
	}
	return true
}

// A typeText reads a type that is written in one string.
type typeText struct {
	r   *reader
	n   *parse.Node
	who string
}

func (p typeText) span(from, to int) source.Span { return p.n.SubSpan(from, to) }

// bad reports what is no type.
func (p typeText) bad(from, to int, format string, args ...any) *diag.Diagnostic {
	return p.r.l.Errorf(diag.TypeSyntax, p.span(from, to), format, args...)
}

// read reads n.Text[from:to]; nil where it is no type, which is reported.
func (p typeText) read(from, to, depth int) *syntax.TypeExpr {
	text := p.n.Text
	for from < to && text[from] == ' ' {
		from++
	}
	for to > from && text[to-1] == ' ' {
		to--
	}
	s := text[from:to]
	t := &syntax.TypeExpr{Span: p.span(from, to)}
	elem := func(skip, cut int) *syntax.TypeExpr {
		if t.Elem = p.read(from+skip, to-cut, depth+1); t.Elem == nil {
			return nil
		}
		return t
	}
	switch {
	case depth > maxTypeDepth:
		p.bad(from, to, "%s is nested more than %d deep", p.who, maxTypeDepth)
		return nil
	case s == "":
		p.bad(from, to, "%s is empty", p.who).Helpf("name a type, such as `string`")
		return nil
	case strings.HasPrefix(s, "list of "): // also of an enum: `list of a | b`
		t.Form = syntax.TypeList
		return elem(len("list of "), 0)
	case strings.HasPrefix(s, "map of "):
		t.Form = syntax.TypeMap
		return elem(len("map of "), 0)
	case strings.HasPrefix(s, "change of "):
		t.Form = syntax.TypeChange
		return elem(len("change of "), 0)
	case hasBar(s):
		return p.enum(from, to)
	case s[0] == '[' && s[len(s)-1] == ']' && len(s) > 2:
		t.Form = syntax.TypeList
		return elem(1, 1)
	case strings.HasPrefix(s, "[]"):
		p.bad(from, to, "this is how Go writes a list").Replace(p.n.Span, "list of "+s[2:], "write `list of %s`", s[2:])
		return nil
	case strings.HasSuffix(s, "[]"):
		inner := strings.TrimSuffix(s, "[]")
		p.bad(from, to, "this is how other languages write a list").Replace(p.n.Span, "list of "+inner, "write `list of %s`", inner)
		return nil
	case strings.HasPrefix(s, "map[string]"):
		inner := strings.TrimPrefix(s, "map[string]")
		p.bad(from, to, "this is how Go writes a map").Replace(p.n.Span, "map of "+inner, "write `map of %s`", inner)
		return nil
	case strings.HasSuffix(s, "?"):
		p.bad(to-1, to, "the question mark of an optional field stands behind its name").
			Helpf("write `name?: %s`", strings.TrimSuffix(s, "?"))
		return nil
	}
	return p.name(from, to)
}

// name reads a name, a reference to Go or a schema file.
func (p typeText) name(from, to int) *syntax.TypeExpr {
	s := p.n.Text[from:to]
	t := &syntax.TypeExpr{Span: p.span(from, to), Name: s}
	file, def, hasDef := strings.Cut(s, "#")
	switch ext := strings.ToLower(path.Ext(file)); {
	case ext == ".cue":
		t.Form, t.Name, t.Def = syntax.TypeCUE, p.r.beside(file, p.n), def
		if !hasDef || def == "" {
			p.bad(from, to, "`%s` does not say which definition of the file is meant", s).Helpf("write `%s#Name`", file)
			return nil
		}
	case ext == ".json":
		t.Form, t.Name, t.Def = syntax.TypeSchema, p.r.beside(file, p.n), def
	case strings.Contains(s, "/") || s[0] == '.':
		t.Form, t.Name = syntax.TypeGo, p.r.local(s, p.n)
	case !isWord(s):
		d := p.bad(from, to, "`%s` is no type", s)
		d.Helpf("a type is a name, `[T]`, `map of T`, `a | b`, a mapping of fields, or Go such as `./model.Ledger`")
		return nil
	}
	return t
}

// isWord tells whether a type's name may be meant.
func isWord(s string) bool {
	for i, c := range s {
		if !unicode.IsLetter(c) && c != '_' && (i == 0 || !unicode.IsDigit(c)) {
			return false
		}
	}
	return s != ""
}

// hasBar tells whether a text is an enum: it has a bar outside of quotes and of
// a list's brackets.
func hasBar(s string) bool {
	quoted, depth := false, 0
	for _, c := range s {
		switch {
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '[':
			depth++
		case c == ']':
			depth--
		case c == '|' && depth <= 0:
			return true
		}
	}
	return false
}

// enum reads `a | b | "c d"`.
func (p typeText) enum(from, to int) *syntax.TypeExpr {
	t := &syntax.TypeExpr{Form: syntax.TypeEnum, Span: p.span(from, to)}
	ok := true
	add := func(i, j int) {
		for i < j && p.n.Text[i] == ' ' {
			i++
		}
		for j > i && p.n.Text[j-1] == ' ' {
			j--
		}
		word := p.n.Text[i:j]
		if word == "" {
			p.r.l.Errorf(diag.BadEnum, p.span(max(from, i-1), min(to, j+1)), "an enum has an empty value here").
				Helpf("write its values with one `|` between them; for the empty string write `\"\"`")
			ok = false
			return
		}
		if word[0] == '"' {
			unquoted, err := strconv.Unquote(word)
			if err != nil {
				p.bad(i, j, "`%s` is no string of Go", word)
				ok = false
				return
			}
			word = unquoted
		} else if strings.HasSuffix(word, "?") {
			p.bad(j-1, j, "the question mark of an optional field stands behind its name").
				Helpf("write `name?: %s`, or put quotes around a value that ends in `?`", strings.TrimSuffix(p.n.Text[from:to], "?"))
			ok = false
			return
		}
		for _, v := range t.Values {
			if v.Text == word {
				p.r.l.Errorf(diag.BadEnum, p.span(i, j), "the enum has the value `%s` twice", word).Also(v.Span, "first here")
				ok = false
				return
			}
		}
		t.Values = append(t.Values, syntax.Text{Text: word, Span: p.span(i, j)})
	}
	start, quoted := from, false
	for i := from; i < to; i++ {
		switch c := p.n.Text[i]; {
		case c == '"':
			quoted = !quoted
		case c == '|' && !quoted:
			add(start, i)
			start = i + 1
		}
	}
	add(start, to)
	if !ok {
		return nil
	}
	return t
}

// local makes a reference to Go that is relative to the file it stands in
// relative to the root pipeline.
func (r *reader) local(ref string, n *parse.Node) string {
	dir := path.Dir(n.Span.File.Name)
	if dir == "." || !strings.HasPrefix(ref, ".") {
		return ref
	}
	slash := strings.LastIndexByte(ref, '/')
	if slash < 0 {
		return ref
	}
	joined := path.Join(dir, ref[:slash+1])
	if !strings.HasPrefix(joined, ".") {
		joined = "./" + joined
	}
	return fmt.Sprintf("%s/%s", joined, ref[slash+1:])
}

// beside makes a file that is relative to the one it is named in relative to
// the root pipeline.
func (r *reader) beside(file string, n *parse.Node) string {
	if path.IsAbs(file) {
		return file
	}
	return path.Join(path.Dir(n.Span.File.Name), file)
}
