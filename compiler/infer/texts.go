package infer

import (
	"regexp"
	"time"
	"unicode/utf8"
)

// A class is what a text could be, other than a string.
type class uint8

const (
	empty class = iota
	integers
	fractions // numbers that are no integers
	booleans
	times
	durations
	oddNumbers // as JSON does not write them: +1, .5, 1,000
	dates      // 2006-01-02
	dateTimes  // 2006-01-02 15:04:05
	zoneless   // 2006-01-02T15:04:05
	words      // nothing of all that
	classes
)

const (
	// maxText is how much of a string is looked at; a longer one is a string and
	// nothing else.
	maxText = 512
	// maxSample is how much of a value is shown in a comment, in bytes.
	maxSample = 24
	// maxValues is how many different strings are remembered, and maxValue how
	// long they may be, to see whether they are an enum.
	maxValues = 16
	maxValue  = 40
)

// texts are what is known of the strings of a place, or of the cells of a
// column.
type texts struct {
	count  [classes]int64
	first  [classes]place
	sample [classes]string // the first of each
	num    numbers
	values distinct
}

// note takes note of a text, of which b is the begin where long is set.
func (t *texts) note(b []byte, long bool, at place) {
	c := words
	if !long {
		c = t.classify(b)
	}
	if t.count[c] == 0 {
		t.first[c] = at
		t.sample[c] = cut(b, long)
	}
	t.count[c]++
	t.values.note(b, long)
}

// classify finds the class of a text, and notes it where it is a number.
func (t *texts) classify(b []byte) class {
	if len(b) == 0 {
		return empty
	}
	first, last := b[0], b[len(b)-1]
	switch {
	case first == '-' || first == '+' || first == '.' || first-'0' <= 9:
		if len(b) > len("2006-01-02T15:04:05") && isTime(b) {
			return times
		}
		if last == 's' || last == 'm' || last == 'h' {
			if _, err := time.ParseDuration(string(b)); err == nil {
				return durations
			}
		}
		n, _, ok := parseNumber(b)
		switch {
		case !ok:
			return otherClass(b)
		case n.integer:
			t.num.note(n)
			return integers
		}
		t.num.note(n)
		return fractions
	case isBool(b):
		return booleans
	}
	return words
}

const zonelessLayout = "2006-01-02T15:04:05"

// otherClass is the class of a text that begins as a number does, and is none.
func otherClass(b []byte) class {
	switch len(b) {
	case len(time.DateOnly):
		if _, err := time.Parse(time.DateOnly, string(b)); err == nil {
			return dates
		}
	case len(time.DateTime):
		if _, err := time.Parse(time.DateTime, string(b)); err == nil {
			return dateTimes
		}
		if _, err := time.Parse(zonelessLayout, string(b)); err == nil {
			return zoneless
		}
	}
	if oddNumber.Match(b) {
		return oddNumbers
	}
	return words
}

// oddNumber matches numbers with a sign in front, a bare point or separators of
// thousands. With a zero in front a text is more often a code than a number.
var oddNumber = regexp.MustCompile(`^[+-]?([1-9][0-9]{0,2}(,[0-9]{3})+(\.[0-9]*)?|(0|[1-9][0-9]*)?\.[0-9]+|(0|[1-9][0-9]*)\.?)([eE][+-]?[0-9]+)?$`)

// isBool tells whether a cell is one of the spellings that a bool has in CSV.
func isBool(b []byte) bool {
	switch string(b) {
	case "true", "True", "TRUE", "false", "False", "FALSE":
		return true
	}
	return false
}

// isTime tells whether a text is a time by RFC 3339, strictly: a capital T and
// Z, two digits for each part, a point before the digits of a second.
func isTime(b []byte) bool {
	const layout = len("2006-01-02T15:04:05")
	if len(b) <= layout || b[10] != 'T' {
		return false
	}
	for i := range layout {
		switch i {
		case 4, 7, 10, 13, 16:
		default:
			if b[i]-'0' > 9 {
				return false
			}
		}
	}
	if b[layout] == ',' { // which time.Parse takes for a point
		return false
	}
	if zone := len(b) - len("+07:00"); b[len(b)-1] != 'Z' && (zone < layout || b[zone+1] > '2' || b[zone+1] == '2' && b[zone+2] > '3' || b[zone+4] > '5') {
		return false
	}
	_, err := time.Parse(time.RFC3339, string(b))
	return err == nil
}

// total is how many texts there were.
func (t *texts) total() int64 {
	n := int64(0)
	for _, c := range t.count {
		n += c
	}
	return n
}

// numbers is how many were numbers.
func (t *texts) numbers() int64 { return t.count[integers] + t.count[fractions] }

func (t *texts) merge(o *texts) {
	for c := range t.count {
		if o.count[c] > 0 && (t.count[c] == 0 || o.first[c].before(t.first[c])) {
			t.first[c], t.sample[c] = o.first[c], o.sample[c]
		}
		t.count[c] += o.count[c]
	}
	t.num.merge(&o.num)
	t.values.merge(&o.values)
}

// cut is the begin of a text for a comment.
func cut(b []byte, long bool) string {
	if len(b) <= maxSample && !long {
		return string(b)
	}
	n := min(maxSample, len(b))
	for n > 0 && n < len(b) && !utf8.RuneStart(b[n]) {
		n--
	}
	return string(b[:n]) + "…"
}

// distinct are the different values of a place, as long as they are few and
// short.
type distinct struct {
	many  bool
	list  []string // by first appearance
	index map[string]int
	count []int64
}

func (d *distinct) note(b []byte, long bool) {
	if d.many {
		return
	}
	if i, ok := d.index[string(b)]; ok {
		d.count[i]++
		return
	}
	if long || len(b) > maxValue {
		d.forget()
		return
	}
	d.add(string(b), 1)
}

func (d *distinct) add(v string, n int64) {
	if i, ok := d.index[v]; ok {
		d.count[i] += n
		return
	}
	if len(d.list) == maxValues {
		d.forget()
		return
	}
	if d.index == nil {
		d.index = map[string]int{}
	}
	d.index[v] = len(d.list)
	d.list = append(d.list, v)
	d.count = append(d.count, n)
}

func (d *distinct) forget() { *d = distinct{many: true} }

func (d *distinct) merge(o *distinct) {
	if o.many {
		d.forget()
	}
	for i, v := range o.list {
		if d.many {
			return
		}
		d.add(v, o.count[i])
	}
}
