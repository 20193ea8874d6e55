package oracle

import "slices"

// A mistake makes a record wrong. The generator only makes it: whether it is an
// error, and where, is for the interpreter to find out from the bytes.
type mistake interface {
	// inside changes the members of the record.
	inside(s *spelling, parts []part, t *typ) []part
}

// wrongValue gives a field a value of another form; missing takes a member out;
// twice repeats one.
type (
	wrongValue struct{}
	missing    struct{}
	twice      struct{ but map[string]bool } // names that are left alone
)

func (wrongValue) inside(s *spelling, parts []part, t *typ) []part {
	if len(parts) == 0 {
		return parts
	}
	i := s.n(len(parts))
	parts[i].value = choose(s.random, "null", `"?"`, "1.5", "1e2", "-1", "01", "tru", "nul", "+1", ".5", "1.", "0x1F", "[1,]", `{"a" 1}`, "[]", "{}", `"bad \x escape"`,
		`"\ud800"`, "\"\xff\"", "99999999999999999999", "1e999", `"2026-13-01T00:00:00Z"`, `"%%%"`, "true", "[null]", `{"m":null}`, `{"m":1,"m":2}`)
	return parts
}

func (missing) inside(s *spelling, parts []part, t *typ) []part {
	if len(parts) == 0 {
		return parts
	}
	i := s.n(len(parts))
	return slices.Delete(parts, i, i+1)
}

func (m twice) inside(s *spelling, parts []part, t *typ) []part {
	if len(parts) == 0 {
		return parts
	}
	p := parts[s.n(len(parts))]
	if name, err := unquote([]byte(p.key)); err != nil || m.but[name] {
		return parts
	}
	return slices.Insert(parts, s.n(len(parts)+1), p)
}

// damage spoils the text of a record as a whole: its brackets, its strings, what
// it is.
func (s *spelling) damage(text string) string {
	switch s.n(6) {
	case 0:
		return text[:s.n(len(text))]
	case 1:
		return text + choose(s.random, "}", " x", ",", `{"a":1}`, "]")
	case 2:
		return choose(s.random, "[1,2]", "12", `"text"`, "null", "xyz", "{", "}{", "{,}", `{"a"}`)
	case 3:
		return choose(s.random, "{a:1}", `{"a":}`, `{"a":1,}`, `{"a":1 "b":2}`, `{'a':1}`)
	case 4:
		return text[1:]
	}
	return text[:len(text)-1] + ",}"
}
