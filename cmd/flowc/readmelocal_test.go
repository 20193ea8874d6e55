//go:build unix

package main

import (
	"os"
	"syscall"
	"testing"
)

// TestReadmeLocal does what the README says on this machine, without containers.
func TestReadmeLocal(t *testing.T) {
	m := newMachine(t)
	readmeDeploy{
		t: t, dir: m.dir, target: "local",
		flowc: func(code int, args ...string) string { return m.flowc(code, args) },
		kill:  func() { kill(t, m.stateOf("beats").Processes[0].Is.PID, syscall.SIGKILL) },
	}.do()
	if left, err := os.ReadDir(m.base); err != nil || len(left) > 0 {
		t.Errorf("%v is left: %v", left, err)
	}
}
