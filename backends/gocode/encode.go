package gocode

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/dave/jennifer/jen"

	"github.com/flowc-dev/flowc/ir"
)

// appendJSON is the name of the function that appends a value of a struct type
// as a JSON object; it writes the function the first time.
func (g *generator) appendJSON(t *ir.Type) string {
	key := "json " + typeText(t)
	name, isNew := g.function(key, "append"+upperFirst(typeWord(t)))
	if !isNew {
		return name
	}
	e := &encodeWriter{g: g, result: "dst", declared: g.isDeclared(t)}
	var body []jen.Code
	switch t.Kind {
	case ir.Struct:
		body = e.object(t)
	default:
		body = append(e.value(t, "(*v)", "", 0), g.Go("return dst, nil"))
	}
	e.write(name, "JSON", t, body)
	return name
}

// write adds an append function with its body.
func (e *encodeWriter) write(name, form string, t *ir.Type, body []jen.Code) {
	signature := "_ []byte, err error"
	if !e.usesErr {
		signature = "[]byte, error"
	}
	e.g.encode.add(
		jen.Comment(fmt.Sprintf("%s appends v as %s.", name, form)).Line(),
		jen.Func().Id(name).Params(jen.Id("dst").Index().Byte(), jen.Id("v").Op("*").Add(e.g.typ(t))).Op("("+signature+")").Block(body...),
	)
}

// isDeclared tells whether a type stands in the pipeline, so that the form of
// its decimals is said; else each decimal keeps the form it has.
func (g *generator) isDeclared(t *ir.Type) bool { return slices.Contains(g.p.Types, t) }

// An encodeWriter writes the body of one append function.
type encodeWriter struct {
	// result is what stands before the error in a return: dst, or nil.
	result   string
	g        *generator
	declared bool
	usesErr  bool
	// parts tells that what has parts has columns for them.
	parts bool
}

// object appends the fields of a struct. Each field begins with a comma where
// an earlier one may be left out; the first comma then becomes the brace.
func (e *encodeWriter) object(t *ir.Type) []jen.Code {
	g := e.g
	if len(t.Fields) == 0 {
		return []jen.Code{g.Go("return append(dst, \"{}\"...), nil")}
	}
	late := t.Fields[0].Optional || t.Fields[0].OmitEmpty
	var code []jen.Code
	if late {
		code = append(code, g.Go("at := len(dst)"))
	}
	for i, f := range t.Fields {
		open := ","
		if i == 0 && !late {
			open = "{"
		}
		head := g.Gof("dst = append(dst, %s...)", quote(open+strconv.Quote(f.Name)+":"))
		v := "v." + f.Go
		switch {
		case f.Pointer():
			code = append(code, g.block("if "+v+" != nil", append([]jen.Code{head}, e.value(f.Type, "(*"+v+")", f.Name, 0)...)...))
		case f.Optional:
			code = append(code, g.block("if "+v+" != nil", append([]jen.Code{head}, e.value(f.Type, v, f.Name, 0)...)...))
		case f.OmitEmpty:
			code = append(code, g.block("if "+notEmpty(f, v), append([]jen.Code{head}, e.value(f.Type, v, f.Name, 0)...)...))
		default:
			code = append(append(code, head), e.value(f.Type, v, f.Name, 0)...)
		}
	}
	if late {
		code = append(code,
			g.block("if len(dst) == at", g.Go("return append(dst, \"{}\"...), nil")),
			g.Go("dst[at] = '{'"))
	}
	return append(code, g.Go("return append(dst, '}'), nil"))
}

// notEmpty is Go's rule of omitempty.
func notEmpty(f *ir.Field, v string) string {
	switch f.Type.Kind {
	case ir.String, ir.Enum, ir.List, ir.Map, ir.Bytes, ir.JSON:
		return "len(" + v + ") > 0"
	case ir.Bool:
		return v
	case ir.Any:
		return v + " != nil"
	case ir.Int, ir.Int64, ir.Uint64, ir.Float64, ir.Duration:
		return v + " != 0"
	}
	return "true"
}

// quote is a Go string literal, with back quotes where that reads better.
func quote(s string) string {
	if strings.Contains(s, `"`) && !strings.ContainsAny(s, "`\n\r") && strconv.CanBackquote(s) {
		return "`" + s + "`"
	}
	return strconv.Quote(s)
}

// value appends one value; field names it in errors, depth keeps the names of
// nested loop variables apart.
func (e *encodeWriter) value(t *ir.Type, v, field string, depth int) []jen.Code {
	g := e.g
	plain := func(format string, args ...any) []jen.Code { return []jen.Code{g.Gof("dst = "+format, args...)} }
	fails := func(format string, args ...any) []jen.Code { return e.fails(field, format, args...) }
	if t.Go != nil && (t.Kind == ir.GoNamed || t.Go.Custom) {
		return fails("@codec.Marshal(dst, %s)", v)
	}
	convert := func(goType string) string {
		if t.Go == nil {
			return v
		}
		return goType + "(" + v + ")"
	}
	switch t.Kind {
	case ir.String, ir.Enum:
		return fails("@jsonscan.AppendString(dst, %s)", convert("string"))
	case ir.Int:
		return plain("@jsonscan.AppendInt(dst, int64(%s))", v)
	case ir.Int64:
		return plain("@jsonscan.AppendInt(dst, %s)", convert("int64"))
	case ir.Uint64:
		return plain("@jsonscan.AppendUint(dst, %s)", convert("uint64"))
	case ir.Float64:
		return fails("@jsonscan.AppendFloat(dst, %s)", convert("float64"))
	case ir.Bool:
		return plain("@jsonscan.AppendBool(dst, %s)", convert("bool"))
	case ir.Bytes:
		return plain("@jsonscan.AppendBytes(dst, %s)", v)
	case ir.Time:
		return fails("@jsonscan.AppendTime(dst, %s)", v)
	case ir.Duration:
		return plain("@jsonscan.AppendDuration(dst, %s)", v)
	case ir.Number:
		return plain("%s.AsNumber().AppendJSON(dst)", v)
	case ir.Decimal:
		if e.declared {
			return plain("%s.AsString().AppendJSON(dst)", v)
		}
		return plain("%s.AppendJSON(dst)", v)
	case ir.JSON:
		return fails("@codec.AppendRaw(dst, %s)", v)
	case ir.Any:
		return fails("@codec.Marshal(dst, %s)", v)
	case ir.Struct:
		return fails("%s(dst, &%s)", g.appendJSON(t), v)
	case ir.List:
		x := fmt.Sprintf("x%d", depth)
		i := fmt.Sprintf("i%d", depth)
		body := []jen.Code{
			g.block("if "+i+" > 0", g.Go("dst = append(dst, ',')")),
			g.Gof("%s := %s[%s]", x, v, i),
		}
		return []jen.Code{
			g.Go("dst = append(dst, '[')"),
			g.block("for "+i+" := range "+v, append(body, e.value(t.Elem, x, field, depth+1)...)...),
			g.Go("dst = append(dst, ']')"),
		}
	case ir.Map:
		k := fmt.Sprintf("k%d", depth)
		i := fmt.Sprintf("i%d", depth)
		x := fmt.Sprintf("x%d", depth)
		body := []jen.Code{g.block("if "+i+" > 0", g.Go("dst = append(dst, ',')"))}
		body = append(body, e.value(&ir.Type{Kind: ir.String}, k, field, depth+1)...)
		body = append(body, g.Go("dst = append(dst, ':')"), g.Gof("%s := %s[%s]", x, v, k))
		return []jen.Code{
			g.Go("dst = append(dst, '{')"),
			g.block("for "+i+", "+k+" := range @codec.Keys("+v+")", append(body, e.value(t.Elem, x, field, depth+1)...)...),
			g.Go("dst = append(dst, '}')"),
		}
	}
	panic("gocode: no encoder for type " + t.String())
}

// fails quotes an append that may give an error, of a field where there is one.
func (e *encodeWriter) fails(field, format string, args ...any) []jen.Code {
	e.usesErr = true
	ret := "return " + e.result + ", err"
	if field != "" {
		ret = fmt.Sprintf("return %s, @codec.Field(%q, err)", e.result, field)
	}
	return []jen.Code{e.g.block("if dst, err = "+fmt.Sprintf(format, args...)+"; err != nil", e.g.Go(ret))}
}
