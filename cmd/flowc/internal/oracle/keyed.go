package oracle

import (
	"fmt"
	"math/big"
	gopath "path"
	"slices"
	"strconv"
	"strings"
	"time"
)

// longestName is that of an element of a path: a file is written under a name
// that is some bytes longer.
const longestName = 248

// keyed gives a sink a path that changes with the record: values of the record,
// and what is known beside it.
func (m *maker) keyed(n *node, base, ext string) {
	s := m.scope(n)
	before := base + choose(m.random, "-", "/")
	for range m.between(1, 2) {
		e := m.keyValue(s)
		if e == nil {
			break
		}
		n.keyed, n.keyedAs = append(n.keyed, e), append(n.keyedAs, before)
		before = choose(m.random, "-", "/", "/of ")
	}
	if len(n.keyed) > 0 {
		n.keyedAs = append(n.keyedAs, ext)
		if m.one(2) {
			n.keyedAs[len(n.keyed)] = "x" + ext
		}
	}
}

// keyValue is a value that has a text of its own, as Go that begins with `in` or
// `meta`.
func (m *maker) keyValue(s *scope) *expr {
	of := func(kinds ...kind) *expr {
		return s.pick(func(l leaf) bool { return !l.optional && l.variable == "" && slices.Contains(kinds, l.typ.kind) })
	}
	if m.one(3) {
		if s.meta && m.one(2) {
			return from(tString, "meta.Path", func(v *env) value { return v.meta.path })
		}
		return s.call(tInt64, "%s %% 3", func(v []value) value { return v[0].(int64) % 3 }, of(kInt, kInt64))
	}
	if m.one(6) { // one that may be missing
		opt := s.pick(func(l leaf) bool { return l.optional && l.typ.kind == kEnum })
		if opt == nil {
			return nil
		}
		other := opt.typ.values[0]
		return s.call(opt.typ, "or(%s, "+strconv.Quote(other)+")", func(v []value) value {
			if v[0] == nil {
				return other
			}
			return v[0]
		}, opt)
	}
	few := []kind{kEnum, kBool}
	switch {
	case m.large: // of thousands of records each would have a file of its own
		return of(few...)
	case m.one(6) && s.meta && s.byLines:
		return from(tInt64, "meta.Line", func(v *env) value { return v.meta.line })
	case m.one(6) && s.meta:
		return from(tInt64, "meta.Offset", func(v *env) value { return v.meta.offset })
	case m.one(4):
		return s.call(tInt, "%s.Year()", func(v []value) value { return int64(v[0].(time.Time).Year()) }, of(kTime))
	case m.risky && m.one(2): // it may lead anywhere
		return of(kString)
	}
	return of(append(few, kInt, kInt64, kUint64, kDecimal, kNumber, kTime, kDuration)...)
}

// pathOf is where a sink writes a record, "" where that is no file below the
// folder that the pipeline says.
func (n *node) pathOf(v *env) string {
	path := ""
	for i, e := range n.keyed {
		path += n.keyedAs[i] + keyText(e.eval(v))
	}
	path += n.keyedAs[len(n.keyed)]
	for _, name := range strings.Split(path, "/") {
		if name == ".." || len(name) > longestName {
			return ""
		}
	}
	return gopath.Clean(path)
}

// keyText is the text of a value by which it is told from others: equal values
// have one.
func keyText(v value) string {
	switch v := v.(type) {
	case dec:
		return v.reduced().String()
	case time.Time:
		return v.UTC().Format(time.RFC3339Nano)
	}
	return fmt.Sprint(v)
}

// reduced is a decimal without the zeros at its end.
func (d dec) reduced() dec {
	if d.coef.Sign() == 0 {
		return dec{new(big.Int), 0}
	}
	for {
		q, r := new(big.Int).QuoRem(d.coef, ten, new(big.Int))
		if r.Sign() != 0 {
			return d
		}
		d = dec{q, d.exp + 1}
	}
}
