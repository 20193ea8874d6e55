package oracle

import (
	"fmt"
	"slices"
	"strings"
)

// data makes the files of all sources.
func (m *maker) data() {
	m.uncertain = m.p.uncertain()
	for _, n := range m.p.sources {
		paths := []string{n.path}
		if i := strings.IndexByte(n.path, '*'); i >= 0 {
			paths = nil
			for k := range m.between(1, 3) {
				paths = append(paths, n.path[:i]+fmt.Sprint(k)+n.path[i+1:])
			}
		}
		for _, path := range paths {
			f := &File{Path: path, gzip: n.compression == "gzip" || strings.HasSuffix(path, ".gz"), bom: m.one(12)}
			records := m.n(60)
			if m.large {
				records = m.between(1500, 4000)
			}
			if m.one(12) {
				records = 0
			}
			m.fill(n, f, records)
			m.files = append(m.files, f)
		}
	}
}

// bad is one record in so many.
const bad = 12

func (m *maker) fill(n *node, f *File, records int) {
	end := "\n"
	if m.one(8) {
		end = "\r\n"
	}
	switch n.format {
	case "text":
		for range records {
			line := m.line(n)
			f.records = append(f.records, strings.NewReplacer("\n", " ", "\r", " ").Replace(line)+end)
		}
	case "csv":
		m.table(n, f, records, end)
	case "json":
		m.values(n, f, records)
	default:
		s := m.spelling(false)
		for range records {
			if m.one(10) {
				s = m.spelling(false)
			}
			text := m.event(s, n)
			switch m.n(30) {
			case 0:
				text = "  " + text + "\t"
			case 1:
				f.records = append(f.records, choose(m.random, "", " ", "\t")+end)
			}
			f.records = append(f.records, text+end)
		}
	}
	if k := len(f.records); k > 0 && n.format != "json" && m.one(4) { // the last line need not end
		f.records[k-1] = strings.TrimRight(f.records[k-1], "\r\n")
	}
}

func (m *maker) line(n *node) string {
	if n.parse != nil && !m.one(8) {
		return m.parsable(n.parse)
	}
	var words []string
	for range m.n(6) {
		words = append(words, m.word())
	}
	if m.risky && m.one(20) {
		return "\xff\xfe"
	}
	return strings.Join(words, " ")
}

// event is a record of a source as JSON, good or bad.
func (m *maker) event(s *spelling, n *node) string {
	var extra []part
	t := n.out
	if n.by != "" {
		v := n.variants[m.n(len(n.variants))]
		t = v.typ
		tag, _ := appendString(nil, v.value)
		if n.other && m.one(4) || m.risky && m.one(15) {
			tag = []byte(choose(m.random, `"other"`, `"?"`, `""`))
		}
		if f := t.wireField(n.by); f == nil {
			extra = []part{{s.key(n.by), string(tag)}}
		}
		if n.other && m.one(10) {
			return s.record(object{}, &typ{kind: kStruct}, []part{{s.key(n.by), `"other"`}, {`"x"`, s.rawJSON(2)}}, nil)
		}
	}
	if t == tRaw {
		text := s.rawJSON(3)
		if m.risky && m.one(bad) && !m.lazy(n) {
			text = choose(m.random, "tru", "[1", `{"a":01}`, `{"a":1,"a":2}`, text+" 1", `"\ud800"`, "nothing")
		}
		return text
	}
	o := m.object(t)
	if n.by != "" {
		if f := t.wireField(n.by); f != nil {
			for _, v := range n.variants {
				if v.typ == t {
					o[f.goName] = v.value
				}
			}
		}
	}
	if !m.risky || !m.one(bad) {
		return s.record(o, t, extra, nil)
	}
	if m.lazy(n) { // what is not looked at may be anything
		return s.record(o, t, extra, choose[mistake](m.random, wrongValue{}, missing{}))
	}
	if m.one(3) {
		text := s.record(o, t, extra, nil)
		if n.format == "json" { // what is not delimited ends the program there
			return choose(m.random, "12", `"text"`, `[]`, `{"a" 1}`, `{"a":1,}`)
		}
		return strings.ReplaceAll(s.damage(text), "\n", " ")
	}
	return s.record(o, t, extra, choose[mistake](m.random, wrongValue{}, wrongValue{}, missing{}, twice{m.uncertain}))
}

// lazy tells that a source stops looking at a record when it has what it needs.
func (m *maker) lazy(n *node) bool { return m.p.validation(n) == "needed" }

// values makes a file of JSON values: an array, or one behind the other.
func (m *maker) values(n *node, f *File, records int) {
	array := m.one(2)
	sep := choose(m.random, "\n", " ", "\n\n")
	if array {
		f.head, f.tail, sep = "[\n", "\n]\n", choose(m.random, ",\n", ", ", " ,")
	}
	for range records {
		text := m.event(m.spelling(true), n)
		if _, err := valueEnd([]byte(text), 0); err != nil || !isWholeValue(text) || !array && text[0] == '[' {
			continue // such a file can't be cut into records
		}
		f.records = append(f.records, text+sep)
	}
}

func isWholeValue(text string) bool {
	end, err := valueEnd([]byte(text), space([]byte(text), 0))
	return err == nil && space([]byte(text), end) == len(text)
}

// table makes a CSV file: columns in any order, with some that nobody declared.
func (m *maker) table(n *node, f *File, records int, end string) {
	form := plainCSV
	if n.csv != nil {
		form = *n.csv
	}
	columns := slices.Clone(n.out.fields)
	for range m.n(2) {
		columns = append(columns, &field{wire: choose(m.random, "more", "x y"), goName: "More", typ: tString})
	}
	columns = slices.DeleteFunc(columns, func(c *field) bool { return c.optional && m.one(6) })
	m.Shuffle(len(columns), func(i, j int) { columns[i], columns[j] = columns[j], columns[i] })
	if len(columns) == 0 {
		columns = n.out.fields
	}
	var names []string
	for _, c := range columns {
		names = append(names, form.cell(c.wire))
	}
	f.head = strings.Join(names, string(form.delimiter)) + end
	s := m.spelling(false)
	for range records {
		o := m.object(n.out)
		o["More"] = "more"
		var row []string
		for _, c := range columns {
			cell := ""
			if v := o[c.goName]; v != nil || c.typ.kind == kAny {
				switch {
				case c.typ.kind == kAny:
					cell = s.rawJSON(1)
				case c.typ.isScalar():
					cell = scalarText(v, c.typ)
				default:
					cell = s.value(v, c.typ)
				}
			}
			if m.risky && m.one(bad*4) {
				cell = choose(m.random, "", "?", "1.5", "01", "true", "\xff", "{", `[1]`, `{"a":1}`, " 1", "null")
			}
			if m.one(6) && cell != "" {
				q := string(form.quote)
				row = append(row, q+strings.ReplaceAll(cell, q, q+q)+q)
				continue
			}
			row = append(row, form.cell(cell))
		}
		text := strings.Join(row, string(form.delimiter))
		if m.risky && m.one(bad*2) {
			text = choose(m.random, text+string(form.delimiter), "x"+string(form.quote), string(form.quote)+"a"+string(form.quote)+"b", "1")
		}
		if strings.TrimSpace(text) == "" {
			continue
		}
		f.records = append(f.records, text+end)
	}
}
