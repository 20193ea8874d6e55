// Package measure runs contenders through the launch command and tells what they
// used.
package measure

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/flowc-dev/flowc/bench/internal/usage"
)

// A Command is one run of a contender.
type Command struct {
	Argv   []string
	Env    []string // beside the suite's own environment
	Dir    string
	Stdout string // file; "": discarded
	Cores  []int  // the cores to run on; GOMAXPROCS is their number
}

// A Launcher starts commands. Its value is the path of the built launch command.
type Launcher string

// Run runs a command to its end. A command that fails is an error with the end of
// what it wrote to standard error.
func (l Launcher) Run(ctx context.Context, c Command) (usage.Usage, error) {
	p, err := l.Start(ctx, c)
	if err != nil {
		return usage.Usage{}, err
	}
	return p.Wait()
}

// A Process is a command that runs.
type Process struct {
	cmd    *exec.Cmd
	stderr *tail
	report *os.File
}

// Start starts a command; the end of ctx ends it as Stop does.
func (l Launcher) Start(ctx context.Context, c Command) (*Process, error) {
	cpus := make([]string, len(c.Cores))
	for i, n := range c.Cores {
		cpus[i] = strconv.Itoa(n)
	}
	args := []string{"-cpus", strings.Join(cpus, ","), "-stdout", c.Stdout, "--"}
	cmd := exec.CommandContext(ctx, string(l), append(args, c.Argv...)...)
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 10 * time.Second
	cmd.Dir = c.Dir
	cmd.Env = append(os.Environ(), c.Env...)
	if len(c.Cores) > 0 {
		cmd.Env = append(cmd.Env, "GOMAXPROCS="+strconv.Itoa(len(c.Cores)))
	}
	p := &Process{cmd: cmd, stderr: &tail{}}
	cmd.Stderr = p.stderr
	r, w, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	cmd.ExtraFiles = []*os.File{w}
	err = cmd.Start()
	w.Close()
	if err != nil {
		r.Close()
		return nil, err
	}
	p.report = r
	return p, nil
}

// Stop asks the process to end, waits for it, and tells what it used. A server ends
// by the signal, so its exit code is not judged.
func (p *Process) Stop() (usage.Usage, error) {
	_ = p.cmd.Process.Signal(syscall.SIGTERM) // gone already: Wait tells
	return p.end()
}

// StopNow asks twice: a server that drains for long ends at once by the second
// signal.
func (p *Process) StopNow() (usage.Usage, error) {
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	time.Sleep(200 * time.Millisecond) // two signals of one kind at once are one
	return p.Stop()
}

// Wait waits for the end of the process; an exit code other than 0 is an error.
func (p *Process) Wait() (usage.Usage, error) {
	u, err := p.end()
	if err == nil && u.Exit != 0 {
		err = fmt.Errorf("exit code %d: %s", u.Exit, p.stderr)
	}
	return u, err
}

// Stderr gives the end of what the process has written to standard error.
func (p *Process) Stderr() string { return p.stderr.String() }

func (p *Process) end() (usage.Usage, error) {
	defer p.report.Close()
	text, readErr := io.ReadAll(p.report)
	if err := p.cmd.Wait(); err != nil {
		return usage.Usage{}, fmt.Errorf("%w: %s", err, p.stderr)
	}
	var u usage.Usage
	if err := errors.Join(readErr, json.Unmarshal(text, &u)); err != nil {
		return usage.Usage{}, fmt.Errorf("launch said %q: %w", text, err)
	}
	return u, nil
}

// A tail keeps the last lines that were written to it. It is written by one
// goroutine and read when that has ended, or for a hint before.
type tail struct{ last []byte }

func (t *tail) Write(b []byte) (int, error) {
	const most = 2000
	t.last = append(t.last, b...)
	if extra := len(t.last) - most; extra > 0 {
		t.last = append([]byte(nil), t.last[extra:]...)
	}
	return len(b), nil
}

func (t *tail) String() string {
	if s := string(bytes.TrimSpace(t.last)); s != "" {
		return s
	}
	return "nothing on standard error"
}
