package oracle

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// The grammar: for each type the rules that give an expression of it. A rule
// that has nothing to begin with here gives nil, and another one is tried.

// expr is a random expression of a type; depth bounds its parts. It is nil where
// the type can only be taken from a field and there is none.
func (s *scope) expr(t *typ, depth int) *expr {
	if depth <= 0 || s.one(4) {
		if e := s.of(t); e != nil && !s.one(8) {
			return e
		}
		if e := s.constant(t); e != nil {
			return e
		}
		return s.of(t)
	}
	var rules []func(int) *expr
	switch t.kind {
	case kString:
		rules = s.stringRules()
	case kInt:
		rules = s.intRules()
	case kInt64:
		rules = s.int64Rules()
	case kUint64:
		rules = s.uint64Rules()
	case kFloat64:
		rules = s.floatRules()
	case kBool:
		rules = s.boolRules()
	case kDecimal, kNumber:
		rules = s.decimalRules(t)
	case kTime:
		rules = s.timeRules()
	case kDuration:
		rules = s.durationRules()
	case kBytes:
		rules = []func(int) *expr{func(d int) *expr {
			return s.call(tBytes, "[]byte(%s)", func(v []value) value { return []byte(v[0].(string)) }, s.expr(tString, d-1))
		}}
	case kList:
		if t.elem.kind == kString {
			rules = s.listRules()
		}
	}
	for range 8 {
		if len(rules) == 0 {
			break
		}
		if e := rules[s.n(len(rules))](depth); e != nil {
			return e
		}
	}
	return s.expr(t, 0)
}

// call is an expression of parts that are all evaluated, in order.
func (s *scope) call(t *typ, format string, f func([]value) value, parts ...*expr) *expr {
	texts := make([]any, len(parts))
	for i, p := range parts {
		if p == nil {
			return nil
		}
		texts[i] = p.text
	}
	return from(t, fmt.Sprintf(format, texts...), func(v *env) value {
		values := make([]value, len(parts))
		for i, p := range parts {
			values[i] = p.eval(v)
		}
		return f(values)
	}, parts...)
}

// verbatim is text that stands in a format.
func verbatim(text string) string { return strings.ReplaceAll(text, "%", "%%") }

// varying is an expression of a type that the compiler can't fold.
func (s *scope) varying(t *typ, depth int) *expr {
	for range 5 {
		if e := s.expr(t, depth); e != nil && !e.constant {
			return e
		}
	}
	return s.of(t)
}

func (s *scope) literal(t *typ, text string, v value) *expr {
	return &expr{text: text, typ: t, constant: true, eval: func(*env) value { return v }}
}

// constant is a literal of a type, nil where there is none.
func (s *scope) constant(t *typ) *expr {
	switch t.kind {
	case kString:
		v := choose(s.random, "", "a", "EU", "x y", "ünï", "tab\t", `q"uote`, "it's", "#1", "a: b", "{}", "100%", `back\slash`)
		return s.literal(t, strconv.Quote(v), v)
	case kEnum:
		v := t.values[s.n(len(t.values))]
		return s.literal(t, strconv.Quote(v), v)
	case kInt, kInt64:
		v := int64(choose(s.random, 0, 1, 2, 3, 7, 10, 100, 1000))
		return s.literal(t, fmt.Sprint(v), v)
	case kUint64:
		v := uint64(choose(s.random, 0, 1, 2, 10, 1000))
		return s.literal(t, fmt.Sprint(v), v)
	case kFloat64:
		v := choose(s.random, 0.5, 1.5, 2, 10, 0.1, 1e6, 2.25)
		return s.literal(t, strconv.FormatFloat(v, 'g', -1, 64), v)
	case kBool:
		return s.literal(t, "true", true)
	case kDecimal, kNumber:
		text := choose(s.random, "0", "1", "2", "10", "0.5", "1.10", "0.01", "99.99", "1_000", "2.00", "1e2")
		v := mustDec(strings.ReplaceAll(text, "_", ""))
		if v.exp > 0 { // the digits of 1e2 in Go are 100
			v = dec{v.coef.Mul(v.coef, pow10(v.exp)), 0}
		}
		return s.literal(t, text, v)
	case kDuration:
		n := s.between(1, 90)
		return s.literal(t, fmt.Sprintf("%d*time.Second", n), time.Duration(n)*time.Second)
	case kList:
		if t.elem.kind == kString {
			return s.literal(t, `[]string{"a", "b c"}`, []value{"a", "b c"})
		}
	}
	return nil
}

// orElse is `or` of an optional field of a type and a constant.
func (s *scope) orElse(t *typ) func(int) *expr {
	return func(int) *expr {
		if s.plain {
			return nil
		}
		opt, other := s.maybe(t), s.constant(t)
		if opt == nil || other == nil {
			return nil
		}
		return s.call(t, "or(%s, %s)", func(v []value) value {
			if v[0] == nil {
				return v[1]
			}
			return v[0]
		}, opt, other)
	}
}

func (s *scope) letValue(t *typ, spelled *doc, v value) *expr {
	if s.plain {
		return nil
	}
	l := s.newLet(spelled)
	return &expr{text: l.name, typ: t, lets: []*let{l}, eval: func(*env) value { return v }}
}

// newLet is a constant of the node; its name is unused in it.
func (s *scope) newLet(spelled *doc) *let {
	l := &let{name: []string{"limit", "known", "rate", "name", "range_", "line", "l", "d", "err", "record"}[len(*s.lets)%10], value: spelled}
	if n := len(*s.lets) / 10; n > 0 {
		l.name += strconv.Itoa(n)
	}
	*s.lets = append(*s.lets, l)
	return l
}

func (s *scope) stringRules() []func(int) *expr {
	unary := func(name string, f func(string) string) func(int) *expr {
		return func(d int) *expr {
			return s.call(tString, name+"(%s)", func(v []value) value { return f(v[0].(string)) }, s.expr(tString, d-1))
		}
	}
	rules := []func(int) *expr{
		unary("strings.ToUpper", strings.ToUpper),
		unary("strings.ToLower", strings.ToLower),
		unary("strings.TrimSpace", strings.TrimSpace),
		s.orElse(tString),
		func(d int) *expr {
			return s.call(tString, "(%s + %s)", func(v []value) value { return v[0].(string) + v[1].(string) }, s.varying(tString, d-1), s.expr(tString, d-1))
		},
		func(d int) *expr {
			return s.call(tString, "strconv.Itoa(%s)", func(v []value) value { return strconv.FormatInt(v[0].(int64), 10) }, s.expr(tInt, d-1))
		},
		func(d int) *expr {
			return s.call(tString, `fmt.Sprintf("%%s/%%d", %s, %s)`, func(v []value) value { return fmt.Sprintf("%s/%d", v[0], v[1]) }, s.expr(tString, d-1), s.expr(tInt64, d-1))
		},
		func(d int) *expr {
			return s.call(tString, `strings.ReplaceAll(%s, "a", "<&>")`, func(v []value) value { return strings.ReplaceAll(v[0].(string), "a", "<&>") }, s.expr(tString, d-1))
		},
		func(d int) *expr {
			return s.call(tString, "%s.String()", func(v []value) value { return v[0].(dec).String() }, s.of(choose(s.random, tDecimal, tNumber)))
		},
		func(d int) *expr {
			return s.call(tString, "%s.String()", func(v []value) value { return v[0].(time.Duration).String() }, s.of(tDuration))
		},
		func(d int) *expr {
			return s.call(tString, `%s.Format("2006-01-02 15:04")`, func(v []value) value { return v[0].(time.Time).Format("2006-01-02 15:04") }, s.of(tTime))
		},
		func(d int) *expr {
			return s.call(tString, `strings.Join(%s, "|")`, func(v []value) value {
				var list []string
				for _, e := range v[0].([]value) {
					list = append(list, e.(string))
				}
				return strings.Join(list, "|")
			}, s.of(tStrings))
		},
		func(d int) *expr {
			e := s.pick(func(l leaf) bool { return !l.optional && l.typ.kind == kEnum })
			return s.call(tString, "string(%s)", func(v []value) value { return v[0] }, e)
		},
		func(d int) *expr {
			e := s.pick(func(l leaf) bool { return !l.optional && l.typ.kind == kJSON })
			return s.call(tString, "string(%s)", func(v []value) value { return string(v[0].(raw)) }, e)
		},
		func(d int) *expr {
			e := s.pick(func(l leaf) bool { return !l.optional && l.typ.kind == kMap && l.typ.elem.kind == kString })
			return s.call(tString, `%s["k1"]`, func(v []value) value {
				found, _ := v[0].(map[string]value)["k1"].(string)
				return found
			}, e)
		},
		func(d int) *expr { return s.letValue(tString, quoted("from let"), "from let") },
		func(d int) *expr {
			return s.letValue(tString, quoted("${env:FLOWC_RANDOM_UNSET:-a default}"), "a default")
		},
	}
	if s.meta {
		rules = append(rules, func(int) *expr {
			return from(tString, "meta.Path", func(v *env) value { return v.meta.path })
		})
	}
	if s.risky {
		rules = append(rules,
			func(d int) *expr {
				n := s.n(3)
				return s.call(tString, "%s["+strconv.Itoa(n)+"]", func(v []value) value {
					list, _ := v[0].([]value)
					if n >= len(list) {
						panic(fault{code: "panic", msg: "index out of range"})
					}
					return list[n]
				}, s.of(tStrings))
			},
			func(d int) *expr {
				n := s.n(5)
				return s.call(tString, "%s[:"+strconv.Itoa(n)+"]", func(v []value) value {
					text := v[0].(string)
					if n > len(text) {
						panic(fault{code: "panic", msg: "slice bounds out of range"})
					}
					return text[:n]
				}, s.of(tString))
			})
	}
	return rules
}

func (s *scope) intRules() []func(int) *expr {
	return append(s.wholeRules(tInt), []func(int) *expr{
		func(d int) *expr {
			return s.call(tInt, "len(%s)", func(v []value) value { return int64(len(v[0].(string))) }, s.varying(tString, d-1))
		},
		func(d int) *expr {
			e := s.pick(func(l leaf) bool {
				return l.typ.kind == kList || l.typ.kind == kMap || !l.optional && (l.typ.kind == kBytes || l.typ.kind == kJSON)
			})
			return s.call(tInt, "len(%s)", func(v []value) value {
				switch v := v[0].(type) {
				case []value:
					return int64(len(v))
				case map[string]value:
					return int64(len(v))
				case []byte:
					return int64(len(v))
				case raw:
					return int64(len(v))
				}
				return int64(0)
			}, e)
		},
		func(d int) *expr {
			return s.call(tInt, "int(%s)", func(v []value) value { return v[0] }, s.varying(tInt64, d-1))
		},
		func(d int) *expr {
			return s.call(tInt, `strings.Count(%s, "a")`, func(v []value) value { return int64(strings.Count(v[0].(string), "a")) }, s.expr(tString, d-1))
		},
		func(d int) *expr {
			return s.call(tInt, "%s.Year()", func(v []value) value { return int64(v[0].(time.Time).Year()) }, s.expr(tTime, d-1))
		},
		func(d int) *expr {
			return s.call(tInt, "%s.Sign()", func(v []value) value { return int64(v[0].(dec).sign()) }, s.varying(choose(s.random, tDecimal, tNumber), d-1))
		},
		func(d int) *expr {
			return s.call(tInt, "%s.Cmp(%s)", func(v []value) value { return int64(v[0].(dec).cmp(v[1].(dec))) }, s.of(tDecimal), s.of(choose(s.random, tDecimal, tNumber)))
		},
	}...)
}

func (s *scope) int64Rules() []func(int) *expr {
	rules := append(s.wholeRules(tInt64), []func(int) *expr{
		func(d int) *expr {
			return s.call(tInt64, "int64(%s)", func(v []value) value { return v[0] }, s.varying(tInt, d-1))
		},
		func(d int) *expr {
			return s.call(tInt64, "%s.Milliseconds()", func(v []value) value { return v[0].(time.Duration).Milliseconds() }, s.of(tDuration))
		},
		func(d int) *expr {
			return s.call(tInt64, "%s.Unix()", func(v []value) value { return v[0].(time.Time).Unix() }, s.expr(tTime, d-1))
		},
	}...)
	if s.meta {
		rules = append(rules, func(int) *expr {
			return from(tInt64, "meta.Offset", func(v *env) value { return v.meta.offset })
		})
		if s.byLines {
			rules = append(rules, func(int) *expr {
				return from(tInt64, "meta.Line", func(v *env) value { return v.meta.line })
			})
		}
	}
	if s.risky {
		rules = append(rules, func(d int) *expr {
			return s.call(tInt64, "%s.Int64()", func(v []value) value { return v[0].(dec).int64() }, s.of(choose(s.random, tDecimal, tNumber)))
		})
	}
	return rules
}

// wholeRules are those of int and int64, which differ in their size alone.
func (s *scope) wholeRules(t *typ) []func(int) *expr {
	binary := func(op string, f func(a, b int64) int64) func(int) *expr {
		return func(d int) *expr {
			return s.call(t, "(%s "+verbatim(op)+" %s)", func(v []value) value { return f(v[0].(int64), v[1].(int64)) }, s.varying(t, d-1), s.expr(t, d-1))
		}
	}
	byConstant := func(op string, f func(a, b int64) int64) func(int) *expr {
		return func(d int) *expr {
			n := int64(s.between(1, 9))
			return s.call(t, "(%s "+verbatim(op)+" "+strconv.FormatInt(n, 10)+")", func(v []value) value { return f(v[0].(int64), n) }, s.varying(t, d-1))
		}
	}
	quo := func(a, b int64) int64 { return a / b }
	rem := func(a, b int64) int64 { return a % b }
	rules := []func(int) *expr{
		s.orElse(t),
		binary("+", func(a, b int64) int64 { return a + b }),
		binary("-", func(a, b int64) int64 { return a - b }),
		binary("*", func(a, b int64) int64 { return a * b }),
		byConstant("/", quo), byConstant("%", rem),
		func(d int) *expr {
			return s.call(t, "min(%s, %s)", func(v []value) value { return min(v[0].(int64), v[1].(int64)) }, s.varying(t, d-1), s.expr(t, d-1))
		},
	}
	if t.kind == kInt {
		rules = append(rules, func(int) *expr { return s.letValue(t, flow().add("int", numeral("7")), int64(7)) })
	}
	if s.risky {
		zero := func(f func(a, b int64) int64) func(a, b int64) int64 {
			return func(a, b int64) int64 {
				if b == 0 {
					panic(fault{code: "panic", msg: "integer divide by zero"})
				}
				return f(a, b)
			}
		}
		by := func(op string, f func(a, b int64) int64) func(int) *expr {
			return func(d int) *expr {
				return s.call(t, "(%s "+verbatim(op)+" %s)", func(v []value) value { return zero(f)(v[0].(int64), v[1].(int64)) }, s.expr(t, d-1), s.of(t))
			}
		}
		rules = append(rules, by("/", quo), by("%", rem))
	}
	return rules
}

func (s *scope) uint64Rules() []func(int) *expr {
	binary := func(op string, f func(a, b uint64) uint64) func(int) *expr {
		return func(d int) *expr {
			return s.call(tUint64, "(%s "+verbatim(op)+" %s)", func(v []value) value { return f(v[0].(uint64), v[1].(uint64)) }, s.varying(tUint64, d-1), s.expr(tUint64, d-1))
		}
	}
	return []func(int) *expr{
		s.orElse(tUint64),
		binary("+", func(a, b uint64) uint64 { return a + b }),
		binary("*", func(a, b uint64) uint64 { return a * b }),
		binary("^", func(a, b uint64) uint64 { return a ^ b }),
		func(d int) *expr {
			return s.call(tUint64, "uint64(%s)", func(v []value) value { return uint64(v[0].(int64)) }, s.varying(tInt, d-1))
		},
	}
}

func (s *scope) floatRules() []func(int) *expr {
	binary := func(op string, f func(a, b float64) float64) func(int) *expr {
		return func(d int) *expr {
			return s.call(tFloat64, "(%s "+verbatim(op)+" %s)", func(v []value) value { return f(v[0].(float64), v[1].(float64)) }, s.varying(tFloat64, d-1), s.expr(tFloat64, d-1))
		}
	}
	rules := []func(int) *expr{
		s.orElse(tFloat64),
		binary("+", func(a, b float64) float64 { return a + b }),
		binary("-", func(a, b float64) float64 { return a - b }),
		binary("*", func(a, b float64) float64 { return a * b }),
		func(d int) *expr {
			return s.call(tFloat64, "math.Floor(%s)", func(v []value) value { return math.Floor(v[0].(float64)) }, s.expr(tFloat64, d-1))
		},
		func(d int) *expr {
			return s.call(tFloat64, "float64(%s)", func(v []value) value { return float64(v[0].(int64)) }, s.varying(choose(s.random, tInt, tInt64), d-1))
		},
		func(d int) *expr {
			return s.call(tFloat64, "%s.Seconds()", func(v []value) value { return v[0].(time.Duration).Seconds() }, s.of(tDuration))
		},
		func(d int) *expr {
			return s.call(tFloat64, "%s.Float64()", func(v []value) value { return v[0].(dec).float64() }, s.of(choose(s.random, tDecimal, tNumber)))
		},
		func(int) *expr { return s.letValue(tFloat64, flow().add("float64", numeral("0.25")), 0.25) },
	}
	if s.risky { // an infinity or no number at all has no form in JSON
		rules = append(rules,
			binary("/", func(a, b float64) float64 { return a / b }),
			func(d int) *expr {
				return s.call(tFloat64, "math.Sqrt(%s)", func(v []value) value { return math.Sqrt(v[0].(float64)) }, s.varying(tFloat64, d-1))
			})
	}
	return rules
}
