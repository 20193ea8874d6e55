package oracle

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// decimalRules are those of decimal and number: a result has the form of its
// left side.
func (s *scope) decimalRules(t *typ) []func(int) *expr {
	// right is what may stand on the right of an operator: a decimal of either
	// form, a constant, a whole number.
	right := func(d int) *expr {
		switch s.n(4) {
		case 0:
			return s.expr(choose(s.random, tDecimal, tNumber), d-1)
		case 1:
			e := s.varying(choose(s.random, tInt, tInt64), d-1)
			if e == nil {
				return nil
			}
			whole := *e
			whole.eval = func(v *env) value { return decOfInt(e.eval(v).(int64)) }
			return &whole
		}
		return s.constant(t)
	}
	binary := func(op string, f func(a, b dec) dec) func(int) *expr {
		return func(d int) *expr {
			return s.call(t, "(%s "+verbatim(op)+" %s)", func(v []value) value { return f(v[0].(dec), v[1].(dec)) }, s.varying(t, d-1), right(d))
		}
	}
	method := func(name string, f func(dec) dec) func(int) *expr {
		return func(d int) *expr {
			return s.call(t, "%s."+name, func(v []value) value { return f(v[0].(dec)) }, s.varying(t, d-1))
		}
	}
	// by divides by a constant that is not 0.
	by := func(op string, f func(a, b dec) dec) func(int) *expr {
		return func(d int) *expr {
			text := choose(s.random, "3", "7", "0.5", "1.10", "100", "-4")
			return s.call(t, "(%s "+verbatim(op)+" "+text+")", func(v []value) value { return f(v[0].(dec), mustDec(text)) }, s.varying(t, d-1))
		}
	}
	places := s.between(-2, 6)
	rules := []func(int) *expr{
		s.orElse(t), s.orElse(t),
		binary("+", dec.add), binary("-", dec.sub), binary("*", dec.mul),
		by("/", dec.quo), by("%", dec.rem),
		method(fmt.Sprintf("Round(%d)", places), func(d dec) dec { return d.rounded(places, "even") }),
		method("Floor()", func(d dec) dec { return d.rounded(0, "floor") }),
		method("Ceil()", func(d dec) dec { return d.rounded(0, "ceil") }),
		method("Trunc()", func(d dec) dec { return d.rounded(0, "trunc") }),
		method("Abs()", dec.abs),
		func(d int) *expr {
			return s.call(t, "(-%s)", func(v []value) value { return v[0].(dec).neg() }, s.of(t))
		},
		func(d int) *expr {
			return s.call(t, "max(%s, %s)", func(v []value) value {
				a, b := v[0].(dec), v[1].(dec)
				if a.cmp(b) >= 0 {
					return a
				}
				return b
			}, s.of(t), s.constant(t))
		},
	}
	if t.kind == kDecimal {
		rules = append(rules, func(int) *expr { return s.letValue(t, flow().add("decimal", quoted("12.50")), mustDec("12.50")) })
	}
	if s.risky {
		divisor := func(op string, f func(a, b dec) dec) func(int) *expr {
			return func(d int) *expr {
				return s.call(t, "(%s "+verbatim(op)+" %s)", func(v []value) value { return f(v[0].(dec), v[1].(dec)) }, s.varying(t, d-1), s.of(choose(s.random, tDecimal, tNumber)))
			}
		}
		rules = append(rules, divisor("/", dec.quo), divisor("%", dec.rem))
	}
	return rules
}

func (s *scope) timeRules() []func(int) *expr {
	add, sub := "(%s + %s)", "(%s - %s)"
	if s.plain {
		add, sub = "%s.Add(%s)", "%s.Add(-%s)"
	}
	return []func(int) *expr{
		func(d int) *expr {
			return s.call(tTime, add, func(v []value) value { return v[0].(time.Time).Add(v[1].(time.Duration)) }, s.of(tTime), s.short(d))
		},
		func(d int) *expr {
			return s.call(tTime, sub, func(v []value) value { return v[0].(time.Time).Add(-v[1].(time.Duration)) }, s.of(tTime), s.short(d))
		},
		func(d int) *expr {
			return s.call(tTime, "%s.UTC()", func(v []value) value { return v[0].(time.Time).UTC() }, s.varying(tTime, d-1))
		},
		func(d int) *expr {
			return s.call(tTime, "%s.Truncate(time.Hour)", func(v []value) value { return v[0].(time.Time).Truncate(time.Hour) }, s.varying(tTime, d-1))
		},
	}
}

// short is a duration that no year is left with: not a product.
func (s *scope) short(int) *expr {
	if e := s.of(tDuration); e != nil && !s.one(3) {
		return e
	}
	return s.constant(tDuration)
}

func (s *scope) durationRules() []func(int) *expr {
	between := "(%s - %s)"
	if s.plain {
		between = "%s.Sub(%s)"
	}
	return []func(int) *expr{
		s.orElse(tDuration),
		func(d int) *expr {
			return s.call(tDuration, between, func(v []value) value { return v[0].(time.Time).Sub(v[1].(time.Time)) }, s.of(tTime), s.expr(tTime, d-1))
		},
		func(d int) *expr {
			return s.call(tDuration, "(%s + %s)", func(v []value) value { return v[0].(time.Duration) + v[1].(time.Duration) }, s.of(tDuration), s.short(d))
		},
		func(d int) *expr {
			n := s.between(2, 5)
			return s.call(tDuration, "(%s * "+strconv.Itoa(n)+")", func(v []value) value { return v[0].(time.Duration) * time.Duration(n) }, s.of(tDuration))
		},
		func(d int) *expr {
			n := s.between(2, 5)
			return s.call(tDuration, "(%s / "+strconv.Itoa(n)+")", func(v []value) value { return v[0].(time.Duration) / time.Duration(n) }, s.of(tDuration))
		},
		func(int) *expr { return s.letValue(tDuration, flow().add("duration", word("1m30s")), 90*time.Second) },
	}
}

func (s *scope) listRules() []func(int) *expr {
	texts := func(list []string) value {
		out := []value{}
		for _, e := range list {
			out = append(out, e)
		}
		return out
	}
	return []func(int) *expr{
		func(d int) *expr {
			return s.call(tStrings, "strings.Fields(%s)", func(v []value) value { return texts(strings.Fields(v[0].(string))) }, s.varying(tString, d-1))
		},
		func(d int) *expr {
			return s.call(tStrings, `strings.Split(%s, "|")`, func(v []value) value { return texts(strings.Split(v[0].(string), "|")) }, s.varying(tString, d-1))
		},
		func(d int) *expr {
			return s.call(tStrings, "append(%s, %s)", func(v []value) value {
				list, _ := v[0].([]value)
				return append(slices.Clone(list), v[1])
			}, s.of(tStrings), s.expr(tString, d-1))
		},
		func(d int) *expr {
			return s.call(tStrings, "append(slices.Clone(%s), %s...)", func(v []value) value {
				a, _ := v[0].([]value)
				b, _ := v[1].([]value)
				return slices.Concat(a, b)
			}, s.of(tStrings), s.of(tStrings))
		},
	}
}

// ordered are the types whose values have an order.
var ordered = []*typ{tString, tInt, tInt64, tUint64, tFloat64, tDecimal, tNumber, tTime, tDuration}

func (s *scope) boolRules() []func(int) *expr {
	not := func(d int) *expr {
		return s.call(tBool, "!%s", func(v []value) value { return !v[0].(bool) }, s.bracketed(d-1))
	}
	rules := []func(int) *expr{
		s.comparison, s.comparison, s.comparison, s.comparison, not,
		s.orElse(tBool),
		func(d int) *expr {
			a, b := s.varying(tBool, d-1), s.varying(tBool, d-1)
			if a == nil || b == nil {
				return nil
			}
			if s.one(2) {
				return from(tBool, "("+a.text+" && "+b.text+")", func(v *env) value { return a.eval(v).(bool) && b.eval(v).(bool) }, a, b)
			}
			return from(tBool, "("+a.text+" || "+b.text+")", func(v *env) value { return a.eval(v).(bool) || b.eval(v).(bool) }, a, b)
		},
		func(d int) *expr {
			return s.call(tBool, "strings.Contains(%s, %s)", func(v []value) value { return strings.Contains(v[0].(string), v[1].(string)) }, s.varying(tString, d-1), s.constant(tString))
		},
		func(d int) *expr {
			return s.call(tBool, `strings.HasPrefix(%s, "a")`, func(v []value) value { return strings.HasPrefix(v[0].(string), "a") }, s.varying(tString, d-1))
		},
		func(d int) *expr {
			return s.call(tBool, "slices.Contains(%s, %s)", func(v []value) value {
				list, _ := v[0].([]value)
				return slices.Contains(list, v[1])
			}, s.of(tStrings), s.expr(tString, d-1))
		},
		func(d int) *expr {
			e := s.pick(func(l leaf) bool { return l.optional && l.typ.kind != kAny })
			op := choose(s.random, "==", "!=")
			return s.call(tBool, "(%s "+verbatim(op)+" nil)", func(v []value) value { return (v[0] == nil) == (op == "==") }, e)
		},
		func(d int) *expr {
			e := s.pick(func(l leaf) bool { return !l.optional && l.typ.kind == kEnum })
			if e == nil {
				return nil
			}
			want := e.typ.values[s.n(len(e.typ.values))]
			op := choose(s.random, "==", "!=")
			return s.call(tBool, "(%s "+verbatim(op)+" "+strconv.Quote(want)+")", func(v []value) value { return (v[0].(string) == want) == (op == "==") }, e)
		},
		func(d int) *expr {
			if s.plain {
				return nil
			}
			l := s.newLet(flow().add("regexp", single("^[a-m]")))
			e := s.call(tBool, l.name+".MatchString(%s)", func(v []value) value { return regexp.MustCompile(`^[a-m]`).MatchString(v[0].(string)) }, s.varying(tString, d-1))
			if e != nil {
				e.lets = append(e.lets, l)
			}
			return e
		},
		func(d int) *expr {
			if s.plain {
				return nil
			}
			l := s.newLet(flow().add("set", list(word("a"), word("EU"), quoted(""))))
			e := s.call(tBool, l.name+"[%s]", func(v []value) value { return slices.Contains([]string{"a", "EU", ""}, v[0].(string)) }, s.varying(tString, d-1))
			if e != nil {
				e.lets = append(e.lets, l)
			}
			return e
		},
		func(d int) *expr {
			return s.call(tBool, "%s.Before(%s)", func(v []value) value { return v[0].(time.Time).Before(v[1].(time.Time)) }, s.varying(tTime, d-1), s.varying(tTime, d-1))
		},
	}
	return rules
}

// bracketed is a condition that an operator may stand before.
func (s *scope) bracketed(d int) *expr {
	e := s.varying(tBool, d)
	if e == nil || strings.HasPrefix(e.text, "(") {
		return e
	}
	return s.call(tBool, "(%s)", func(v []value) value { return v[0] }, e)
}

// comparison compares two values of one type.
func (s *scope) comparison(d int) *expr {
	t := ordered[s.n(len(ordered))]
	a := s.varying(t, d-1)
	b := s.expr(t, d-1)
	if t.kind == kDecimal && s.one(3) {
		b = s.varying(tNumber, d-1)
	}
	if s.one(2) {
		b = s.constant(t)
	}
	if a == nil || b == nil || a.text == b.text || s.plain && t.kind == kTime {
		return nil
	}
	op := choose(s.random, "<", "<=", ">", ">=", "==", "!=")
	return s.call(tBool, "("+"%s "+op+" %s)", func(v []value) value {
		lt, gt := order(v[0], v[1])
		switch op {
		case "<":
			return lt
		case "<=":
			return lt || equal(v[0], v[1])
		case ">":
			return gt
		case ">=":
			return gt || equal(v[0], v[1])
		case "==":
			return equal(v[0], v[1])
		}
		return !equal(v[0], v[1])
	}, a, b)
}

// order compares two values; both are false for equal ones, and for floats of
// which one is no number.
func order(a, b value) (less, greater bool) {
	switch a := a.(type) {
	case string:
		return a < b.(string), a > b.(string)
	case int64:
		return a < b.(int64), a > b.(int64)
	case uint64:
		return a < b.(uint64), a > b.(uint64)
	case float64:
		return a < b.(float64), a > b.(float64)
	case dec:
		c := a.cmp(b.(dec))
		return c < 0, c > 0
	case time.Time:
		return a.Before(b.(time.Time)), a.After(b.(time.Time))
	case time.Duration:
		return a < b.(time.Duration), a > b.(time.Duration)
	}
	panic(fmt.Sprintf("oracle: no order of %T", a))
}

func equal(a, b value) bool {
	switch a := a.(type) {
	case dec:
		return a.cmp(b.(dec)) == 0
	case time.Time:
		return a.Equal(b.(time.Time))
	}
	return a == b
}
