package parquet

import (
	"fmt"
	"slices"
	"strings"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/deprecated"
	"github.com/parquet-go/parquet-go/format"

	"github.com/flowc-dev/flowc/runtime/codec/jsonscan"
	"github.com/flowc-dev/flowc/runtime/connect"
)

// A field is a column that is read, or what has columns below it.
type field struct {
	column *parquet.Column
	name   string // as JSON, with its colon
	kind   kind   // "" for one value
	// def is the definition level of a value that is there. In a list or map
	// element is that of an element, and rep the repetition level of a further one.
	def, element, rep int
	parts             []*field // of a struct
	of                *field   // of a list or a map: its values
	key               *field   // of a map
	// silent tells that it is read only to find out whether what it is in is there.
	silent bool
	// convert makes JSON of one value.
	convert func(dst []byte, v *parquet.Value) []byte
	cursor  *cursor
	first   *field // the first leaf below
}

// A misfit collects what does not fit.
type misfit []string

func (m *misfit) add(c *parquet.Column, format string, args ...any) {
	*m = append(*m, "the column `"+strings.Join(c.Path(), ".")+"` "+fmt.Sprintf(format, args...))
}

// unlike adds a column whose values can't be of a type, or, where that is "", of any.
func (m *misfit) unlike(c *parquet.Column, typ string) {
	if typ == "" {
		m.add(c, "is %s, which is not read: name the columns to read in a type, without it", typeText(c))
		return
	}
	m.add(c, "is %s, and the pipeline's type says %s", typeText(c), typ)
}

// choose finds what is wanted of a file.
func choose(root *parquet.Column, wanted []connect.Column) (*field, error) {
	var m misfit
	f := structField(root, wanted, &m)
	if len(m) == 1 {
		return nil, fmt.Errorf("it does not fit the pipeline's type: %s", m[0])
	}
	if len(m) > 0 {
		return nil, fmt.Errorf("it does not fit the pipeline's type:\n  %s", strings.Join(m, "\n  "))
	}
	return f, nil
}

// structField chooses the columns of a group: those that are wanted, in the file's
// order, or all where wanted is nil.
func structField(c *parquet.Column, wanted []connect.Column, m *misfit) *field {
	f := &field{column: c, kind: structKind, def: c.MaxDefinitionLevel()}
	for i := range wanted {
		w := &wanted[i]
		if c.Column(w.Name) == nil && !w.Optional {
			if len(c.Path()) == 0 {
				*m = append(*m, fmt.Sprintf("it has no column `%s` (it has `%s`)", w.Name, strings.Join(names(c), "`, `")))
			} else {
				m.add(c, "has no field `%s` (it has `%s`)", w.Name, strings.Join(names(c), "`, `"))
			}
		}
	}
	for _, child := range c.Columns() {
		var want *connect.Column
		if wanted != nil {
			i := slices.IndexFunc(wanted, func(w connect.Column) bool { return w.Name == child.Name() })
			if i < 0 {
				continue
			}
			want = &wanted[i]
		}
		p := fieldOf(child, want, m)
		if p == nil {
			continue
		}
		name, err := jsonscan.AppendString(nil, child.Name())
		if err != nil {
			m.add(child, "has a name that is not UTF-8")
			continue
		}
		p.name = string(name) + ":"
		f.parts = append(f.parts, p)
	}
	if len(f.parts) == 0 && len(c.Columns()) > 0 {
		if p := fieldOf(c.Columns()[0], nil, m); p != nil {
			p.silent = true
			f.parts = append(f.parts, p)
		}
	}
	if len(f.parts) > 0 {
		f.first = f.parts[0].first
	}
	return f
}

func names(c *parquet.Column) []string {
	var list []string
	for _, child := range c.Columns() {
		list = append(list, child.Name())
	}
	return list
}

// fieldOf chooses one column. want is nil where anything will do.
func fieldOf(c *parquet.Column, want *connect.Column, m *misfit) *field {
	if c.Repeated() { // a list without a group around it
		return listField(c, c, c.MaxDefinitionLevel()-1, want, m)
	}
	typ := ""
	if want != nil {
		typ = want.Type
	}
	if c.Leaf() {
		f := &field{column: c, def: c.MaxDefinitionLevel()}
		f.first = f
		if f.convert = converter(c, typ); f.convert == nil {
			m.unlike(c, typ)
			return nil
		}
		return f
	}
	if typ == "json" {
		want, typ = nil, ""
	}
	var parts []connect.Column
	if want != nil {
		parts = want.Parts
	}
	if entry := repeatedChild(c, isMap(c)); entry != nil && isMap(c) && len(entry.Columns()) == 2 && (typ == "" || typ == string(mapKind)) {
		return mapField(c, entry, parts, m)
	}
	if entry := repeatedChild(c, isList(c)); entry != nil && (typ == "" || typ == string(listKind)) {
		return listField(c, entry, c.MaxDefinitionLevel(), want, m)
	}
	if typ != "" && typ != string(structKind) {
		m.add(c, "is %s, and the pipeline's type says %s", typeText(c), typ)
		return nil
	}
	return structField(c, parts, m)
}

// repeatedChild is the one child of a group that repeats.
func repeatedChild(c *parquet.Column, is bool) *parquet.Column {
	if children := c.Columns(); is && len(children) == 1 && children[0].Repeated() {
		return children[0]
	}
	return nil
}

// listField chooses a list, whose elements are what entry repeats. def is the
// definition level of a list that is there.
func listField(c, entry *parquet.Column, def int, want *connect.Column, m *misfit) *field {
	f := &field{column: c, kind: listKind, def: def, element: entry.MaxDefinitionLevel(), rep: entry.MaxRepetitionLevel()}
	if want != nil && want.Type == "json" {
		want = nil
	}
	if want != nil && want.Type != string(listKind) {
		m.add(c, "is a list, and the pipeline's type says %s", want.Type)
		return nil
	}
	var of *connect.Column
	if want != nil {
		of = &want.Parts[0]
	}
	switch children := entry.Columns(); {
	case entry.Leaf():
		typ := ""
		if of != nil {
			typ = of.Type
		}
		f.of = &field{column: entry, def: f.element, convert: converter(entry, typ)}
		f.of.first = f.of
		if f.of.convert == nil {
			m.unlike(entry, typ)
			return nil
		}
	case c != entry && len(children) == 1 && entry.Name() != "array" && entry.Name() != c.Name()+"_tuple":
		f.of = fieldOf(children[0], of, m)
	case of != nil && of.Type != string(structKind) && of.Type != "json":
		m.add(entry, "has fields, and the pipeline's type says %s", of.Type)
		return nil
	case of != nil:
		f.of = structField(entry, of.Parts, m)
	default:
		f.of = structField(entry, nil, m)
	}
	if f.of == nil || f.of.first == nil {
		return nil
	}
	f.first = f.of.first
	return f
}

// mapField chooses a map.
func mapField(c, entry *parquet.Column, parts []connect.Column, m *misfit) *field {
	f := &field{column: c, kind: mapKind, def: c.MaxDefinitionLevel(), element: entry.MaxDefinitionLevel(), rep: entry.MaxRepetitionLevel()}
	key, value := entry.Columns()[0], entry.Columns()[1]
	if key.Leaf() && !key.Repeated() && converter(key, "string") == nil {
		m.add(key, "is %s, and the keys of a map are strings: name the columns to read in a type, without it", typeText(key))
		return nil
	}
	f.key = fieldOf(key, &connect.Column{Type: "string"}, m)
	var of *connect.Column
	if len(parts) > 0 {
		of = &parts[0]
	}
	f.of = fieldOf(value, of, m)
	if f.key == nil || f.of == nil {
		return nil
	}
	f.first = f.key.first
	return f
}

// logical is the logical type of a column, nil for none.
func logical(c *parquet.Column) any {
	if t := c.Type().LogicalType(); t != nil {
		return t.Value
	}
	return nil
}

func converted(c *parquet.Column, is ...deprecated.ConvertedType) bool {
	t := c.Type().ConvertedType()
	return t != nil && slices.Contains(is, *t)
}

func isList(c *parquet.Column) bool {
	_, ok := logical(c).(*format.ListType)
	return ok || converted(c, deprecated.List)
}

func isMap(c *parquet.Column) bool {
	_, ok := logical(c).(*format.MapType)
	return ok || converted(c, deprecated.Map, deprecated.MapKeyValue)
}

// leaves appends the leaves below a field.
func (f *field) leaves(list []*field) []*field {
	switch f.kind {
	case structKind:
		for _, p := range f.parts {
			list = p.leaves(list)
		}
	case listKind:
		list = f.of.leaves(list)
	case mapKind:
		list = f.of.leaves(f.key.leaves(list))
	default:
		list = append(list, f)
	}
	return list
}

func (f *field) path() string { return strings.Join(f.column.Path(), ".") }
