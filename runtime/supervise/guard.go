//go:build unix

package supervise

import (
	"io"
	"os/exec"
	"strconv"
	"syscall"
)

// A guard is a process that outlives this program by a moment: it waits for the end of a
// pipe that this program alone holds open, and then kills the group. The kernel tells the
// head of the group alone that this program has died, and not what that has started.
type guard struct {
	cmd *exec.Cmd
	in  io.WriteCloser
}

// newGuard guards a group; nil where there is no shell.
func newGuard(group int, b *box) *guard {
	sh, err := exec.LookPath("sh")
	if err != nil {
		return nil
	}
	cmd := exec.Command(sh, "-c", `trap "" INT TERM HUP; read -r line; [ "$line" = over ] && exit; kill -s KILL -- "-$1"; [ -z "$2" ] || "$2" rm --force "$3"`, "flowc-guard", strconv.Itoa(group))
	if b != nil {
		cmd.Args = append(cmd.Args, b.engine, b.name)
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil
	}
	if err := cmd.Start(); err != nil {
		return nil
	}
	return &guard{cmd: cmd, in: in}
}

// release ends the guard: the group is over.
func (g *guard) release() {
	if g == nil {
		return
	}
	_, _ = io.WriteString(g.in, "over\n")
	g.in.Close()
	_ = g.cmd.Wait()
}
