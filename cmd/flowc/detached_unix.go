//go:build unix

package main

import "syscall"

// leftBehind starts a process that outlives this one, and hears nothing of its terminal.
func leftBehind() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setsid: true} }
