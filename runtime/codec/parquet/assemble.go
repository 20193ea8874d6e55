package parquet

import "fmt"

// append puts the next value of a field together as JSON.
func (f *field) append(dst []byte) ([]byte, error) {
	switch f.kind {
	case structKind:
		return f.appendStruct(dst)
	case listKind, mapKind:
		return f.appendElements(dst)
	}
	v, err := f.cursor.next()
	if err != nil {
		return dst, err
	}
	if v.DefinitionLevel() < f.def {
		return append(dst, "null"...), nil
	}
	return f.convert(dst, v), nil
}

// there tells whether the next value of a field is there, and goes over it if not.
func (f *field) there() (bool, error) {
	v, err := f.first.cursor.peek()
	if err != nil || v != nil && v.DefinitionLevel() >= f.def {
		return err == nil, err
	}
	return false, f.pass()
}

// pass goes over one value of each column below a field, where none of them has
// more: it is missing, or empty.
func (f *field) pass() error {
	switch f.kind {
	case structKind:
		for _, p := range f.parts {
			if err := p.pass(); err != nil {
				return err
			}
		}
		return nil
	case listKind:
		return f.of.pass()
	case mapKind:
		if err := f.key.pass(); err != nil {
			return err
		}
		return f.of.pass()
	}
	_, err := f.cursor.next()
	return err
}

func (f *field) appendStruct(dst []byte) ([]byte, error) {
	dst = append(dst, '{')
	comma := false
	for _, p := range f.parts {
		if ok, err := p.there(); err != nil {
			return dst, err
		} else if !ok {
			continue
		}
		at := len(dst)
		if comma {
			dst = append(dst, ',')
		}
		out, err := p.append(append(dst, p.name...))
		if err != nil {
			return dst, err
		}
		dst, comma = out, true
		if p.silent {
			dst, comma = dst[:at], false
		}
	}
	return append(dst, '}'), nil
}

// appendElements puts a list or a map together.
func (f *field) appendElements(dst []byte) ([]byte, error) {
	begin, end := byte('['), byte(']')
	if f.kind == mapKind {
		begin, end = '{', '}'
	}
	dst = append(dst, begin)
	v, err := f.first.cursor.peek()
	if err != nil {
		return dst, err
	}
	if v == nil || v.DefinitionLevel() < f.element {
		return append(dst, end), f.pass()
	}
	for n := 0; ; n++ {
		if n > 0 {
			dst = append(dst, ',')
		}
		if f.kind == mapKind {
			if dst, err = f.key.appendKey(dst); err != nil {
				return dst, err
			}
		}
		if ok, err := f.of.there(); err != nil {
			return dst, err
		} else if !ok {
			dst = append(dst, "null"...)
		} else if dst, err = f.of.append(dst); err != nil {
			return dst, err
		}
		v, err := f.first.cursor.peek()
		if err != nil {
			return dst, err
		}
		if v == nil || v.RepetitionLevel() != f.rep {
			return append(dst, end), nil
		}
	}
}

// appendKey appends the key of an entry.
func (f *field) appendKey(dst []byte) ([]byte, error) {
	v, err := f.cursor.next()
	if err != nil {
		return dst, err
	}
	if v.DefinitionLevel() < f.def {
		return dst, damaged(fmt.Errorf("a key of the map `%s` is missing", f.path()))
	}
	return append(f.convert(dst, v), ':'), nil
}
