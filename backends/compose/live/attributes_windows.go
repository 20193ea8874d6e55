package live

import "syscall"

// attributes keep Compose from the signals of the console: what it has begun it brings
// to its end.
func attributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{CreationFlags: syscall.CREATE_NEW_PROCESS_GROUP}
}
