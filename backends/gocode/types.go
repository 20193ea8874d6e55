package gocode

import (
	"strings"

	"github.com/dave/jennifer/jen"

	"github.com/flowc-dev/flowc/ir"
)

// typ is a type as Go writes it.
func (g *generator) typ(t *ir.Type) *jen.Statement {
	if t.Go != nil {
		return g.goNamed(t.Go)
	}
	if t.Name != "" && (t.Kind == ir.Struct || t.Kind == ir.Enum) {
		if t.Kind == ir.Struct {
			g.declare(t)
			return jen.Id(t.Name)
		}
		return jen.String()
	}
	switch t.Kind {
	case ir.Int, ir.Int64, ir.Uint64, ir.Float64, ir.Bool, ir.String:
		return jen.Id(string(t.Kind))
	case ir.Enum:
		return jen.String()
	case ir.Bytes:
		return jen.Index().Byte()
	case ir.Time:
		return g.Go("@time.Time")
	case ir.Duration:
		return g.Go("@time.Duration")
	case ir.Decimal, ir.Number:
		return g.Go("@decimal.Decimal")
	case ir.JSON:
		return g.Go("@json.RawMessage")
	case ir.Any:
		return jen.Any()
	case ir.List:
		return jen.Index().Add(g.typ(t.Elem))
	case ir.Map:
		return jen.Map(jen.String()).Add(g.typ(t.Elem))
	case ir.Struct:
		return jen.Struct(g.fields(t)...)
	}
	panic("gocode: type of unknown kind " + string(t.Kind))
}

// typeText identifies a type: two have the same text when they are the same in
// Go and on the wire.
func typeText(t *ir.Type) string {
	switch {
	case t.Go != nil:
		star := ""
		if t.Go.Pointer {
			star = "*"
		}
		return star + t.Go.Package + "." + t.Go.Name
	case t.Name != "" && t.Kind == ir.Struct:
		return t.Name
	}
	switch t.Kind {
	case ir.List:
		return "[]" + typeText(t.Elem)
	case ir.Map:
		return "map " + typeText(t.Elem)
	case ir.Enum:
		return "enum " + strings.Join(t.Values, "|")
	case ir.Struct:
		s := "struct{"
		for _, f := range t.Fields {
			s += f.Name + " " + f.Go + " "
			if f.Optional {
				s += "?"
			}
			s += typeText(f.Type) + ";"
		}
		return s + "}"
	}
	return string(t.Kind)
}

// quotedType is a type as quoted Go, for use inside of expressions.
func (g *generator) quotedType(t *ir.Type) string {
	if t.Go != nil {
		s := t.Go.Name
		if t.Go.Package != "" {
			s = "@" + g.user(t.Go.PkgName, g.importPath(t.Go.Package)) + "." + s
		}
		if t.Go.Pointer {
			s = "*" + s
		}
		return s
	}
	switch t.Kind {
	case ir.Time:
		return "@time.Time"
	case ir.Decimal, ir.Number:
		return "@decimal.Decimal"
	case ir.Struct:
		if t.Name != "" {
			g.declare(t)
			return t.Name
		}
		s := "struct{"
		for _, f := range t.Fields {
			star, tag := "", f.Name
			if f.Pointer() {
				star = "*"
			}
			if f.Optional {
				tag += ",omitempty"
			}
			s += f.Go + " " + star + g.quotedType(f.Type) + " `json:\"" + tag + "\"`;"
		}
		return s + "}"
	case ir.List:
		return "[]" + g.quotedType(t.Elem)
	case ir.Map:
		return "map[string]" + g.quotedType(t.Elem)
	case ir.Bytes:
		return "[]byte"
	case ir.JSON:
		return "@json.RawMessage"
	case ir.Duration:
		return "@time.Duration"
	case ir.Enum:
		return "string"
	}
	return string(t.Kind)
}

// ownRuntime is the import path of the runtime inside flowc, as the IR names
// its types.
const ownRuntime = "github.com/flowc-dev/flowc/runtime/"

// importPath is where generated code finds a package: that of the runtime is a
// copy.
func (g *generator) importPath(path string) string {
	if rest, ok := strings.CutPrefix(path, ownRuntime); ok {
		return g.layout.Runtime() + "/" + rest
	}
	return path
}

// goNamed is a type of the user's.
func (g *generator) goNamed(t *ir.GoType) *jen.Statement {
	s := &jen.Statement{}
	if t.Pointer {
		s.Op("*")
	}
	if t.Package == "" {
		return s.Id(t.Name)
	}
	path := g.importPath(t.Package)
	g.user(t.PkgName, path)
	return s.Qual(path, t.Name)
}

// fieldType is the type of a struct's field: optional scalars and structs are
// pointers, optional lists and maps just nil.
func (g *generator) fieldType(f *ir.Field) *jen.Statement {
	if f.Pointer() {
		return jen.Op("*").Add(g.typ(f.Type))
	}
	return g.typ(f.Type)
}

func (g *generator) fields(t *ir.Type) []jen.Code {
	var out []jen.Code
	for _, f := range t.Fields {
		tag := f.Name
		if f.Optional {
			tag += ",omitempty"
		}
		out = append(out, jen.Id(f.Go).Add(g.fieldType(f)).Tag(map[string]string{"json": tag}))
	}
	return out
}

// declare remembers that a named struct is used.
func (g *generator) declare(t *ir.Type) {
	if g.declared[t.Name] != nil {
		return
	}
	g.declared[t.Name] = t
	g.order = append(g.order, t.Name)
}

// declareTypes writes the named structs that are used, those of the pipeline's
// `types` in their order first.
func (g *generator) declareTypes() {
	for i := 0; i < len(g.order); i++ { // fields declare further types
		g.fields(g.declared[g.order[i]])
	}
	done := map[string]bool{}
	write := func(t *ir.Type) {
		if done[t.Name] {
			return
		}
		done[t.Name] = true
		g.types.add(jen.Comment(typeComment(t)), jen.Line(), jen.Type().Id(t.Name).Struct(g.fields(t)...))
	}
	for _, t := range g.p.Types {
		if g.declared[t.Name] != nil {
			write(t)
		}
	}
	for _, name := range g.order {
		write(g.declared[name])
	}
}

func typeComment(t *ir.Type) string {
	if t.Span.IsZero() {
		return t.Name + " is what a stage of the pipeline makes."
	}
	return t.Name + " is an event type of the pipeline."
}

// enumConstants writes the values of a named enum as constants.
func (g *generator) enumConstants(t *ir.Type) {
	var defs []jen.Code
	for _, v := range t.Values {
		defs = append(defs, jen.Id(t.Name+upperFirst(camel(v))).Op("=").Lit(v))
	}
	g.types.add(jen.Comment("The values of "+t.Name+".").Line(), jen.Const().Defs(defs...))
}
