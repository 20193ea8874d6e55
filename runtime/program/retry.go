package program

import "github.com/flowc-dev/flowc/runtime/flow"

// Retry is how often a node tries a record again. Setting it is the same as
// writing `retry`: it then covers all errors that trying again may help.
func Retry(p *flow.Policy) Value { return retry{Int(&p.Retry), p} }

type retry struct {
	Value
	policy *flow.Policy
}

// Set stores the number, and that it was written.
func (r retry) Set(text string) error {
	if err := r.Value.Set(text); err != nil {
		return err
	}
	r.policy.Written = true
	return nil
}
