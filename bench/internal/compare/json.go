package compare

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"math/big"
	"strings"
)

func decode(line []byte) (any, error) {
	d := json.NewDecoder(bytes.NewReader(line))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("more than one JSON value in a line")
	}
	return v, nil
}

// canonical writes a line with sorted keys and without spaces, so that lines can be
// sorted; numbers keep their spelling and are compared by value afterwards.
func canonical(line []byte) ([]byte, error) {
	v, err := decode(line)
	if err != nil {
		return nil, err
	}
	return json.Marshal(v)
}

func equal(a, b any, digits int) bool {
	switch a := a.(type) {
	case map[string]any:
		b, ok := b.(map[string]any)
		if !ok || len(a) != len(b) {
			return false
		}
		for k, v := range a {
			w, ok := b[k]
			if !ok || !equal(v, w, digits) {
				return false
			}
		}
		return true
	case []any:
		b, ok := b.([]any)
		if !ok || len(a) != len(b) {
			return false
		}
		for i := range a {
			if !equal(a[i], b[i], digits) {
				return false
			}
		}
		return true
	case json.Number:
		return near(a.String(), b, digits)
	case string:
		if s, ok := b.(string); ok && s == a {
			return true
		}
		return digits > 0 && near(a, b, digits)
	}
	return a == b
}

// near compares the number a with b: exactly, or to so many significant digits. With
// digits, a number in a string and a bare one may stand for each other.
func near(a string, b any, digits int) bool {
	var s string
	switch b := b.(type) {
	case json.Number:
		s = b.String()
	case string:
		if digits == 0 {
			return false
		}
		s = b
	default:
		return false
	}
	x, okX := number(a)
	y, okY := number(s)
	if !okX || !okY {
		return false
	}
	if digits == 0 || x.Cmp(y) == 0 {
		return x.Cmp(y) == 0
	}
	// |x-y| ≤ |x| / 10^digits
	gap := new(big.Rat).Sub(x, y)
	scale := new(big.Rat).SetInt(new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(digits)), nil))
	return gap.Abs(gap).Mul(gap, scale).Cmp(new(big.Rat).Abs(x)) <= 0
}

// number reads a decimal of ordinary size: big.Rat would also take fractions, other
// bases, and exponents that fill the memory.
func number(s string) (*big.Rat, bool) {
	if len(s) == 0 || len(s) > 64 || strings.Trim(s, "0123456789+-.eE") != "" {
		return nil, false
	}
	if i := strings.IndexAny(s, "eE"); i >= 0 && len(s)-i > 5 {
		return nil, false
	}
	return new(big.Rat).SetString(s)
}
