// Package minutes counts and adds up amounts by asset and minute (W4) for the
// contenders written in Go. Every worker has totals of its own; they meet when the
// input has ended.
package minutes

import (
	"bufio"
	"fmt"
	"maps"
	"os"
	"slices"
	"time"

	"github.com/flowc-dev/flowc/bench/contenders/fixed"
)

// Totals has the totals of one worker. The zero value is ready.
type Totals struct{ assets map[string]*series }

// A series is the totals of one asset. Events come about in the order of time, so
// the minute of the last event is tried before the map.
type series struct {
	minute  int64
	current *total
	minutes map[int64]*total
}

type total struct {
	count int64
	sum   fixed.Decimal
}

// Add adds one event: minute counts from 1970.
func (t *Totals) Add(asset []byte, minute int64, amount fixed.Decimal) error {
	s := t.assets[string(asset)] // no allocation: the compiler knows this form
	if s == nil {
		s = t.series(string(asset))
	}
	if s.current == nil || s.minute != minute {
		s.turn(minute)
	}
	sum, err := s.current.sum.Add(amount)
	s.current.sum = sum
	s.current.count++
	return err
}

func (t *Totals) series(asset string) *series {
	if t.assets == nil {
		t.assets = map[string]*series{}
	}
	s := t.assets[asset]
	if s == nil {
		s = &series{minutes: map[int64]*total{}}
		t.assets[asset] = s
	}
	return s
}

func (s *series) turn(minute int64) {
	s.minute, s.current = minute, s.minutes[minute]
	if s.current == nil {
		s.current = &total{}
		s.minutes[minute] = s.current
	}
}

// Write adds the totals of all workers and writes one JSON object for each asset
// and minute, sorted by both.
func Write(path string, workers []*Totals) error {
	all := &Totals{}
	for _, w := range workers {
		for asset, from := range w.assets {
			to := all.series(asset)
			for minute, t := range from.minutes {
				to.turn(minute)
				sum, err := to.current.sum.Add(t.sum)
				if err != nil {
					return err
				}
				to.current.sum = sum
				to.current.count += t.count
			}
		}
	}
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	w := bufio.NewWriter(f)
	for _, asset := range slices.Sorted(maps.Keys(all.assets)) {
		s := all.assets[asset]
		for _, minute := range slices.Sorted(maps.Keys(s.minutes)) {
			t := s.minutes[minute]
			fmt.Fprintf(w, `{"asset":%q,"minute":%q,"count":%d,"sum":"%s"}`+"\n",
				asset, time.Unix(minute*60, 0).UTC().Format(time.RFC3339), t.count, t.sum)
		}
	}
	if err := w.Flush(); err != nil {
		f.Close()
		return err
	}
	return f.Close()
}

// Of gives the minute of an RFC 3339 time. UTC times, which need no calendar
// beyond the day, take a short way; the standard library reads the others.
func Of(text []byte) (int64, error) {
	if n := len(text); n >= len("2006-01-02T15:04:05Z") && text[n-1] == 'Z' && text[4] == '-' && text[7] == '-' && text[10] == 'T' && text[13] == ':' && text[16] == ':' {
		year, month, day := two(text[0:])*100+two(text[2:]), two(text[5:]), two(text[8:])
		hour, minute := two(text[11:]), two(text[14:])
		if year >= 1970 && year < 10_000 && month >= 1 && month <= 12 && day >= 1 && day <= 28 && hour < 24 && minute < 60 {
			return days(year, month, day)*24*60 + hour*60 + minute, nil
		}
	}
	t, err := time.Parse(time.RFC3339Nano, string(text))
	if err != nil {
		return 0, err
	}
	seconds := t.Unix()
	minute := seconds / 60
	if seconds%60 < 0 {
		minute--
	}
	return minute, nil
}

// two reads two digits; what is no digit gives a number that is out of every range.
func two(b []byte) int64 {
	tens, ones := int64(b[0])-'0', int64(b[1])-'0'
	if tens < 0 || tens > 9 || ones < 0 || ones > 9 {
		return -1 << 20
	}
	return tens*10 + ones
}

// days counts from 1970, with the year begun in March so that a leap day is the
// last of its year.
func days(year, month, day int64) int64 {
	if month < 3 {
		year--
		month += 12
	}
	return 365*year + year/4 - year/100 + year/400 + (153*(month-3)+2)/5 + day - 1 - 719468
}
