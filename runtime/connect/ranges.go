package connect

import (
	"fmt"
	"time"
)

// A Range is the part of a source that is to be read: from a place to before
// another one. It is set when the program starts; what the places are is the
// source's.
type Range struct {
	// From is where it begins, To where it ends, which is not read any more; "" is
	// where the source begins, or ends when the program starts.
	From, To string
	// Parallel is how many chunks it is read in at once; 0 is one.
	Parallel int
}

// Words for the ends of what there is.
const (
	Earliest = "earliest"
	Latest   = "latest"
	Now      = "now"
)

// Open returns the range with nothing in the place of words that say the same:
// earliest begins where the source does, now and latest end where it does.
func (r Range) Open() Range {
	if r.From == Earliest {
		r.From = ""
	}
	if r.To == Now || r.To == Latest {
		r.To = ""
	}
	return r
}

// String is the range in messages and checkpoints: 100..200.
func (r Range) String() string {
	from, to := r.From, r.To
	if from == "" {
		from = Earliest
	}
	if to == "" {
		to = Now
	}
	return from + ".." + to
}

// ParseTime reads a bound that is a time or, for its begin in UTC, a day; ok is
// false for others.
func ParseTime(text string) (at time.Time, ok bool) {
	for _, form := range []string{time.RFC3339, time.DateOnly} {
		if t, err := time.Parse(form, text); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}

// A RangeError is a range that a source can't read.
type RangeError struct {
	// Key is from or to; "" where it is about both.
	Key    string
	Reason string
}

// Error says what is wrong with the range.
func (e *RangeError) Error() string {
	if e.Key == "" {
		return "range: " + e.Reason
	}
	return "range." + e.Key + ": " + e.Reason
}

// Fatal tells that the program can't go on with it.
func (e *RangeError) Fatal() bool { return true }

// Backwards is the error of a range that ends before it begins.
func (r Range) Backwards() error {
	return &RangeError{Reason: fmt.Sprintf("it ends at %s, which is before it begins, at %s: swap `from` and `to`", r.To, r.From)}
}
