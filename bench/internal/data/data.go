// Package data makes the events that the workloads read, and knows the results
// that they must give.
//
// Two files serve all workloads. Payments are events of about 1 KB with 14
// top-level fields (W1, W2, W6); ledger entries are events of about 227 bytes
// (W3, W4). Both are seeded: one size gives the same bytes everywhere. The
// expected results are worked out from the finished file by encoding/json and
// math/big, which share nothing with any contender's scanner or decimals.
package data

import (
	"bufio"
	"os"
	"strconv"
	"time"
)

// start is the event time of the first event of each file.
var start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// Payments writes n events of about 1 KB to path, one JSON object a line.
//
// The amount is an exact decimal in a JSON string with seven places, as ledgers
// of payments write it: every contender can then give the same bytes, which a
// JSON number in a double would not.
func Payments(path string, n int) error {
	s := newSource(1)
	return write(path, n, func(b []byte, i int) []byte { return s.payment(b, i) })
}

// Ledger writes n events of about 227 bytes to path, one JSON object a line.
// They spread over one hour of event time, however many there are.
func Ledger(path string, n int) error {
	s := newSource(2)
	step := time.Hour / time.Duration(max(n, 1))
	return write(path, n, func(b []byte, i int) []byte { return s.entry(b, i, step) })
}

func write(path string, n int, event func([]byte, int) []byte) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	w := bufio.NewWriterSize(f, 1<<20)
	var line []byte
	for i := range n {
		line = append(event(line[:0], i), '\n')
		if _, err := w.Write(line); err != nil {
			f.Close()
			return err
		}
	}
	if err := w.Flush(); err != nil {
		f.Close()
		return err
	}
	return f.Close()
}

// stroops appends v as a decimal with seven places.
func stroops(b []byte, v int64) []byte {
	b = strconv.AppendInt(b, v/1e7, 10)
	b = append(b, '.')
	frac := strconv.AppendInt(nil, v%1e7+1e7, 10)
	return append(b, frac[1:]...)
}

// timestamp appends t with milliseconds, never with a last zero in them, so
// that writers which trim zeros and writers which keep the text agree.
func timestamp(b []byte, t time.Time) []byte {
	t = t.Truncate(time.Millisecond)
	if t.Nanosecond()/1e6%10 == 0 {
		t = t.Add(time.Millisecond)
	}
	return t.AppendFormat(b, "2006-01-02T15:04:05.000Z")
}
