package check

import (
	"go/ast"
	"go/constant"
	"go/token"
	"go/types"
	"math/big"
	"strconv"
	"strings"
)

// maxDigits is how many significant digits a decimal has, maxExponent how far
// its exponent goes; runtime/decimal says the same.
const (
	maxDigits   = 38
	maxExponent = 6144
)

// An exact is a constant on its way to a decimal. go/types rounds constants of
// type decimal to a float64, so they are computed again from the literals.
type exact struct {
	value *big.Rat
	// scale is the number of places that are kept, trailing zeros included.
	scale int
	// integer tells that Go divides it as an integer.
	integer bool
}

// An inexact is why a constant can't be a decimal.
type inexact string

func (e inexact) Error() string { return string(e) }

// maxBits bounds constants while they are computed: no decimal needs more.
const maxBits = 100_000

const (
	errTooLong       inexact = "it needs more than 38 digits"
	errNeverEnds     inexact = "its digits never end"
	errDropsFraction inexact = "a division of integers drops the fraction"
)

var ten = big.NewInt(10)

func pow10(n int) *big.Int { return new(big.Int).Exp(ten, big.NewInt(int64(n)), nil) }

// plainLiteral is the text of a literal that is written as decimals are: most
// constants are no more than that.
func plainLiteral(e ast.Expr) (string, bool) {
	lit, ok := ast.Unparen(e).(*ast.BasicLit)
	if !ok || len(lit.Value) > maxDigits || lit.Kind != token.INT && lit.Kind != token.FLOAT {
		return "", false
	}
	whole, fraction, point := strings.Cut(lit.Value, ".")
	if whole == "" || len(whole) > 1 && whole[0] == '0' || point && fraction == "" {
		return "", false
	}
	return lit.Value, strings.Trim(whole+fraction, "0123456789") == ""
}

// exactOf computes a constant expression.
func (j *job) exactOf(e ast.Expr) (exact, error) {
	switch e := e.(type) {
	case *ast.ParenExpr:
		return j.exactOf(e.X)
	case *ast.BasicLit:
		if e.Kind == token.INT || e.Kind == token.FLOAT {
			return exactLiteral(e.Value)
		}
	case *ast.UnaryExpr:
		x, err := j.exactOf(e.X)
		if e.Op == token.SUB {
			x.value = new(big.Rat).Neg(orZero(x.value))
		}
		return x, err
	case *ast.BinaryExpr:
		if arithmetic(e.Op) {
			return j.exactBinary(e)
		}
	case *ast.Ident:
		if let := j.lets[j.info.Uses[e]]; let != nil && let.number != "" {
			let.used = true
			lit, negative := strings.CutPrefix(let.number, "-")
			x, err := exactLiteral(lit)
			if negative && err == nil {
				x.value = new(big.Rat).Neg(x.value)
			}
			return x, err
		}
		if c, ok := j.info.Uses[e].(*types.Const); ok {
			return exactValue(c.Val())
		}
	case *ast.SelectorExpr:
		if c, ok := j.info.Uses[e.Sel].(*types.Const); ok {
			return exactValue(c.Val())
		}
	case *ast.CallExpr:
		if len(e.Args) == 1 && j.info.Types[e.Fun].IsType() && j.c.universe.isDecimal(j.info.Types[e.Fun].Type) {
			return j.exactOf(e.Args[0])
		}
		if j.isBuiltin(e.Fun, "max", "min") {
			return j.exactMax(e)
		}
	}
	return exactValue(j.info.Types[e].Value)
}

func orZero(r *big.Rat) *big.Rat {
	if r == nil {
		return new(big.Rat)
	}
	return r
}

// exactMax computes max and min.
func (j *job) exactMax(e *ast.CallExpr) (exact, error) {
	want := 1
	if j.isBuiltin(e.Fun, "min") {
		want = -1
	}
	var best exact
	for i, a := range e.Args {
		x, err := j.exactOf(a)
		if err != nil {
			return x, err
		}
		if i == 0 || x.value.Cmp(best.value) == want {
			best = x
		}
	}
	return best, nil
}

// exactBinary computes an operator as decimals do: the scale of a sum is the
// larger one, that of a product the sum of both.
func (j *job) exactBinary(e *ast.BinaryExpr) (exact, error) {
	x, err := j.exactOf(e.X)
	if err != nil {
		return x, err
	}
	y, err := j.exactOf(e.Y)
	if err != nil {
		return y, err
	}
	op := e.Op
	if _, rem := j.marks[e].(remainder); rem {
		op = token.REM
	}
	r := exact{value: new(big.Rat), scale: max(x.scale, y.scale), integer: x.integer && y.integer}
	switch op {
	case token.ADD:
		r.value.Add(x.value, y.value)
	case token.SUB:
		r.value.Sub(x.value, y.value)
	case token.MUL:
		r.value.Mul(x.value, y.value)
		r.scale = x.scale + y.scale
	case token.QUO, token.REM:
		if y.value.Sign() == 0 {
			return r, inexact("division by zero")
		}
		q := new(big.Rat).Quo(x.value, y.value)
		if op == token.REM {
			whole := new(big.Rat).SetInt(new(big.Int).Quo(q.Num(), q.Denom()))
			r.value.Sub(x.value, whole.Mul(whole, y.value))
			return r, nil
		}
		if r.integer && !q.IsInt() {
			return r, errDropsFraction
		}
		r.value, r.scale = q, x.scale-y.scale
		if r.integer {
			r.scale = 0
		}
	}
	if r.value.Num().BitLen()+r.value.Denom().BitLen() > maxBits || r.scale > 4*maxExponent {
		return r, errTooLong
	}
	return r, nil
}

// exactLiteral reads a number as Go writes it.
func exactLiteral(lit string) (exact, error) {
	lower := strings.ToLower(strings.ReplaceAll(lit, "_", ""))
	if strings.HasPrefix(lower, "0x") || !strings.ContainsAny(lower, ".e") {
		v := constant.MakeFromLiteral(lit, token.INT, 0)
		if v.Kind() != constant.Int {
			v = constant.MakeFromLiteral(lit, token.FLOAT, 0)
		}
		return exactValue(v)
	}
	mantissa, exponent, _ := strings.Cut(lower, "e")
	whole, fraction, _ := strings.Cut(mantissa, ".")
	exp := 0
	if exponent != "" {
		n, err := strconv.Atoi(exponent)
		if err != nil || n > 2*maxExponent || n < -2*maxExponent {
			return exact{}, inexact("its exponent is beyond ±6144")
		}
		exp = n
	}
	digits, ok := new(big.Int).SetString(whole+fraction, 10)
	if !ok {
		return exact{}, inexact("it is no decimal number")
	}
	scale := len(fraction) - exp
	r := exact{value: new(big.Rat).SetInt(digits), scale: max(scale, 0)}
	if scale > 0 {
		r.value.Quo(r.value, new(big.Rat).SetInt(pow10(scale)))
	} else {
		r.value.Mul(r.value, new(big.Rat).SetInt(pow10(-scale)))
	}
	return r, nil
}

// exactValue takes a constant of go/types that no literal stands for.
func exactValue(v constant.Value) (exact, error) {
	if v == nil {
		return exact{}, inexact("it is no constant")
	}
	integer := v.Kind() == constant.Int
	switch x := constant.Val(constant.ToFloat(v)).(type) {
	case *big.Rat:
		return exact{value: x, integer: integer}, nil
	case *big.Float:
		if x.MantExp(nil) > 4*maxExponent || x.MantExp(nil) < -4*maxExponent {
			return exact{}, inexact("its exponent is beyond ±6144")
		}
		r, _ := x.Rat(nil)
		if r == nil {
			return exact{}, inexact("it is infinite")
		}
		return exact{value: r, integer: integer}, nil
	case int64:
		return exact{value: new(big.Rat).SetInt64(x), integer: integer}, nil
	case *big.Int:
		return exact{value: new(big.Rat).SetInt(x), integer: integer}, nil
	}
	return exact{}, inexact("it is no number")
}

// text writes the constant as a decimal: with its scale where 38 digits allow
// it. What does not fit is an error, also a quotient that never ends: rounded to
// 38 digits it could hardly be multiplied with anything.
func (x exact) text() (string, error) {
	den := new(big.Int).Set(x.value.Denom())
	places := 0 // how many the exact value needs
	for _, p := range []int64{2, 5} {
		n, q, r := 0, new(big.Int), new(big.Int)
		for {
			if q.QuoRem(den, big.NewInt(p), r); r.Sign() != 0 {
				break
			}
			den.Set(q)
			n++
		}
		places = max(places, n)
	}
	if den.Cmp(big.NewInt(1)) != 0 {
		return "", errNeverEnds
	}
	scale := max(places, x.scale)
	coef := new(big.Int).Quo(new(big.Int).Mul(x.value.Num(), pow10(scale)), x.value.Denom())
	for scale > places && digits(coef) > maxDigits {
		coef.Quo(coef, ten)
		scale--
	}
	exp := -scale
	for digits(coef) > maxDigits {
		q, r := new(big.Int).QuoRem(coef, ten, new(big.Int))
		if r.Sign() != 0 {
			return "", errTooLong
		}
		coef, exp = q, exp+1
	}
	if exp > maxExponent || exp < -maxExponent {
		return "", inexact("its exponent is beyond ±6144")
	}
	return plain(coef, exp), nil
}

// digits is the number of digits of an integer, 1 for 0.
func digits(n *big.Int) int { return len(new(big.Int).Abs(n).String()) }

// plain writes coef × 10^exp, without an exponent where that is readable.
func plain(coef *big.Int, exp int) string {
	sign, s := "", new(big.Int).Abs(coef).String()
	if coef.Sign() < 0 {
		sign = "-"
	}
	switch {
	case exp == 0:
		return sign + s
	case exp > 0:
		if coef.Sign() == 0 {
			return "0"
		}
		return sign + s + "e" + strconv.Itoa(exp)
	case -exp > 100:
		return sign + s + "e" + strconv.Itoa(exp)
	}
	if pad := -exp + 1 - len(s); pad > 0 {
		s = strings.Repeat("0", pad) + s
	}
	return sign + s[:len(s)+exp] + "." + s[len(s)+exp:]
}
