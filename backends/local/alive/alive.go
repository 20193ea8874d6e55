// Package alive tells one process from another that has its number by now: a process is
// its number and the moment of its birth.
package alive

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"
)

// A Process is one process: its number, and when it was born, since the system gives a
// number to another process one day.
type Process struct {
	PID  int    `json:"pid"`
	Born string `json:"born"`
}

// Identify is the process that has a number now.
func Identify(pid int) Process { return Process{pid, born(pid)} }

// Alive tells whether the process still runs. One that has ended and that nobody has
// asked for its end does not.
func (p Process) Alive() bool { return p.PID > 0 && p.Born != "" && born(p.PID) == p.Born }

// LookEvery is how often it is looked whether a process has ended.
const LookEvery = 20 * time.Millisecond

// Signal sends a signal to the process, and to no other that has its number by now: the
// process is held before it is looked at, where the system can hold one. One that is gone
// is no error.
func (p Process) Signal(s os.Signal) error {
	held, err := os.FindProcess(p.PID)
	if err != nil || !p.Alive() {
		return nil
	}
	defer func() { _ = held.Release() }()
	if err := held.Signal(s); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("process %d can't be ended: %w", p.PID, err)
	}
	return nil
}

// Gone waits until the process has ended, for as long as grace. It tells whether it has.
func (p Process) Gone(ctx context.Context, grace time.Duration) bool {
	late := time.NewTimer(grace)
	defer late.Stop()
	for p.Alive() {
		select {
		case <-late.C:
			return !p.Alive()
		case <-ctx.Done():
			return !p.Alive()
		case <-time.After(LookEvery):
		}
	}
	return true
}

// End ends the process in order, and kills it where that takes longer than grace.
func (p Process) End(ctx context.Context, grace time.Duration) error {
	if err := p.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	if p.Gone(ctx, grace) {
		return nil
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	return p.Kill(ctx)
}

// Kill ends the process at once.
func (p Process) Kill(ctx context.Context) error {
	if err := p.Signal(os.Kill); err != nil {
		return err
	}
	if !p.Gone(ctx, KillTime) {
		return fmt.Errorf("process %d was killed, and does not end", p.PID)
	}
	return nil
}

// KillTime is how long the system may take to end a process that was killed.
const KillTime = 10 * time.Second

// Environ is the environment with which the process was started, nil where nobody may see
// it.
func (p Process) Environ() []string {
	env := environ(p.PID)
	if !p.Alive() {
		return nil
	}
	return env
}
