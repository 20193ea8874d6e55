package schema

import (
	"fmt"
	"strings"

	"cuelang.org/go/cue"
	"cuelang.org/go/cue/cuecontext"
	"cuelang.org/go/cue/errors"
	"cuelang.org/go/cue/token"

	"github.com/flowc-dev/flowc/compiler/parse"
	"github.com/flowc-dev/flowc/ir/diag"
	"github.com/flowc-dev/flowc/ir/source"
)

// TypeSchema reads the definitions of a CUE file and returns them as the tree of
// a JSON Schema, under `$defs` and with their places in the file, so that types
// from both languages are read by one reader. It is nil after an error; at is
// where the file is named.
func TypeSchema(f *source.File, at source.Span, l *diag.List) *parse.Node {
	if !parse.CheckCUE(f, l) {
		return nil
	}
	asking.Lock()
	defer asking.Unlock()
	var n *parse.Node
	if !parse.EvaluateCUE(f, l, func(l *diag.List) { n = typeSchema(f, at, l) }) {
		return nil
	}
	return n
}

// typeSchema evaluates the file.
func typeSchema(f *source.File, at source.Span, l *diag.List) *parse.Node {
	v := cuecontext.New().CompileBytes(f.Text, cue.Filename(f.Name))
	x := &typeExporter{file: f, root: v}
	if err := v.Err(); err != nil {
		for _, e := range errors.Errors(err) {
			format, args := e.Msg()
			l.Errorf(diag.SchemaFile, x.at(e.Position(), at), format, args...).NoteAt(at, "the type is named here")
		}
		return nil
	}
	out, defs := x.mapping(v), x.mapping(v)
	it, err := v.Fields(cue.Definitions(true))
	if err != nil {
		l.Errorf(diag.SchemaFile, source.Span{File: f}, "%v", err).NoteAt(at, "the type is named here")
		return nil
	}
	for it.Next() {
		name := strings.TrimPrefix(it.Selector().String(), "#")
		add(defs, name, x.value(it.Value(), 0), x.span(it.Value()))
	}
	add(out, "$defs", defs, out.Span)
	return out
}

// A typeExporter turns CUE into the tree of a JSON Schema.
type typeExporter struct {
	file *source.File
	root cue.Value
}

// at is a place of CUE's, or another where it is in no file of ours.
func (x *typeExporter) at(p token.Pos, other source.Span) source.Span {
	if !p.IsValid() || p.Filename() != x.file.Name {
		return other
	}
	start := x.file.Offset(p.Line(), p.Column())
	end := start
	for end < len(x.file.Text) && !strings.ContainsRune(" \t\r\n,;:|&{}[]()", rune(x.file.Text[end])) {
		end++
	}
	return source.Span{File: x.file, Start: start, End: max(end, min(start+1, len(x.file.Text)))}
}

func (x *typeExporter) span(v cue.Value) source.Span {
	return x.at(v.Pos(), source.Span{File: x.file})
}

func (x *typeExporter) mapping(v cue.Value) *parse.Node {
	return &parse.Node{Kind: parse.Mapping, Style: parse.CUE, Span: x.span(v)}
}

func (x *typeExporter) word(text string, v cue.Value) *parse.Node {
	return &parse.Node{Kind: parse.String, Style: parse.CUE, Text: text, Span: x.span(v)}
}

// add adds an entry to a mapping.
func add(n *parse.Node, key string, value *parse.Node, at source.Span) {
	n.Members = append(n.Members, &parse.Member{
		Key:   &parse.Node{Kind: parse.String, Style: parse.CUE, Text: key, Span: at},
		Value: value,
	})
}

// maxTypeDepth keeps from deep recursion; nobody nests types so deep.
const maxTypeDepth = 64

// ref is a value by the name of its definition, or written out.
func (x *typeExporter) ref(v cue.Value, depth int) *parse.Node {
	_, path := v.ReferencePath()
	if selectors := path.Selectors(); len(selectors) == 1 && x.root.LookupPath(path).Exists() {
		out := x.mapping(v)
		add(out, "$ref", x.word("#/$defs/"+strings.TrimPrefix(path.String(), "#"), v), x.span(v))
		return out
	}
	return x.value(v, depth)
}

func (x *typeExporter) value(v cue.Value, depth int) *parse.Node {
	out := x.mapping(v)
	put := func(key string, n *parse.Node) { add(out, key, n, x.span(v)) }
	kind := v.IncompleteKind()
	op, args := v.Expr()
	switch {
	case depth > maxTypeDepth:
		return out
	case op == cue.OrOp:
		list := &parse.Node{Kind: parse.Sequence, Style: parse.CUE, Span: x.span(v)}
		if kind == cue.StringKind && literals(args) {
			for _, a := range args {
				text, _ := a.String()
				list.Items = append(list.Items, x.word(text, a))
			}
			put("enum", list)
			return out
		}
		for _, a := range args {
			list.Items = append(list.Items, x.ref(a, depth+1))
		}
		put("anyOf", list)
	case kind == cue.StructKind:
		x.structure(out, v, depth)
	case kind == cue.ListKind:
		put("type", x.word("array", v))
		if e := v.LookupPath(cue.MakePath(cue.AnyIndex)); e.Exists() {
			put("items", x.ref(e, depth+1))
		}
	case kind == cue.StringKind && v.IsConcrete():
		text, _ := v.String()
		put("const", x.word(text, v))
	case kind == cue.StringKind:
		put("type", x.word("string", v))
		if strings.Contains(fmt.Sprint(v), "time.Time") {
			put("format", x.word("date-time", v))
		}
	case kind == cue.BytesKind:
		put("type", x.word("string", v))
		put("contentEncoding", x.word("base64", v))
	case kind == cue.BoolKind:
		put("type", x.word("boolean", v))
	case kind == cue.IntKind:
		put("type", x.word("integer", v))
	case kind&cue.NumberKind != 0 && kind&^cue.NumberKind == 0:
		put("type", x.word("number", v))
	case kind == cue.NullKind:
		put("type", x.word("null", v))
	}
	return out
}

func literals(args []cue.Value) bool {
	for _, a := range args {
		if !a.IsConcrete() || a.Kind() != cue.StringKind {
			return false
		}
	}
	return true
}

// structure writes the fields of a struct.
func (x *typeExporter) structure(out *parse.Node, v cue.Value, depth int) {
	add(out, "type", x.word("object", v), x.span(v))
	it, err := v.Fields(cue.Optional(true))
	if err != nil {
		return
	}
	properties := x.mapping(v)
	required := &parse.Node{Kind: parse.Sequence, Style: parse.CUE, Span: x.span(v)}
	for it.Next() {
		f := it.Value()
		name := it.Selector().Unquoted()
		add(properties, name, x.ref(f, depth+1), x.span(f))
		if it.Selector().ConstraintType() != cue.OptionalConstraint {
			required.Items = append(required.Items, x.word(name, f))
		}
	}
	if len(properties.Members) > 0 {
		add(out, "properties", properties, x.span(v))
		add(out, "required", required, x.span(v))
		return
	}
	if rest := v.LookupPath(cue.MakePath(cue.AnyString)); rest.Exists() && rest.IncompleteKind() != cue.TopKind {
		add(out, "additionalProperties", x.ref(rest, depth+1), x.span(v))
	}
}
