package main

import (
	"errors"
	"fmt"
	"go/ast"
	"go/constant"
	"go/parser"
	"go/token"
	"go/types"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/flowc-dev/flowc/runtime/catalog"
)

// A pkg is one parsed connector package.
type pkg struct {
	name    string
	doc     string // of the package, whole
	structs map[string]*ast.StructType
	docs    map[string]string
	methods map[string]map[string]*ast.FuncDecl // by receiver type
	funcs   map[string]bool
	consts  map[string]string // their expressions
	// variants by "source" and "sink", in the order of the files.
	variants map[string][]variant
	// changes are the types by "source" and "sink" that give or take changes.
	changes map[string]string
	// shared is the package whose structs are parts of configs: connect, or foreign; nil for
	// none.
	shared *pkg
}

func parsePackage(dir string) (*pkg, error) {
	fset := token.NewFileSet()
	paths, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		return nil, err
	}
	p := &pkg{structs: map[string]*ast.StructType{}, docs: map[string]string{}, methods: map[string]map[string]*ast.FuncDecl{}, funcs: map[string]bool{}, consts: map[string]string{}, variants: map[string][]variant{}, changes: map[string]string{}}
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(fset, path, nil, parser.ParseComments)
		if err != nil {
			return nil, err
		}
		if err := p.file(f); err != nil {
			return nil, err
		}
	}
	if len(p.structs) == 0 {
		return nil, fmt.Errorf("%s holds no connector", dir)
	}
	return p, nil
}

func (p *pkg) file(f *ast.File) error {
	p.name = f.Name.Name
	if f.Doc != nil {
		p.doc = f.Doc.Text()
	}
	for _, d := range f.Decls {
		switch d := d.(type) {
		case *ast.GenDecl:
			for _, s := range d.Specs {
				if v, ok := s.(*ast.ValueSpec); ok && d.Tok == token.CONST && len(v.Values) == 1 {
					p.consts[v.Names[0].Name] = types.ExprString(v.Values[0])
				}
				t, ok := s.(*ast.TypeSpec)
				if !ok {
					continue
				}
				if st, ok := t.Type.(*ast.StructType); ok {
					p.structs[t.Name.Name] = st
					p.docs[t.Name.Name] = firstParagraph(d.Doc.Text())
					if err := p.variant(t.Name.Name, d.Doc); err != nil {
						return err
					}
				}
			}
		case *ast.FuncDecl:
			if d.Recv == nil {
				p.funcs[d.Name.Name] = true
				continue
			}
			recv := d.Recv.List[0].Type
			if star, ok := recv.(*ast.StarExpr); ok {
				recv = star.X
			}
			if id, ok := recv.(*ast.Ident); ok {
				if p.methods[id.Name] == nil {
					p.methods[id.Name] = map[string]*ast.FuncDecl{}
				}
				p.methods[id.Name][d.Name.Name] = d
			}
		}
	}
	return nil
}

// side extracts a source ("Source"), a sink ("Sink") or a store ("Store").
func (p *pkg) side(kind string) (*catalog.Side, error) {
	config := kind + "Config"
	if p.structs[config] == nil || !p.funcs["New"+kind] {
		return nil, fmt.Errorf("no type %s or no function New%s", config, kind)
	}
	s := &catalog.Side{Config: config, New: "New" + kind, Doc: p.docs[kind]}
	var err error
	if s.Keys, err = p.keys(config, "", ""); err != nil {
		return nil, err
	}
	s.Fresh = p.hasField(config, "Fresh")
	meta := map[string]string{"Source": "Meta", "Sink": "SinkMeta"}[kind]
	if p.structs[meta] != nil {
		if s.Meta, err = p.keys(meta, "", ""); err != nil {
			return nil, err
		}
	}
	for _, k := range s.Keys {
		if k.Name == "format" {
			s.Formats = k.Values
		}
	}
	if text, ok := p.consts[kind+"Format"]; ok {
		format, err := strconv.Unquote(text)
		if err != nil {
			return nil, fmt.Errorf("%sFormat is no text", kind)
		}
		s.Table, s.Formats = true, []string{format}
	}
	if s.Range, err = p.ranges(kind, s.Keys); err != nil {
		return nil, err
	}
	s.Facts = p.facts(kind)
	s.Messages = p.methods[kind]["Messages"] != nil
	if s.Facts.Memory, err = p.bytes(kind + "Memory"); err != nil {
		return nil, err
	}
	s.Facts.Gathers, err = p.bytes(kind + "Gathers")
	for _, v := range p.variants[strings.ToLower(kind)] {
		facts := p.facts(v.typ)
		facts.Memory, facts.Gathers = s.Facts.Memory, s.Facts.Gathers
		s.Variants = append(s.Variants, catalog.Variant{Key: v.key, Given: v.given, Facts: facts})
		if !slices.ContainsFunc(s.Keys, func(k catalog.Key) bool { return k.Name == v.key }) {
			return nil, fmt.Errorf("%s: a variant asks for the key %q, which there is not", v.typ, v.key)
		}
	}
	if typ := p.changes[strings.ToLower(kind)]; typ != "" {
		facts := p.facts(typ)
		facts.Memory, facts.Gathers = s.Facts.Memory, s.Facts.Gathers
		if kind == "Source" {
			if facts.Memory, err = p.bytes("ChangesMemory"); err != nil {
				return nil, err
			}
		}
		s.Changes = &facts
	}
	return s, err
}

// ranges are the constants SourceRange, SourceRangeWithout and SourceRangeNeeds:
// what a part of the source may be, and which keys of the config say something
// else. nil where it has none.
func (p *pkg) ranges(kind string, keys []catalog.Key) (*catalog.Range, error) {
	words := func(name string) []string {
		text, err := strconv.Unquote(p.consts[kind+name])
		if err != nil || text == "" {
			return nil
		}
		return strings.Split(text, ",")
	}
	r := &catalog.Range{Bounds: words("Range"), Without: words("RangeWithout"), Needs: strings.Join(words("RangeNeeds"), ",")}
	if r.Bounds == nil {
		return nil, nil
	}
	for _, b := range r.Bounds {
		if !slices.Contains([]string{"number", "time", "key", "name"}, b) {
			return nil, fmt.Errorf("%sRange: there is no bound %q", kind, b)
		}
	}
	for _, name := range append(slices.Clone(r.Without), words("RangeNeeds")...) {
		if !slices.ContainsFunc(keys, func(k catalog.Key) bool { return k.Name == name }) {
			return nil, fmt.Errorf("a range asks for the key %q, which there is not", name)
		}
	}
	return r, nil
}

// A variant is a type that a source or sink is where its config has a key, or
// lacks it. Its comment says so in a line of its own:
//
//	//flowc:source without stream
//
// A type that gives or applies changes says that in such a line too:
//
//	//flowc:source changes
type variant struct {
	typ, key string
	given    bool
}

// variant reads such a line of a type's comment.
func (p *pkg) variant(typ string, doc *ast.CommentGroup) error {
	if doc == nil {
		return nil
	}
	for _, c := range doc.List {
		rest, ok := strings.CutPrefix(c.Text, "//flowc:")
		if !ok {
			continue
		}
		words := strings.Fields(rest)
		if len(words) == 2 && (words[0] == "source" || words[0] == "sink") && words[1] == "changes" {
			p.changes[words[0]] = typ
			continue
		}
		if len(words) != 3 || words[0] != "source" && words[0] != "sink" || words[1] != "with" && words[1] != "without" {
			return fmt.Errorf("%s: %q is not `//flowc:source with KEY`", typ, c.Text)
		}
		p.variants[words[0]] = append(p.variants[words[0]], variant{typ, words[2], words[1] == "with"})
	}
	return nil
}

// facts are what the methods of a type say.
func (p *pkg) facts(kind string) catalog.Facts {
	m := p.methods[kind]
	has := func(name string) bool { return m[name] != nil }
	f := catalog.Facts{
		Acks: has("Ack"), Replayable: has("Seek") && !has("Fleeting"), Ordered: !has("Unordered"), Idempotent: has("Idempotent"),
		// Both keep what they wrote and how far they had come as one: Committed in
		// the sink, State and Restore with the engine's checkpoint.
		Transactional: has("Committed") || has("State") && has("Restore"), Keeper: has("Keep") && has("Load") && has("Commit"), WhenAsked: has("KeepsWhenAsked"), PrunesOnAck: has("PrunesOnAck"), Answers: has("Answers"),
		Shared: has("Shared"), Shifts: has("Shifts"),
	}
	if i := m["Idempotent"]; i != nil && i.Type.Results != nil && !returnsTrue(i) { // the config decides
		f.Idempotent, f.KeyIdempotent = false, true
	}
	if e := m["Endless"]; e != nil {
		f.Endless = returnsTrue(e)
		f.Depends = !f.Endless
	}
	if f.Answers || f.Replayable { // both know how far everything is durable
		f.Acks = true
	}
	return f
}

// bytes is a constant that is a number of bytes, 0 where there is none: SourceMemory
// and SinkMemory are what one instance may hold itself, beside the engine's blocks;
// SinkGathers is up to how much of what waits it likes to get at once.
func (p *pkg) bytes(name string) (int64, error) {
	text, ok := p.consts[name]
	if !ok {
		return 0, nil
	}
	v, err := types.Eval(token.NewFileSet(), nil, token.NoPos, text)
	if err != nil {
		return 0, err
	}
	n, exact := constant.Int64Val(constant.ToInt(v.Value))
	if !exact || n < 0 {
		return 0, fmt.Errorf("%s is no number of bytes", name)
	}
	return n, nil
}

func returnsTrue(f *ast.FuncDecl) bool {
	if len(f.Body.List) != 1 {
		return false
	}
	r, ok := f.Body.List[0].(*ast.ReturnStmt)
	if !ok || len(r.Results) != 1 {
		return false
	}
	id, ok := r.Results[0].(*ast.Ident)
	return ok && id.Name == "true"
}

// hasField tells whether a struct has a field.
func (p *pkg) hasField(name, field string) bool {
	return slices.ContainsFunc(p.structs[name].Fields.List, func(f *ast.Field) bool {
		return slices.ContainsFunc(f.Names, func(id *ast.Ident) bool { return id.Name == field })
	})
}

// keys flattens the exported fields of a struct.
func (p *pkg) keys(name, key, selector string) ([]catalog.Key, error) {
	var out []catalog.Key
	for _, f := range p.structs[name].Fields.List {
		if in, embedded := p.structOf(f.Type); in != nil && len(f.Names) == 0 {
			inner, err := in.keys(embedded, key, selector)
			if err != nil {
				return nil, err
			}
			out = append(out, inner...)
		}
		for _, id := range f.Names {
			if !id.IsExported() {
				continue
			}
			tag := reflect.StructTag("")
			if f.Tag != nil {
				text, err := strconv.Unquote(f.Tag.Value)
				if err != nil {
					return nil, err
				}
				tag = reflect.StructTag(text)
			}
			if tag.Get("json") == "-" { // it is no key
				continue
			}
			var err error
			k := catalog.Key{Name: join(key, tag.Get("json")), Go: join(selector, id.Name), Doc: firstParagraph(f.Doc.Text()), Default: tag.Get("default")}
			if tag.Get("json") == "" {
				return nil, fmt.Errorf("%s.%s has no json tag", name, id.Name)
			}
			if k.Doc == "" {
				return nil, fmt.Errorf("%s.%s has no comment", name, id.Name)
			}
			if v := tag.Get("values"); v != "" {
				k.Values = strings.Split(v, ",")
			}
			words := strings.Split(tag.Get("flowc"), ",")
			k.Required, k.Secret = slices.Contains(words, "required"), slices.Contains(words, "secret")
			k.PerRecord, k.Fixed = slices.Contains(words, "per-record"), slices.Contains(words, "fixed")
			k.Fields = slices.Contains(words, "fields")
			k.Positive, k.Natural, k.Form = slices.Contains(words, "positive"), slices.Contains(words, "natural"), tag.Get("form")
			k.Needs, k.Only = tag.Get("needs"), tag.Get("only")
			if k.Form != "" && !slices.Contains(forms, k.Form) {
				return nil, fmt.Errorf("%s.%s: there is no form %q", name, id.Name, k.Form)
			}
			if k.Reach, k.Port, err = reach(tag.Get("reach")); err != nil {
				return nil, fmt.Errorf("%s.%s: %w", name, id.Name, err)
			}
			if in, nested := p.structOf(f.Type); in != nil {
				inner, err := in.keys(nested, k.Name, k.Go)
				if err != nil {
					return nil, err
				}
				for i := range inner {
					inner[i].Fixed = inner[i].Fixed || k.Fixed
				}
				out = append(out, inner...)
				continue
			}
			if text := tag.Get("holds"); text != "" {
				n, ok := catalog.ParseSize(text)
				if !ok {
					return nil, fmt.Errorf("%s.%s: holds is no size", name, id.Name)
				}
				k.Holds = n
			}
			if k.Type, err = typeName(f.Type, tag.Get("type")); err != nil {
				return nil, fmt.Errorf("%s.%s: %w", name, id.Name, err)
			}
			out = append(out, k)
		}
	}
	return out, nil
}

// forms are those of catalog.Key.Form.
var forms = []string{"address", "dsn", "url", "rooted", "start"}

// reach reads "listens", "reads", "writes", or "connects" with the port that goes
// without saying.
func reach(tag string) (kind string, port int, err error) {
	kind, number, some := strings.Cut(tag, " ")
	if some {
		if port, err = strconv.Atoi(number); err != nil || kind != "connects" {
			return "", 0, fmt.Errorf("reach %q: a port is a number behind `connects`", tag)
		}
	}
	if kind != "" && !slices.Contains([]string{"listens", "connects", "reads", "writes"}, kind) {
		return "", 0, fmt.Errorf("there is no reach %q", kind)
	}
	return kind, port, nil
}

// structOf is the package and the name of a struct that is the type of a field;
// nil for other types.
func (p *pkg) structOf(t ast.Expr) (*pkg, string) {
	switch t := t.(type) {
	case *ast.Ident:
		if p.structs[t.Name] != nil {
			return p, t.Name
		}
	case *ast.SelectorExpr:
		if from, ok := t.X.(*ast.Ident); ok && p.shared != nil && from.Name == p.shared.name && p.shared.structs[t.Sel.Name] != nil {
			return p.shared, t.Sel.Name
		}
	}
	return nil, ""
}

func join(prefix, name string) string {
	if prefix == "" {
		return name
	}
	return prefix + "." + name
}

// typeName is a Go type in the words of the language.
func typeName(t ast.Expr, named string) (string, error) {
	if named != "" {
		return named, nil
	}
	switch t := t.(type) {
	case *ast.Ident:
		return t.Name, nil
	case *ast.SelectorExpr:
		if t.Sel.Name == "Duration" {
			return "duration", nil
		}
		if t.Sel.Name == "Time" {
			return "time", nil
		}
	case *ast.ArrayType:
		elem, err := typeName(t.Elt, "")
		return "[" + elem + "]", err
	case *ast.MapType:
		elem, err := typeName(t.Value, "")
		return "map of " + elem, err
	}
	return "", errors.New("the language has no word for its type")
}

// firstParagraph is a comment's first paragraph on one line.
func firstParagraph(text string) string {
	text, _, _ = strings.Cut(strings.TrimSpace(text), "\n\n")
	return strings.Join(strings.Fields(text), " ")
}
