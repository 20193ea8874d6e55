package postgres

import (
	"context"
	"strconv"
	"strings"

	"github.com/flowc-dev/flowc/runtime/codec/jsonscan"
)

// A valueType is what the text of a value means.
type valueType struct {
	// oid is the type's number; of a domain that of what is below it.
	oid uint32
	// elem is the type of an array's elements, nil for others.
	elem *valueType
	// fields are those of a composite type, nil for others.
	fields []compositeField
}

// A compositeField is a field with what stands before its value in JSON.
type compositeField struct {
	head string
	typ  *valueType
}

// maxLiteralDepth is far beyond what a type or an array can be nested.
const maxLiteralDepth = 32

// valueTypes finds out what types mean that known does not have yet.
func (s *server) valueTypes(ctx context.Context, known map[uint32]*valueType, oids ...uint32) error {
	for _, oid := range oids {
		if known[oid] != nil {
			continue
		}
		rows, err := s.query(ctx, `SELECT typbasetype, typcategory = 'A' AND typlen = -1 AND typname NOT IN ('int2vector', 'oidvector'), typelem, CASE WHEN typtype = 'c' THEN typrelid ELSE 0 END
FROM pg_type WHERE oid = $1::text::oid`, number(oid))
		if err != nil {
			return err
		}
		t := &valueType{oid: oid}
		known[oid] = t
		if len(rows) == 0 {
			continue
		}
		base, elem, composite := oidOf(rows[0][0]), oidOf(rows[0][2]), oidOf(rows[0][3])
		switch {
		case base != 0:
			if err := s.valueTypes(ctx, known, base); err != nil {
				delete(known, oid)
				return err
			}
			*t = *known[base]
		case string(rows[0][1]) == "t" && elem != 0:
			if err := s.valueTypes(ctx, known, elem); err != nil {
				delete(known, oid)
				return err
			}
			t.elem = known[elem]
		case composite != 0:
			if err := s.composite(ctx, known, t, composite); err != nil {
				delete(known, oid)
				return err
			}
		}
	}
	return nil
}

func (s *server) composite(ctx context.Context, known map[uint32]*valueType, t *valueType, relation uint32) error {
	rows, err := s.query(ctx, "SELECT attname, atttypid FROM pg_attribute WHERE attrelid = $1::text::oid AND attnum > 0 AND NOT attisdropped ORDER BY attnum", number(relation))
	if err != nil {
		return err
	}
	for _, r := range rows {
		oid := oidOf(r[1])
		if err := s.valueTypes(ctx, known, oid); err != nil {
			return err
		}
		head, err := jsonscan.AppendString(nil, string(r[0]))
		if err != nil {
			return err
		}
		t.fields = append(t.fields, compositeField{string(head) + ":", known[oid]})
	}
	return nil
}

func number(oid uint32) string { return strconv.FormatUint(uint64(oid), 10) }

func oidOf(text []byte) uint32 {
	n, _ := strconv.ParseUint(string(text), 10, 32)
	return uint32(n)
}

// append appends a value as JSON, in the form that the wanted type is read from (see
// field.append); what is no literal of its type is a string.
func (t *valueType) append(dst, text []byte, wanted string) []byte {
	if t.elem == nil && t.fields == nil {
		f := field{oid: t.oid, typ: wanted}
		return f.append(dst, text)
	}
	l := literal{text: string(text)}
	if out, ok := l.value(dst, t, 0); ok && l.at == len(l.text) {
		return out
	}
	f := field{}
	return f.append(dst, text)
}

// A literal is the text of an array, {1,NULL,"a b"}, or of a composite, (1,,"a b").
type literal struct {
	text string
	at   int
}

// value reads an array or a composite that begins here.
func (l *literal) value(dst []byte, t *valueType, depth int) ([]byte, bool) {
	if depth > maxLiteralDepth {
		return dst, false
	}
	if t.fields != nil {
		return l.row(dst, t, depth)
	}
	if depth == 0 || l.at == 0 {
		l.bounds()
	}
	if !l.accept('{') {
		return dst, false
	}
	dst = append(dst, '[')
	for first := true; ; first = false {
		if first && l.accept('}') {
			return append(dst, ']'), true
		}
		if !first {
			dst = append(dst, ',')
		}
		var ok bool
		if l.peek() == '{' && t.elem != nil { // a dimension more
			dst, ok = l.value(dst, t, depth+1)
		} else {
			dst, ok = l.element(dst, t.elem, depth)
		}
		switch {
		case !ok:
			return dst, false
		case l.accept('}'):
			return append(dst, ']'), true
		case !l.accept(',') && !l.accept(';'): // boxes have semicolons between them
			return dst, false
		}
	}
}

// bounds skips those of an array whose first index is another than 1: [0:1]={…}.
func (l *literal) bounds() {
	if l.peek() == '[' {
		if i := strings.IndexByte(l.text[l.at:], '='); i > 0 {
			l.at += i + 1
		}
	}
}

// element reads an element of an array.
func (l *literal) element(dst []byte, t *valueType, depth int) ([]byte, bool) {
	if l.accept('"') {
		text, ok := l.quoted()
		if !ok {
			return dst, false
		}
		return l.part(dst, text, t, depth)
	}
	end := strings.IndexAny(l.text[l.at:], ",;}")
	if end <= 0 {
		return dst, false
	}
	text := l.text[l.at : l.at+end]
	l.at += end
	if strings.EqualFold(text, "NULL") {
		return append(dst, "null"...), true
	}
	return l.part(dst, strings.ReplaceAll(text, `\`, ""), t, depth)
}

// row reads a composite.
func (l *literal) row(dst []byte, t *valueType, depth int) ([]byte, bool) {
	if !l.accept('(') {
		return dst, false
	}
	dst = append(dst, '{')
	for i, f := range t.fields {
		if i > 0 {
			if !l.accept(',') {
				return dst, false
			}
			dst = append(dst, ',')
		}
		dst = append(dst, f.head...)
		if c := l.peek(); c == ',' || c == ')' {
			dst = append(dst, "null"...)
			continue
		}
		text, ok := l.cell()
		if ok {
			dst, ok = l.part(dst, text, f.typ, depth)
		}
		if !ok {
			return dst, false
		}
	}
	return append(dst, '}'), l.accept(')')
}

// cell reads the text of a field of a composite.
func (l *literal) cell() (string, bool) {
	var b strings.Builder
	for l.at < len(l.text) {
		switch c := l.text[l.at]; c {
		case ',', ')':
			return b.String(), true
		case '"':
			l.at++
			text, ok := l.quoted()
			if !ok {
				return "", false
			}
			b.WriteString(text)
		default:
			if c == '\\' && l.at+1 < len(l.text) {
				l.at++
			}
			b.WriteByte(l.text[l.at])
			l.at++
		}
	}
	return "", false
}

// part appends a text that stands in another value.
func (l *literal) part(dst []byte, text string, t *valueType, depth int) ([]byte, bool) {
	if t.elem == nil && t.fields == nil {
		f := field{oid: t.oid}
		return f.append(dst, []byte(text)), true
	}
	inner := literal{text: text}
	dst, ok := inner.value(dst, t, depth+1)
	return dst, ok && inner.at == len(text)
}

// quoted reads up to the closing quotation mark; a backslash or another mark goes
// before one that is meant.
func (l *literal) quoted() (string, bool) {
	var b strings.Builder
	for l.at < len(l.text) {
		c := l.text[l.at]
		l.at++
		switch {
		case c == '\\' && l.at < len(l.text):
			c = l.text[l.at]
			l.at++
		case c == '"' && l.peek() == '"':
			l.at++
		case c == '"':
			return b.String(), true
		}
		b.WriteByte(c)
	}
	return "", false
}

func (l *literal) peek() byte {
	if l.at < len(l.text) {
		return l.text[l.at]
	}
	return 0
}

func (l *literal) accept(c byte) bool {
	if l.peek() == c && l.at < len(l.text) {
		l.at++
		return true
	}
	return false
}
