package messages

import (
	"fmt"
	"strconv"
	"time"

	"github.com/flowc-dev/flowc/runtime/connect"
)

// A Bound is an end of a range: a message's number, or a time.
type Bound struct {
	// Open tells that nothing is said; else it is Number, or Time where that is
	// not zero.
	Open   bool
	Number int64
	Time   time.Time
}

// ParseRange reads the bounds of a range. number is what a message's number is
// called.
func ParseRange(r connect.Range, number string) (from, to Bound, err error) {
	r = r.Open()
	for _, end := range []struct {
		key, text string
		at        *Bound
	}{{"from", r.From, &from}, {"to", r.To, &to}} {
		if *end.at, err = parseBound(end.text); err != nil {
			return from, to, &connect.RangeError{Key: end.key, Reason: fmt.Sprintf("%q is none of %s, a time such as 2026-01-31T08:00:00Z and a day such as 2026-01-31", end.text, number)}
		}
	}
	numbers := !from.Open && !to.Open && from.Time.IsZero() && to.Time.IsZero() && from.Number > to.Number
	times := !from.Time.IsZero() && !to.Time.IsZero() && from.Time.After(to.Time)
	if numbers || times {
		return from, to, r.Backwards()
	}
	return from, to, nil
}

func parseBound(text string) (Bound, error) {
	if text == "" {
		return Bound{Open: true}, nil
	}
	if at, ok := connect.ParseTime(text); ok {
		return Bound{Time: at}, nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err == nil && n < 0 {
		err = strconv.ErrRange
	}
	return Bound{Number: n}, err
}
