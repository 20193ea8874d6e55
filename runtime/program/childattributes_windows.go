package program

import (
	"os"
	"syscall"
)

// childAttributes keep a child from the signals of the console, which are meant for its
// host. It ends by itself when the host is gone.
func childAttributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{CreationFlags: syscall.CREATE_NEW_PROCESS_GROUP}
}

// killGroup ends a child.
func killGroup(p *os.Process) { _ = p.Kill() }
