package golang

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/dave/jennifer/jen"

	"github.com/flowc-dev/flowc/ir"
	"github.com/flowc-dev/flowc/runtime/catalog"
)

// anyLiteral quotes a literal as YAML read it.
func (w *wiring) anyLiteral(v *ir.Value) *jen.Statement {
	switch {
	case v.Kind == "list":
		items := make([]jen.Code, len(v.Items))
		for i, it := range v.Items {
			items[i] = w.anyLiteral(it)
		}
		return jen.Index().Any().Values(items...)
	case v.Kind == "map":
		d := jen.Dict{}
		for _, e := range v.Entries {
			d[jen.Lit(e.Key)] = w.anyLiteral(e.Value)
		}
		return jen.Map(jen.String()).Any().Values(d)
	case v.Kind == "int" || v.Kind == "float" || v.Kind == "bool":
		return jen.Op(v.Text())
	case v.Kind == "null":
		return jen.Nil()
	}
	return jen.Lit(v.Text())
}

// ref quotes one value from outside.
func (w *wiring) ref(key string, v *ir.Value, setter *jen.Statement) *jen.Statement {
	code := w.Gof("{Key: %q, ", key)
	if node := w.leftOutWith(key); node != "" {
		code.Add(w.Gof("Node: %q, ", node))
	}
	code.Add(w.Gof("Place: %q, Set: ", v.Span.Place())).Add(setter).Add(w.Go(", Parts: []@program.Part{"))
	parts := slices.Clip(v.Parts)
	for i, item := range v.Items { // a list is set by its items with commas between
		if i > 0 {
			parts = append(parts, ir.Part{Kind: ir.Literal, Text: ","})
		}
		parts = append(parts, item.Parts...)
	}
	for i, p := range parts {
		if i > 0 {
			code.Op(", ")
		}
		switch {
		case p.Kind == ir.Literal:
			code.Add(w.Gof("@program.Literal(%q)", p.Text))
		case p.Kind == ir.Env && p.HasDefault:
			code.Add(w.Gof("@program.EnvOr(%q, %q)", p.Text, p.Default))
		case p.Kind == ir.Env:
			code.Add(w.Gof("@program.Env(%q)", p.Text))
		case p.Kind == ir.FileRef:
			code.Add(w.Gof("@program.File(%q)", p.Text))
		}
	}
	return code.Op("}},")
}

// literal quotes a value that is known when the program is compiled.
func (w *wiring) literal(typ string, v *ir.Value) *jen.Statement {
	switch {
	case v.Items != nil:
		if typ == "" {
			typ = "[string]"
		}
		elem := strings.TrimSuffix(strings.TrimPrefix(typ, "["), "]")
		items := make([]jen.Code, len(v.Items))
		for i, it := range v.Items {
			items[i] = w.literal(elem, it)
		}
		return jen.Index().Id(goScalar(elem)).Values(items...)
	case v.Entries != nil:
		elem := strings.TrimPrefix(typ, "map of ")
		d := jen.Dict{}
		for _, e := range v.Entries {
			d[jen.Lit(e.Key)] = w.literal(elem, e.Value)
		}
		return jen.Map(jen.String()).Id(goScalar(elem)).Values(d)
	}
	return w.literalText(typ, v.Text())
}

func goScalar(typ string) string {
	if typ == "" {
		return "string"
	}
	return typ
}

// literalText quotes a scalar given as text, by the name of its type.
func (w *wiring) literalText(typ, text string) *jen.Statement {
	switch typ {
	case "int", "int64", "uint64", "float64", "bool":
		return jen.Op(text)
	case "duration":
		if d, err := time.ParseDuration(text); err == nil {
			return w.duration(int64(d))
		}
	case "size":
		if n, ok := catalog.ParseSize(text); ok {
			return jen.Op(sizeText(n))
		}
	case "decimal":
		return w.Gof("@decimal.MustParse(%q)", text)
	case "[string]":
		var items []jen.Code
		for _, s := range strings.Split(text, ",") {
			items = append(items, jen.Lit(strings.TrimSpace(s)))
		}
		return jen.Index().String().Values(items...)
	case "":
		if _, err := strconv.ParseFloat(text, 64); err == nil || text == "true" || text == "false" {
			return jen.Op(text)
		}
	}
	return jen.Lit(text)
}

// sizeText is a number of bytes as people write it in Go.
func sizeText(n int64) string {
	for _, shift := range []int{30, 20, 10} {
		if n != 0 && n%(1<<shift) == 0 {
			return fmt.Sprintf("%d << %d", n>>shift, shift)
		}
	}
	return strconv.FormatInt(n, 10)
}
