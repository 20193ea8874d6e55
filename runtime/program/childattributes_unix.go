//go:build unix && !linux

package program

import (
	"os"
	"syscall"
)

// childAttributes keep a child from the signals of the terminal, which are meant for its
// host. It ends by itself when the host is gone.
func childAttributes() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }

// killGroup ends a child and all that it has started.
func killGroup(p *os.Process) { _ = syscall.Kill(-p.Pid, syscall.SIGKILL) }
