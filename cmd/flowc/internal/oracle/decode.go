package oracle

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// A text is what the fields of a record are read from: a JSON object, the cells
// of a row.
type text interface {
	// value reads the field of the record type at a path of fields. It is nil
	// for an optional field that is not there.
	value(p []*field) (value, error)
}

// A jsonText is a JSON object.
type jsonText struct {
	b       []byte
	members []member
}

func newJSONText(b []byte) (*jsonText, error) {
	list, err := members(b)
	return &jsonText{b, list}, err
}

func (t *jsonText) find(name string) ([]byte, int) {
	var found []byte
	n := 0
	for _, m := range t.members {
		if m.name == name {
			if n == 0 {
				found = t.b[m.start:m.end]
			}
			n++
		}
	}
	return found, n
}

func (t *jsonText) value(p []*field) (value, error) {
	f := p[0]
	b, n := t.find(f.wire)
	if n > 1 {
		return nil, fmt.Errorf("%s is there twice", f.wire)
	}
	if n == 0 || f.optional && string(b) == "null" {
		if f.optional {
			return nil, nil
		}
		return nil, fmt.Errorf("%s is missing", f.wire)
	}
	if len(p) == 1 {
		return decodeJSON(b, f.typ)
	}
	inner, err := newJSONText(b)
	if err != nil {
		return nil, err
	}
	return inner.value(p[1:])
}

// decodeJSON reads a whole value.
func decodeJSON(b []byte, t *typ) (value, error) {
	switch t.kind {
	case kString, kEnum, kBytes, kTime, kDuration:
		s, err := unquote(b)
		if err != nil {
			return nil, err
		}
		return decodeText(s, t)
	case kDecimal, kNumber:
		s := string(b)
		if b[0] == '"' {
			var err error
			if s, err = unquote(b); err != nil {
				return nil, err
			}
		}
		return decodeText(s, t)
	case kInt, kInt64, kUint64, kFloat64:
		return decodeText(string(b), t)
	case kBool:
		if s := string(b); s != "true" && s != "false" {
			return nil, fmt.Errorf("no bool")
		}
		return string(b) == "true", nil
	case kJSON:
		if !isStrict(b) {
			return nil, fmt.Errorf("no good JSON")
		}
		return raw(b), nil
	case kAny:
		if !isStrict(b) {
			return nil, fmt.Errorf("no good JSON")
		}
		var v any
		err := json.Unmarshal(b, &v)
		return v, err
	case kList:
		list, err := elements(b)
		if err != nil {
			return nil, err
		}
		out := []value{}
		for _, e := range list {
			v, err := decodeJSON(e, t.elem)
			if err != nil {
				return nil, err
			}
			out = append(out, v)
		}
		return out, nil
	case kMap:
		inner, err := newJSONText(b)
		if err != nil {
			return nil, err
		}
		out := map[string]value{}
		for _, m := range inner.members {
			if m.name == badKey {
				return nil, fmt.Errorf("a bad key")
			}
			if _, twice := out[m.name]; twice {
				return nil, fmt.Errorf("a key is there twice")
			}
			v, err := decodeJSON(b[m.start:m.end], t.elem)
			if err != nil {
				return nil, err
			}
			out[m.name] = v
		}
		return out, nil
	case kStruct:
		inner, err := newJSONText(b)
		if err != nil {
			return nil, err
		}
		return decodeFields(inner, t)
	}
	panic("oracle: decode " + string(t.kind))
}

// decodeFields reads all fields of a struct.
func decodeFields(from text, t *typ) (value, error) {
	out := object{}
	for _, f := range t.fields {
		v, err := from.value([]*field{f})
		if err != nil {
			return nil, err
		}
		out[f.goName] = v
	}
	return out, nil
}

// decodeText reads a scalar from text: what stands in a JSON string, in a cell,
// or a number as JSON writes it.
func decodeText(s string, t *typ) (value, error) {
	bad := fmt.Errorf("%q is no %s", s, t.kind)
	switch t.kind {
	case kString:
		if !utf8.ValidString(s) {
			return nil, bad
		}
		return s, nil
	case kEnum:
		if !slices.Contains(t.values, s) {
			return nil, bad
		}
		return s, nil
	case kInt, kInt64, kUint64:
		digits := strings.TrimPrefix(s, "-")
		if !isDigits(digits) || len(digits) > 1 && digits[0] == '0' || t.kind == kUint64 && digits != s {
			return nil, bad
		}
		n, _ := new(big.Int).SetString(s, 10)
		switch {
		case t.kind == kUint64 && n.IsUint64():
			return n.Uint64(), nil
		case t.kind != kUint64 && n.IsInt64():
			return n.Int64(), nil
		}
		return nil, bad
	case kFloat64:
		if !json.Valid([]byte(s)) || s[0] != '-' && (s[0] < '0' || s[0] > '9') {
			return nil, bad
		}
		f, err := strconv.ParseFloat(s, 64)
		if err != nil {
			return nil, bad
		}
		return f, nil
	case kBool:
		switch s {
		case "true", "True", "TRUE":
			return true, nil
		case "false", "False", "FALSE":
			return false, nil
		}
		return nil, bad
	case kBytes:
		b, err := base64.StdEncoding.DecodeString(s)
		if err != nil {
			return nil, bad
		}
		return b, nil
	case kTime:
		var at time.Time
		if err := at.UnmarshalText([]byte(s)); err != nil {
			return nil, bad
		}
		return at, nil
	case kDuration:
		d, err := time.ParseDuration(s)
		if err != nil {
			return nil, bad
		}
		return d, nil
	case kDecimal, kNumber:
		d, ok := parseDec(s)
		if !ok {
			return nil, bad
		}
		return d, nil
	}
	panic("oracle: text of " + string(t.kind))
}

// cells are the values of a row by their names: of CSV, of logfmt, of the groups
// of a regular expression.
type cells map[string]string

func (c cells) value(p []*field) (value, error) {
	f := p[0]
	s, there := c[f.wire]
	if !there || s == "" && f.typ.kind != kString {
		if f.optional {
			return nil, nil
		}
		return nil, fmt.Errorf("%s is missing", f.wire)
	}
	if f.typ.isScalar() {
		return decodeText(s, f.typ)
	}
	// A cell with a value that has parts holds it as JSON.
	b := []byte(s)
	b = b[space(b, 0):]
	end, err := valueEnd(b, 0)
	if err != nil || space(b, end) < len(b) || !isStrict(b[:end]) {
		return nil, fmt.Errorf("no JSON in a cell")
	}
	if len(p) == 1 {
		return decodeJSON(b[:end], f.typ)
	}
	inner, err := newJSONText(b[:end])
	if err != nil {
		return nil, err
	}
	return inner.value(p[1:])
}
