package component

import (
	"encoding/base64"
	"fmt"
	"go/types"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/flowc-dev/flowc/ir"
	"github.com/flowc-dev/flowc/ir/diag"
)

// value checks a value against a type and returns it, with the keys of structs
// in lists and maps in their canonical spelling; nil where it does not fit,
// which it reports. field has the type, nil for flowctl's map.
func (c *configCheck) value(t *ir.Type, field *ir.Field, key string, v *ir.Value) *ir.Value {
	if v.PerRecord() {
		c.dl.Errorf(codeConfig, v.Span, "`%s` is set once, when the program starts, and this changes with each record", key).
			Helpf("take what the record has in the component itself: it is given the record")
		return nil
	}
	switch t.Kind {
	case ir.Any, ir.JSON:
		return v
	case ir.List:
		return c.list(t, field, key, v)
	case ir.Map:
		return c.mapping(t, field, key, v)
	case ir.Struct:
		return c.structure(t, field, key, v)
	case ir.GoNamed:
		if !t.Go.Text && v.Kind != "null" {
			return v // its UnmarshalJSON decides, when the program starts
		}
	}
	if v.Kind == "list" || v.Kind == "map" || v.Kind == "null" {
		c.wrong(t, field, key, v)
		return nil
	}
	if !v.IsLiteral() {
		return v // read when the program starts
	}
	if !c.literal(t, field, key, v) {
		return nil
	}
	return v
}

func (c *configCheck) list(t *ir.Type, field *ir.Field, key string, v *ir.Value) *ir.Value {
	if v.Kind != "list" {
		d := c.wrong(t, field, key, v)
		if len(v.Parts) > 0 && v.IsLiteral() {
			d.Fix(diag.Fix{Title: "make it a list", Safe: true, Edits: []diag.Edit{
				{Span: v.Span.Sub(0, 0), New: "["}, {Span: v.Span.Sub(len(v.Span.Text()), len(v.Span.Text())), New: "]"},
			}})
		}
		return nil
	}
	whole := *v
	whole.Items = nil
	ok := true
	for i, item := range v.Items {
		if item = c.value(t.Elem, field, fmt.Sprintf("%s[%d]", key, i), item); item == nil {
			ok = false
			continue
		}
		whole.Items = append(whole.Items, item)
	}
	if !ok {
		return nil
	}
	return &whole
}

func (c *configCheck) mapping(t *ir.Type, field *ir.Field, key string, v *ir.Value) *ir.Value {
	if v.Kind != "map" {
		c.wrong(t, field, key, v)
		return nil
	}
	whole := *v
	whole.Entries = nil
	ok := true
	for _, e := range v.Entries {
		if e.Value = c.value(t.Elem, field, key+"."+e.Key, e.Value); e.Value == nil {
			ok = false
			continue
		}
		whole.Entries = append(whole.Entries, e)
	}
	if !ok {
		return nil
	}
	return &whole
}

// structure checks a struct in a list or a map; others are opened in set.
func (c *configCheck) structure(t *ir.Type, field *ir.Field, key string, v *ir.Value) *ir.Value {
	if v.Kind != "map" {
		c.wrong(t, field, key, v)
		return nil
	}
	inner := &configCheck{l: c.l, ref: c.ref, dl: c.dl, places: c.places, meant: c.meant}
	before := len(*c.dl)
	whole := *v
	whole.Entries = nil
	given := map[string]bool{}
	for _, e := range v.Entries {
		f := inner.field(t, key+".", e.Key, entrySpan(e))
		if f == nil {
			continue
		}
		if inner.twice(key+"."+f.Name, entrySpan(e)) {
			continue
		}
		given[f.Name] = true
		if e.Value.Kind == "null" && f.Optional {
			continue
		}
		e.Key = f.Name
		if e.Value = inner.value(f.Type, f, key+"."+f.Name, e.Value); e.Value != nil {
			whole.Entries = append(whole.Entries, e)
		}
	}
	for _, f := range t.Fields {
		if f.Required && !given[f.Name] && !c.meant[key+"."+f.Name] {
			c.dl.Errorf(codeConfig, v.Span, "`%s` lacks `%s`", key, f.Name).
				NoteAt(f.Span, "`%s` is required here", f.Name)
		}
	}
	if len(*c.dl) > before {
		return nil
	}
	return &whole
}

// literal checks a scalar that is known now.
func (c *configCheck) literal(t *ir.Type, field *ir.Field, key string, v *ir.Value) bool {
	text := v.Text()
	problem, help, fix := "", "", ""
	switch t.Kind {
	case ir.String:
		if isJSONNumber(t) {
			if _, err := strconv.ParseFloat(text, 64); err == nil {
				return true
			}
			d := c.wrong(t, field, key, v)
			d.Message = fmt.Sprintf("`%s` takes a number, and this is %s", key, valueKind(v))
			return false
		}
		if v.Kind != "string" {
			d := c.wrong(t, field, key, v)
			d.Replace(v.Span, strconv.Quote(v.Span.Text()), "quote it")
			return false
		}
		return true
	case ir.Bool:
		if v.Kind == "bool" {
			return true
		}
		fix = map[string]string{"yes": "true", "on": "true", "y": "true", "no": "false", "off": "false", "n": "false"}[strings.ToLower(text)]
	case ir.Int, ir.Int64, ir.Uint64:
		if v.Kind == "int" {
			problem, help = c.integer(t, text)
			if problem == "" {
				return true
			}
		}
	case ir.Float64:
		if v.Kind == "int" || v.Kind == "float" {
			bits := 64
			if b := c.basic(t); b != nil && b.Kind() == types.Float32 {
				bits = 32
			}
			f, err := strconv.ParseFloat(strings.ReplaceAll(text, "_", ""), bits)
			if err == nil && !math.IsInf(f, 0) && !math.IsNaN(f) {
				return true
			}
			problem = fmt.Sprintf("%s is no number that a %s holds", text, goName(t))
		}
	case ir.Duration:
		if v.Kind == "string" {
			if _, err := time.ParseDuration(text); err == nil {
				return true
			}
			problem = fmt.Sprintf("%q is no duration", text)
		}
		help = "write a number with its unit: 30s, 1m30s, 250ms"
		if v.Kind == "int" {
			problem = "a duration has a unit, and " + text + " has none"
		}
	case ir.Time:
		if v.Kind == "string" {
			if _, err := time.Parse(time.RFC3339Nano, text); err == nil {
				return true
			}
			problem = fmt.Sprintf("%q is no time", text)
		}
		help = "write it as RFC 3339: 2026-01-31T15:04:05Z"
	case ir.Bytes:
		if v.Kind == "string" {
			if _, err := base64.StdEncoding.DecodeString(text); err == nil {
				return true
			}
			problem = "it is no base64"
			help = "bytes are written in base64, as in JSON"
		}
	case ir.GoNamed: // reads text
		if v.Kind == "string" || v.Kind == "int" || v.Kind == "float" {
			return true
		}
	default:
		return true
	}
	d := c.wrong(t, field, key, v)
	if problem != "" {
		d.Message = fmt.Sprintf("`%s` takes %s: %s", key, valueForm(t), problem)
	}
	if help != "" {
		d.Helpf("%s", help)
	}
	if fix != "" {
		d.Replace(v.Span, fix, "write `%s`", fix)
	}
	return false
}

// basic is the predeclared type under a type.
func (c *configCheck) basic(t *ir.Type) *types.Basic {
	if o := c.l.origins[t]; o != nil {
		b, _ := o.Underlying().(*types.Basic)
		return b
	}
	return nil
}

// integer says why an integer does not fit, "" where it does.
func (c *configCheck) integer(t *ir.Type, text string) (problem, help string) {
	digits := strings.TrimLeft(text, "+-")
	if len(digits) > 1 && digits[0] == '0' && strings.Trim(digits, "0123456789") == "" {
		return fmt.Sprintf("%s could be meant as octal", text), "write it without the leading zero, or with 0o"
	}
	bits, signed := 64, t.Kind != ir.Uint64
	if b := c.basic(t); b != nil {
		switch b.Kind() {
		case types.Int8, types.Uint8:
			bits = 8
		case types.Int16, types.Uint16:
			bits = 16
		case types.Int32, types.Uint32:
			bits = 32
		}
	}
	var err error
	clean := strings.ReplaceAll(text, "_", "")
	if signed {
		_, err = strconv.ParseInt(clean, 0, bits)
	} else {
		_, err = strconv.ParseUint(strings.TrimPrefix(clean, "+"), 0, bits)
	}
	if err != nil {
		return fmt.Sprintf("%s does not fit", text), ""
	}
	return "", ""
}

// wrong reports a value of another kind than its type takes.
func (c *configCheck) wrong(t *ir.Type, field *ir.Field, key string, v *ir.Value) *diag.Diagnostic {
	d := c.dl.Errorf(codeConfig, v.Span, "`%s` takes %s, and this is %s", key, valueForm(t), valueKind(v))
	if field != nil && !field.Span.IsZero() {
		d.NoteAt(field.Span, "the field is here, of type %s", c.fieldType(field))
	}
	return d
}

// fieldType is the Go type of a field, as messages show it.
func (c *configCheck) fieldType(f *ir.Field) string {
	pointer := ""
	if f.Optional {
		pointer = "*"
	}
	if o := c.l.origins[f.Type]; o != nil {
		return pointer + typeText(o)
	}
	return pointer + f.Type.String()
}

// valueKind names what YAML read.
func valueKind(v *ir.Value) string {
	switch v.Kind {
	case "string":
		if !v.IsLiteral() {
			return "a string made when the program starts"
		}
		return fmt.Sprintf("the string %q", short(v.Text()))
	case "int", "float":
		return "the number " + short(v.Text())
	case "bool":
		return "the bool " + v.Text()
	case "null":
		return "null"
	case "list":
		return "a list"
	case "map":
		return "a mapping"
	}
	return "a " + v.Kind
}

func short(s string) string {
	if r := []rune(s); len(r) > 40 {
		return string(r[:40]) + "…"
	}
	return s
}

// valueForm says what a type takes, in words of YAML.
func valueForm(t *ir.Type) string {
	switch t.Kind {
	case ir.String, ir.Enum:
		return "a string"
	case ir.Bool:
		return "true or false"
	case ir.Int, ir.Int64, ir.Uint64:
		if t.Go != nil && t.Go.Package == "" {
			return "a whole number (" + t.Go.Name + ")"
		}
		return "a whole number (" + string(t.Kind) + ")"
	case ir.Float64:
		return "a number"
	case ir.Duration:
		return "a duration"
	case ir.Time:
		return "a time"
	case ir.Bytes:
		return "bytes in base64"
	case ir.List:
		return "a list"
	case ir.Map, ir.Struct:
		return "a mapping"
	case ir.GoNamed:
		return "the text of a " + goName(t)
	}
	return "a " + string(t.Kind)
}

// goName is the Go name of a type, with its package.
func goName(t *ir.Type) string {
	switch {
	case t.Go == nil:
		return string(t.Kind)
	case t.Go.PkgName == "":
		return t.Go.Name
	}
	return t.Go.PkgName + "." + t.Go.Name
}
