//go:build unix

package flowtest

import (
	"syscall"
	"time"
)

// AllFaults are those that this system has.
func AllFaults() []Fault {
	return []Fault{Kill, Terminate, TerminateAndKill, Freeze, Twice}
}

// freeze stops the process for a while.
func (s *process) freeze(pause time.Duration) {
	s.signal(syscall.SIGSTOP)
	time.Sleep(pause)
	s.signal(syscall.SIGCONT)
}
