package gocode

import (
	"fmt"
	"strings"

	"github.com/dave/jennifer/jen"

	"github.com/flowc-dev/flowc/ir"
)

// typ is a type as Go writes it.
func (g *generator) typ(t *ir.Type) *jen.Statement { return g.Go(g.spell(t)) }

// perhapsPointer is a type, or a pointer to it.
func (g *generator) perhapsPointer(t *ir.Type, pointer bool) *jen.Statement {
	if pointer {
		return jen.Op("*").Add(g.typ(t))
	}
	return g.typ(t)
}

// spell is a type as quoted Go; it declares the structs of the pipeline that it
// names. All other forms of a type in generated code come from this one.
func (g *generator) spell(t *ir.Type) string {
	switch {
	case t.Go != nil:
		return g.spellGo(t.Go)
	case t.Name != "" && t.Kind == ir.Struct:
		g.declare(t)
		return t.Name
	}
	switch t.Kind {
	case ir.Int, ir.Int64, ir.Uint64, ir.Float64, ir.Bool, ir.String, ir.Any:
		return string(t.Kind)
	case ir.Enum:
		return "string"
	case ir.Bytes:
		return "[]byte"
	case ir.Time:
		return "@time.Time"
	case ir.Duration:
		return "@time.Duration"
	case ir.Decimal, ir.Number:
		return "@decimal.Decimal"
	case ir.JSON:
		return "@json.RawMessage"
	case ir.List:
		return "[]" + g.spell(t.Elem)
	case ir.Map:
		return "map[string]" + g.spell(t.Elem)
	case ir.Struct:
		return g.spellStruct(t)
	}
	panic("gocode: type of unknown kind " + string(t.Kind))
}

// spellGo is a type of the user's as quoted Go.
func (g *generator) spellGo(t *ir.GoType) string {
	s := t.Name
	if t.Package != "" {
		s = "@" + g.user(t.PkgName, g.importPath(t.Package)) + "." + s
	}
	if t.Pointer {
		s = "*" + s
	}
	return s
}

// spellStruct is a struct with its fields, whatever it is called. Optional
// scalars and structs are pointers, optional lists and maps just nil.
func (g *generator) spellStruct(t *ir.Type) string {
	var b strings.Builder
	b.WriteString("struct {\n")
	for _, f := range t.Fields {
		star, tag := "", f.Name
		if f.Pointer() {
			star = "*"
		}
		if f.Optional {
			tag += ",omitempty"
		}
		fmt.Fprintf(&b, "%s %s%s %s\n", f.Go, star, g.spell(f.Type), quote(fmt.Sprintf("json:%q", tag)))
	}
	return b.String() + "}"
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
		return fmt.Sprintf("enum %q", t.Values)
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
		g.spellStruct(g.declared[g.order[i]])
	}
	done := map[string]bool{}
	write := func(t *ir.Type) {
		if done[t.Name] {
			return
		}
		done[t.Name] = true
		g.types.add(jen.Comment(typeComment(t)), jen.Line(), g.Go("type "+t.Name+" "+g.spellStruct(t)))
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
