package jsonscan

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
