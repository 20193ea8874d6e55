package gocode

import (
	"fmt"
	"slices"
	"strings"

	"github.com/dave/jennifer/jen"

	"github.com/flowc-dev/flowc/ir"
)

// appendRow is the name of the function that appends a value of a struct type as
// the columns of a table; it writes the function the first time. In Parquet files
// what has parts has columns for them.
func (g *generator) appendRow(t *ir.Type, parts bool) string {
	key, suffix, form := "row ", "Row", "a row of a table"
	if parts {
		key, suffix, form = "parts ", "Columns", "the columns of a row"
	}
	name, isNew := g.function(key+typeText(t), "append"+upperFirst(typeWord(t))+suffix)
	if !isNew {
		return name
	}
	if t.Change && !parts {
		g.appendChange(name, t)
		return name
	}
	e := &encodeWriter{g: g, result: "dst", declared: g.isDeclared(t), parts: parts}
	var body []jen.Code
	for _, f := range t.Fields {
		body = append(body, e.column(f)...)
	}
	e.write(name, form, t, append(body, g.Go("return dst, nil")))
	return name
}

// column appends one field as a column.
func (e *encodeWriter) column(f *ir.Field) []jen.Code {
	g := e.g
	v := "v." + f.Go
	if !f.Optional {
		return e.columnValue(f, v)
	}
	return []jen.Code{jen.If(g.Go(v + " != nil")).Block(e.columnValue(f, v)...).
		Else().Block(g.Go("dst = @row.AppendNull(dst)"))}
}

func (e *encodeWriter) columnValue(f *ir.Field, v string) []jen.Code {
	g := e.g
	scalar := v
	if f.Pointer() {
		scalar, v = "*"+v, "(*"+v+")"
	}
	plain := func(name, goType string) []jen.Code {
		if goType != "" && (f.Type.Go != nil || string(f.Type.Kind) != goType) {
			return []jen.Code{g.Gof("dst = @row.%s(dst, %s(%s))", name, goType, scalar)}
		}
		return []jen.Code{g.Gof("dst = @row.%s(dst, %s)", name, scalar)}
	}
	if e.parts && hasParts(f.Type) {
		return e.partsOf(f.Type, v, f.Name, 0)
	}
	switch ColumnType(f.Type) {
	case "string", "enum":
		return plain("AppendText", "string")
	case "int", "int64":
		return plain("AppendInt", "int64")
	case "uint64":
		return plain("AppendUint", "uint64")
	case "float64":
		return plain("AppendFloat", "float64")
	case "bool":
		return plain("AppendBool", "bool")
	case "bytes":
		return plain("AppendBytes", "")
	case "decimal", "number":
		return plain("AppendDecimal", "")
	case "time":
		return plain("AppendTime", "")
	case "duration":
		return plain("AppendDuration", "")
	}
	at := "at" + f.Go
	code := []jen.Code{g.Go("dst = @row.OpenJSON(dst)"), g.Gof("%s := len(dst)", at)}
	code = append(append(code, e.value(f.Type, v, f.Name, 0)...), g.Gof("dst = @row.Close(dst, %s)", at))
	return code
}

// partsOf appends a value that has columns for its parts.
func (e *encodeWriter) partsOf(t *ir.Type, v, field string, depth int) []jen.Code {
	g := e.g
	x, i := fmt.Sprintf("x%d", depth), fmt.Sprintf("i%d", depth)
	switch t.Kind {
	case ir.Struct:
		return append([]jen.Code{g.Go("dst = @row.AppendStruct(dst)")}, e.fails(field, "%s(dst, &%s)", g.appendRow(t, true), v)...)
	case ir.List:
		body := []jen.Code{g.Gof("%s := %s[%s]", x, v, i)}
		return []jen.Code{
			g.Gof("dst = @row.AppendList(dst, len(%s))", v),
			g.block("for "+i+" := range "+v, append(body, e.element(t.Elem, x, field, depth+1)...)...),
		}
	}
	k := fmt.Sprintf("k%d", depth)
	body := []jen.Code{g.Gof("dst = @row.AppendText(dst, %s)", k), g.Gof("%s := %s[%s]", x, v, k)}
	if t.Go != nil {
		body[0] = g.Gof("dst = @row.AppendText(dst, string(%s))", k)
	}
	return []jen.Code{
		g.Gof("dst = @row.AppendMap(dst, len(%s))", v),
		g.block("for _, "+k+" := range @codec.Keys("+v+")", append(body, e.element(t.Elem, x, field, depth+1)...)...),
	}
}

// element appends an element of a list, or the value of an entry.
func (e *encodeWriter) element(t *ir.Type, v, field string, depth int) []jen.Code {
	if hasParts(t) {
		return e.partsOf(t, v, field, depth)
	}
	if ColumnType(t) != "json" {
		return e.columnValue(&ir.Field{Name: field, Type: t}, v)
	}
	at := fmt.Sprintf("at%d", depth)
	code := []jen.Code{e.g.Go("dst = @row.OpenJSON(dst)"), e.g.Gof("%s := len(dst)", at)}
	return append(append(code, e.value(t, v, field, depth)...), e.g.Gof("dst = @row.Close(dst, %s)", at))
}

// hasParts tells whether a value of a type has columns for its parts in a Parquet
// file. What is not known when the program is compiled is JSON there too: types with
// methods of their own, and those that hold themselves.
func hasParts(t *ir.Type) bool { return partsWithin(t, nil) }

func partsWithin(t *ir.Type, outer []*ir.Type) bool {
	if t.Go != nil && (t.Go.Custom || t.Go.Pointer) || slices.Contains(outer, t) {
		return false
	}
	switch t.Kind {
	case ir.Struct:
		if len(t.Fields) == 0 {
			return false
		}
		outer = append(slices.Clip(outer), t)
		for _, f := range t.Fields {
			if holds(f.Type, outer) {
				return false
			}
		}
		return true
	case ir.List, ir.Map:
		return true
	}
	return false
}

// holds tells whether a value of a type may hold one of those that it stands in.
func holds(t *ir.Type, outer []*ir.Type) bool {
	switch t.Kind {
	case ir.List, ir.Map:
		return holds(t.Elem, outer)
	case ir.Struct:
		if slices.Contains(outer, t) {
			return true
		}
		outer = append(slices.Clip(outer), t)
		return slices.ContainsFunc(t.Fields, func(f *ir.Field) bool { return holds(f.Type, outer) })
	}
	return false
}

// A Column is a field of a record as sinks and sources of tables see it.
type Column struct {
	// Name is "" for elements of lists and values of maps.
	Name, Type string
	Optional   bool
	Parts      []Column
}

// Columns are those of a type's fields, with columns for what has parts where that
// is wanted.
func Columns(t *ir.Type, parts bool) []Column {
	var list []Column
	for _, f := range t.Fields {
		c := column(f.Type, parts)
		c.Name, c.Optional = f.Name, f.Optional || f.Lenient // a user's own type has no field that must be there
		list = append(list, c)
	}
	return list
}

func column(t *ir.Type, parts bool) Column {
	if !parts || !hasParts(t) {
		return Column{Type: ColumnType(t)}
	}
	if t.Kind == ir.Struct {
		return Column{Type: "struct", Parts: Columns(t, true)}
	}
	return Column{Type: string(t.Kind), Parts: []Column{column(t.Elem, true)}}
}

// ColumnType is how connect.Column calls a type.
func ColumnType(t *ir.Type) string {
	if t.Go != nil && t.Go.Custom {
		return "json"
	}
	switch t.Kind {
	case ir.List, ir.Map, ir.Struct, ir.JSON, ir.Any, ir.GoNamed:
		return "json"
	}
	return string(t.Kind)
}

// appendChange writes the function that appends a change of a row: what it is, and
// the row before and after it.
func (g *generator) appendChange(name string, t *ir.Type) {
	e := &encodeWriter{g: g, result: "dst", declared: g.isDeclared(t)}
	row := g.appendRow(t.Changed(), false)
	body := []jen.Code{g.Go("dst = @row.AppendChange(dst, v.Op, v.Unchanged)")}
	for _, field := range []string{"Before", "After"} {
		body = append(body, jen.If(g.Go("v."+field+" != nil")).
			Block(e.fails(strings.ToLower(field), "%s(@row.AppendRow(dst), v.%s)", row, field)...).
			Else().Block(g.Go("dst = @row.AppendNull(dst)")))
	}
	e.write(name, "a change of a row of a table", t, append(body, g.Go("return dst, nil")))
}
