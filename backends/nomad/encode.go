package nomad

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
)

// encode prints a value of Nomad's types as JSON without what nobody said: fields that
// are nil, and zeros of those that are no pointers. What a pointer points to was said,
// so it stays, a zero as well (no canary, no attempts). Fields are in the order of
// their types, keys of maps sorted.
func encode(v any) ([]byte, error) {
	var compact bytes.Buffer
	if err := encodeValue(&compact, reflect.ValueOf(v)); err != nil {
		return nil, err
	}
	var out bytes.Buffer
	if err := json.Indent(&out, compact.Bytes(), "", "  "); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

func encodeValue(b *bytes.Buffer, v reflect.Value) error {
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if v.IsNil() {
			b.WriteString("null")
			return nil
		}
		return encodeValue(b, v.Elem())
	case reflect.Struct:
		return encodeStruct(b, v)
	case reflect.Map:
		return encodeMap(b, v)
	case reflect.Slice:
		b.WriteByte('[')
		for i := range v.Len() {
			if i > 0 {
				b.WriteByte(',')
			}
			if err := encodeValue(b, v.Index(i)); err != nil {
				return err
			}
		}
		b.WriteByte(']')
		return nil
	}
	return encodeScalar(b, v.Interface())
}

// encodeScalar leaves the signs of templates and URLs (< > &) as they are.
func encodeScalar(b *bytes.Buffer, v any) error {
	e := json.NewEncoder(b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return err
	}
	b.Truncate(b.Len() - 1) // the line's end
	return nil
}

func encodeStruct(b *bytes.Buffer, v reflect.Value) error {
	b.WriteByte('{')
	first := true
	for i := range v.NumField() {
		field := v.Type().Field(i)
		name := jsonName(field)
		if name == "" || unsaid(v.Field(i)) {
			continue
		}
		if !first {
			b.WriteByte(',')
		}
		first = false
		fmt.Fprintf(b, "%q:", name)
		if err := encodeValue(b, v.Field(i)); err != nil {
			return err
		}
	}
	b.WriteByte('}')
	return nil
}

func encodeMap(b *bytes.Buffer, v reflect.Value) error {
	keys := v.MapKeys()
	slices.SortFunc(keys, func(x, y reflect.Value) int { return bytes.Compare([]byte(x.String()), []byte(y.String())) })
	b.WriteByte('{')
	for i, key := range keys {
		if i > 0 {
			b.WriteByte(',')
		}
		if err := encodeScalar(b, key.String()); err != nil {
			return err
		}
		b.WriteByte(':')
		if err := encodeValue(b, v.MapIndex(key)); err != nil {
			return err
		}
	}
	b.WriteByte('}')
	return nil
}

// unsaid tells whether a field holds nothing that somebody said.
func unsaid(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Slice, reflect.Map:
		return v.Len() == 0
	}
	return v.IsZero()
}

// jsonName is the name of a field in JSON, "" for none.
func jsonName(field reflect.StructField) string {
	if !field.IsExported() {
		return ""
	}
	name := field.Name
	for i, part := range bytes.Split([]byte(field.Tag.Get("json")), []byte(",")) {
		switch {
		case i == 0 && string(part) == "-":
			return ""
		case i == 0 && len(part) > 0:
			name = string(part)
		}
	}
	return name
}
