package jsonscan

import (
	"errors"
	"sync/atomic"
	"time"
)

// Time decodes a string by RFC 3339: instant and offset are kept, digits below
// the nanosecond are cut off. An offset of zero is UTC.
func Time(line []byte, s Span) (time.Time, error) {
	v := line[s.Start:s.End]
	if len(v) >= 2 && v[0] == '"' {
		if t, ok := parseTime(v[1 : len(v)-1]); ok {
			return t, nil
		}
	}
	return escapedTime(line, s)
}

// escapedTime is for strings with escapes, and for errors.
func escapedTime(line []byte, s Span) (time.Time, error) {
	if s.IsString(line) {
		v, verbatim, err := content(line, s)
		if !verbatim && err == nil {
			v, err = unescaped(nil, v, s)
		}
		if err != nil {
			return time.Time{}, err
		}
		if t, ok := parseTime(v); ok && !verbatim {
			return t, nil
		}
	}
	return time.Time{}, expected(`a time such as "2006-01-02T15:04:05Z"`, line, int(s.Start), int(s.End))
}

// ParseTime reads a time by RFC 3339, all of b.
func ParseTime(b []byte) (t time.Time, ok bool) { return parseTime(b) }

func parseTime(b []byte) (t time.Time, ok bool) {
	const layout = len("2006-01-02T15:04:05")
	if len(b) <= layout || b[4] != '-' || b[7] != '-' || b[10] != 'T' || b[13] != ':' || b[16] != ':' {
		return t, false
	}
	century, year := twoDigits(b[0], b[1]), twoDigits(b[2], b[3])
	month, day := twoDigits(b[5], b[6]), twoDigits(b[8], b[9])
	hour, minute, sec := twoDigits(b[11], b[12]), twoDigits(b[14], b[15]), twoDigits(b[17], b[18])
	if century > 99 || year > 99 || month-1 > 11 || day-1 > 30 || hour > 23 || minute > 59 || sec > 59 {
		return t, false
	}
	year += century * 100
	if day > 28 && day > daysIn(year, month) {
		return t, false
	}
	rest := b[layout:]
	nsec := uint(0)
	if rest[0] == '.' {
		i, unit := 1, uint(100_000_000)
		for i < len(rest) && rest[i]-'0' <= 9 {
			nsec += uint(rest[i]-'0') * unit
			unit /= 10
			i++
		}
		if i == 1 || i == len(rest) {
			return t, false
		}
		rest = rest[i:]
	}
	unix := (daysSince1970(year, month, day)*24+int64(hour))*3600 + int64(minute*60+sec)
	if len(rest) == 1 && rest[0] == 'Z' {
		return time.Unix(unix, int64(nsec)).UTC(), true
	}
	if len(rest) != len("+07:00") || rest[3] != ':' || rest[0] != '+' && rest[0] != '-' {
		return t, false
	}
	zh, zm := twoDigits(rest[1], rest[2]), twoDigits(rest[4], rest[5])
	if zh > 23 || zm > 59 {
		return t, false
	}
	offset := int(zh*60 + zm)
	if rest[0] == '-' {
		offset = -offset
	}
	return time.Unix(unix-int64(offset)*60, int64(nsec)).In(zone(offset)), true
}

// twoDigits returns the number that two digits make, or one above 99.
func twoDigits(a, b byte) uint {
	x, y := uint(a-'0'), uint(b-'0')
	if x > 9 || y > 9 {
		return 1000
	}
	return x*10 + y
}

func daysIn(year, month uint) uint {
	if month == 2 {
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	}
	return 30 + (month+month>>3)&1 // 31 30 31 … 31 | 31 30 … 31
}

// daysSince1970 counts the days from 1970-01-01. Years begin in March here, so
// that the day that comes and goes is the last of its year.
func daysSince1970(year, month, day uint) int64 {
	y, m := int64(year), int64(month)-3
	if m < 0 {
		m += 12
		y--
	}
	y += 400 // before the year 0 is January and February of the year 0 alone
	return y*365 + y/4 - y/100 + y/400 + (153*m+2)/5 + int64(day) - 1 - 719468 - 146097
}

// zones holds a location for each offset in minutes, made when it is first met:
// time.FixedZone allocates, and streams have few offsets.
var zones [2 * 24 * 60]atomic.Pointer[time.Location]

func zone(offset int) *time.Location {
	if offset == 0 {
		return time.UTC
	}
	p := &zones[offset+24*60]
	loc := p.Load()
	if loc == nil {
		loc = time.FixedZone("", offset*60)
		p.Store(loc)
	}
	return loc
}

var (
	errYear   = errors.New("a year outside of 0 to 9999 has no form in RFC 3339")
	errOffset = errors.New("a zone offset of a day or more has no form in RFC 3339")
)

// AppendTime appends t as a string by RFC 3339, with as many digits below the
// second as it needs. It refuses what RFC 3339 can't say: a year outside of 0 to
// 9999 and an offset of a day or more.
func AppendTime(dst []byte, t time.Time) ([]byte, error) {
	dst = append(dst, '"')
	dst, err := AppendTimeText(dst, t)
	return append(dst, '"'), err
}

// The seconds since 1970 at which the years 0 and 10000 begin.
const (
	yearZero = -62167219200
	yearTop  = 253402300800
)

// AppendTimeText is AppendTime without the quotes.
func AppendTimeText(dst []byte, t time.Time) ([]byte, error) {
	_, offset := t.Zone()
	sec := t.Unix() + int64(offset)
	if sec < yearZero || sec >= yearTop {
		return dst, errYear
	}
	days := uint64(sec-yearZero) / 86400
	clock := uint64(sec-yearZero) % 86400
	year, month, day := date(days)
	hour, minute, second := clock/3600, clock/60%60, clock%60
	dst = append(dst,
		byte('0'+year/1000), byte('0'+year/100%10), byte('0'+year/10%10), byte('0'+year%10), '-',
		byte('0'+month/10), byte('0'+month%10), '-', byte('0'+day/10), byte('0'+day%10), 'T',
		byte('0'+hour/10), byte('0'+hour%10), ':', byte('0'+minute/10), byte('0'+minute%10), ':', byte('0'+second/10), byte('0'+second%10))
	if ns := t.Nanosecond(); ns != 0 {
		var frac [10]byte
		frac[0] = '.'
		n := 0
		for i := 9; i > 0; i-- {
			frac[i] = byte('0' + ns%10)
			ns /= 10
			if n == 0 && frac[i] != '0' {
				n = i + 1
			}
		}
		dst = append(dst, frac[:n]...)
	}
	if offset == 0 {
		return append(dst, 'Z'), nil
	}
	offset /= 60 // RFC 3339 has no seconds here, and the standard library cuts them off
	sign := byte('+')
	if offset < 0 {
		sign, offset = '-', -offset
	}
	if offset >= 24*60 {
		return dst, errOffset
	}
	h, m := offset/60, offset%60
	return append(dst, sign, byte('0'+h/10), byte('0'+h%10), ':', byte('0'+m/10), byte('0'+m%10)), nil
}

// date returns the date that is so many days behind the first of the year 0: the
// way back of daysSince1970.
func date(days uint64) (year, month, day uint64) {
	const (
		era  = 146097        // days in 400 years
		lead = era - 31 - 29 // from the first of March of the year -400
	)
	days += lead
	n := days % era
	y := (n - n/1460 + n/36524 - n/(era-1)) / 365
	inYear := n - (y*365 + y/4 - y/100)
	m := (5*inYear + 2) / 153
	day = inYear - (153*m+2)/5 + 1
	year = y + days/era*400
	if m >= 10 {
		return year + 1 - 400, m - 9, day
	}
	return year - 400, m + 3, day
}
