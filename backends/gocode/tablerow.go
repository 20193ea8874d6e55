package gocode

import (
	"github.com/dave/jennifer/jen"

	"github.com/flowc-dev/flowc/ir"
)

// appendRow is the name of the function that appends a value of a struct type as
// the columns of a table; it writes the function the first time.
func (g *generator) appendRow(t *ir.Type) string {
	name, isNew := g.function("row "+typeText(t), "append"+upperFirst(typeWord(t))+"Row")
	if !isNew {
		return name
	}
	e := &encodeWriter{g: g, result: "dst", declared: g.isDeclared(t)}
	var body []jen.Code
	for _, f := range t.Fields {
		body = append(body, e.column(f)...)
	}
	e.write(name, "a row of a table", t, append(body, g.Go("return dst, nil")))
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
