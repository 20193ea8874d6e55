package oracle

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// encodeJSON appends a value as JSON: fields in the order of the type, no white
// space, as few escapes as possible. A value that JSON has no form for is an
// error.
func encodeJSON(dst []byte, v value, t *typ) ([]byte, error) {
	switch t.kind {
	case kString, kEnum:
		return appendString(dst, v.(string))
	case kInt, kInt64:
		return strconv.AppendInt(dst, v.(int64), 10), nil
	case kUint64:
		return strconv.AppendUint(dst, v.(uint64), 10), nil
	case kFloat64:
		f := v.(float64)
		if math.IsNaN(f) || math.IsInf(f, 0) {
			return nil, fmt.Errorf("no number")
		}
		b, err := json.Marshal(f)
		return append(dst, b...), err
	case kBool:
		return strconv.AppendBool(dst, v.(bool)), nil
	case kBytes:
		return append(dst, strconv.Quote(base64.StdEncoding.EncodeToString(v.([]byte)))...), nil
	case kTime:
		b, err := v.(time.Time).MarshalJSON()
		return append(dst, b...), err
	case kDuration:
		return append(dst, strconv.Quote(v.(time.Duration).String())...), nil
	case kDecimal:
		return append(dst, strconv.Quote(v.(dec).String())...), nil
	case kNumber:
		return append(dst, v.(dec).String()...), nil
	case kJSON:
		return append(dst, compact(v.(raw))...), nil
	case kAny:
		var buf bytes.Buffer
		enc := json.NewEncoder(&buf)
		enc.SetEscapeHTML(false)
		err := enc.Encode(v)
		return append(dst, bytes.TrimSpace(buf.Bytes())...), err
	case kList:
		dst = append(dst, '[')
		list, _ := v.([]value)
		for i, e := range list {
			if i > 0 {
				dst = append(dst, ',')
			}
			var err error
			if dst, err = encodeJSON(dst, e, t.elem); err != nil {
				return nil, err
			}
		}
		return append(dst, ']'), nil
	case kMap:
		dst = append(dst, '{')
		m, _ := v.(map[string]value)
		for i, k := range slices.Sorted(maps.Keys(m)) {
			if i > 0 {
				dst = append(dst, ',')
			}
			var err error
			if dst, err = appendString(dst, k); err != nil {
				return nil, err
			}
			if dst, err = encodeJSON(append(dst, ':'), m[k], t.elem); err != nil {
				return nil, err
			}
		}
		return append(dst, '}'), nil
	case kStruct:
		dst = append(dst, '{')
		o := v.(object)
		first := true
		for _, f := range t.fields {
			v := o[f.goName]
			if v == nil && f.optional || f.omitEmpty && isEmpty(v, f.typ) {
				continue
			}
			if !first {
				dst = append(dst, ',')
			}
			first = false
			var err error
			if dst, err = appendString(dst, f.wire); err != nil {
				return nil, err
			}
			if dst, err = encodeJSON(append(dst, ':'), v, f.typ); err != nil {
				return nil, err
			}
		}
		return append(dst, '}'), nil
	}
	panic("oracle: encode " + string(t.kind))
}

// appendString appends a JSON string with the escapes that it needs.
func appendString(dst []byte, s string) ([]byte, error) {
	if !utf8.ValidString(s) {
		return nil, fmt.Errorf("no UTF-8")
	}
	dst = append(dst, '"')
	for i := range len(s) {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			dst = append(dst, '\\', c)
		case c >= ' ':
			dst = append(dst, c)
		default:
			if at := strings.IndexByte("\b\f\n\r\t", c); at >= 0 {
				dst = append(dst, '\\', "bfnrt"[at])
			} else {
				dst = fmt.Appendf(dst, `\u%04x`, c)
			}
		}
	}
	return append(dst, '"'), nil
}

// A csvForm says how rows are written.
type csvForm struct{ delimiter, quote byte }

var plainCSV = csvForm{',', '"'}

// encodeRow appends a record as a row of CSV: nothing for what is missing, text
// without quotes for scalars, JSON for what has parts.
func (c csvForm) encodeRow(dst []byte, o object, t *typ) ([]byte, error) {
	start := len(dst)
	for i, f := range t.fields {
		if i > 0 {
			dst = append(dst, c.delimiter)
		}
		v := o[f.goName]
		if v == nil && f.optional {
			continue
		}
		var cell string
		if f.typ.kind == kString || f.typ.kind == kEnum {
			cell = v.(string)
		} else {
			b, err := encodeJSON(nil, v, f.typ)
			if err != nil {
				return nil, err
			}
			cell = string(b)
			if f.typ.isScalar() {
				cell = strings.Trim(cell, `"`)
			}
		}
		dst = append(dst, c.cell(cell)...)
	}
	if len(dst) == start { // a blank line would be no row
		dst = append(dst, c.quote, c.quote)
	}
	return append(dst, '\n'), nil
}

// cell is the text of a cell, in quotes where it needs them.
func (c csvForm) cell(s string) string {
	if !strings.ContainsAny(s, string([]byte{c.delimiter, c.quote, '\r', '\n'})) {
		return s
	}
	q := string(c.quote)
	return q + strings.ReplaceAll(s, q, q+q) + q
}

func (c csvForm) header(t *typ) string {
	var names []string
	for _, f := range t.fields {
		names = append(names, c.cell(f.wire))
	}
	return strings.Join(names, string(c.delimiter)) + "\n"
}

// An edit is what set or unset does to one member: value is nil to remove it.
type edit struct {
	name  string
	value []byte
}

// splice makes the edits in the text of an object, and leaves all else as it is.
// What is added comes before the closing brace, in the order of edits. loose
// tells that a member was removed: how much white space goes with it is not said
// anywhere.
func splice(b []byte, edits []edit) (out []byte, loose bool) {
	b = bytes.Trim(b, " \t\r\n")
	for _, e := range edits {
		list, err := members(b)
		if err != nil {
			panic("oracle: splice of " + string(b))
		}
		at := slices.IndexFunc(list, func(m member) bool { return m.name == e.name })
		switch {
		case at < 0 && e.value == nil:
		case at < 0:
			head, key := b[:len(b)-1], appendKey(e.name)
			if len(list) > 0 {
				key = append([]byte(","), key...)
			}
			b = slices.Concat(head, key, e.value, []byte("}"))
		case e.value != nil:
			b = slices.Concat(b[:list[at].start], e.value, b[list[at].end:])
		case at+1 < len(list):
			loose = true
			b = slices.Concat(b[:list[at].key], b[list[at+1].key:])
		case at > 0:
			loose = true
			b = slices.Concat(b[:list[at-1].end], b[list[at].end:])
		default:
			loose = true
			b = slices.Concat(b[:list[at].key], b[list[at].end:])
		}
	}
	return b, loose
}

func appendKey(name string) []byte {
	b, _ := appendString(nil, name)
	return append(b, ':')
}

// isEmpty is Go's rule of omitempty, by which an interface is empty only where
// nothing is in it.
func isEmpty(v value, t *typ) bool {
	if t.kind == kAny {
		return v == nil
	}
	switch v := v.(type) {
	case nil:
		return true
	case string:
		return v == ""
	case int64:
		return v == 0
	case uint64:
		return v == 0
	case float64:
		return v == 0
	case bool:
		return !v
	case []byte:
		return len(v) == 0
	case []value:
		return len(v) == 0
	case map[string]value:
		return len(v) == 0
	}
	return false
}
