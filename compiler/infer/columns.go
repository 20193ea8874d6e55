package infer

import (
	"strings"

	"github.com/flowc-dev/flowc/compiler/lower"
)

// A Column is what a table says of one of its own.
type Column struct {
	Name string `json:"name"`
	// Type is a scalar of the language, json, one in brackets for a list of it, or
	// enum; Values are those of an enum.
	Type     string   `json:"type"`
	Values   []string `json:"values"`
	Optional bool     `json:"optional"`
	// Note is what there is to say of it.
	Note string `json:"note"`
}

// Columns makes a type of the columns of a table.
func Columns(columns []Column, o Options) (*Result, error) {
	name, err := o.typeName()
	if err != nil {
		return nil, err
	}
	n := &Named{Name: name, Type: &Type{Kind: "struct"}}
	d := &decider{options: &o}
	taken := map[string]string{}
	some := false
	for _, c := range columns {
		f := &Field{Name: c.Name, Go: lower.GoName(c.Name), Type: c.typ(), Optional: c.Optional}
		if c.Note != "" {
			f.Notes = []string{c.Note}
		}
		if f.LeftOut = d.leftOut(f, &field{name: c.Name}, taken); f.LeftOut == "" {
			taken[f.Go], some = c.Name, true
		} else {
			f.Go = ""
		}
		n.Type.Fields = append(n.Type.Fields, f)
	}
	if !some {
		return nil, &Error{File: o.shown(), Msg: "no column has a name that Go could have, so a type can't name them"}
	}
	out := name
	if o.Changes {
		out = "change of " + name
	}
	r := &Result{File: o.shown(), Format: "columns", Types: []*Named{n}, Source: Source{Node: o.Node, Out: Out{Type: out}}}
	r.YAML = r.block()
	return r, nil
}

// typ is the column's type.
func (c *Column) typ() *Type {
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
