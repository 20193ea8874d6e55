//go:build unix && !linux

package live

import "syscall"

// attributes keep a process from the signals of the terminal, which are meant for the
// supervisor.
func attributes() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }
