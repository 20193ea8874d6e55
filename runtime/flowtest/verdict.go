package flowtest

import (
	"errors"
	"fmt"
	"strings"
)

// A Class is a kind of broken promise.
type Class string

// The classes.
const (
	// Lost: it was accepted, and is nowhere.
	Lost Class = "lost"
	// Forged: nobody has sent it.
	Forged Class = "forged"
	// Damaged: its bytes are others.
	Damaged Class = "damaged"
	// Repeated: it is there again, and the guarantee says that it is not.
	Repeated Class = "repeated"
	// Reordered: it first came behind a record that was sent after it.
	Reordered Class = "reordered"
	// Twofold: it ended in several places, a sink and a dead letter for one.
	Twofold Class = "twofold"
	// Misrouted: it is in a branch that is not to have it.
	Misrouted Class = "misrouted"
)

// classes are all of them, in the order in which they are told: the worst first.
var classes = []Class{Lost, Damaged, Forged, Misrouted, Twofold, Repeated, Reordered}

// A Violation is how often a promise was broken.
type Violation struct {
	Class Class `json:"class"`
	Count int   `json:"count"`
	// Examples tell of the first ones.
	Examples []string `json:"examples"`
}

// maxExamples is how many records are told of in each class.
const maxExamples = 5

// A Verdict is what is true of a branch.
type Verdict struct {
	Branch    string    `json:"branch"`
	Guarantee Guarantee `json:"guarantee"`
	// Accepted are the promised records that the branch wants, Unanswered those that
	// were sent and never accepted.
	Accepted   int `json:"accepted"`
	Unanswered int `json:"unanswered"`
	// Delivered, Dead and Dropped are different records, by where they ended first:
	// a sink, a dead letter, a declared drop.
	Delivered int `json:"delivered"`
	Dead      int `json:"dead"`
	Dropped   int `json:"dropped"`
	// Filtered are accepted records that the branch does not want, Missing those
	// that an at-most-once branch does not have.
	Filtered int `json:"filtered"`
	Missing  int `json:"missing"`
	// Repeats is how many times records were there again, allowed or not.
	Repeats int `json:"repeats"`
	// Violations has a row for each class that occurred; none is a promise kept.
	Violations []Violation `json:"violations,omitempty"`
}

// OK tells whether all promises were kept.
func (v *Verdict) OK() bool { return len(v.Violations) == 0 }

// Count is how often a class occurred.
func (v *Verdict) Count(c Class) int {
	for _, x := range v.Violations {
		if x.Class == c {
			return x.Count
		}
	}
	return 0
}

// Err is the verdict as an error, nil where all promises were kept.
func (v *Verdict) Err() error {
	if v.OK() {
		return nil
	}
	return errors.New(v.String())
}

// String is the verdict in words: a line, and one for each class that occurred.
func (v *Verdict) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s (%s): %d accepted", v.Branch, v.Guarantee, v.Accepted)
	for _, n := range []struct {
		count int
		what  string
	}{
		{v.Unanswered, "unanswered"},
		{v.Delivered, "in sinks"},
		{v.Dead, "dead letters"},
		{v.Dropped, "dropped"},
		{v.Filtered, "filtered"},
		{v.Missing, "missing"},
		{v.Repeats, "repeats"},
	} {
		if n.count > 0 {
			fmt.Fprintf(&b, ", %d %s", n.count, n.what)
		}
	}
	if v.OK() {
		b.WriteString(": kept")
		return b.String()
	}
	b.WriteString(": BROKEN")
	for _, x := range v.Violations {
		fmt.Fprintf(&b, "\n  %d %s: %s", x.Count, x.Class, strings.Join(x.Examples, "; "))
		if more := x.Count - len(x.Examples); more > 0 {
			fmt.Fprintf(&b, "; and %d more", more)
		}
	}
	return b.String()
}
