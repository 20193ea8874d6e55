package oracle

import (
	"fmt"
	"math"
	"math/big"
	"strings"
	"time"
)

// words are texts that data and expressions have in common, so that conditions
// are sometimes true.
var words = []string{"", "a", "a", "EU", "EU", "b", "abc", "A a", "x y", "ünï", "日本語", "tab\there", `q"uote`, `back\slash`, "<&>", "line\nbreak", "\u2028", "😀 emoji", "no|bar", "it's", "\x7f\x01", "a|b|a", "a/b", "../up", "."}

func (r *random) word() string {
	if r.one(12) {
		return strings.Repeat(choose(r, "long ", "x", "é", `"`), r.between(1, 80))
	}
	return choose(r, words...)
}

// value is a random value of a type.
func (r *random) value(t *typ) value {
	switch t.kind {
	case kString:
		return r.word()
	case kEnum:
		return choose(r, t.values...)
	case kInt, kInt64:
		switch r.n(8) {
		case 0:
			return choose[int64](r, math.MaxInt64, math.MinInt64, math.MaxInt64-1, 1<<53+1, -1<<31)
		case 1:
			return int64(r.Uint64())
		}
		return int64(r.between(-3, 12))
	case kUint64:
		if r.one(6) {
			return choose(r, uint64(math.MaxUint64), 1<<63, r.Uint64())
		}
		return uint64(r.n(12))
	case kFloat64:
		switch r.n(8) {
		case 0:
			return choose(r, 1e-7, 1e21, 123456789.125, 5e-324, math.MaxFloat64, math.Copysign(0, -1), 1e20, 0.1+0.2, 1e-6, 100000000)
		case 1:
			return r.NormFloat64() * math.Pow(10, float64(r.between(-8, 22)))
		}
		return float64(r.between(-40, 100)) / choose(r, 1.0, 2, 4, 10, 100)
	case kBool:
		return r.one(2)
	case kBytes:
		b := make([]byte, r.n(9))
		for i := range b {
			b[i] = byte(r.n(256))
		}
		return b
	case kTime:
		at := time.Date(2026, time.January, r.between(1, 200), r.n(24), r.n(60), r.n(60), choose(r, 0, 0, 500_000_000, 123_456_789, 1_000), time.UTC)
		if r.one(2) {
			at = at.In(time.FixedZone("", choose(r, 3600, -5*3600, 19800, 0, -34200)))
		}
		return at
	case kDuration:
		return time.Duration(r.between(-5, 4000)) * choose(r, time.Millisecond, time.Second, time.Microsecond, 7*time.Nanosecond, time.Minute)
	case kDecimal, kNumber:
		switch r.n(10) {
		case 0: // many digits: some operations need more than there are
			n := new(big.Int).SetUint64(r.Uint64())
			for range r.n(2) {
				n.Mul(n, new(big.Int).SetUint64(r.Uint64()>>5))
			}
			return dec{n, -r.n(30)}
		case 1:
			return mustDec(choose(r, "0", "0.00", "1e3", "-1e-7", "1e-30", "120.50", "-0.5", "99999999999999999999"))
		}
		return dec{big.NewInt(int64(r.between(-500, 20000))), -r.n(4)}
	case kJSON:
		return raw(r.rawJSON(2))
	case kAny:
		return nil // made from a raw value
	case kList:
		list := []value{}
		for range r.n(4) {
			list = append(list, r.value(t.elem))
		}
		return list
	case kMap:
		m := map[string]value{}
		for range r.n(4) {
			m[choose(r, "k1", "k1", "k2", "a b", "", "é", "<", `"`)] = r.value(t.elem)
		}
		return m
	case kStruct:
		return r.object(t)
	}
	panic("oracle: value of " + string(t.kind))
}

func (r *random) object(t *typ) object {
	o := object{}
	for _, f := range t.fields {
		if f.optional && r.one(3) {
			o[f.goName] = nil
			continue
		}
		if f.hint != nil {
			o[f.goName] = r.parsable(f.hint)
			continue
		}
		o[f.goName] = r.value(f.typ)
	}
	return o
}

// parsable is a text that a parse understands, mostly.
func (r *random) parsable(p *parsing) string {
	s := p.write(r.object(p.out))
	if r.one(15) {
		s = choose(r, "", "no such text", s+" and=more", strings.Replace(s, "=", "", 1), `"`+s)
	}
	return s
}

// rawJSON is a random value as it could stand in data, strict and not null.
func (r *random) rawJSON(depth int) string {
	if depth > 0 && r.one(2) {
		var list []string
		for i := range r.n(3) {
			v := r.rawJSON(depth - 1)
			if r.one(5) {
				v = "null"
			}
			list = append(list, fmt.Sprintf(`"m%d":%s%s`, i, choose(r, "", " "), v))
		}
		if r.one(2) {
			return "{" + strings.Join(list, choose(r, ",", ", ")) + "}"
		}
		for i := range list {
			_, list[i], _ = strings.Cut(list[i], ":")
		}
		return "[" + strings.Join(list, ",") + "]"
	}
	return choose(r, "1", "1.50", "-0", "1e2", "true", `"text"`, `"\u00e9\n"`, `" <a> "`, "[]", "{}", `"a\/b"`, "12345678901234567890")
}
