package oracle

import (
	"math/big"
	"strconv"
	"strings"
)

// A dec is an exact decimal, coef × 10^exp, by the rules that the language
// reference gives: 38 significant digits, exponents within ±6144, the scale of
// results next to the ideal one, division rounded half to even.
type dec struct {
	coef *big.Int
	exp  int
}

const (
	maxDigits   = 38
	maxExponent = 6144
)

var ten = big.NewInt(10)

func pow10(n int) *big.Int { return new(big.Int).Exp(ten, big.NewInt(int64(n)), nil) }

func decOfInt(n int64) dec    { return dec{coef: big.NewInt(n)} }
func digits(n *big.Int) int   { return len(new(big.Int).Abs(n).String()) }
func (d dec) sign() int       { return d.coef.Sign() }
func (d dec) neg() dec        { return dec{new(big.Int).Neg(d.coef), d.exp} }
func (d dec) abs() dec        { return dec{new(big.Int).Abs(d.coef), d.exp} }
func arithmetic(op string)    { panic(fault{code: "arithmetic", msg: "decimal " + op}) }
func clamp(n, lo, hi int) int { return max(lo, min(n, hi)) }

// parseDec reads what JSON's grammar of numbers accepts; false for anything
// else, and for what needs more digits or a larger exponent.
func parseDec(s string) (dec, bool) {
	neg := strings.HasPrefix(s, "-")
	rest := strings.TrimPrefix(s, "-")
	mantissa, exponent, hasExponent := rest, "", false
	if i := strings.IndexAny(rest, "eE"); i >= 0 {
		mantissa, exponent, hasExponent = rest[:i], rest[i+1:], true
	}
	whole, fraction, hasPoint := strings.Cut(mantissa, ".")
	if !isDigits(whole) || len(whole) > 1 && whole[0] == '0' || hasPoint && !isDigits(fraction) {
		return dec{}, false
	}
	exp := 0
	if hasExponent {
		e := exponent
		if len(e) > 0 && (e[0] == '+' || e[0] == '-') {
			e = e[1:]
		}
		if !isDigits(e) {
			return dec{}, false
		}
		n, err := strconv.Atoi(exponent)
		if err != nil {
			return dec{}, false
		}
		exp = n
	}
	text := strings.TrimLeft(whole+fraction, "0")
	if len(text) > maxDigits {
		return dec{}, false
	}
	if text == "" {
		text = "0"
	}
	exp -= len(fraction)
	if exp < -maxExponent || exp > maxExponent {
		return dec{}, false
	}
	coef, _ := new(big.Int).SetString(text, 10)
	if neg {
		coef.Neg(coef)
	}
	return dec{coef, exp}, true
}

func isDigits(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}

func mustDec(s string) dec {
	d, ok := parseDec(s)
	if !ok {
		panic("oracle: no decimal: " + s)
	}
	return d
}

// settle is the value n × 10^exp with the exponent nearest to ideal that 38
// digits allow.
func settle(n *big.Int, exp, ideal int, op string) dec {
	if n.Sign() == 0 {
		return dec{new(big.Int), clamp(ideal, -maxExponent, maxExponent)}
	}
	n = new(big.Int).Set(n)
	r := new(big.Int)
	for {
		q, r := new(big.Int).QuoRem(n, ten, r)
		if r.Sign() != 0 {
			break
		}
		n = q
		exp++
	}
	room := maxDigits - digits(n)
	if room < 0 {
		arithmetic(op)
	}
	lowest, highest := max(exp-room, -maxExponent), min(exp, maxExponent)
	if lowest > highest {
		arithmetic(op)
	}
	e := clamp(ideal, lowest, highest)
	return dec{n.Mul(n, pow10(exp-e)), e}
}

func align(a, b dec) (x, y *big.Int, exp int) {
	exp = min(a.exp, b.exp)
	return new(big.Int).Mul(a.coef, pow10(a.exp-exp)), new(big.Int).Mul(b.coef, pow10(b.exp-exp)), exp
}

func (d dec) add(b dec) dec {
	x, y, exp := align(d, b)
	return settle(x.Add(x, y), exp, exp, "+")
}

func (d dec) sub(b dec) dec {
	x, y, exp := align(d, b)
	return settle(x.Sub(x, y), exp, exp, "-")
}

func (d dec) mul(b dec) dec {
	return settle(new(big.Int).Mul(d.coef, b.coef), d.exp+b.exp, d.exp+b.exp, "*")
}

func (d dec) rem(b dec) dec {
	if b.sign() == 0 {
		arithmetic("% 0")
	}
	x, y, exp := align(d, b)
	return settle(x.Rem(x, y), exp, exp, "%")
}

func (d dec) quo(b dec) dec {
	if b.sign() == 0 {
		arithmetic("/ 0")
	}
	ideal := d.exp - b.exp
	if d.sign() == 0 {
		return settle(new(big.Int), 0, ideal, "/")
	}
	const places = 200 // more than any quotient of two coefficients that ends
	q, r := new(big.Int).QuoRem(new(big.Int).Mul(d.coef, pow10(places)), b.coef, new(big.Int))
	exp := ideal - places
	if r.Sign() == 0 {
		trimmed := strings.TrimRight(new(big.Int).Abs(q).String(), "0")
		if len(trimmed) <= maxDigits {
			return settle(q, exp, ideal, "/")
		}
	}
	neg := q.Sign() < 0
	q.Abs(q)
	drop := digits(q) - maxDigits
	unit := pow10(drop)
	q, rest := q.QuoRem(q, unit, new(big.Int))
	c := new(big.Int).Lsh(rest, 1).Cmp(unit)
	if c > 0 || c == 0 && (r.Sign() != 0 || q.Bit(0) == 1) {
		q.Add(q, big.NewInt(1))
	}
	exp += drop
	if digits(q) > maxDigits {
		q.Quo(q, ten)
		exp++
	}
	if exp < -maxExponent || exp > maxExponent {
		arithmetic("/")
	}
	if neg {
		q.Neg(q)
	}
	return dec{q, exp}
}

func (d dec) cmp(b dec) int {
	x, y, _ := align(d, b)
	return x.Cmp(y)
}

// rounded is d as a multiple of 10^-places, by mode: even, floor, ceil, trunc.
func (d dec) rounded(places int, mode string) dec {
	drop := -places - d.exp
	n, exp, ideal := d.coef, d.exp, -max(places, 0)
	if drop > 0 {
		unit := pow10(drop)
		q, r := new(big.Int).DivMod(n, unit, new(big.Int))
		up := false
		switch mode {
		case "ceil":
			up = r.Sign() > 0
		case "trunc":
			up = r.Sign() > 0 && n.Sign() < 0
		case "even":
			c := new(big.Int).Lsh(r, 1).Cmp(unit)
			up = c > 0 || c == 0 && q.Bit(0) == 1
		}
		if up {
			q.Add(q, big.NewInt(1))
		}
		n, exp = q, -places
	} else if mode != "even" {
		return d // an integer stays as it is
	}
	return settle(n, exp, ideal, "Round")
}

// int64 is d as an integer, which it has to be.
func (d dec) int64() int64 {
	t := d.rounded(0, "trunc")
	if t.cmp(d) != 0 {
		arithmetic("Int64")
	}
	n := new(big.Int).Mul(t.coef, pow10(max(t.exp, 0)))
	if !n.IsInt64() {
		arithmetic("Int64")
	}
	return n.Int64()
}

func (d dec) float64() float64 {
	f, _ := strconv.ParseFloat(d.String(), 64)
	return f
}

// String is the canonical text: plain, unless zeros would have to be added that
// are no digits or the first digit stands below the 24th place.
func (d dec) String() string {
	text := new(big.Int).Abs(d.coef).String()
	first := len(text) + d.exp - 1
	switch {
	case d.exp > 0 || first < -24:
		rest := text[1:]
		text = text[:1]
		if rest != "" {
			text += "." + rest
		}
		sign := "+"
		if first < 0 {
			sign, first = "-", -first
		}
		text += "e" + sign + strconv.Itoa(first)
	case d.exp < 0:
		for len(text) <= -d.exp {
			text = "0" + text
		}
		text = text[:len(text)+d.exp] + "." + text[len(text)+d.exp:]
	}
	if d.sign() < 0 {
		text = "-" + text
	}
	return text
}
