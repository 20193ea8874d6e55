package oracle

import (
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// A spelling writes records as data does: in any order of keys, with white space
// anywhere, with escapes that need not be, with fields that nobody declared.
type spelling struct {
	*random
	colon, comma, pad string
	shuffled          bool
	unknown           bool
	escapes           bool
	// breaks allows line ends between the parts.
	breaks bool
}

func (r *random) spelling(breaks bool) *spelling {
	s := &spelling{random: r, colon: ":", comma: ",", breaks: breaks, shuffled: r.one(2), unknown: r.one(2), escapes: r.one(3)}
	switch r.n(4) {
	case 0:
		s.colon, s.comma = ": ", ", "
	case 1:
		s.colon, s.comma, s.pad = choose(r, " : ", ":\t", ": "), choose(r, " ,", ",  ", ","), choose(r, " ", "", "  ")
	}
	if breaks && r.one(2) {
		s.comma, s.pad = ",\n  ", "\n"
	}
	return s
}

// A part is a member of an object as it is written.
type part struct{ key, value string }

// record writes an object of a struct type. bad asks for a mistake in it.
func (s *spelling) record(o object, t *typ, extra []part, bad mistake) string {
	parts := append(s.parts(o, t), extra...)
	if s.unknown {
		for range s.n(3) {
			v := s.rawJSON(2)
			if s.one(6) {
				v = "null"
			}
			parts = append(parts, part{choose(s.random, `"zz"`, `"extra"`, `"x y"`, `"\u0078x"`, `"é"`) + "", v})
		}
		parts = uniqueKeys(parts)
	}
	if s.shuffled {
		s.Shuffle(len(parts), func(i, j int) { parts[i], parts[j] = parts[j], parts[i] })
	}
	if bad != nil {
		parts = bad.inside(s, parts, t)
	}
	return s.join(parts)
}

func uniqueKeys(parts []part) []part {
	seen := map[string]bool{}
	var out []part
	for _, p := range parts {
		name, _ := unquote([]byte(p.key))
		if !seen[name] {
			out = append(out, p)
		}
		seen[name] = true
	}
	return out
}

func (s *spelling) parts(o object, t *typ) []part {
	var parts []part
	for _, f := range t.fields {
		v := o[f.goName]
		if v == nil && f.typ.kind != kAny || f.optional && s.one(6) {
			if s.one(3) && f.optional {
				parts = append(parts, part{s.key(f.wire), "null"})
			}
			continue
		}
		parts = append(parts, part{s.key(f.wire), s.value(v, f.typ)})
	}
	return parts
}

func (s *spelling) join(parts []part) string {
	var b strings.Builder
	b.WriteString("{" + s.pad)
	for i, p := range parts {
		if i > 0 {
			b.WriteString(s.comma)
		}
		b.WriteString(p.key + s.colon + p.value)
	}
	return b.String() + s.pad + "}"
}

func (s *spelling) key(name string) string {
	if s.escapes && s.one(6) {
		return s.escaped(name)
	}
	b, _ := appendString(nil, name)
	return string(b)
}

// escaped writes a string with escapes that it does not need.
func (s *spelling) escaped(text string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, c := range text {
		switch {
		case c < 0x10000 && s.one(4):
			fmt.Fprintf(&b, choose(s.random, `\u%04x`, `\u%04X`), c)
		case c == '/' && s.one(2):
			b.WriteString(`\/`)
		case c >= 0x10000 && s.one(2):
			c -= 0x10000
			fmt.Fprintf(&b, `\u%04x\u%04x`, 0xd800+c>>10, 0xdc00+c&0x3ff)
		default:
			q, _ := appendString(nil, string(c))
			b.Write(q[1 : len(q)-1])
		}
	}
	return b.String() + `"`
}

// value writes a value.
func (s *spelling) value(v value, t *typ) string {
	switch t.kind {
	case kString, kEnum:
		if s.escapes {
			return s.escaped(v.(string))
		}
	case kFloat64:
		f := v.(float64)
		return choose(s.random, strconv.FormatFloat(f, 'g', -1, 64), strconv.FormatFloat(f, 'e', -1, 64), strconv.FormatFloat(f, 'f', -1, 64))
	case kDecimal, kNumber:
		text := v.(dec).String()
		if s.one(2) {
			return text
		}
		return `"` + text + `"`
	case kTime:
		at := v.(time.Time)
		text := at.Format(time.RFC3339Nano)
		if s.one(4) && at.Nanosecond() == 0 {
			text = at.Format("2006-01-02T15:04:05.000Z07:00")
		}
		return `"` + text + `"`
	case kBytes:
		return `"` + base64.StdEncoding.EncodeToString(v.([]byte)) + `"`
	case kJSON:
		return string(v.(raw))
	case kAny:
		return s.rawJSON(2)
	case kList:
		var list []string
		for _, e := range v.([]value) {
			list = append(list, s.value(e, t.elem))
		}
		return "[" + choose(s.random, "", s.pad) + strings.Join(list, s.comma) + "]"
	case kMap:
		var parts []part
		for k, e := range sorted(v.(map[string]value)) {
			parts = append(parts, part{s.key(k), s.value(e, t.elem)})
		}
		return s.join(parts)
	case kStruct:
		parts := s.parts(v.(object), t)
		if s.unknown && s.one(3) {
			parts = uniqueKeys(append(parts, part{`"zz"`, s.rawJSON(1)}))
		}
		return s.join(parts)
	}
	b, err := encodeJSON(nil, v, t)
	if err != nil {
		panic(err)
	}
	return string(b)
}
