package jsonscan

// A number is what a JSON number says: mantissa × 10^exponent.
type number struct {
	mantissa uint64
	exponent int
	negative bool
	exact    bool // mantissa and exponent hold all of it
}

// parseNumber reads a number by JSON's grammar, all of b.
func parseNumber(b []byte) (n number, ok bool) {
	i := 0
	if len(b) > 0 && b[0] == '-' {
		n.negative = true
		i++
	}
	first := i
	for i < len(b) && b[i]-'0' <= 9 {
		n.mantissa = n.mantissa*10 + uint64(b[i]-'0')
		i++
	}
	digits := i - first
	if digits == 0 || digits > 1 && b[first] == '0' {
		return n, false
	}
	if i < len(b) && b[i] == '.' {
		i++
		first = i
		for i < len(b) && b[i]-'0' <= 9 {
			n.mantissa = n.mantissa*10 + uint64(b[i]-'0')
			i++
		}
		if i == first {
			return n, false
		}
		n.exponent = first - i
		digits += i - first
	}
	n.exact = digits <= 19 // so many always fit
	if i < len(b) && b[i]|0x20 == 'e' {
		i++
		negative := false
		if i < len(b) && (b[i] == '+' || b[i] == '-') {
			negative = b[i] == '-'
			i++
		}
		first, e := i, 0
		for i < len(b) && b[i]-'0' <= 9 {
			if e < 1e6 {
				e = e*10 + int(b[i]-'0')
			}
			i++
		}
		if i == first {
			return n, false
		}
		if negative {
			e = -e
		}
		n.exponent += e
	}
	return n, i == len(b)
}
