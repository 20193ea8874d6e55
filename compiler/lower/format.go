package lower

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/flowc-dev/flowc/compiler/parse"
	"github.com/flowc-dev/flowc/compiler/syntax"
	"github.com/flowc-dev/flowc/ir"
	"github.com/flowc-dev/flowc/ir/diag"
	"github.com/flowc-dev/flowc/ir/source"
	"github.com/flowc-dev/flowc/runtime/catalog"
)

// extensions are the formats that the extension of a path tells.
var extensions = map[string]string{
	".ndjson": "ndjson", ".jsonl": "ndjson", ".json": "json", ".csv": "csv", ".txt": "text", ".log": "text",
	".parquet": "parquet",
}

// A format is how records stand in the bytes of a connector.
type format struct {
	codec   string // "" where it is not known, which has been reported
	options []ir.Setting
	at      source.Span // where it is written, else the path or the use
	written bool
}

// formatKeys are keys of a config that the compiler reads itself.
var formatKeys = []string{"format", "csv"}

// ownKeys are those that the compiler reads of a connector's config.
func ownKeys(side *catalog.Side) []string {
	if side.Table {
		return nil
	}
	return formatKeys
}

// format finds the format of a connector that reads or writes bytes.
func (w *lowering) format(n *node, side *catalog.Side, lines bool) format {
	f := format{at: n.Use.Span}
	if side.Table {
		f.codec = side.Formats[0]
		return f
	}
	var pathKey, csv, parquet *syntax.ConfigKey
	for i := range n.Config {
		c := &n.Config[i]
		switch c.Key.Text {
		case "format":
			if c.Bad {
				return f
			}
			f.at, f.written = c.Node.Place(), true
			if c.Node.Kind != parse.String {
				w.l.Errorf(diag.WrongType, c.Node.Place(), "`format` must be a word such as `ndjson`, and this is %s", c.Node.Kind)
				return f
			}
			f.codec = c.Node.Text
			if !slices.Contains(side.Formats, f.codec) {
				d := w.l.Errorf(diag.UnknownFormat, c.Node.Place(), "the %s `%s` can't %s the format `%s`", n.Role, n.Use.Text, readOrWrite(n), f.codec)
				if !d.Near(f.codec, side.Formats) {
					d.Helpf("it can %s `%s`", readOrWrite(n), strings.Join(side.Formats, "`, `"))
				}
				f.codec = ""
				return f
			}
		case "path":
			pathKey = c
		case "csv":
			csv = c
		case "parquet":
			parquet = c
		}
	}
	if f.codec == "" {
		w.guess(n, side, pathKey, lines, &f)
	}
	if side.Messages && f.codec == "ndjson" {
		f.codec = "json" // a message is one value, and no line
	}
	if parquet != nil && f.codec != "parquet" && f.codec != "" {
		w.l.Errorf(diag.KeyConflict, parquet.Key.Span, "`parquet` is for the format parquet, and this is %s", f.codec).Also(f.at, "said here")
	}
	if csv != nil {
		if f.codec != "csv" && f.codec != "" {
			w.l.Errorf(diag.KeyConflict, csv.Key.Span, "`csv` is for the format csv, and this is %s", f.codec).Also(f.at, "said here")
		}
		f.options = w.csvOptions(csv.Node, n.Role)
	}
	return f
}

func readOrWrite(n *node) string {
	if n.Role == syntax.Sink {
		return "write"
	}
	return "read"
}

// guess takes the format from the path, or the connector's first.
func (w *lowering) guess(n *node, side *catalog.Side, p *syntax.ConfigKey, lines bool, f *format) {
	hasPath := slices.ContainsFunc(side.Keys, func(k catalog.Key) bool { return k.Name == "path" }) && extensionTells(n.Use.Text)
	if !hasPath {
		f.codec = side.Formats[0]
		if lines && slices.Contains(side.Formats, "text") {
			f.codec = "text"
		}
		return
	}
	if p == nil || p.Bad || p.Value.Kind == "null" || p.Value.Kind == "list" || p.Value.Kind == "map" {
		return // the key is missing or wrong, which is said elsewhere
	}
	f.at = p.Node.Place()
	text, known := lastText(p.Value)
	base := strings.ToLower(text)
	for _, c := range []string{".gz", ".zst"} {
		base = strings.TrimSuffix(base, c)
	}
	ext := path.Ext(base)
	codec := extensions[ext]
	switch {
	case codec != "" && slices.Contains(side.Formats, codec):
		f.codec = codec
		if lines && n.Role == syntax.Source {
			f.codec = "text"
		}
		return
	case lines:
		f.codec = "text"
		return
	}
	d := w.l.Errorf(diag.UnknownFormat, p.Node.Place(), "the path does not tell the format of `%s`", n.Name.Text)
	switch {
	case !known:
		d.Caret("it is known only when the program starts")
	case ext == "":
		d.Caret("it has no extension")
	default:
		d.Caret("`%s` is no extension that says it", ext)
	}
	d.Helpf("name the format: `config: {path: …, format: ndjson}`; there are `%s`", strings.Join(side.Formats, "`, `"))
}

// extensionTells tells whether the path of a connector is that of a file.
func extensionTells(use string) bool { return use == "file" }

// lastText is the end of a value as far as it is known: the literal behind the
// last reference, or that reference's default.
func lastText(v *ir.Value) (string, bool) {
	if len(v.Parts) == 0 {
		return "", false
	}
	last := v.Parts[len(v.Parts)-1]
	switch {
	case last.Kind == ir.Literal:
		return last.Text, true
	case last.Kind == ir.Env && last.HasDefault:
		return last.Default, true
	}
	return "", false
}

// holds checks that a format can hold records of a type, and reports if not.
func (w *lowering) holds(n *node, f format, t *ir.Type, at source.Span) bool {
	problem, field, more := "", (*ir.Field)(nil), []*ir.Field(nil)
	switch f.codec {
	case "csv", "logfmt":
		if t.Kind != ir.Struct {
			problem = "has cells, and a record of " + t.String() + " has no fields to fill them"
			break
		}
		for _, fl := range t.Fields {
			switch {
			case cell(fl.Type):
			case field == nil:
				problem, field = fmt.Sprintf("has one cell a field, and `%s` is %s", fl.Name, article(fl.Type.String())), fl
			default:
				more = append(more, fl)
			}
		}
	case "parquet":
		switch {
		case n.Role == syntax.Source && (t.Kind == ir.JSON || t.Kind == ir.Any || t.Kind == ir.GoNamed):
		case t.Kind != ir.Struct || n.Role == syntax.Sink && len(t.Fields) == 0:
			problem = "has columns, and a record of " + t.String() + " has no fields to fill them"
		}
	case "table":
		if t.Kind != ir.Struct || len(t.Fields) == 0 {
			problem = "has columns, and a record of " + t.String() + " has no fields to fill them"
		}
	case "text":
		if t.Kind != ir.String && t.Kind != ir.Enum && t.Kind != ir.Bytes {
			problem = "has lines, and a record is " + article(t.String())
		}
	case "bytes":
		if t.Kind != ir.Bytes && t.Kind != ir.String {
			problem = "is bytes as they are, and a record is " + article(t.String())
		}
	case "ndjson", "json":
		if n.Role == syntax.Source && t.Kind == ir.String && t.Name == "" && n.Out != nil && n.Out.Type != nil && n.Out.Type.Name == "text" {
			problem = "is JSON, and `out: text` takes lines"
		}
	}
	if problem == "" {
		return true
	}
	what := "format " + f.codec
	if f.codec == "table" {
		what = "table"
	}
	d := w.l.Errorf(diag.FormatType, at, "the %s of `%s` %s", what, n.Name.Text, problem)
	if f.at != at {
		d.Also(f.at, "the format %s comes from here", f.codec)
	}
	if field != nil && !field.Span.IsZero() {
		d.NoteAt(field.Span, "`%s` is declared here", field.Name)
		for _, fl := range more {
			d.NoteAt(fl.Span, "nor does `%s` fit, which is %s", fl.Name, article(fl.Type.String()))
		}
	} else {
		w.typeNote(d, t)
	}
	switch {
	case f.codec == "text" && n.Role == syntax.Sink:
		d.Helpf("write another format (`format: ndjson`), or make a line of each record: `map: …` with an expression that gives a string")
	case f.codec == "table" || f.codec == "parquet":
		d.Helpf("make a record with fields: `map: {…}`, or give the source a type")
	case f.codec == "csv" && n.Role == syntax.Sink:
		d.Helpf("choose fields with a `map`, or write another format (`format: ndjson`)")
	case f.codec == "logfmt" || n.Parse != nil:
		d.Helpf("give each field a type of one value, such as `string`")
	case strings.Contains(problem, "`out: text`"):
		d.Helpf("say that the file is lines: `config: {format: text}`")
	default:
		d.Helpf("change `out`, or name another `format` in `config`")
	}
	return false
}

// cell tells whether a value of a type stands in one cell of a table.
func cell(t *ir.Type) bool {
	switch t.Kind {
	case ir.List, ir.Map, ir.Struct, ir.JSON, ir.Any:
		return false
	case ir.GoNamed:
		return t.Go != nil && t.Go.Text
	}
	return true
}
