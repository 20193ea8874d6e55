//go:build unix

package live

import "syscall"

// attributes keep Compose from the signals of the terminal: what it has begun it brings
// to its end.
func attributes() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }
