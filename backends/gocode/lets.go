package gocode

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/flowc-dev/flowc/ir"
)

// declarations are the constants and variables of the package that the users'
// expressions refer to: let values and decimal constants.
func (w *stageWriter) declarations() string {
	var b strings.Builder
	for _, let := range w.g.p.Lets {
		if w.lets[let.GoName] {
			fmt.Fprintf(&b, "// %s is `%s` of `%s`.\n%s\n", let.GoName, let.Name, let.Node, w.text(w.let(let)))
		}
	}
	if len(w.consts) > 0 {
		b.WriteString("// Constants of the pipeline's expressions, exact.\nvar (\n")
		for _, name := range slices.Sorted(maps.Keys(w.consts)) {
			c := w.consts[name]
			number := ""
			if c.Number {
				number = ".AsNumber()"
			}
			fmt.Fprintf(&b, "%s = %s\n", name, w.text(fmt.Sprintf("@decimal.MustParse(%q)%s", c.Text, number)))
		}
		b.WriteString(")\n")
	}
	return b.String()
}

// let quotes the declaration of one let value: a constant where Go can have one, else a
// variable. A value from outside is set when the program starts.
func (w *stageWriter) let(l *ir.Let) string {
	outside := l.Value == nil || !l.Value.IsLiteral()
	switch {
	case l.Regexp && outside:
		return "var " + l.GoName + " *@regexp.Regexp"
	case l.Regexp:
		return "var " + l.GoName + " = @regexp.MustCompile(" + quoteRegexp(l.Value.Text()) + ")"
	case l.Type == nil && outside:
		return "var " + l.GoName + " string"
	case l.Type == nil:
		return "const " + l.GoName + " = " + l.Value.Text()
	case outside:
		return "var " + l.GoName + " " + w.g.spell(l.Type)
	}
	text := w.value(l.Type, l.Value)
	switch l.Type.Kind {
	case ir.String, ir.Enum, ir.Int, ir.Int64, ir.Uint64, ir.Float64, ir.Bool, ir.Duration:
		if l.Type.Kind == ir.String || l.Type.Kind == ir.Bool || l.Type.Kind == ir.Enum || l.Type.Kind == ir.Duration {
			return "const " + l.GoName + " = " + text
		}
		return "const " + l.GoName + " " + w.g.spell(l.Type) + " = " + text
	}
	return "var " + l.GoName + " = " + text
}

// value quotes a literal of a type.
func (w *stageWriter) value(t *ir.Type, v *ir.Value) string {
	switch t.Kind {
	case ir.String, ir.Enum:
		return quote(v.Text())
	case ir.Duration:
		if d, err := time.ParseDuration(v.Text()); err == nil {
			text := DurationText(d)
			if !strings.Contains(text, "@") { // a number, which has no type yet
				text = "@time.Duration(" + text + ")"
			}
			return text
		}
	case ir.Decimal, ir.Number:
		s := "@decimal.MustParse(" + strconv.Quote(v.Text()) + ")"
		if t.Kind == ir.Number {
			s += ".AsNumber()"
		}
		return s
	case ir.Time:
		return "@codec.MustTime(" + strconv.Quote(v.Text()) + ")"
	case ir.List:
		items := make([]string, len(v.Items))
		for i, it := range v.Items {
			items[i] = w.value(t.Elem, it)
		}
		return w.g.spell(t) + "{" + strings.Join(items, ", ") + "}"
	case ir.Map:
		var b strings.Builder
		b.WriteString(w.g.spell(t) + "{")
		for i, e := range v.Entries {
			if i > 0 {
				b.WriteString(", ")
			}
			fmt.Fprintf(&b, "%q: %s", e.Key, w.value(t.Elem, e.Value))
		}
		return b.String() + "}"
	case ir.Bytes:
		return "[]byte(" + quote(v.Text()) + ")"
	case ir.JSON:
		return "@json.RawMessage(" + quote(v.Text()) + ")"
	}
	return v.Text()
}

// DurationText is a duration in its largest whole unit, for the quoter:
// 2 * @time.Second. It is a number where there is none.
func DurationText(d time.Duration) string {
	for _, u := range []struct {
		unit time.Duration
		name string
	}{{time.Hour, "Hour"}, {time.Minute, "Minute"}, {time.Second, "Second"}, {time.Millisecond, "Millisecond"}, {time.Microsecond, "Microsecond"}} {
		if d != 0 && d%u.unit == 0 {
			return fmt.Sprintf("%d * @time.%s", d/u.unit, u.name)
		}
	}
	return strconv.FormatInt(int64(d), 10)
}

// SetLet is the statement list that sets a let value from text, for values from
// outside: target, what to call it in messages, and whether it can be set.
func (w Writer) SetLet(l *ir.Let) (setter string, ok bool) {
	if l.Regexp {
		return fmt.Sprintf("@program.Text(\"regexp\", func() string { if %s == nil { return \"\" }; return %s.String() }, func(text string) (err error) { %s, err = @regexp.Compile(text); return err })", l.GoName, l.GoName, l.GoName), true
	}
	if l.Type == nil {
		return "@program.String(&" + l.GoName + ")", true
	}
	simple := map[ir.TypeKind]string{
		ir.String: "String", ir.Enum: "String", ir.Int: "Int", ir.Int64: "Int64", ir.Uint64: "Uint64", ir.Float64: "Float64", ir.Bool: "Bool", ir.Duration: "Duration",
	}
	if f, ok := simple[l.Type.Kind]; ok {
		return "@program." + f + "(&" + l.GoName + ")", true
	}
	n := l.GoName
	switch l.Type.Kind {
	case ir.Decimal:
		return fmt.Sprintf("@program.Text(\"decimal\", func() string { return %s.String() }, func(text string) (err error) { %s, err = @decimal.Parse(text); return err })", n, n), true
	case ir.Number:
		return fmt.Sprintf("@program.Text(\"number\", func() string { return %s.String() }, func(text string) (err error) { %s, err = @decimal.Parse(text); %s = %s.AsNumber(); return err })", n, n, n, n), true
	case ir.Time:
		return fmt.Sprintf("@program.Text(\"time\", func() string { return %s.Format(@time.RFC3339Nano) }, func(text string) (err error) { %s, err = @time.Parse(@time.RFC3339Nano, text); return err })", n, n), true
	case ir.List:
		if l.Type.Elem.Kind == ir.String {
			return "@program.Strings(&" + n + ")", true
		}
	}
	return "", false
}
