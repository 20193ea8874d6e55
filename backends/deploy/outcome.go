package deploy

import "fmt"

// Result is what became of a plan.
type Result string

// The results.
const (
	Unchanged  Result = "unchanged"
	Applied    Result = "applied"
	RolledBack Result = "rolled back"
	Broken     Result = "failed" // and what ran before does not run again
	Removed    Result = "deleted"
)

// An Outcome is a plan that was carried out.
type Outcome struct {
	Result Result `json:"result"`
	Plan   *Plan  `json:"plan"`
	// Run is how the release does, nil where nobody waited.
	Run *Run `json:"run,omitempty"`
}

// A FailedError is a release that did not become ready.
type FailedError struct {
	// ID is its own, Why says what happened.
	ID, Why string
	// Before is what runs again, nil where nothing ran before. Back is why it does
	// not, nil where it does.
	Before *Release
	Back   error
	// Log is what the release said last.
	Log []Line
	// Died tells that it was started; else what it needs is not there.
	Died bool
	// Untouched tells that it ran already, and that nothing was changed.
	Untouched bool
	// Again tells that what was applied already was started again, and stays as it is.
	Again bool
	err   error
}

func (e *FailedError) Error() string {
	text := fmt.Sprintf("%s: %s", e.ID, e.Why)
	for _, l := range e.Log {
		text += "\n  " + l.Instance + " | " + l.Text
	}
	switch {
	case e.Untouched:
		return text + "\nit is what was asked for, and nothing was changed"
	case e.Again:
		return text + "\nit was started again as it was, and is left so"
	case e.Back != nil && e.Before != nil:
		return text + fmt.Sprintf("\n%s, which ran before, does not run again: %v", e.Before.Hash, e.Back)
	case e.Back != nil:
		return text + fmt.Sprintf("\nwhat was made for it is still there: %v", e.Back)
	case e.Before != nil:
		return text + fmt.Sprintf("\nrolled back: %s runs again", e.Before.Hash)
	}
	return text + "\nrolled back: nothing ran before, and nothing does"
}

// Result is what became of the plan.
func (e *FailedError) Result() Result {
	switch {
	case e.Untouched, e.Again:
		return Unchanged
	case e.Back != nil:
		return Broken
	}
	return RolledBack
}

func (e *FailedError) Unwrap() error { return e.err }
