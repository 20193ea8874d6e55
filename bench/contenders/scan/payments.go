package scan

import (
	"bytes"

	"github.com/flowc-dev/flowc/bench/contenders/fixed"
)

// The fields that W2 reads.
const (
	payID = iota
	payType
	payAt
	payAccount
	payCounterparty
	payAmount
)

var (
	paymentNames = []string{"id", "type", "at", "account", "counterparty", "amount"}
	payment      = []byte(`"payment"`)
	feeRate      = fixed.Decimal{Mantissa: 25, Places: 4}
)

// Payments is W2 by a walk over each whole line.
type Payments struct {
	walker *Walker
	fee    []byte // of the last row
}

// NewPayments makes one; it serves one goroutine.
func NewPayments() *Payments { return &Payments{walker: NewWalker(paymentNames...)} }

// NewForgetfulPayments is NewPayments without the learned order of keys.
func NewForgetfulPayments() *Payments {
	p := NewPayments()
	p.walker.Forgetful = true
	return p
}

// Process appends what W2 gives for the lines.
func (p *Payments) Process(lines []byte, outs [][]byte) error {
	out := outs[0]
	for len(lines) > 0 {
		var line []byte
		line, lines = NextLine(lines)
		var err error
		if out, err = p.Line(line, out); err != nil {
			return err
		}
	}
	outs[0] = out
	return nil
}

// Line appends what W2 gives for one line: nothing where the filter says no.
func (p *Payments) Line(line, out []byte) ([]byte, error) {
	if err := p.walker.Line(line); err != nil {
		return out, err
	}
	v := p.walker.Values
	if !bytes.Equal(v[payType].Of(line), payment) {
		return out, nil
	}
	return appendPayment(out, line, v)
}

// EarlyPayments is W2 by a look at each line that stops when the filter says no,
// or when it has all fields.
type EarlyPayments struct {
	stopper *Stopper
	values  []Span
}

// NewEarlyPayments makes one; it serves one goroutine.
func NewEarlyPayments() *EarlyPayments {
	return &EarlyPayments{NewStopper(paymentNames...), make([]Span, len(paymentNames))}
}

// Process appends what W2 gives for the lines.
func (p *EarlyPayments) Process(lines []byte, outs [][]byte) error {
	out := outs[0]
	for len(lines) > 0 {
		var line []byte
		line, lines = NextLine(lines)
		var err error
		if out, err = p.line(line, out); err != nil {
			return err
		}
	}
	outs[0] = out
	return nil
}

func (p *EarlyPayments) line(line, out []byte) ([]byte, error) {
	if err := p.stopper.Start(line); err != nil {
		return out, err
	}
	clear(p.values)
	for missing := len(p.values); missing > 0; missing-- {
		field, value, err := p.stopper.Next()
		if err != nil {
			return out, err
		}
		if field < 0 {
			break
		}
		p.values[field] = value
		if field == payType && !bytes.Equal(value.Of(line), payment) {
			return out, nil
		}
	}
	return appendPayment(out, line, p.values)
}

// feeOf gives the fee of a payment whose values are known, and false if its amount
// is not over 100.
func feeOf(line []byte, v []Span) (fixed.Decimal, bool, error) {
	text, ok := v[payAmount].Text(line)
	if !ok {
		return fixed.Decimal{}, false, fixed.ErrSyntax
	}
	amount, err := fixed.Parse(text)
	if err != nil || amount.CmpInt(100) <= 0 {
		return fixed.Decimal{}, false, err
	}
	fee, err := amount.Mul(feeRate)
	if err != nil {
		return fixed.Decimal{}, false, err
	}
	for _, field := range [...]int{payID, payAt, payAccount, payCounterparty} {
		if v[field].To == 0 {
			return fixed.Decimal{}, false, ErrMissing
		}
	}
	return fee, true, nil
}

// appendPayment appends the event of a payment whose values are known, if its
// amount is over 100.
func appendPayment(out, line []byte, v []Span) ([]byte, error) {
	fee, keep, err := feeOf(line, v)
	if !keep || err != nil {
		return out, err
	}
	out = append(append(out, `{"id":`...), v[payID].Of(line)...)
	out = append(append(out, `,"at":`...), v[payAt].Of(line)...)
	out = append(append(out, `,"account":`...), v[payAccount].Of(line)...)
	out = append(append(out, `,"counterparty":`...), v[payCounterparty].Of(line)...)
	out = append(append(out, `,"amount":`...), v[payAmount].Of(line)...)
	out = fee.Append(append(out, `,"fee":"`...))
	return append(out, "\"}\n"...), nil
}
