package lower

import (
	"errors"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/flowc-dev/flowc/compiler/parse"
	"github.com/flowc-dev/flowc/compiler/schema"
	"github.com/flowc-dev/flowc/compiler/syntax"
	"github.com/flowc-dev/flowc/ir"
	"github.com/flowc-dev/flowc/ir/diag"
	"github.com/flowc-dev/flowc/ir/source"
)

// schemaType reads a type from a JSON Schema or a CUE file, under a name of its
// own.
func (w *lowering) schemaType(e *syntax.TypeExpr) *ir.Type {
	base := path.Base(e.Name)
	if e.Def != "" {
		base = path.Base(e.Def)
	}
	for _, ext := range []string{".json", ".cue", ".schema"} {
		base = strings.TrimSuffix(base, ext)
	}
	if d := w.schemaDecl(e, syntax.Text{Text: base, Span: e.Span}, false); d != nil {
		return w.declare(d)
	}
	return nil
}

// schemaDecl finds the type in a file that an expression means. Where it has no
// name yet, it gets this one, which fixed says is taken already.
func (w *lowering) schemaDecl(e *syntax.TypeExpr, name syntax.Text, fixed bool) *typeDecl {
	s := w.schemaFile(e)
	if s == nil {
		return nil
	}
	def := strings.TrimPrefix(e.Def, "#")
	root := s.find("#" + def)
	if root == nil {
		d := w.l.Errorf(diag.SchemaFile, e.Span, "`%s` has no definition `%s`", e.Name, def)
		var names []string
		for _, defs := range []string{"$defs", "definitions"} {
			if n := s.root.Get(defs); n != nil {
				for _, m := range n.Members {
					names = append(names, m.Key.Text)
				}
			}
		}
		if near := diag.Nearest(def, names); near != "" {
			d.Helpf("it has `%s`", near)
		} else if len(names) > 0 {
			d.Helpf("it has `%s`", strings.Join(names, "`, `"))
		}
		return nil
	}
	if key, ok := s.keys[root]; ok {
		return w.types.decls[key]
	}
	if !fixed {
		name.Text = w.schemaName(name.Text)
	}
	return s.declare(name, root)
}

// schemaName makes a free name of a type from what a file calls it.
func (w *lowering) schemaName(text string) string {
	name := GoName(text)
	if name == "" {
		name = "Record"
	}
	return w.unusedTypeName(name)
}

// A schemaReader reads types out of one schema file.
type schemaReader struct {
	w    *lowering
	name string
	root *parse.Node
	at   source.Span // where the file is named
	// keys are the names under which types are in the table, by their schema.
	keys map[*parse.Node]string
}

// schemaFile reads a file once.
func (w *lowering) schemaFile(e *syntax.TypeExpr) *schemaReader {
	if s, ok := w.schemas[e.Name]; ok {
		return s
	}
	w.schemas[e.Name] = nil
	text, err := w.o.ReadFile(e.Name)
	if err != nil {
		d := w.l.Errorf(diag.FileNotFound, e.Span, "can't read the schema file `%s`", e.Name)
		if errors.Is(err, fs.ErrNotExist) {
			d.Caret("there is no such file")
		} else {
			d.Notef("%v", err)
		}
		return nil
	}
	f := source.NewFile(e.Name, "", text)
	s := &schemaReader{w: w, name: e.Name, at: e.Span, keys: map[*parse.Node]string{}}
	if e.Form == syntax.TypeCUE {
		s.root = schema.TypeSchema(f, e.Span, w.l)
	} else {
		s.root = parse.File(f, parse.FormatJSON, w.l)
	}
	if s.root == nil {
		return nil
	}
	if s.root.Kind != parse.Mapping {
		w.l.Errorf(diag.SchemaFile, s.root.Place(), "a JSON Schema is an object, and this is %s", s.root.Kind).NoteAt(e.Span, "the type is named here")
		return nil
	}
	w.schemas[e.Name] = s
	return s
}

// declare makes a declared type of a schema, which is read when it is needed.
func (s *schemaReader) declare(name syntax.Text, n *parse.Node) *typeDecl {
	d := &typeDecl{TypeDecl: &syntax.TypeDecl{Name: name}}
	d.read = func() *syntax.TypeExpr {
		t, _ := s.typ(n, 0)
		return t
	}
	key := s.name + "#" + strconv.Itoa(len(s.keys))
	s.keys[n] = key
	s.w.types.decls[key] = d
	s.w.types.order = append(s.w.types.order, d)
	return d
}

// find resolves a reference inside the file: "#", "#/$defs/Name", "#Name".
func (s *schemaReader) find(ref string) *parse.Node {
	pointer, ok := strings.CutPrefix(ref, "#")
	if !ok {
		return nil
	}
	if pointer == "" {
		return s.root
	}
	if !strings.HasPrefix(pointer, "/") {
		for _, defs := range []string{"$defs", "definitions"} {
			if n := s.root.Get(defs).Get(pointer); n != nil {
				return n
			}
		}
		return nil
	}
	n := s.root
	for _, step := range strings.Split(pointer[1:], "/") {
		if n = n.Get(strings.NewReplacer("~1", "/", "~0", "~").Replace(step)); n == nil {
			return nil
		}
	}
	return n
}

// reference is a type that a `$ref` names.
func (s *schemaReader) reference(ref *parse.Node) *syntax.TypeExpr {
	t := &syntax.TypeExpr{Form: syntax.TypeBad, Span: ref.Place()}
	target := s.find(ref.Text)
	if target == nil {
		s.w.l.Errorf(diag.SchemaFile, ref.Place(), "`%s` leads nowhere in this file", ref.Text).NoteAt(s.at, "the type is named here").
			Helpf("references to other files are not followed: put the definition under `$defs`")
		return t
	}
	key, ok := s.keys[target]
	if !ok {
		name := path.Base(strings.TrimPrefix(ref.Text, "#"))
		s.declare(syntax.Text{Text: s.w.schemaName(name), Span: target.Place()}, target)
		key = s.keys[target]
	}
	t.Form, t.Name = syntax.TypeName, key
	return t
}

// json is a value that is not looked into.
func (s *schemaReader) json(n *parse.Node) *syntax.TypeExpr {
	return &syntax.TypeExpr{Form: syntax.TypeName, Name: "json", Span: n.Place()}
}

// typ reads a schema; optional tells that null is one of its values.
func (s *schemaReader) typ(n *parse.Node, depth int) (t *syntax.TypeExpr, optional bool) {
	named := func(name string) *syntax.TypeExpr {
		return &syntax.TypeExpr{Form: syntax.TypeName, Name: name, Span: n.Place()}
	}
	if n.Kind != parse.Mapping || depth > maxSchemaDepth { // true takes anything
		return s.json(n), false
	}
	if ref := n.Get("$ref"); ref != nil {
		return s.reference(ref), false
	}
	if list := n.Get("enum"); list != nil {
		return s.enum(n, list)
	}
	if c := n.Get("const"); c != nil && c.Kind == parse.String {
		return &syntax.TypeExpr{Form: syntax.TypeEnum, Span: n.Place(), Values: []syntax.Text{{Text: c.Text, Span: c.Place()}}}, false
	}
	for _, key := range []string{"anyOf", "oneOf", "allOf"} {
		if list := n.Get(key); list != nil && n.Get("type") == nil {
			return s.several(n, list, key, depth)
		}
	}
	word, optional, ok := schemaWord(n.Get("type"))
	if !ok {
		return s.json(n), optional
	}
	switch word {
	case "string":
		switch format := n.Get("format"); {
		case format != nil && format.Text == "date-time":
			return named("time"), optional
		case n.Get("contentEncoding") != nil && n.Get("contentEncoding").Text == "base64":
			return named("bytes"), optional
		}
		return named("string"), optional
	case "integer":
		if format := n.Get("format"); format != nil && format.Text == "uint64" {
			return named("uint64"), optional
		}
		return named("int64"), optional
	case "number":
		if format := n.Get("format"); format != nil && (format.Text == "double" || format.Text == "float") {
			return named("float64"), optional
		}
		return named("number"), optional
	case "boolean":
		return named("bool"), optional
	case "array":
		items := n.Get("items")
		if items == nil {
			return s.json(n), optional
		}
		elem, null := s.typ(items, depth+1)
		if null { // the language has no lists with holes
			return s.json(n), optional
		}
		return &syntax.TypeExpr{Form: syntax.TypeList, Elem: elem, Span: n.Place()}, optional
	case "object", "":
		return s.object(n, depth), optional
	}
	return s.json(n), optional
}

// maxSchemaDepth is deeper than any type that is meant.
const maxSchemaDepth = 64

// schemaWord reads `type`: a word, or one and null. It is not ok for several.
func schemaWord(n *parse.Node) (word string, optional, ok bool) {
	if n == nil {
		return "", false, true
	}
	if n.Kind == parse.String {
		return n.Text, false, true
	}
	for _, item := range n.Items {
		switch {
		case item.Text == "null":
			optional = true
		case word == "":
			word = item.Text
		default:
			return "", optional, false
		}
	}
	return word, optional, n.Kind == parse.Sequence
}

// enum reads an enum: one of strings is a type, any other is not looked into.
func (s *schemaReader) enum(n, list *parse.Node) (*syntax.TypeExpr, bool) {
	t := &syntax.TypeExpr{Form: syntax.TypeEnum, Span: n.Place()}
	optional := false
	for _, item := range list.Items {
		switch item.Kind {
		case parse.Null:
			optional = true
		case parse.String:
			if !slices.ContainsFunc(t.Values, func(v syntax.Text) bool { return v.Text == item.Text }) {
				t.Values = append(t.Values, syntax.Text{Text: item.Text, Span: item.Place()})
			}
		default:
			return s.json(n), optional
		}
	}
	if len(t.Values) == 0 {
		return s.json(n), optional
	}
	return t, optional
}

// several reads anyOf, oneOf and allOf: one schema, one or null, or objects
// that add up.
func (s *schemaReader) several(n, list *parse.Node, key string, depth int) (*syntax.TypeExpr, bool) {
	var real []*parse.Node
	optional := false
	for _, item := range list.Items {
		if word, _, _ := schemaWord(item.Get("type")); word == "null" {
			optional = true
			continue
		}
		real = append(real, item)
	}
	if len(real) == 1 && n.Get("properties") == nil {
		t, null := s.typ(real[0], depth+1)
		return t, optional || null
	}
	if key != "allOf" {
		return s.json(n), optional
	}
	all := &syntax.TypeExpr{Form: syntax.TypeStruct, Span: n.Place()}
	for _, part := range append(real, n) {
		if ref := part.Get("$ref"); ref != nil {
			if part = s.find(ref.Text); part == nil {
				s.reference(ref)
				continue
			}
		}
		for _, f := range s.properties(part, depth) {
			if !slices.ContainsFunc(all.Fields, func(g syntax.FieldExpr) bool { return g.Name.Text == f.Name.Text }) {
				all.Fields = append(all.Fields, f)
			}
		}
	}
	if len(all.Fields) == 0 {
		return s.json(n), optional
	}
	return all, optional
}

// object reads an object: one with properties is a struct, one without is a map
// or not looked into.
func (s *schemaReader) object(n *parse.Node, depth int) *syntax.TypeExpr {
	if fields := s.properties(n, depth); len(fields) > 0 {
		return &syntax.TypeExpr{Form: syntax.TypeStruct, Fields: fields, Span: n.Place()}
	}
	if rest := n.Get("additionalProperties"); rest != nil && rest.Kind == parse.Mapping && n.Get("type") != nil {
		if elem, null := s.typ(rest, depth+1); !null {
			return &syntax.TypeExpr{Form: syntax.TypeMap, Elem: elem, Span: n.Place()}
		}
	}
	return s.json(n)
}

func (s *schemaReader) properties(n *parse.Node, depth int) []syntax.FieldExpr {
	properties := n.Get("properties")
	if properties == nil {
		return nil
	}
	required := map[string]bool{}
	if list := n.Get("required"); list != nil {
		for _, item := range list.Items {
			required[item.Text] = true
		}
	}
	var out []syntax.FieldExpr
	for _, m := range properties.Members {
		t, null := s.typ(m.Value, depth+1)
		out = append(out, syntax.FieldExpr{
			Name: syntax.Text{Text: m.Key.Text, Span: m.Key.Span}, Type: t,
			Optional: null || !required[m.Key.Text],
		})
	}
	return out
}
