package jsonscan

import (
	"fmt"
	"slices"
)

// Any decodes a value of any kind, as encoding/json/v2 does for an `any`: into
// nil, bool, float64, string, []any or map[string]any. Strings lie in slab.
func Any(line []byte, s Span, v *Validator, slab *Slab) (any, error) {
	if _, err := Raw(line, s, v); err != nil {
		return nil, err
	}
	return anyValue(line, s, slab)
}

// anyValue decodes a value that was checked in full, its depth included.
func anyValue(line []byte, s Span, slab *Slab) (any, error) {
	switch line[s.Start] {
	case 'n':
		return nil, nil
	case 't', 'f':
		return Bool(line, s)
	case '"':
		return StringCopy(line, s, slab)
	case '[':
		list := []any{}
		for it := Array(line, s); it.Next(); {
			e, err := anyValue(line, it.Value(), slab)
			if err != nil {
				return nil, err
			}
			list = append(list, e)
		}
		return list, nil
	case '{':
		m := map[string]any{}
		for it := Members(line, s); it.Next(); {
			k, err := StringCopy(line, it.Key(), slab)
			if err != nil {
				return nil, err
			}
			if m[k], err = anyValue(line, it.Value(), slab); err != nil {
				return nil, err
			}
		}
		return m, nil
	}
	return Float64(line, s)
}

// AppendAny appends a value of the types that Any returns. Members are sorted by
// name, so that equal values give equal bytes.
func AppendAny(dst []byte, v any) ([]byte, error) { return appendAny(dst, v, 0) }

func appendAny(dst []byte, v any, depth int) ([]byte, error) {
	if depth > maxDepth {
		return dst, fmt.Errorf("nested deeper than %d levels", maxDepth)
	}
	var err error
	switch v := v.(type) {
	case nil:
		return AppendNull(dst), nil
	case bool:
		return AppendBool(dst, v), nil
	case string:
		return AppendString(dst, v)
	case float64:
		return AppendFloat(dst, v)
	case []any:
		dst = append(dst, '[')
		for i, e := range v {
			if i > 0 {
				dst = append(dst, ',')
			}
			if dst, err = appendAny(dst, e, depth+1); err != nil {
				return dst, err
			}
		}
		return append(dst, ']'), nil
	case map[string]any:
		names := make([]string, 0, len(v))
		for name := range v {
			names = append(names, name)
		}
		slices.Sort(names)
		dst = append(dst, '{')
		for i, name := range names {
			if i > 0 {
				dst = append(dst, ',')
			}
			if dst, err = AppendString(dst, name); err != nil {
				return dst, err
			}
			dst = append(dst, ':')
			if dst, err = appendAny(dst, v[name], depth+1); err != nil {
				return dst, err
			}
		}
		return append(dst, '}'), nil
	}
	return dst, fmt.Errorf("a value of type %T inside an any has no form in JSON here: use bool, float64, string, []any, map[string]any or nil", v)
}
