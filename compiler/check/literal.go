package check

import (
	"errors"
	"regexp"
	"regexp/syntax"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/flowc-dev/flowc/ir"
	"github.com/flowc-dev/flowc/ir/diag"
)

// checkValue tells whether a value that the pipeline gives is one of a type, and
// reports it if not. What comes from the environment or a file is looked at when
// the program starts.
func checkValue(t *ir.Type, v *ir.Value, l *diag.List) bool {
	switch t.Kind {
	case ir.List:
		if v.Kind != "list" {
			return valueError(l, v, "a list is expected here (%s), and this is %s", t, kindText(v))
		}
		ok := true
		for _, i := range v.Items {
			ok = checkValue(t.Elem, i, l) && ok
		}
		return ok
	case ir.Map:
		if v.Kind != "map" {
			return valueError(l, v, "a mapping is expected here (%s), and this is %s", t, kindText(v))
		}
		ok := true
		for _, e := range v.Entries {
			ok = checkValue(t.Elem, e.Value, l) && ok
		}
		return ok
	case ir.Struct:
		return checkStruct(t, v, l)
	case ir.Any, ir.JSON, ir.GoNamed:
		return true
	}
	if v.Kind == "list" || v.Kind == "map" || v.Kind == "null" {
		return valueError(l, v, "%s is expected here, and this is %s", article(t.String()), kindText(v))
	}
	if !v.IsLiteral() {
		return true
	}
	if why := literalError(t, v.Text()); why != "" {
		d := diag.Errorf(diag.BadValue, v.Span, "`%s` is no %s: %s", oneLine(v.Text()), typeWord(t), why)
		if t.Kind == ir.Enum {
			d.Near(v.Text(), t.Values)
		}
		l.Add(d)
		return false
	}
	return true
}

func checkStruct(t *ir.Type, v *ir.Value, l *diag.List) bool {
	if v.Kind != "map" {
		return valueError(l, v, "a mapping is expected here (%s), and this is %s", t, kindText(v))
	}
	ok := true
	given := map[string]bool{}
	names := make([]string, 0, len(t.Fields))
	for _, f := range t.Fields {
		names = append(names, f.Name)
	}
	for _, e := range v.Entries {
		given[e.Key] = true
		f := t.Field(e.Key)
		if f == nil {
			d := diag.Errorf(diag.BadValue, e.Span, "%s has no field `%s`", t, e.Key)
			d.Near(e.Key, names)
			l.Add(d)
			ok = false
			continue
		}
		ok = checkValue(f.Type, e.Value, l) && ok
	}
	for _, f := range t.Fields {
		if !f.Optional && !given[f.Name] {
			l.Errorf(diag.BadValue, v.Span, "the field `%s` of %s is missing", f.Name, t)
			ok = false
		}
	}
	return ok
}

func valueError(l *diag.List, v *ir.Value, format string, args ...any) bool {
	l.Errorf(diag.BadValue, v.Span, format, args...)
	return false
}

// kindText names what YAML read.
func kindText(v *ir.Value) string {
	switch v.Kind {
	case "int", "float":
		return "a number"
	case "map":
		return "a mapping"
	case "null":
		return "nothing"
	}
	return article(v.Kind)
}

// typeWord is a type as it follows "no".
func typeWord(t *ir.Type) string {
	if t.Kind == ir.Enum && t.Name == "" {
		return "value of the enum"
	}
	return t.String()
}

// decimalText is how decimals are written, as in JSON.
var decimalText = regexp.MustCompile(`^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?$`)

// literalError says why a text is no value of a scalar type, "" where it is
// one.
func literalError(t *ir.Type, text string) string {
	number := func(bits int, unsigned bool) string {
		var err error
		if unsigned {
			_, err = strconv.ParseUint(text, 10, bits)
		} else {
			_, err = strconv.ParseInt(text, 10, bits)
		}
		switch {
		case err == nil:
			return ""
		case strings.Contains(err.Error(), "range"):
			return "it is out of range"
		}
		return "it must be an integer"
	}
	switch t.Kind {
	case ir.String, ir.Bytes:
		return ""
	case ir.Int, ir.Int64:
		return number(64, false)
	case ir.Uint64:
		return number(64, true)
	case ir.Float64:
		if _, err := strconv.ParseFloat(text, 64); err != nil {
			return "it must be a number"
		}
	case ir.Bool:
		if text != "true" && text != "false" {
			return "it must be true or false"
		}
	case ir.Decimal, ir.Number:
		return decimalError(text)
	case ir.Time:
		if _, err := time.Parse(time.RFC3339Nano, text); err != nil {
			return "it must be written as in RFC 3339, 2006-01-02T15:04:05Z"
		}
	case ir.Duration:
		if _, err := time.ParseDuration(text); err != nil {
			return "it must be written as 1.5s, 5m or 1h30m"
		}
	case ir.Enum:
		if !slices.Contains(t.Values, text) {
			return "it is one of " + strings.Join(t.Values, ", ")
		}
	}
	return ""
}

func decimalError(text string) string {
	if !decimalText.MatchString(text) {
		return "it must be written as 12, 12.50 or 1e6"
	}
	x, err := exactLiteral(strings.TrimPrefix(text, "-"))
	if err == nil {
		_, err = x.text()
	}
	if err != nil {
		return err.Error()
	}
	return ""
}

// checkRegexp compiles a regexp whose text is known.
func (c *Checker) checkRegexp(s LetSource, l *diag.List) bool {
	v := s.Value
	if v.Kind != "string" {
		return valueError(l, v, "a regular expression is text, and this is %s", kindText(v))
	}
	if !v.IsLiteral() {
		return true
	}
	return Regexp(v.Text(), s, l)
}

// Regexp reports what is wrong with a regular expression, at its place in
// it.
func Regexp(text string, s LetSource, l *diag.List) bool {
	_, err := syntax.Parse(text, syntax.Perl)
	if err == nil {
		if _, err = regexp.Compile(text); err == nil {
			return true
		}
	}
	at := s.Value.Span
	msg := err.Error()
	if e, ok := errors.AsType[*syntax.Error](err); ok {
		msg = e.Code.String() + ": `" + e.Expr + "`"
		if i := strings.Index(s.Text, e.Expr); s.At != nil && i >= 0 && e.Expr != "" && s.Text == text {
			at = s.At.SubSpan(i, i+len(e.Expr))
		}
	}
	l.Errorf(diag.BadRegexp, at, "this regular expression does not compile: %s", strings.TrimPrefix(msg, "error parsing regexp: "))
	return false
}
