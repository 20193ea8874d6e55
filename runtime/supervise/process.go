package supervise

import (
	"context"
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

	tail *tail
	body body
	done chan struct{}
	how  ending // when done is closed

	closing sync.Once
	asked   atomic.Bool // it was asked to end
}

// A body is what runs: a process of this machine, or one that an attendant has started.
type body interface {
	// wait waits for its end.
	wait() ending
	// end asks it to end.
	end()
	kill()
	// pid is its number on this machine, 0 for none.
	pid() int
}

// An ending is how a process ended: in words, and its exit status, -1 for none.
type ending struct {
	state string
	code  int
}

// start starts a process, where it is to run.
func start(ctx context.Context, spec Spec) (*Process, error) {
	p := &Process{done: make(chan struct{}), tail: newTail(spec.Name, spec.log())}
	var err error
	if spec.Attended != "" {
		err = p.startAttended(ctx, spec)
	} else {
		err = p.startHere(spec)
	}
	if err != nil {
		return nil, err
	}
	go p.wait()
	return p, nil
}

// A here is a process of this machine, with its group.
type here struct {
	cmd   *exec.Cmd
	guard *guard
	box   *box // nil for no container
}

// startHere starts a process of this machine.
func (p *Process) startHere(spec Spec) error {
	h := &here{}
	command := spec.Command
	switch {
	case spec.Container != nil:
		var err error
		if command, h.box, err = spec.Container.command(spec); err != nil {
			return err
		}
	case spec.ByLine:
		command = byLine(command)
	}
	h.cmd = exec.Command(command[0], command[1:]...)
	h.cmd.Dir = spec.Dir
	env := h.cmd.Environ()
	if spec.ByLine {
		env = append(env, "PYTHONUNBUFFERED=1")
	}
	h.cmd.Env = append(env, spec.Env...)
	h.cmd.Stderr = p.tail
	if spec.stderr != nil {
		h.cmd.Stderr = spec.stderr
	}
	// What a component left running holds its output open; that is not waited for.
	h.cmd.WaitDelay = time.Second
	var theirs []*os.File
	defer func() {
		for _, f := range theirs {
			f.Close()
		}
	}()
	if spec.Piped {
		stdin, in, err := os.Pipe()
		if err != nil {
			return err
		}
		out, stdout, err := os.Pipe()
		if err != nil {
			stdin.Close()
			in.Close()
			return err
		}
		theirs = []*os.File{stdin, stdout}
		h.cmd.Stdin, h.cmd.Stdout, p.In, p.Out = stdin, stdout, in, out
	} else {
		h.cmd.Stdout = p.tail
	}
	if err := startApart(h.cmd, spec.User); err != nil {
		if spec.Piped {
			p.In.Close()
			p.Out.Close()
		}
		return err
	}
	h.guard = newGuard(h.cmd.Process.Pid, h.box)
	p.body = h
	return nil
}

// wait waits for the end of the process, and ends what is left of its group.
func (h *here) wait() ending {
	_ = h.cmd.Wait() // the state says how it ended
	killGroup(h.pid())
	state := h.cmd.ProcessState
	if !state.Success() {
		h.box.remove()
	}
	h.guard.release()
	return ending{"ended with " + state.String(), state.ExitCode()}
}

func (h *here) end()     { termGroup(h.pid()) }
func (h *here) kill()    { killGroup(h.pid()) }
func (h *here) pid() int { return h.cmd.Process.Pid }

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

func (p *Process) wait() {
	p.how = p.body.wait()
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
func (p *Process) Well() bool { return p.ended() && p.how.code == 0 }

// Failed tells whether the process has ended with a status of its own other than 0, and not by
// a signal.
func (p *Process) Failed() bool { return p.ended() && p.how.code > 0 }

// State is how it ended: "ended with exit status 1".
func (p *Process) State() string {
	if !p.ended() {
		return "runs"
	}
	return p.how.state
}

// Last are the last lines of its log.
func (p *Process) Last() string { return p.tail.last() }

// Pid is the number of the process, and of its group; 0 for one that is not of this machine.
func (p *Process) Pid() int { return p.body.pid() }

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
	p.body.end()
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
	p.body.kill()
	<-p.done
}
