//go:build !unix

package main

import "syscall"

func leftBehind() *syscall.SysProcAttr { return nil }
