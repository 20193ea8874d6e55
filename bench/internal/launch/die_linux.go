package main

import (
	"os/exec"
	"syscall"
)

// dieWithParent keeps servers from outliving a suite that was killed.
func dieWithParent(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}
