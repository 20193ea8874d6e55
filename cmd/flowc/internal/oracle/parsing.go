package oracle

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// A parsing is the verb `parse`: what form a text has, and the type that it is
// read into.
type parsing struct {
	form      string // regexp, logfmt, csv, json
	delimiter byte
	out       *typ
	text      *expr
}

// pattern has a group for each field; optional ones may be missing.
func (p *parsing) pattern() string {
	var b strings.Builder
	b.WriteString("^")
	for i, f := range p.out.fields {
		group := fmt.Sprintf(`(?P<%s>[^ ]*)`, f.wire)
		switch {
		case i == 0:
			b.WriteString(group)
		case f.optional:
			fmt.Fprintf(&b, "(?: %s=%s)?", f.wire, group)
		default:
			fmt.Fprintf(&b, " %s=%s", f.wire, group)
		}
	}
	return b.String() + "$"
}

// read takes a text apart.
func (p *parsing) read(s string) (text, error) {
	switch p.form {
	case "json":
		return newJSONText([]byte(s))
	case "regexp":
		re := regexp.MustCompile(p.pattern())
		m := re.FindStringSubmatchIndex(s)
		if m == nil {
			return nil, fmt.Errorf("no match")
		}
		out := cells{}
		for i, f := range p.out.fields {
			if m[2*i+2] >= 0 {
				out[f.wire] = s[m[2*i+2]:m[2*i+3]]
			}
		}
		return out, nil
	case "csv":
		list, err := csvForm{p.delimiter, '"'}.split(s)
		if err != nil {
			return nil, err
		}
		if len(list) != len(p.out.fields) {
			return nil, fmt.Errorf("%d cells", len(list))
		}
		out := cells{}
		for i, f := range p.out.fields {
			out[f.wire] = list[i]
		}
		return out, nil
	}
	return readLogfmt(s, p.out.fields)
}

// pairs are those of logfmt: a key that stands alone is true.
type pairs struct{ cells }

func (p pairs) value(along []*field) (value, error) {
	f := along[0]
	s, there := p.cells[f.wire]
	if there && f.typ.kind == kBool && s == "" {
		return true, nil
	}
	if there && strings.HasPrefix(s, badKey) {
		return nil, fmt.Errorf("a bad escape")
	}
	return p.cells.value(along)
}

// readLogfmt reads pairs of a key and a value, plain or in quotes with Go's
// escapes, and keys that stand alone. wanted are the keys that are read.
func readLogfmt(s string, wanted []*field) (text, error) {
	out := cells{}
	isWanted := func(key string) bool {
		return slices.ContainsFunc(wanted, func(f *field) bool { return f.wire == key })
	}
	for {
		s = strings.TrimLeftFunc(s, func(c rune) bool { return c <= ' ' })
		if s == "" {
			return pairs{out}, nil
		}
		end := strings.IndexFunc(s, func(c rune) bool { return c <= ' ' || c == '=' || c == '"' })
		if end < 0 {
			end = len(s)
		}
		if end == 0 || end < len(s) && s[end] == '"' {
			return nil, fmt.Errorf("no key")
		}
		key, v := s[:end], ""
		s = s[end:]
		if strings.HasPrefix(s, "=\"") {
			end := 2
			for ; end < len(s) && s[end] != '"'; end++ {
				if s[end] == '\\' {
					end++
				}
			}
			if end >= len(s) || end+1 < len(s) && s[end+1] > ' ' {
				return nil, fmt.Errorf("a quoted value does not end")
			}
			var err error
			if v, err = strconv.Unquote(s[1 : end+1]); err != nil {
				v = badKey // which is an error for whoever reads it
			}
			s = s[end+1:]
		} else if strings.HasPrefix(s, "=") {
			end := strings.IndexFunc(s, func(c rune) bool { return c <= ' ' })
			if end < 0 {
				end = len(s)
			}
			v, s = s[1:end], s[end:]
		}
		if _, twice := out[key]; twice && isWanted(key) {
			return nil, fmt.Errorf("%s twice", key)
		}
		out[key] = v
	}
}

// write is the text that gives the fields again.
func (p *parsing) write(v object) string {
	var list []string
	if p.form == "json" {
		b, err := encodeJSON(nil, v, p.out)
		if err != nil {
			panic(err)
		}
		return string(b)
	}
	for _, f := range p.out.fields {
		cell := ""
		if x := v[f.goName]; x != nil {
			cell = scalarText(x, f.typ)
		}
		switch p.form {
		case "csv":
			cell = csvForm{p.delimiter, '"'}.cell(cell)
		case "regexp":
			if v[f.goName] == nil && f.optional && len(list) > 0 {
				continue
			}
			cell = strings.ReplaceAll(cell, " ", "_")
			if len(list) > 0 {
				cell = f.wire + "=" + cell
			}
		case "logfmt":
			if v[f.goName] == nil {
				continue
			}
			if cell == "" || strings.ContainsAny(cell, " =\"\\") {
				cell = strconv.Quote(cell)
			}
			cell = f.wire + "=" + cell
		}
		list = append(list, cell)
	}
	return strings.Join(list, map[string]string{"csv": string(p.delimiter), "regexp": " ", "logfmt": " "}[p.form])
}

// scalarText is a scalar without quotes.
func scalarText(v value, t *typ) string {
	if t.kind == kString || t.kind == kEnum {
		return v.(string)
	}
	b, err := encodeJSON(nil, v, t)
	if err != nil {
		panic(err)
	}
	return strings.Trim(string(b), `"`)
}

// split takes a row apart: a cell is in quotes or has none.
func (c csvForm) split(row string) ([]string, error) {
	var out []string
	for {
		if row != "" && row[0] == c.quote {
			var cell []byte
			i := 1
			for {
				if i >= len(row) {
					return nil, fmt.Errorf("a cell does not end")
				}
				if row[i] == c.quote {
					if i+1 < len(row) && row[i+1] == c.quote {
						i++
					} else {
						break
					}
				}
				cell = append(cell, row[i])
				i++
			}
			out = append(out, string(cell))
			row = row[i+1:]
			if row == "" {
				return out, nil
			}
			if row[0] != c.delimiter {
				return nil, fmt.Errorf("text behind a cell")
			}
			row = row[1:]
			continue
		}
		i := strings.IndexByte(row, c.delimiter)
		cell := row
		if i >= 0 {
			cell = row[:i]
		}
		if strings.IndexByte(cell, c.quote) >= 0 {
			return nil, fmt.Errorf("a quote inside of a cell")
		}
		out = append(out, cell)
		if i < 0 {
			return out, nil
		}
		row = row[i+1:]
	}
}

// parsings are the forms that a type can be parsed from.
func (r *random) parsing(t *typ) *parsing {
	p := &parsing{out: t, form: choose(r, "regexp", "logfmt", "csv", "json"), delimiter: choose(r, byte(','), ';', '\t', '|')}
	if !t.isFlat() {
		p.form = "json"
	}
	return p
}
