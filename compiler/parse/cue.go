package parse

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"cuelang.org/go/cue"
	"cuelang.org/go/cue/ast"
	"cuelang.org/go/cue/cuecontext"
	"cuelang.org/go/cue/errors"
	"cuelang.org/go/cue/parser"
	"cuelang.org/go/cue/token"

	"github.com/flowc-dev/flowc/ir/diag"
	"github.com/flowc-dev/flowc/ir/source"
)

// readCUE evaluates a file of CUE that begins at from. Its imports can be
// CUE's own packages; what it evaluates to must be concrete.
func readCUE(f *source.File, from int, l *diag.List) *Node {
	if !checkSigns(f, from, l) || !checkImports(f, from, l) {
		return nil
	}
	var n *Node
	if !EvaluateCUE(f, l, func(l *diag.List) { n = evaluated(f, from, l) }) {
		return nil
	}
	return n
}

// evaluated is what a file of CUE evaluates to.
func evaluated(f *source.File, from int, l *diag.List) *Node {
	r := &cueReader{file: f, from: from, list: l, fields: map[string]*ast.Field{}}
	syntax, err := parser.ParseFile(f.Name, f.Text[from:])
	if err != nil {
		r.report(diag.CUESyntax, err)
		return nil
	}
	for _, d := range syntax.Decls {
		r.index("", d)
	}
	v := cuecontext.New().BuildFile(syntax)
	err = v.Err()
	if err == nil {
		err = v.Validate(cue.Concrete(true))
	}
	if err != nil {
		r.report(diag.CUEValue, err)
		return nil
	}
	n := r.node(v, source.Span{File: f, Start: from, End: len(f.Text)}, 0)
	if r.failed {
		return nil
	}
	return n
}

type cueReader struct {
	file   *source.File
	from   int
	list   *diag.List
	fields map[string]*ast.Field // by path, the first of each
	values int
	failed bool
}

// report turns errors of CUE into diagnostics.
func (r *cueReader) report(code diag.Code, err error) {
	before, imports, said := len(*r.list), false, map[string]bool{}
	for _, e := range errors.Errors(err) {
		format, args := e.Msg()
		message := fmt.Sprintf(format, args...)
		if cause := errors.Unwrap(e); cause != nil && cause.Error() != "" {
			message += ": " + cause.Error()
		}
		if incomplete := strings.HasPrefix(format, "incomplete value"); incomplete && said[message] {
			continue // what refers to it lacks the same
		}
		said[message] = true
		if foreignImport.MatchString(message) {
			if imports {
				continue // each use of the package says so again
			}
			imports = true
			message = foreignImport.ReplaceAllString(message, "the package `$1` cannot be imported")
		}
		if path := strings.Join(e.Path(), "."); path != "" {
			message = "`" + path + "`: " + message
		}
		var places []source.Span
		for _, pos := range append([]token.Pos{e.Position()}, e.InputPositions()...) {
			if s, ok := r.at(pos, pos); ok {
				places = append(places, r.wordAt(s.Start))
			}
		}
		d := diag.Errorf(code, r.written(e.Path()), "%s", message)
		if len(places) > 0 {
			d.Span = places[0]
			for _, p := range places[1:] {
				if p != d.Span {
					d.Also(p, "this takes part in it")
				}
			}
		}
		if strings.Contains(format, "incomplete value") {
			d.Helpf("give it a value, or a default: `*value | …`")
		}
		if imports {
			d.Helpf("only CUE's own packages (`strings`, `list` …) can be imported; put shared parts into a file and `include` it")
		}
		r.list.Add(d)
	}
	if len(*r.list) == before {
		r.list.Errorf(code, source.Span{File: r.file}, "%s", err)
	}
}

// written is where the field of a path is written, or the nearest around it that
// is.
func (r *cueReader) written(path []string) source.Span {
	for ; len(path) > 0; path = path[:len(path)-1] {
		if f := r.fields["\x00"+strings.Join(path, "\x00")]; f != nil {
			if s, ok := r.at(f.Label.Pos(), f.Label.End()); ok {
				return s
			}
		}
	}
	return source.Span{File: r.file}
}

// foreignImport is what CUE says of a package that is none of its own.
var foreignImport = regexp.MustCompile(`^(?:package|import) "([^"]*)" (?:imported but not defined|not found).*`)

// at converts a range of CUE's positions, false where it lies in another file.
func (r *cueReader) at(from, to token.Pos) (source.Span, bool) {
	if !from.IsValid() || !to.IsValid() || from.Filename() != r.file.Name {
		return source.Span{}, false
	}
	s := source.Span{File: r.file, Start: r.from + from.Offset(), End: r.from + to.Offset()}
	if s.Start > s.End || s.End > len(r.file.Text) {
		return source.Span{}, false
	}
	return s, true
}

// wordAt is the word, string or sign that begins at an offset.
func (r *cueReader) wordAt(at int) source.Span {
	text := r.file.Text
	end := at
	if end < len(text) && text[end] == '"' {
		if s := cueString(text, at, 0); s != nil {
			return source.Span{File: r.file, Start: at, End: s.end}
		}
	}
	for end < len(text) && (text[end] == '_' || text[end] == '#' || text[end] == '$' || text[end] == '.' || text[end] >= utf8.RuneSelf ||
		'0' <= text[end] && text[end] <= '9' || 'a' <= text[end]|0x20 && text[end]|0x20 <= 'z') {
		end++
	}
	if end == at && end < len(text) && text[end] != '\n' {
		end++
	}
	return source.Span{File: r.file, Start: at, End: end}
}

// index notes the fields that are written under a path.
func (r *cueReader) index(path string, d ast.Node) {
	switch d := d.(type) {
	case *ast.Field:
		name, _, err := ast.LabelName(d.Label)
		if err != nil {
			return
		}
		path = path + "\x00" + name
		if r.fields[path] == nil {
			r.fields[path] = d
		}
		r.index(path, d.Value)
	case *ast.StructLit:
		for _, e := range d.Elts {
			r.index(path, e)
		}
	case *ast.EmbedDecl:
		r.index(path, d.Expr)
	case *ast.ParenExpr:
		r.index(path, d.X)
	case *ast.BinaryExpr:
		r.index(path, d.X)
		r.index(path, d.Y)
	}
}

// field is where the field of a path is written, nil where it is not (it came
// from a pattern, a comprehension or a reference).
func (r *cueReader) field(v cue.Value) *ast.Field {
	if f, ok := v.Source().(*ast.Field); ok && f.Pos().Filename() == r.file.Name {
		return f
	}
	path := ""
	for _, s := range v.Path().Selectors() {
		if s.LabelType() != cue.StringLabel {
			return nil
		}
		path += "\x00" + s.Unquoted()
	}
	return r.fields[path]
}

// node converts a value that stands inside what parent covers.
func (r *cueReader) node(v cue.Value, parent source.Span, depth int) *Node {
	if d, ok := v.Default(); ok {
		v = d
	}
	n := &Node{Style: CUE, Span: parent}
	expr := r.expr(v)
	if expr != nil {
		if s, ok := r.at(expr.Pos(), expr.End()); ok {
			n.Span = s
		}
	}
	if r.values++; r.values > MaxValues || depth > MaxDepth {
		if !r.failed {
			r.failed = true
			r.list.Errorf(diag.InputLimit, n.Span, "the file evaluates to more than %d values, or to values more than %d deep", MaxValues, MaxDepth).
				Helpf("data belongs into files that a source reads")
		}
		return n
	}
	switch v.Kind() {
	case cue.StructKind:
		n.Kind = Mapping
		for it, _ := v.Fields(); it != nil && it.Next() && !r.failed; {
			key := r.key(it.Selector().Unquoted(), it.Value(), n.Span)
			n.Members = append(n.Members, &Member{key, r.node(it.Value(), n.Span, depth+1)})
		}
	case cue.ListKind:
		n.Kind = Sequence
		for it, _ := v.List(); it.Next() && !r.failed; {
			n.Items = append(n.Items, r.node(it.Value(), n.Span, depth+1))
		}
	case cue.StringKind:
		n.Kind = String
		n.Text, _ = v.String()
		r.follow(n, expr)
	case cue.BytesKind:
		n.Kind = String
		b, _ := v.Bytes()
		n.Text = string(b)
		r.follow(n, expr)
	case cue.BoolKind:
		n.Kind = Bool
		b, _ := v.Bool()
		n.Text = strconv.FormatBool(b)
		r.follow(n, expr)
	case cue.IntKind, cue.FloatKind, cue.NumberKind:
		n.Kind = Float
		if v.Kind() == cue.IntKind {
			n.Kind = Int
		}
		b, _ := v.MarshalJSON()
		n.Text = string(b)
		r.follow(n, expr)
	}
	return n
}

// key is the node of a field's name.
func (r *cueReader) key(name string, v cue.Value, parent source.Span) *Node {
	n := &Node{Kind: String, Style: CUE, Text: name, Span: source.Span{File: parent.File, Start: parent.Start, End: parent.Start}}
	f := r.field(v)
	if f == nil {
		n.Text = name
		return n
	}
	if s, ok := r.at(f.Label.Pos(), f.Label.End()); ok {
		n.Span = s
	}
	if lit, ok := f.Label.(*ast.BasicLit); ok {
		r.follow(n, lit)
	} else if n.Span.Text() == name {
		n.runs = []run{{0, len(name), n.Span.Start, n.Span.End}}
	}
	return n
}

// expr is the expression that gave a value, nil where none can be told.
func (r *cueReader) expr(v cue.Value) ast.Expr {
	switch s := v.Source().(type) {
	case *ast.Field:
		if s.Pos().Filename() == r.file.Name {
			return s.Value
		}
	case ast.Expr:
		if s.Pos().Filename() == r.file.Name {
			return s
		}
	}
	if f := r.field(v); f != nil {
		return f.Value
	}
	return nil
}

// follow maps the text of a scalar to the literal in the expression that spells
// it: the expression itself, or a part of it (the default of a disjunction).
// A computed text is not followed; its errors point at the expression.
func (r *cueReader) follow(n *Node, expr ast.Expr) {
	if expr == nil {
		return
	}
	var found []*scalar
	ast.Walk(expr, func(x ast.Node) bool {
		lit, ok := x.(*ast.BasicLit)
		if !ok {
			return true
		}
		at, ok := r.at(lit.Pos(), lit.End())
		if !ok {
			return true
		}
		var s *scalar
		if lit.Kind == token.STRING {
			s = cueString(r.file.Text, at.Start, r.indentOf(at))
		} else {
			s = &scalar{textBuilder: copied(r.file.Text, at), start: at.Start, end: at.End}
		}
		if s != nil && string(s.text) == n.Text {
			found = append(found, s)
		}
		return true
	}, nil)
	if len(found) != 1 {
		return
	}
	n.runs = found[0].runs
	n.Span.Start, n.Span.End = found[0].start, found[0].end
}

// indentOf is the white space before the closing quotes of a multi-line
// string, which its lines do not contain.
func (r *cueReader) indentOf(at source.Span) int {
	line := r.file.Position(at.End).Line
	if line == at.Line() {
		return 0
	}
	text := r.file.Line(line)
	return len(text) - len(strings.TrimLeft(string(text), " \t"))
}

// cueString decodes the string literal of CUE at start, nil where it holds what
// is not followed (interpolation). indent is what each line of a multi-line
// string begins with, in bytes.
func cueString(src []byte, start, indent int) *scalar {
	s := &scalar{start: start, style: CUE}
	i := start
	for i < len(src) && src[i] == '#' {
		i++
	}
	hashes := string(src[start:i])
	if i == len(src) || src[i] != '"' && src[i] != '\'' {
		return nil
	}
	quote := string(src[i])
	multi := strings.HasPrefix(string(src[i:min(i+3, len(src))]), strings.Repeat(quote, 3))
	end := quote + hashes
	if multi {
		end = strings.Repeat(quote, 3) + hashes
		i = min(nextLine(src, i)+indent, len(src))
	} else {
		i++
	}
	escape := `\` + hashes
	for i < len(src) {
		rest := src[i:]
		switch {
		case hasPrefix(rest, end):
			s.end = i + len(end)
			return s
		case hasPrefix(rest, escape):
			next := s.cueEscape(src, i, i+len(escape), indent)
			if next < 0 {
				return nil
			}
			i = next
		case multi && (rest[0] == '\n' || hasPrefix(rest, "\r\n")):
			next := skipIndent(src, nextLine(src, i), indent)
			if !hasPrefix(src[next:], end) { // else the break before the closing quotes
				s.put("\n", i, nextLine(src, i))
			}
			i = next
		default:
			s.copy(src, i, i+1)
			i++
		}
	}
	return nil
}

func hasPrefix(b []byte, p string) bool { return len(b) >= len(p) && string(b[:len(p)]) == p }

// skipIndent passes the indentation of a line, or what an empty line has of it.
func skipIndent(src []byte, i, indent int) int {
	for n := 0; n < indent && i < len(src) && (src[i] == ' ' || src[i] == '\t'); n++ {
		i++
	}
	return i
}

// cueEscape decodes the escape that begins at i and whose letter is at c; it
// returns what follows, -1 for what is not followed.
func (s *scalar) cueEscape(src []byte, i, c, indent int) int {
	if c >= len(src) {
		return -1
	}
	if text, ok := map[byte]string{
		'a': "\a", 'b': "\b", 'f': "\f", 'n': "\n", 'r': "\r", 't': "\t", 'v': "\v",
		'/': "/", '\\': `\`, '"': `"`, '\'': "'",
	}[src[c]]; ok {
		s.put(text, i, c+1)
		return c + 1
	}
	digits := map[byte]int{'u': 4, 'U': 8}[src[c]]
	if digits == 0 {
		if src[c] == '\n' || src[c] == '\r' {
			return skipIndent(src, nextLine(src, c), indent)
		}
		return -1
	}
	r, ok := hexRune(src, c+1, digits)
	if !ok {
		return -1
	}
	s.put(string(r), i, c+1+digits)
	return c + 1 + digits
}
