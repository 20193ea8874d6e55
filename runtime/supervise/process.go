package supervise

import (
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// A Process is one run of a component.
type Process struct {
	// In and Out are its standard input and output, where they carry records; else nil.
	In  io.WriteCloser
	Out io.ReadCloser

	cmd   *exec.Cmd
	tail  *tail
	guard *guard
	box   *box // nil for a process of this machine
	done  chan struct{}
	err   error // of Wait, when done is closed

	closing sync.Once
	asked   atomic.Bool // it was asked to end
}

// start starts a process.
func start(spec Spec) (*Process, error) {
	p := &Process{done: make(chan struct{}), tail: newTail(spec.Name, spec.log())}
	command := spec.Command
	switch {
	case spec.Container != nil:
		var err error
		if command, p.box, err = spec.Container.command(spec); err != nil {
			return nil, err
		}
	case spec.ByLine:
		command = byLine(command)
	}
	p.cmd = exec.Command(command[0], command[1:]...)
	p.cmd.Dir = spec.Dir
	env := p.cmd.Environ()
	if spec.ByLine {
		env = append(env, "PYTHONUNBUFFERED=1")
	}
	p.cmd.Env = append(env, spec.Env...)
	p.cmd.Stderr = p.tail
	// What a component left running holds its output open; that is not waited for.
	p.cmd.WaitDelay = time.Second
	var theirs []*os.File
	defer func() {
		for _, f := range theirs {
			f.Close()
		}
	}()
	if spec.Piped {
		stdin, in, err := os.Pipe()
		if err != nil {
			return nil, err
		}
		out, stdout, err := os.Pipe()
		if err != nil {
			stdin.Close()
			in.Close()
			return nil, err
		}
		theirs = []*os.File{stdin, stdout}
		p.cmd.Stdin, p.cmd.Stdout, p.In, p.Out = stdin, stdout, in, out
	} else {
		p.cmd.Stdout = p.tail
	}
	if err := startApart(p.cmd, spec.User); err != nil {
		if spec.Piped {
			p.In.Close()
			p.Out.Close()
		}
		return nil, err
	}
	p.guard = newGuard(p.cmd.Process.Pid, p.box)
	go p.wait()
	return p, nil
}

// byLine has a program of the C library write each line at once, where stdbuf is there to
// ask it to.
func byLine(command []string) []string {
	path, err := exec.LookPath(command[0])
	if err != nil {
		return command // the error is to name this one
	}
	if real, err := filepath.EvalSymlinks(path); err == nil && filepath.Base(real) == "mawk" {
		// It waits for a block of input, too, unless it is told not to.
		return append([]string{command[0], "-W", "interactive"}, command[1:]...)
	}
	stdbuf, err := exec.LookPath("stdbuf")
	if err != nil {
		return command
	}
	return append([]string{stdbuf, "-oL", "--"}, command...)
}

// starter starts processes: where the death of this program is told to them, it is the
// death of the thread that started them, so that thread lives as long as the program.
var starter = sync.OnceValue(func() chan<- func() {
	work := make(chan func())
	go func() {
		runtime.LockOSThread()
		for f := range work {
			f()
		}
	}()
	return work
})

// startApart starts a command as the head of a group that dies with this program.
func startApart(cmd *exec.Cmd, as *User) error {
	apart(cmd)
	actAs(cmd, as)
	result := make(chan error, 1)
	starter() <- func() { result <- cmd.Start() }
	return <-result
}

// wait waits for the end of the process, and ends what is left of its group.
func (p *Process) wait() {
	p.err = p.cmd.Wait()
	killGroup(p.cmd.Process.Pid)
	if !p.cmd.ProcessState.Success() {
		p.box.remove()
	}
	p.guard.release()
	p.tail.flush()
	close(p.done)
}

// Done is closed when the process has ended.
func (p *Process) Done() <-chan struct{} { return p.done }

func (p *Process) ended() bool {
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}

// Well tells whether the process has ended with the status 0.
func (p *Process) Well() bool {
	return p.ended() && p.cmd.ProcessState != nil && p.cmd.ProcessState.Success()
}

// Failed tells whether the process has ended with a status of its own other than 0, and not by
// a signal.
func (p *Process) Failed() bool {
	return p.ended() && p.cmd.ProcessState != nil && p.cmd.ProcessState.ExitCode() > 0
}

// State is how it ended: "ended with exit status 1".
func (p *Process) State() string {
	if !p.ended() {
		return "runs"
	}
	if p.cmd.ProcessState == nil {
		return "ended"
	}
	return "ended with " + p.cmd.ProcessState.String()
}

// Last are the last lines of its log.
func (p *Process) Last() string { return p.tail.last() }

// Pid is the number of the process, and of its group.
func (p *Process) Pid() int { return p.cmd.Process.Pid }

// CloseIn ends its standard input.
func (p *Process) CloseIn() {
	p.closing.Do(func() {
		if p.In != nil {
			p.In.Close()
		}
	})
}

// Stop asks the process and its group to end, and kills them after the grace.
func (p *Process) Stop(grace time.Duration) {
	p.CloseIn()
	if p.ended() {
		return
	}
	p.asked.Store(true)
	termGroup(p.cmd.Process.Pid)
	select {
	case <-p.done:
		return
	case <-time.After(grace):
	}
	p.kill()
}

// Wait waits for the end of a process that will end by itself, and stops it after the grace.
func (p *Process) Wait(grace time.Duration) {
	select {
	case <-p.done:
	case <-time.After(grace):
		p.Stop(grace)
	}
}

func (p *Process) kill() {
	killGroup(p.cmd.Process.Pid)
	<-p.done
}
