//go:build !unix

package flowtest

import "time"

// AllFaults are those that this system has: no signal but the last one can be sent.
func AllFaults() []Fault { return []Fault{Kill, Twice} }

// freeze does nothing here.
func (s *process) freeze(time.Duration) {}
