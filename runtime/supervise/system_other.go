//go:build !unix

package supervise

import (
	"os"
	"os/exec"
)

func apart(*exec.Cmd) {}

func actAs(*exec.Cmd, *User) {}

// termGroup does what there is without groups: the process alone is ended.
func termGroup(pid int) { killGroup(pid) }

func killGroup(pid int) {
	if p, err := os.FindProcess(pid); err == nil {
		_ = p.Kill()
	}
}

// A guard does nothing where there are no groups.
type guard struct{}

func newGuard(int, *box) *guard { return nil }

func (*guard) release() {}
