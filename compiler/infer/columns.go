package infer

import (
	"path"
	"slices"
	"strings"

	"github.com/flowc-dev/flowc/compiler/lower"
)

// A Column is what a table says of one of its own.
type Column struct {
	Name string `json:"name"`
	// Type is a scalar of the language, json, one in brackets for a list of it, or
	// enum; Values are those of an enum. Where it has Parts it is struct, list or map.
	Type     string   `json:"type"`
	Values   []string `json:"values"`
	Optional bool     `json:"optional"`
	// Note is what there is to say of it.
	Note string `json:"note"`
	// Parts are the fields of a struct, the element of a list, or the value of a map.
	Parts []Column `json:"parts"`
}

// Columns makes a type of the columns of a table, and of those in them.
func Columns(columns []Column, o Options) (*Result, error) {
	name, err := o.typeName()
	if err != nil {
		return nil, err
	}
	d := &decider{options: &o, names: map[string]bool{}}
	if n := d.begin(name); !d.columns(columns, n) {
		return nil, &Error{File: o.shown(), Msg: "no column has a name that Go could have, so a type can't name them"}
	}
	out := name
	if o.Changes {
		out = "change of " + name
	}
	r := &Result{File: o.shown(), Format: "columns", Types: d.types, Source: Source{Node: o.Node, Out: Out{Type: out}}}
	if o.Node == "" {
		r.Source.Use, r.Source.Path = "file", o.File
		if path.Ext(o.File) != "."+o.Format {
			r.Source.Format = o.Format
		}
	}
	r.YAML = r.block()
	return r, nil
}

// columns makes a struct of columns; false means that none of them can stand in it.
func (d *decider) columns(columns []Column, n *Named) (some bool) {
	n.Type = &Type{Kind: "struct"}
	taken := map[string]string{}
	for i := range columns {
		c := &columns[i]
		f := &Field{Name: c.Name, Go: lower.GoName(c.Name), Optional: c.Optional || strings.HasSuffix(c.Name, "?")}
		if f.LeftOut = d.leftOut(f, &field{name: c.Name}, taken); f.LeftOut == "" {
			taken[f.Go], some = c.Name, true
		} else {
			f.Go = ""
		}
		if f.LeftOut != "" && len(c.Parts) > 0 {
			f.Type = &Type{Kind: "json"} // no types are declared for it
		} else {
			f.Type, f.Notes = d.column(c, spot{field: c.Name, owner: n.Name, one: true})
		}
		if c.Note != "" {
			f.Notes = append(f.Notes, c.Note)
		}
		n.Type.Fields = append(n.Type.Fields, f)
	}
	return some
}

// column is the type of a column, and what there is to say of it.
func (d *decider) column(c *Column, at spot) (t *Type, notes []string) {
	switch {
	case (c.Type == "list" || c.Type == "map") && len(c.Parts) == 1:
		of := &c.Parts[0]
		t = &Type{Kind: c.Type}
		if t.Elem, notes = d.column(of, spot{field: at.field, owner: at.owner}); !of.Optional {
			return t, notes
		}
		note := "an element may be null, which fails: `[json]` takes it"
		if c.Type == "map" {
			note = "a value may be null, which fails: `map of json` takes it"
		}
		if !slices.Contains(notes, note) {
			notes = append(notes, note)
		}
		return t, notes
	case c.Type != "struct":
		return c.scalar(), nil
	case at.one && c.isSmall():
		n := &Named{Name: at.owner + goName(at.field, "")} // for the names of what is inside
		if d.columns(c.Parts, n) {
			return n.Type, nil
		}
	default:
		if n := d.declare(at, func(n *Named) bool { return d.columns(c.Parts, n) }); n != nil {
			return &Type{Kind: "named", Name: n.Name}, nil
		}
	}
	return &Type{Kind: "json"}, []string{noFieldsNote}
}

// isSmall tells whether a struct can stand in the place of its field, as
// [objects.isSmall] does.
func (c *Column) isSmall() bool {
	return len(c.Parts) <= inlineFields && !slices.ContainsFunc(c.Parts, func(p Column) bool {
		for p.Type == "list" && len(p.Parts) == 1 {
			p = p.Parts[0]
		}
		return len(p.Parts) > 0
	})
}

// scalar is the type of a column that has no columns in it.
func (c *Column) scalar() *Type {
	elem, list := strings.CutPrefix(c.Type, "[")
	switch {
	case list:
		return &Type{Kind: "list", Elem: &Type{Kind: strings.TrimSuffix(elem, "]")}}
	case c.Type == "enum" && len(c.Values) < 2:
		return &Type{Kind: "string"} // one word would be the name of a type
	case c.Type == "enum":
		return &Type{Kind: "enum", Values: c.Values}
	}
	return &Type{Kind: c.Type}
}

// Declarations are the types as YAML, a text each: the lines of a block whose keys
// stand at a column, or, for a mapping in braces, one entry of it.
func (r *Result) Declarations(indent int, braces bool) (names, texts []string) {
	for _, n := range r.Types {
		names = append(names, n.Name)
		var b strings.Builder
		if braces {
			b.WriteString(n.Name + ": " + n.Type.flow())
		} else {
			n.block(&b)
		}
		var out []string
		for _, line := range strings.Split(strings.TrimRight(b.String(), "\n"), "\n") {
			if !braces {
				line = strings.Repeat(" ", indent) + strings.TrimPrefix(line, "  ")
			}
			out = append(out, line)
		}
		texts = append(texts, strings.Join(out, "\n"))
	}
	return names, texts
}

// flow is a type on one line.
func (t *Type) flow() string {
	if t.Kind != "struct" {
		return t.yaml()
	}
	var fields []string
	for _, f := range t.Fields {
		if f.LeftOut != "" {
			continue
		}
		key := yamlText(f.Name)
		if f.Optional { // some YAML parsers want the quotes
			key = yamlText(f.Name + "?")
		}
		fields = append(fields, key+": "+f.Type.flow())
	}
	return "{" + strings.Join(fields, ", ") + "}"
}

// YAML is the value of `out`.
func (o *Out) YAML() string { return o.yaml() }
