package flowtest

import (
	"fmt"
	"os"
	"os/exec"
	"sync"
	"time"
)

// A Program is a built pipeline, or any other program that keeps its own state.
type Program struct {
	// Binary is its path, Args what it is given.
	Binary string
	Args   []string
	// Dir is the folder that it runs in.
	Dir string
	// Env are variables beside those of this process, as NAME=VALUE.
	Env []string
}

// A process is a program that runs.
type process struct {
	cmd  *exec.Cmd
	done chan struct{}
	said tail
	// rival tells that another copy was started, too: either may give up.
	rival bool
}

// start starts a program.
func (p *Program) start() (*process, error) {
	s := &process{cmd: exec.Command(p.Binary, p.Args...), done: make(chan struct{})}
	s.cmd.Dir, s.cmd.Stdout, s.cmd.Stderr = p.Dir, &s.said, &s.said
	s.cmd.Env = append(s.cmd.Environ(), p.Env...)
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	go func() {
		_ = s.cmd.Wait() // the code is asked for where it counts
		close(s.done)
	}()
	return s, nil
}

// ended tells whether it has ended within a time.
func (s *process) ended(within time.Duration) bool {
	select {
	case <-s.done:
		return true
	default:
	}
	t := time.NewTimer(within)
	defer t.Stop()
	select {
	case <-s.done:
		return true
	case <-t.C:
		return false
	}
}

// kill ends it by a signal that it can't see.
func (s *process) kill() {
	_ = s.cmd.Process.Kill() // it may have ended
	<-s.done
}

// signal sends a signal; one that comes too late is none.
func (s *process) signal(sig os.Signal) { _ = s.cmd.Process.Signal(sig) }

// code is its exit code, once it has ended; -1 where a signal ended it.
func (s *process) code() int { return s.cmd.ProcessState.ExitCode() }

// gaveUp tells that it ended because another copy ran.
func (s *process) gaveUp() bool { return s.rival && s.code() == exitLocked }

// fault is an end that nobody asked for.
func (s *process) fault(what string) error {
	return fmt.Errorf("the program %s; at the end it said:\n%s", what, s.said.text())
}

// tailBytes is how much of what a program says is kept.
const tailBytes = 8 << 10

// A tail keeps the end of what is written to it.
type tail struct {
	mu   sync.Mutex
	data []byte
}

// Write keeps the end.
func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.data = append(t.data, p...)
	if over := len(t.data) - tailBytes; over > 0 {
		t.data = append(t.data[:0], t.data[over:]...)
	}
	return len(p), nil
}

func (t *tail) text() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(t.data)
}
