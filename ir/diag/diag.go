// Package diag is what the compiler tells its users: diagnostics with a place,
// a reason and a remedy.
//
// A [Diagnostic] is built where the mistake is found and says everything it
// knows: the smallest span that shows the mistake, the other places involved,
// and edits that mend it. A [List] collects them; [List.Sort] brings them in
// the order of the text and drops repetitions. Rendering is apart (text, JSON,
// SARIF, GitHub), so that no producer thinks about output.
//
// Style: lower case, no full stop, names in backticks, never "illegal" or
// "invalid" alone: say what was found and what was expected.
package diag

import (
	"fmt"
	"slices"
	"strings"

	"github.com/flowc-dev/flowc/ir/source"
)

// A Severity says what a diagnostic does to the compile.
type Severity int

// Errors end the compile, warnings do not; a note is attached information.
const (
	Error Severity = iota
	Warning
	Note
)

// String returns "error", "warning" or "note".
func (s Severity) String() string { return [...]string{"error", "warning", "note"}[s] }

// A Diagnostic is one thing to tell.
type Diagnostic struct {
	Code     Code
	Severity Severity
	// Message stands alone: it makes sense without source and labels.
	Message string
	// Span is the smallest range that shows the mistake; zero where there is
	// no text (a missing file).
	Span source.Span
	// Label is the short text at the caret, often a near name; may be "".
	Label string
	// Labels are other places that belong in the same picture.
	Labels []Label
	// Notes add facts, each optionally with a place of its own.
	Notes []Remark
	// Help says what to do, one way each, where no edit can be offered.
	Help []string
	// Fixes are edits that mend it, the best first.
	Fixes []Fix
	// Lacks is the member that a type does not have, as "Order.Total" in the
	// words of Go, or "". It is not rendered: diagnostics that lack the same are
	// one mistake, however each of them came upon it.
	Lacks string

	more int // places that Again counted and did not show
}

// A Label is a short text at a place.
type Label struct {
	Span source.Span
	Text string
}

// A Remark is a sentence that may point to a place.
type Remark struct {
	Text string
	Span source.Span
}

// A Fix is one way to mend a mistake by editing the text.
type Fix struct {
	// Title says what it does: "write `filter`".
	Title string
	// Safe fixes keep or restore the evident meaning and may be applied
	// without asking; others change results.
	Safe bool
	// Edits do not overlap.
	Edits []Edit
}

// An Edit replaces what a span covers; an empty span inserts.
type Edit struct {
	Span source.Span
	New  string
}

// Errorf returns an error at a place.
func Errorf(code Code, at source.Span, format string, args ...any) *Diagnostic {
	return &Diagnostic{Code: code, Severity: Error, Span: at, Message: fmt.Sprintf(format, args...)}
}

// Warningf returns a warning at a place.
func Warningf(code Code, at source.Span, format string, args ...any) *Diagnostic {
	return &Diagnostic{Code: code, Severity: Warning, Span: at, Message: fmt.Sprintf(format, args...)}
}

// Caret sets the short text at the caret.
func (d *Diagnostic) Caret(format string, args ...any) *Diagnostic {
	d.Label = fmt.Sprintf(format, args...)
	return d
}

// Also adds another place of the same picture.
func (d *Diagnostic) Also(at source.Span, format string, args ...any) *Diagnostic {
	d.Labels = append(d.Labels, Label{at, fmt.Sprintf(format, args...)})
	return d
}

// Notef adds a fact without a place.
func (d *Diagnostic) Notef(format string, args ...any) *Diagnostic {
	d.Notes = append(d.Notes, Remark{Text: fmt.Sprintf(format, args...)})
	return d
}

// NoteAt adds a fact with a place.
func (d *Diagnostic) NoteAt(at source.Span, format string, args ...any) *Diagnostic {
	d.Notes = append(d.Notes, Remark{Text: fmt.Sprintf(format, args...), Span: at})
	return d
}

// Helpf adds a way out.
func (d *Diagnostic) Helpf(format string, args ...any) *Diagnostic {
	d.Help = append(d.Help, fmt.Sprintf(format, args...))
	return d
}

// Replace adds a safe fix that replaces what at covers.
func (d *Diagnostic) Replace(at source.Span, with, titleFormat string, args ...any) *Diagnostic {
	return d.Fix(Fix{Title: fmt.Sprintf(titleFormat, args...), Safe: true, Edits: []Edit{{at, with}}})
}

// Fix adds a fix.
func (d *Diagnostic) Fix(f Fix) *Diagnostic {
	d.Fixes = append(d.Fixes, f)
	return d
}

// maxAgain is how many places of one mistake are shown besides the first.
const maxAgain = 4

// Again adds a place where the same mistake shows; of many the first few are
// shown and the others counted.
func (d *Diagnostic) Again(at source.Span, format string, args ...any) *Diagnostic {
	if len(d.Labels) < maxAgain {
		return d.Also(at, format, args...)
	}
	counted := func() string {
		if d.more == 1 {
			return "and in one more place"
		}
		return fmt.Sprintf("and in %d more places", d.more)
	}
	before := counted()
	d.Notes = slices.DeleteFunc(d.Notes, func(r Remark) bool { return r.Text == before })
	d.more++
	return d.Notef("%s", counted())
}

// Near adds a caret text and a fix when one of the names is near the word that
// stands at the diagnostic's span, and tells whether it did.
func (d *Diagnostic) Near(word string, names []string) bool {
	near := Nearest(word, names)
	if near == "" {
		return false
	}
	if d.Label == "" {
		d.Caret("did you mean `%s`?", near)
	}
	d.Replace(d.Span, near, "write `%s`", near)
	return true
}

// Error makes a diagnostic an error value: its first line as it is shown.
func (d *Diagnostic) Error() string {
	place := ""
	if !d.Span.IsZero() {
		p := d.Span.Pos()
		place = fmt.Sprintf("%s:%d:%d: ", d.Span.File.Name, p.Line, p.Column)
	}
	return fmt.Sprintf("%s%s: %s [%s]", place, d.Severity, d.Message, d.Code)
}

// A List is the diagnostics of one compile. The zero value is ready to use.
type List []*Diagnostic

// Add appends a diagnostic and returns it, so that more can be said.
func (l *List) Add(d *Diagnostic) *Diagnostic {
	*l = append(*l, d)
	return d
}

// Errorf adds an error at a place.
func (l *List) Errorf(code Code, at source.Span, format string, args ...any) *Diagnostic {
	return l.Add(Errorf(code, at, format, args...))
}

// Warningf adds a warning at a place.
func (l *List) Warningf(code Code, at source.Span, format string, args ...any) *Diagnostic {
	return l.Add(Warningf(code, at, format, args...))
}

// HasErrors tells whether the compile failed.
func (l List) HasErrors() bool {
	return slices.ContainsFunc(l, func(d *Diagnostic) bool { return d.Severity == Error })
}

// Count returns the number of diagnostics of a severity.
func (l List) Count(s Severity) int {
	n := 0
	for _, d := range l {
		if d.Severity == s {
			n++
		}
	}
	return n
}

// Sort orders by file, place, severity and code, and drops what is said twice
// about one place in the same words.
func (l *List) Sort() {
	slices.SortStableFunc(*l, func(a, b *Diagnostic) int {
		if c := a.Span.Compare(b.Span); c != 0 {
			return c
		}
		if a.Severity != b.Severity {
			return int(a.Severity - b.Severity)
		}
		if c := strings.Compare(string(a.Code), string(b.Code)); c != 0 {
			return c
		}
		return strings.Compare(a.Message, b.Message)
	})
	*l = slices.CompactFunc(*l, func(a, b *Diagnostic) bool {
		return a.Span == b.Span && a.Code == b.Code && a.Message == b.Message
	})
}
