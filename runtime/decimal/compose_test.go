package decimal

import (
	"bytes"
	"math"
	"testing"
)

// decomposer and composer are the interfaces of database/sql, which does not
// export them.
type decomposer interface {
	Decompose(buf []byte) (form byte, negative bool, coefficient []byte, exponent int32)
}

type composer interface {
	Compose(form byte, negative bool, coefficient []byte, exponent int32) error
}

var (
	_ decomposer = Decimal{}
	_ composer   = (*Decimal)(nil)
)

func TestDecompose(t *testing.T) {
	for _, c := range []struct {
		text string
		neg  bool
		coef []byte
		exp  int32
	}{
		{"0.00", false, []byte{}, -2},
		{"-1.50", true, []byte{150}, -2},
		{"256e3", false, []byte{1, 0}, 3},
		{"18446744073709551616", false, []byte{1, 0, 0, 0, 0, 0, 0, 0, 0}, 0},
	} {
		buf := make([]byte, 16)
		form, neg, coef, exp := MustParse(c.text).Decompose(buf)
		if form != 0 || neg != c.neg || !bytes.Equal(coef, c.coef) || exp != c.exp {
			t.Errorf("%s: form %d, negative %t, coefficient %v, exponent %d", c.text, form, neg, coef, exp)
		}
		if len(coef) > 0 && &coef[0] != &buf[0] {
			t.Errorf("%s: the buffer is not used", c.text)
		}
	}
}

func TestCompose(t *testing.T) {
	limit := fromBig(bigLimit)
	_, _, full, _ := build(0, limit.sub(uint128{lo: 1}), 0).Decompose(nil)
	for _, c := range []struct {
		form byte
		neg  bool
		coef []byte
		exp  int32
		want string
	}{
		{0, false, nil, -2, "0.00"},
		{0, true, nil, 0, "0"},
		{0, true, []byte{0, 0, 150}, -2, "-1.50"},
		{0, false, append(make([]byte, 30), 7), 0, "7"},
		{0, false, full, 0, "99999999999999999999999999999999999999"},
		{0, false, bigLimit.Bytes(), 0, "decimal-digits"},
		{0, false, bytes.Repeat([]byte{1}, 17), 0, "decimal-digits"},
		{0, false, []byte{1}, 6144, "1e+6144"},
		{0, false, []byte{1}, 6145, "decimal-range"},
		{0, false, []byte{1}, math.MinInt32, "decimal-range"},
		{1, false, nil, 0, "decimal-syntax"},
		{2, false, nil, 0, "decimal-syntax"},
	} {
		d := MustParse("5").AsNumber()
		err := d.Compose(c.form, c.neg, c.coef, c.exp)
		got := resultOf(d, err).code.String()
		if err == nil {
			got = d.String()
		} else if d.String() != "5" {
			t.Errorf("%+v: failed, and changed the value to %s", c, d)
		}
		if got != c.want || !d.IsNumber() {
			t.Errorf("%+v: got %s", c, got)
		}
	}
}

func TestComposeErrorMessages(t *testing.T) {
	var d Decimal
	for want, err := range map[string]error{
		`decimal: "NaN" is not a decimal number: it is not finite`:                              d.Compose(2, false, nil, 0),
		`decimal: "Infinity" is not a decimal number: it is not finite`:                         d.Compose(1, true, nil, 0),
		`decimal: "coefficient of 17 bytes, exponent -3" needs more than 38 significant digits`: d.Compose(0, false, bytes.Repeat([]byte{9}, 17), -3),
		`decimal: "coefficient of 1 bytes, exponent -7000" needs an exponent beyond ±6144`:      d.Compose(0, false, []byte{9}, -7000),
	} {
		if err.Error() != want {
			t.Errorf("got  %v\nwant %s", err, want)
		}
	}
}
