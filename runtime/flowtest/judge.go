package flowtest

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// Judge says whether a branch has what the ledger's producer was promised. It is
// asked when nothing runs any more.
func Judge(l *Ledger, b Branch) *Verdict {
	l.mu.Lock()
	defer l.mu.Unlock()
	j := &judge{
		ledger: l, branch: b,
		verdict: &Verdict{Branch: b.Name, Guarantee: b.Guarantee},
		ends:    map[*entry][]end{}, found: map[Class]*Violation{},
	}
	for _, p := range b.Sinks {
		j.place(p, inSink)
	}
	for _, p := range b.Dead {
		j.place(p, inDead)
	}
	for _, id := range b.Drops {
		if e := j.entry(id, "the drops", nil); e != nil {
			j.ended(e, "the drops", dropped)
		}
	}
	for _, e := range l.entries {
		j.settle(e)
	}
	for _, c := range classes {
		if x := j.found[c]; x != nil {
			j.verdict.Violations = append(j.verdict.Violations, *x)
		}
	}
	return j.verdict
}

// A kind is what became of a record.
type kind int

const (
	inSink kind = iota
	inDead
	dropped
)

// An end is where a record was found, and how often.
type end struct {
	place string
	kind  kind
	times int
}

// A judge is at work on one branch.
type judge struct {
	ledger  *Ledger
	branch  Branch
	verdict *Verdict
	ends    map[*entry][]end
	found   map[Class]*Violation
}

// broken notes a broken promise.
func (j *judge) broken(c Class, format string, args ...any) {
	x := j.found[c]
	if x == nil {
		x = &Violation{Class: c}
		j.found[c] = x
	}
	if x.Count++; len(x.Examples) < maxExamples {
		x.Examples = append(x.Examples, fmt.Sprintf(format, args...))
	}
}

// entry finds the record of an ID, or says that there is none.
func (j *judge) entry(id, place string, data []byte) *entry {
	e := j.ledger.byID[id]
	switch {
	case e != nil:
		return e
	case id == "":
		j.broken(Forged, "%s has a record without an ID: %s", place, shown(data))
	case data == nil:
		j.broken(Forged, "%s has %q, which nobody sent", place, id)
	default:
		j.broken(Forged, "%s has %q, which nobody sent: %s", place, id, shown(data))
	}
	return nil
}

// place looks at the records of a place.
func (j *judge) place(p Place, k kind) {
	latest := map[string]*entry{} // by key: the last of those that have come
	for _, f := range p.Records {
		e := j.entry(f.ID, p.Name, f.Data)
		if e == nil {
			continue
		}
		want := e.Data
		if k == inSink && j.branch.Becomes != nil {
			want = j.branch.Becomes(e.Record)
		}
		if !bytes.Equal(f.Data, want) {
			j.broken(Damaged, "%q in %s %s", e.ID, p.Name, difference(f.Data, want))
		}
		if !j.ended(e, p.Name, k) || k != inSink || j.branch.Unordered {
			continue
		}
		before := latest[e.Key]
		switch {
		case before == nil || before.order < e.order:
			latest[e.Key] = e
		default:
			j.broken(Reordered, "%q came behind %q in %s%s", e.ID, before.ID, p.Name, ofKey(e.Key))
		}
	}
}

// ended notes where a record is, and tells whether it was not known to be there.
func (j *judge) ended(e *entry, place string, k kind) (first bool) {
	ends := j.ends[e]
	i := slices.IndexFunc(ends, func(x end) bool { return x.place == place && x.kind == k })
	if i < 0 {
		j.ends[e] = append(ends, end{place, k, 1})
		return true
	}
	ends[i].times++
	return false
}

// settle judges a record by all the ends that it has.
func (j *judge) settle(e *entry) {
	ends, v := j.ends[e], j.verdict
	if j.branch.Wants != nil && !j.branch.Wants(e.Record) {
		if e.accepted {
			v.Filtered++
		}
		for _, x := range ends {
			j.broken(Misrouted, "%q is in %s, and this branch does not want it", e.ID, x.place)
		}
		return
	}
	if e.accepted {
		v.Accepted++
	} else {
		v.Unanswered++
	}
	if len(ends) == 0 {
		switch {
		case !e.accepted:
		case j.branch.Guarantee == AtMostOnce:
			v.Missing++
		default:
			j.broken(Lost, "%q is nowhere%s", e.ID, ofKey(e.Key))
		}
		return
	}
	switch ends[0].kind {
	case inSink:
		v.Delivered++
	case inDead:
		v.Dead++
	case dropped:
		v.Dropped++
	}
	times, places := 0, make([]string, len(ends))
	for i, x := range ends {
		times += x.times
		places[i] = x.place
	}
	v.Repeats += times - 1
	// What the producer sent again is there again by right, and may have fared
	// otherwise.
	again := j.branch.Guarantee == AtLeastOnce
	if len(ends) > 1 && e.attempts == 1 && (!again || !j.branch.Unsteady) {
		j.broken(Twofold, "%q is in %s", e.ID, strings.Join(places, " and in "))
		times -= len(ends) - 1
	}
	if times > e.attempts && !again {
		j.broken(Repeated, "%q is there %d times (%s), and was sent %s", e.ID, times, strings.Join(places, ", "), timesOf(e.attempts))
	}
}

func timesOf(n int) string {
	if n == 1 {
		return "once"
	}
	return fmt.Sprintf("%d times", n)
}

func ofKey(key string) string {
	if key == "" {
		return ""
	}
	return fmt.Sprintf(" (key %q)", key)
}

// shownBytes is how much of a record an example shows.
const shownBytes = 60

func shown(data []byte) string {
	if len(data) <= shownBytes {
		return fmt.Sprintf("%q", data)
	}
	cut := data[:shownBytes]
	for n := 0; n < utf8.UTFMax && len(cut) > 0 && !utf8.Valid(cut) && utf8.Valid(data); n++ {
		cut = cut[:len(cut)-1]
	}
	return fmt.Sprintf("%q… (%d bytes)", cut, len(data))
}

// difference says where bytes are not what they should be.
func difference(got, want []byte) string {
	at := 0
	for at < len(got) && at < len(want) && got[at] == want[at] {
		at++
	}
	from := max(0, at-shownBytes/3)
	return fmt.Sprintf("differs from byte %d on: it has %s, not %s", at, shown(got[from:]), shown(want[from:]))
}
