package gocode

import (
	"fmt"

	"github.com/dave/jennifer/jen"

	"github.com/flowc-dev/flowc/ir"
)

// appendCSV is the name of the function that appends a value of a struct type
// as a CSV row without its line end; it writes the function the first time.
func (g *generator) appendCSV(t *ir.Type, op *ir.Encode) string {
	delimiter, quoteChar := csvChars(op.Options)
	key := fmt.Sprintf("csv %s %q %q", g.typ(t).GoString(), delimiter, quoteChar)
	if name, ok := g.encoders[key]; ok {
		return name
	}
	name := "append" + upperFirst(typeWord(t)) + "CSV"
	for g.taken(name) {
		name += "2"
	}
	g.encoders[key] = name
	e := &encodeWriter{g: g, declared: g.isDeclared(t)}
	var body []jen.Code
	for i, f := range t.Fields {
		if i > 0 {
			body = append(body, g.Gof("dst = append(dst, %q)", delimiter))
		}
		body = append(body, e.cell(f, delimiter, quoteChar)...)
	}
	body = append(body, g.Go("return dst, nil"))
	sig := "_ []byte, err error"
	if !e.usesErr {
		sig = "[]byte, error"
	}
	g.encode.add(
		jen.Comment(fmt.Sprintf("%s appends v as a row of CSV.", name)).Line(),
		jen.Func().Id(name).Params(jen.Id("dst").Index().Byte(), jen.Id("v").Op("*").Add(g.typ(t))).Op("("+sig+")").Block(body...))
	return name
}

// csvChars are the delimiter and the quote that options ask for.
func csvChars(options []ir.Setting) (delimiter, quote rune) {
	delimiter, quote = ',', '"'
	for _, o := range options {
		if o.Value == nil || o.Value.Text() == "" {
			continue
		}
		switch o.Key {
		case "delimiter":
			delimiter = []rune(o.Value.Text())[0]
		case "quote":
			quote = []rune(o.Value.Text())[0]
		}
	}
	return delimiter, quote
}

// csvHeader is the header row of a type.
func csvHeader(t *ir.Type, delimiter rune) string {
	s := ""
	for i, f := range t.Fields {
		if i > 0 {
			s += string(delimiter)
		}
		s += f.Name
	}
	return s + "\n"
}

// cell appends one field as a cell: nothing for a missing value, JSON for one
// that has parts.
func (e *encodeWriter) cell(f *ir.Field, delimiter, quote rune) []jen.Code {
	g := e.g
	v := "v." + f.Go
	text := func(expr string) []jen.Code {
		return []jen.Code{g.Gof("dst = @csv.AppendCell(dst, %s, %q, %q)", expr, delimiter, quote)}
	}
	number := func(format string, args ...any) []jen.Code { return []jen.Code{g.Gof("dst = "+format, args...)} }
	value := func(v string) []jen.Code {
		switch f.Type.Kind {
		case ir.String, ir.Enum:
			return text(v)
		case ir.Int, ir.Int64:
			return number("@jsonscan.AppendInt(dst, int64(%s))", v)
		case ir.Uint64:
			return number("@jsonscan.AppendUint(dst, uint64(%s))", v)
		case ir.Bool:
			return number("@jsonscan.AppendBool(dst, %s)", v)
		case ir.Decimal, ir.Number:
			return number("%s.Append(dst)", v)
		case ir.Duration:
			return text(v + ".String()")
		case ir.Float64:
			e.usesErr = true
			return []jen.Code{g.block("if dst, err = @jsonscan.AppendFloat(dst, "+v+"); err != nil", g.Gof("return dst, @codec.Field(%q, err)", f.Name))}
		case ir.Time:
			e.usesErr = true
			return []jen.Code{g.block("if dst, err = @jsonscan.AppendTimeText(dst, "+v+"); err != nil", g.Gof("return dst, @codec.Field(%q, err)", f.Name))}
		case ir.Bytes:
			return number("@csv.AppendBase64(dst, %s)", v)
		}
		e.usesErr = true
		name := g.appendJSON(f.Type)
		return []jen.Code{jen.Block(
			g.Gof("cell, err := %s(nil, &%s)", name, v),
			g.block("if err != nil", g.Gof("return dst, @codec.Field(%q, err)", f.Name)),
			g.Gof("dst = @csv.AppendCell(dst, string(cell), %q, %q)", delimiter, quote))}
	}
	switch {
	case f.Pointer():
		return []jen.Code{g.block("if "+v+" != nil", value("(*"+v+")")...)}
	case f.Optional:
		return []jen.Code{g.block("if "+v+" != nil", value(v)...)}
	}
	return value(v)
}
