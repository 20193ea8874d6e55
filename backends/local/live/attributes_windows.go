package live

import "syscall"

// attributes keep a process from the signals of the console, which are meant for the
// supervisor.
func attributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{CreationFlags: syscall.CREATE_NEW_PROCESS_GROUP}
}
