package gocode

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/dave/jennifer/jen"

	"github.com/flowc-dev/flowc/ir"
)

// A flavor is how a decoder finds values in a record: what the spans are, and
// who reads a value from one.
type flavor string

const (
	jsonFlavor   flavor = "json"
	csvFlavor    flavor = "csv"
	logfmtFlavor flavor = "logfmt"
	regexpFlavor flavor = "regexp"
)

func flavorOf(codec string) flavor {
	switch codec {
	case "csv":
		return csvFlavor
	case "logfmt":
		return logfmtFlavor
	case "regexp":
		return regexpFlavor
	}
	return jsonFlavor
}

// call quotes the decoding of one value: the function of the format, with what
// it needs beside the record and the span.
func (d *decoder) call(function, span string, more ...string) string {
	args := strings.Join(append([]string{"line", span}, more...), ", ")
	switch d.flavor {
	case csvFlavor:
		return "d.format." + function + "(" + args + ")"
	case logfmtFlavor:
		if function == "Enum" {
			args += ", " + d.textArg()
		}
		return "@logfmt." + function + "(" + args + ")"
	case regexpFlavor:
		args = strings.Join(append([]string{span + ".Of(line)"}, more...), ", ")
		switch function {
		case "String", "StringCopy":
			return "@codec.Text" + function + "(" + args + ")"
		}
		return "@text." + function + "(" + args + ")"
	}
	return "@jsonscan." + function + "(" + args + ")"
}

// rawCall quotes the decoding of a raw JSON value.
func (d *decoder) rawCall(span, text string) string {
	switch d.flavor {
	case csvFlavor, logfmtFlavor:
		return d.call("Raw", span, "&d.validator", text)
	}
	return d.call("Raw", span, "&d.validator")
}

// textArg is the memory for decoded text.
func (d *decoder) textArg() string {
	if d.views {
		return "&d.text.Slab"
	}
	return "&d.text"
}

// absent is the condition that a record lacks a value of a type: an empty cell
// of text is one, but for strings.
func (d *decoder) absent(span string, t *ir.Type) string {
	if d.flavor == jsonFlavor {
		return span + ".Absent()"
	}
	if t.Kind == ir.String {
		return span + ".IsAbsent()"
	}
	switch d.flavor {
	case csvFlavor:
		return fmt.Sprintf("%s.IsAbsent() || d.format.IsEmpty(line, %s)", span, span)
	case logfmtFlavor:
		if t.Kind == ir.Bool {
			return span + ".IsAbsent()"
		}
		return fmt.Sprintf("%s.IsAbsent() || @logfmt.IsEmpty(line, %s)", span, span)
	}
	return span + ".IsAbsent() || " + span + ".Start == " + span + ".End"
}

// present is the condition that there is a value, null not being one.
func (d *decoder) present(span string, t *ir.Type) string {
	if d.flavor == jsonFlavor {
		return "!" + span + ".Absent() && !" + span + ".IsNull(line)"
	}
	a := d.absent(span, t)
	if !strings.Contains(a, "||") {
		return "!" + a
	}
	return "!(" + a + ")"
}

// scanFields are the parts of the decoder's struct that find values.
func (d *decoder) scanFields() []jen.Code {
	g := d.g
	if d.whole {
		return nil
	}
	n := jen.Lit(max(d.spans, 1))
	switch d.flavor {
	case csvFlavor:
		return []jen.Code{
			g.Go("scanner *@csv.Scanner"), g.Go("format @csv.Format"), g.Go("header *@frame.Header"),
			jen.Id("spans").Index(n).Add(g.Go("@text.Cell")),
		}
	case logfmtFlavor:
		return []jen.Code{g.Go("scanner *@logfmt.Scanner"), jen.Id("spans").Index(n).Add(g.Go("@text.Cell"))}
	case regexpFlavor:
		return []jen.Code{jen.Id("spans").Index(n).Add(g.Go("@text.Cell"))}
	}
	return []jen.Code{g.Go("object *@jsonscan.Object"), jen.Id("spans").Index(n).Add(g.Go("@jsonscan.Span"))}
}

// constructor quotes the function that makes the decoder.
func (d *decoder) constructor() *jen.Statement {
	g := d.g
	values := jen.Dict{}
	var before []jen.Code
	switch {
	case d.whole:
	case d.flavor == csvFlavor:
		delimiter, quote := csvChars(d.op.Options)
		format := g.Gof("@csv.Format{Delimiter: %q, Quote: %q}", delimiter, quote)
		before = append(before, g.Go("format := ").Add(format))
		values[jen.Id("format")] = jen.Id("format")
		values[jen.Id("scanner")] = g.Go("@csv.NewScanner(format, ").Add(g.Go("[]@csv.Field")).Values(d.columns()...).Op(")")
	case d.flavor == logfmtFlavor:
		values[jen.Id("scanner")] = g.Go("@logfmt.NewScanner(").Add(g.Go("[]@logfmt.Field")).Values(d.columns()...).Op(")")
	case d.flavor == jsonFlavor:
		values[jen.Id("object")] = g.Go("@jsonscan.NewObject").Call(g.Go("[]@jsonscan.Field").Values(d.fieldList(d.wants)...))
	}
	made := jen.Id(d.typ).Values(values)
	body := append(before, jen.Return(made))
	if columns := d.columnNames(); len(columns) > 0 {
		names := make([]string, len(columns))
		for i, c := range columns {
			names[i] = strconv.Quote(c)
		}
		body = append(before, jen.Id("d").Op(":=").Add(made),
			g.Gof("if err := d.scanner.Columns([]string{%s}); err != nil", strings.Join(names, ", ")).Block(g.Go("panic(err)").Comment("the compiler checked the columns")),
			jen.Return(jen.Id("d")))
	}
	return jen.Func().Id("new" + upperFirst(d.typ)).Params().Id(d.typ).Block(body...)
}

// columnNames are the columns of a table without a header: those that are
// given, else the fields of the type in their order.
func (d *decoder) columnNames() []string {
	if d.flavor != csvFlavor {
		return nil
	}
	if given := optionList(d.op.Options, "columns"); len(given) > 0 {
		return given
	}
	if d.op.Input == nil && Option(d.op.Options, "header") != "false" {
		return nil
	}
	var names []string
	for _, f := range d.node.Out[0].Type.Fields {
		names = append(names, f.Name)
	}
	return names
}

// columns is the literal of the wanted columns, one a line.
func (d *decoder) columns() []jen.Code {
	var out []jen.Code
	for _, w := range d.wants {
		text := fmt.Sprintf("{Name: %q, Index: %d", w.name, w.index)
		if w.optional && d.flavor == csvFlavor {
			text += ", Optional: true"
		}
		out = append(out, jen.Line().Op(text+"}"))
	}
	if len(out) > 0 {
		out = append(out, jen.Line())
	}
	return out
}
