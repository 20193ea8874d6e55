package data

import (
	"math"
	"strconv"
	"time"
)

var (
	// Two events in five are payments, and three payments in five are over
	// 100: W2 keeps about a quarter.
	paymentTypes = []string{
		"payment", "payment", "payment", "payment", "payment", "payment", "payment", "payment",
		"trade", "trade", "trade", "trade", "trade",
		"offer", "offer", "offer", "offer",
		"path_payment", "path_payment",
		"account_merge",
	}
	words = []string{"invoice", "order", "refund", "rent", "salary", "deposit", "for", "march", "no", "fee", "gift", "to", "from", "card", "monthly"}
	// What makes a string awkward: escapes of each kind, and text beyond ASCII.
	spices = []string{`\"quoted\"`, `back\\slash`, `tab\there`, `caf\u00e9`, "Zürich", "東京", `{not: [json]}`, `\\`}
	tags   = []string{"retail", "cross-border", "fx", "batch", "api", "mobile", "otc", "flagged"}
)

// payment appends the i-th event of the 1 KB kind: fourteen fields, in the
// order in which one producer would write them all.
func (s *source) payment(b []byte, i int) []byte {
	begin := len(b)
	from := pick(s, s.assets)
	amount := int64(math.Pow(10, 7+5*s.Float64()))

	b = append(b, `{"id":"`...)
	b = s.letters(b, hex, 8)
	for _, n := range []int{4, 4, 4, 12} {
		b = append(b, '-')
		b = s.letters(b, hex, n)
	}
	b = append(b, `","type":"`...)
	b = append(b, pick(s, paymentTypes)...)
	b = append(b, `","at":"`...)
	b = timestamp(b, start.Add(time.Duration(i)*17*time.Millisecond))
	b = append(b, `","account":"`...)
	b = append(b, pick(s, s.accounts)...)
	b = append(b, `","counterparty":"`...)
	b = append(b, pick(s, s.accounts)...)
	b = append(b, `","asset":{"code":"`...)
	b = append(b, from.code...)
	b = append(b, `","issuer":"`...)
	b = append(b, from.issuer...)
	b = append(b, `"},"amount":"`...)
	b = stroops(b, amount)
	b = append(b, `","ledger":`...)
	b = strconv.AppendInt(b, 51_000_000+int64(i/300), 10)
	b = append(b, `,"fee_charged":`...)
	b = strconv.AppendInt(b, 100*(1+s.Int64N(20)), 10)
	b = append(b, `,"successful":`...)
	b = strconv.AppendBool(b, s.IntN(10) > 0)
	b = append(b, `,"memo":"`...)
	b = s.memo(b)
	b = append(b, `","tags":[`...)
	for t := range 1 + s.IntN(4) {
		if t > 0 {
			b = append(b, ',')
		}
		b = append(b, '"')
		b = append(b, pick(s, tags)...)
		b = append(b, '"')
	}
	b = append(b, `],"balances":[`...)
	for t := range 2 {
		if t > 0 {
			b = append(b, ',')
		}
		before := s.Int64N(1e13)
		b = append(b, `{"asset":"`...)
		b = append(b, pick(s, s.assets).code...)
		b = append(b, `","before":"`...)
		b = stroops(b, before)
		b = append(b, `","after":"`...)
		b = stroops(b, before+amount)
		b = append(b, `"}`...)
	}
	b = append(b, `],"envelope":"`...)
	b = s.letters(b, base64, max(40, 1024-3-(len(b)-begin)-32+s.IntN(65)))
	return append(b, `"}`...)
}

// memo appends a few words; every fourth memo needs escapes or is not ASCII.
func (s *source) memo(b []byte) []byte {
	for w := range 2 + s.IntN(6) {
		if w > 0 {
			b = append(b, ' ')
		}
		b = append(b, pick(s, words)...)
	}
	if s.IntN(4) == 0 {
		b = append(b, ' ')
		b = append(b, pick(s, spices)...)
	}
	return b
}
