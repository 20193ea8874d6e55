package infer

import (
	"math"
	"strconv"
)

// A number is what matters of a JSON number for its type.
type number struct {
	integer  bool // no point and no exponent
	negative bool
	// size is the class of an integer.
	size numberSize
	// exact tells that the language's number holds it: 38 digits, and an exponent
	// of the last digit within ±6144. double tells that it is within the range of
	// a float64, and simple that a float64 gives its decimal digits back.
	exact, double, simple bool
}

// A numberSize says which integers hold a number, each class all before it.
type numberSize uint8

const (
	bits32 numberSize = iota
	bits64
	unsigned64 // not negative, and int64 does not hold it
	larger
)

// The limits of the language's exact numbers, and the digits that a float64
// always gives back.
const (
	exactDigits   = 38
	exactExponent = 6144
	doubleDigits  = 15
	doubleRange   = 300
)

// parseNumber reads a number by JSON's grammar, all of b; ok is false where it
// is none, and bad is then the index of the byte that does not fit, or len(b).
func parseNumber(b []byte) (n number, bad int, ok bool) {
	i := 0
	if i < len(b) && b[i] == '-' {
		n.negative = true
		i++
	}
	whole := i
	i = digits(b, i)
	if i == whole {
		return n, i, false
	}
	if b[whole] == '0' && i > whole+1 {
		return n, whole + 1, false
	}
	wholeEnd := i
	n.integer = true
	exponent := 0
	if i < len(b) && b[i] == '.' {
		n.integer = false
		start := i + 1
		if i = digits(b, start); i == start {
			return n, i, false
		}
		exponent = start - i
	}
	end := i
	if i < len(b) && b[i]|0x20 == 'e' {
		n.integer = false
		var bad int
		var e int
		if e, i, bad = exponentOf(b, i+1); bad >= 0 {
			return n, bad, false
		}
		exponent += e
	}
	if i < len(b) {
		return n, i, false
	}
	significant := significantDigits(b[whole:end])
	n.exact = significant <= exactDigits && -exactExponent <= exponent && exponent <= exactExponent
	magnitude := exponent + significant
	switch {
	case significant <= doubleDigits && -doubleRange < exponent && magnitude < doubleRange:
		n.double, n.simple = true, true
	default:
		_, err := strconv.ParseFloat(string(b), 64)
		n.double = err == nil
	}
	if n.integer {
		n.size = sizeOf(b[whole:wholeEnd], n.negative)
	}
	return n, 0, true
}

func digits(b []byte, i int) int {
	for i < len(b) && b[i]-'0' <= 9 {
		i++
	}
	return i
}

// exponentOf reads what stands behind the e of a number; bad is -1 or the index
// of what does not fit.
func exponentOf(b []byte, i int) (e, end, bad int) {
	minus := false
	if i < len(b) && (b[i] == '+' || b[i] == '-') {
		minus = b[i] == '-'
		i++
	}
	start := i
	for ; i < len(b) && b[i]-'0' <= 9; i++ {
		if e < math.MaxInt32/20 { // beyond all limits, and far from overflow
			e = e*10 + int(b[i]-'0')
		}
	}
	if i == start {
		return 0, i, i
	}
	if minus {
		e = -e
	}
	return e, i, -1
}

// significantDigits counts digits from the first that is not 0 to the last.
func significantDigits(b []byte) int {
	n := 0
	for _, c := range b {
		if c != '.' && (n > 0 || c != '0') {
			n++
		}
	}
	return n
}

// sizeOf is the class of an integer, given its digits.
func sizeOf(digits []byte, negative bool) numberSize {
	if len(digits) < 10 {
		return bits32
	}
	if len(digits) > 20 {
		return larger
	}
	u, err := strconv.ParseUint(string(digits), 10, 64)
	limit := uint64(0) // one more below 0 than above
	if negative {
		limit = 1
	}
	switch {
	case err != nil:
		return larger
	case u <= math.MaxInt32+limit:
		return bits32
	case u <= math.MaxInt64+limit:
		return bits64
	case !negative:
		return unsigned64
	}
	return larger
}

// numbers is what is known of all numbers of a place.
type numbers struct {
	negative bool
	size     numberSize
	// inexact, beyond and long count numbers that are not exact, double, simple.
	inexact, beyond, long int64
}

func (s *numbers) note(n number) {
	s.negative = s.negative || n.negative
	s.size = max(s.size, n.size)
	if !n.exact {
		s.inexact++
	}
	if !n.double {
		s.beyond++
	}
	if !n.simple {
		s.long++
	}
}

func (s *numbers) merge(o *numbers) {
	s.negative = s.negative || o.negative
	s.size = max(s.size, o.size)
	s.inexact += o.inexact
	s.beyond += o.beyond
	s.long += o.long
}

// integerType is the type that holds all numbers of a place, which are integers.
func (s *numbers) integerType() string {
	switch {
	case s.size == bits32:
		return "int"
	case s.size == bits64:
		return "int64"
	case s.size == unsigned64 && !s.negative:
		return "uint64"
	}
	return s.exactType()
}

// exactType is the type that holds all numbers of a place without a rounding,
// where there is one.
func (s *numbers) exactType() string {
	switch {
	case s.inexact == 0:
		return "number"
	case s.beyond == 0:
		return "float64"
	}
	return "json"
}
