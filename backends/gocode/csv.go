package gocode

import (
	"fmt"
	"strings"

	"github.com/dave/jennifer/jen"

	"github.com/flowc-dev/flowc/ir"
)

// appendCSV is the name of the function that appends a value of a struct type
// as a CSV row with its line end; it writes the function the first time.
func (g *generator) appendCSV(t *ir.Type, op *ir.Encode) string {
	delimiter, quoteChar := csvChars(op.Options)
	key := fmt.Sprintf("csv %s %q %q", typeText(t), delimiter, quoteChar)
	name, isNew := g.function(key, "append"+upperFirst(typeWord(t))+"CSV")
	if !isNew {
		return name
	}
	e := &encodeWriter{g: g, result: "dst", declared: g.isDeclared(t)}
	format := fmt.Sprintf("@csv.Format{Delimiter: %q, Quote: %q}", delimiter, quoteChar)
	body := []jen.Code{g.Go("format := " + format), g.Go("start := len(dst)")}
	for i, f := range t.Fields {
		if i > 0 {
			body = append(body, g.Go("dst = format.AppendDelimiter(dst)"))
		}
		body = append(body, e.cell(f, "format")...)
	}
	body = append(body, g.Go("return format.AppendEnd(dst, start), nil"))
	e.write(name, "a row of CSV", t, body)
	return name
}

// csvChars are the delimiter and the quote that options ask for, both ASCII.
func csvChars(options []ir.Setting) (delimiter, quote byte) {
	first := func(key string, fallback byte) byte {
		if text := Option(options, key); text != "" {
			return text[0]
		}
		return fallback
	}
	return first("delimiter", ','), first("quote", '"')
}

// csvHeader is the header row of a type.
func csvHeader(t *ir.Type, delimiter, quote byte) string {
	cells := make([]string, len(t.Fields))
	for i, f := range t.Fields {
		cells[i] = f.Name
		if strings.ContainsAny(f.Name, string([]byte{delimiter, quote, '\r', '\n'})) {
			q := string(rune(quote))
			cells[i] = q + strings.ReplaceAll(f.Name, q, q+q) + q
		}
	}
	return strings.Join(cells, string(rune(delimiter))) + "\n"
}

// cell appends one field as a cell: nothing for a missing value, JSON for one
// that has parts.
func (e *encodeWriter) cell(f *ir.Field, format string) []jen.Code {
	g := e.g
	v := "v." + f.Go
	plain := func(format string, args ...any) []jen.Code { return []jen.Code{g.Gof("dst = "+format, args...)} }
	value := func(v string) []jen.Code {
		switch f.Type.Kind {
		case ir.String, ir.Enum:
			return plain("%s.AppendString(dst, string(%s))", format, v)
		case ir.Int, ir.Int64:
			return plain("@jsonscan.AppendInt(dst, int64(%s))", v)
		case ir.Uint64:
			return plain("@jsonscan.AppendUint(dst, uint64(%s))", v)
		case ir.Bool:
			return plain("@jsonscan.AppendBool(dst, %s)", v)
		case ir.Decimal, ir.Number:
			return plain("%s.Append(dst)", v)
		case ir.Duration:
			return plain("%s.AppendString(dst, %s.String())", format, v)
		case ir.Bytes:
			return plain("@base64.StdEncoding.AppendEncode(dst, %s)", v)
		case ir.Float64:
			return e.fails(f.Name, "@jsonscan.AppendFloat(dst, %s)", v)
		case ir.Time:
			return e.fails(f.Name, "@jsonscan.AppendTimeText(dst, %s)", v)
		}
		at := "at" + f.Go
		code := append([]jen.Code{g.Gof("%s := len(dst)", at)}, e.value(f.Type, v, f.Name, 0)...)
		return append(code, g.Gof("dst = %s.Quoted(dst, %s)", format, at))
	}
	switch {
	case f.Pointer():
		return []jen.Code{g.block("if "+v+" != nil", value("(*"+v+")")...)}
	case f.Optional:
		return []jen.Code{g.block("if "+v+" != nil", value(v)...)}
	}
	return value(v)
}
