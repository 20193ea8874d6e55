package live

import "syscall"

// attributes keep a process from the signals of the terminal, which are meant for the
// supervisor, and end it in order where that is killed.
func attributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
}
