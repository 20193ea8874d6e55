package check_test

import (
	"math/big"
	"math/rand/v2"
	"strings"

	"github.com/flowc-dev/flowc/compiler/check"
)

// A sum is an expression and its exact value.
type sum struct {
	text string
	want *big.Rat
}

// arithmetic makes random arithmetic on decimals, integers and constants, with
// the exact values: whatever the lowering does with operators, parentheses and
// signs, the value must be the same.
func arithmetic(n int) (list []sum) {
	r := rand.New(rand.NewPCG(7, 11))
	for len(list) < n {
		e := randomTerm(r, 4)
		if e.kind != decimalTerm {
			continue
		}
		list = append(list, sum{e.text, e.value})
	}
	return list
}

// termKinds: Go types an expression of integers and constants by itself.
const (
	constantTerm = iota
	integerTerm
	decimalTerm
)

type term struct {
	text  string
	value *big.Rat
	kind  int
	// level is how tightly it binds: 0 a sum, 1 a product, 2 a sign, 3 anything
	// in one piece.
	level int
}

func randomTerm(r *rand.Rand, depth int) term {
	if depth == 0 || r.IntN(5) == 0 {
		leaves := []struct {
			text, value string
			kind        int
		}{
			{"in.Amount", "10.50", decimalTerm},
			{"in.Fee", "0.25", decimalTerm},
			{"in.Lines[0].Price", "2.20", decimalTerm},
			{"or(in.Tip, 0.10)", "0.10", decimalTerm},
			{"price", "1.50", decimalTerm},
			{"(in).Amount", "10.50", decimalTerm},
			{"in.Qty", "3", integerTerm},
			{"in.Seq", "9", integerTerm},
			{"in.Lines[0].N", "2", integerTerm},
			{"2", "2", constantTerm},
			{"0.5", "0.5", constantTerm},
			{"limit", "100", constantTerm},
		}
		l := leaves[r.IntN(len(leaves))]
		v, ok := new(big.Rat).SetString(l.value)
		if !ok {
			panic(l.value)
		}
		return term{l.text, v, l.kind, 3}
	}
	x := randomTerm(r, depth-1)
	if r.IntN(5) == 0 {
		if x.kind == integerTerm {
			return x // -in.Seq is a large number
		}
		// A sign on a sign is another token.
		return term{"-" + x.in(3, r), new(big.Rat).Neg(x.value), x.kind, 2}
	}
	y := randomTerm(r, depth-1)
	// Go knows no uint64 times int, and no int times 0.5.
	if x.kind != decimalTerm && y.kind != decimalTerm {
		return x
	}
	kind := decimalTerm
	switch op := r.IntN(3); op {
	case 0:
		return term{x.in(0, r) + space(r) + "+" + space(r) + y.in(1, r), new(big.Rat).Add(x.value, y.value), kind, 0}
	case 1:
		return term{x.in(0, r) + space(r) + "- " + y.in(1, r), new(big.Rat).Sub(x.value, y.value), kind, 0}
	default:
		return term{x.in(1, r) + space(r) + "*" + space(r) + y.in(2, r), new(big.Rat).Mul(x.value, y.value), kind, 1}
	}
}

// in writes a term where one of some level is wanted, with parentheses where
// they are needed, and sometimes where not.
func (t term) in(level int, r *rand.Rand) string {
	if t.level < level || r.IntN(6) == 0 {
		return "(" + space(r) + t.text + ")"
	}
	return t.text
}

// space is what may stand around an operator.
func space(r *rand.Rand) string {
	return []string{"", " ", " ", "\t", " /* c */ "}[r.IntN(5)]
}

// arithmeticSnippets are the cases of arithmetic in the form of emitted, some of
// them over several lines.
func arithmeticSnippets(n int) (list []snippetValue) {
	for i, a := range arithmetic(n) {
		text := a.text
		if i%4 == 0 {
			for _, op := range []string{" + ", "- ", " * "} {
				text = strings.Replace(text, op, strings.TrimRight(op, " ")+"\n// next\n  ", 1)
			}
		}
		list = append(list, snippetValue{text, a.want.RatString(), check.Any("a")})
	}
	return list
}
