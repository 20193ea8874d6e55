package infer

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// The notes are what a type leaves out. They are comments of one line, so what
// stems from the data is quoted.

// at is a place as comments say it.
func (d *decider) at(p place) string {
	if d.format == "json" { // all of it may be one line
		return fmt.Sprintf("%d:%d", p.line, p.column)
	}
	return "line " + thousands(p.line)
}

// absenceNote says how often a field has no value, of n objects.
func (d *decider) absenceNote(f *Field, n int64) string {
	switch {
	case f.Missing > 0 && d.csv:
		return fmt.Sprintf("empty in %s of %s", thousands(f.Missing), thousands(n))
	case f.Missing > 0 && f.Null > 0:
		return fmt.Sprintf("missing in %s and null in %s of %s", thousands(f.Missing), thousands(f.Null), thousands(n))
	case f.Missing > 0:
		return fmt.Sprintf("missing in %s of %s", thousands(f.Missing), thousands(n))
	case f.Null > 0:
		return fmt.Sprintf("null in %s of %s", thousands(f.Null), thousands(n))
	}
	return ""
}

// elseNotes are about records without an event type of their own.
func (d *decider) elseNotes(v *variants) []string {
	if v.nones == 0 {
		return nil
	}
	notes := []string{fmt.Sprintf("%s without a string as %s, first at %s, taken as json", plural(v.nones, "record"), quoteName(d.options.By), d.at(v.noneAt))}
	if at := v.none.anyTwice(); at != (place{}) {
		notes = append(notes, "among them is an object that has a name twice, first at "+d.at(at)+", an error where it is read")
	}
	return notes
}

// kindsNote says which kinds of values a place has, the most frequent first, and
// where the others begin.
func (d *decider) kindsNote(s *shape, nulls bool) string {
	type one struct {
		name  string
		count int64
		first place
		text  string
	}
	var all []one
	total := int64(0)
	for k := null; k < kinds; k++ {
		o := one{k.String(), s.count[k], s.first[k], ""}
		switch {
		case k == null && !nulls, k == integer && s.count[fraction] > 0, o.count == 0:
			continue
		case k == fraction:
			o.count += s.count[integer]
			if s.count[integer] > 0 {
				o.first = earlier(o.first, s.first[integer])
			}
		case k == text:
			o.text = s.str.firstSample()
		}
		total += o.count
		all = append(all, o)
	}
	slices.SortStableFunc(all, func(a, b one) int { return int(min(1, max(-1, b.count-a.count))) })
	var b strings.Builder
	for i, o := range all {
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "%s in %s", o.name, thousands(o.count))
		if i > 0 {
			fmt.Fprintf(&b, " (first at %s", d.at(o.first))
			if o.text != "" {
				fmt.Fprintf(&b, ": %s", strconv.Quote(o.text))
			}
			b.WriteByte(')')
		}
	}
	fmt.Fprintf(&b, " of %s", thousands(total))
	return b.String()
}

// firstSample is the first text of all, or the begin of it.
func (t *texts) firstSample() string {
	var at place
	sample := ""
	for c := range t.count {
		if t.count[c] > 0 && (at == place{} || t.first[c].before(at)) {
			at, sample = t.first[c], t.sample[c]
		}
	}
	return sample
}

// stringNotes says what strings are besides; values are those of an enum, if
// they could be one.
func (d *decider) stringNotes(t *texts, values []string) []string {
	var notes []string
	switch {
	case len(values) == 1 && t.count[empty] == 0:
		notes = append(notes, "always "+strconv.Quote(values[0]))
	case len(values) > 1:
		notes = append(notes, enumNote(values))
	}
	if !d.csv && t.numbers() == t.total() && t.count[fractions] > 0 {
		if t.num.inexact > 0 {
			return append(notes, "numbers, some of more digits than a decimal holds")
		}
		return append(notes, "numbers in quotes: --decimals makes it a decimal")
	}
	if note := d.spellingNote(t); note != "" {
		return append(notes, note)
	}
	return append(notes, d.almostNotes(t)...)
}

// spellingNote says that strings are values of another type, but not as the
// language writes it.
func (d *decider) spellingNote(t *texts) string {
	total := t.total()
	if d.csv {
		total -= t.count[empty]
	}
	switch total {
	case t.count[dates]:
		return "dates, which `time.Parse(time.DateOnly, …)` reads"
	case t.count[dateTimes]:
		return "times, which `time.Parse(time.DateTime, …)` reads"
	case t.count[zoneless]:
		return "times without a zone, which `time.Parse(\"" + zonelessLayout + "\", …)` reads"
	case t.numbers() + t.count[oddNumbers]:
		if t.count[oddNumbers] > 0 {
			return fmt.Sprintf("numbers, but not as JSON writes them, first at %s: %s", d.at(t.first[oddNumbers]), strconv.Quote(t.sample[oddNumbers]))
		}
	}
	return ""
}

// enumNote proposes an enum.
func enumNote(values []string) string {
	const longest = 60
	list := enumText(values)
	if len(list) > longest {
		return fmt.Sprintf("%d different values: --enums makes it an enum", len(values))
	}
	return "--enums makes it " + list
}

// almostNotes says what strings would be but for a few.
func (d *decider) almostNotes(t *texts) []string {
	total := t.total()
	if d.csv {
		total -= t.count[empty]
	}
	for _, like := range [][]class{{integers}, {integers, fractions}, {booleans}, {times}, {durations}} {
		n, others := int64(0), place{}
		sample := ""
		for c := range classes {
			switch {
			case t.count[c] == 0 || d.csv && c == empty:
			case slices.Contains(like, c):
				n += t.count[c]
			case others == place{} || t.first[c].before(others):
				others, sample = t.first[c], t.sample[c]
			}
		}
		if n < total && n >= total-total/10 {
			return []string{fmt.Sprintf("%s but for %s of %s, first at %s: %s", like[len(like)-1].word(), thousands(total-n), thousands(total), d.at(others), strconv.Quote(sample))}
		}
	}
	return nil
}

// word is the type that texts of a class have.
func (c class) word() string {
	return map[class]string{integers: "int", fractions: "number", booleans: "bool", times: "time", durations: "duration"}[c]
}

// keysNote says that the names of objects are data.
func (d *decider) keysNote(o *objects) string {
	if o.wide != nil {
		return "a map: its names are data, more than " + thousands(maxFields) + " of them"
	}
	return fmt.Sprintf("a map: its names are data, %s such as %s", thousands(int64(len(o.fields))), strconv.Quote(cut([]byte(o.fields[0].name), false)))
}

// thousands writes a number as people read it.
func thousands(n int64) string {
	s := strconv.FormatInt(n, 10)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

func plural(n int64, word string) string {
	if n == 1 {
		return "1 " + word
	}
	return thousands(n) + " " + word + "s"
}
