// Package usage has what a process used, as the kernel counted it.
package usage

import (
	"os"
	"time"
)

// Usage is what one process, with the children that it waited for, used.
type Usage struct {
	User, Sys time.Duration
	Wall      time.Duration
	MaxRSS    int64 // bytes, at the peak
	Exit      int   // exit code; -1: ended by a signal
}

// CPU is the time that any core worked for the process, in the kernel or outside.
func (u Usage) CPU() time.Duration { return u.User + u.Sys }

// Of reads the usage of a process that has ended. Wall is left to the caller.
func Of(p *os.ProcessState) Usage {
	return Usage{User: p.UserTime(), Sys: p.SystemTime(), MaxRSS: maxRSS(p), Exit: p.ExitCode()}
}
