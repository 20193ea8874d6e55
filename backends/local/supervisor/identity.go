package supervisor

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"
)

// An identity is one process: its number, and when it was born, since the system gives a
// number to another process one day.
type identity struct {
	PID  int    `json:"pid"`
	Born string `json:"born"`
}

// identify is the identity of a process that runs.
func identify(pid int) identity { return identity{pid, born(pid)} }

// alive tells whether the process still runs. One that has ended and that nobody has
// asked for its end does not.
func (p identity) alive() bool { return p.PID > 0 && p.Born != "" && born(p.PID) == p.Born }

// lookEvery is how often it is looked whether a process has ended.
const lookEvery = 20 * time.Millisecond

// signal sends a signal to the process, and to no other that has its number by now: the
// process is held before it is looked at, where the system can hold one.
func (p identity) signal(s os.Signal) error {
	held, err := os.FindProcess(p.PID)
	if err != nil || !p.alive() {
		return nil // it is gone, which is no error
	}
	defer func() { _ = held.Release() }()
	if err := held.Signal(s); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("process %d can't be ended: %w", p.PID, err)
	}
	return nil
}

// gone waits until the process has ended, for as long as grace. It tells whether it has.
func (p identity) gone(ctx context.Context, grace time.Duration) bool {
	late := time.NewTimer(grace)
	defer late.Stop()
	for p.alive() {
		select {
		case <-late.C:
			return !p.alive()
		case <-ctx.Done():
			return !p.alive()
		case <-time.After(lookEvery):
		}
	}
	return true
}

// end ends the process in order, and kills it where that takes longer than grace.
func (p identity) end(ctx context.Context, grace time.Duration) error {
	if err := p.signal(syscall.SIGTERM); err != nil {
		return err
	}
	if p.gone(ctx, grace) {
		return nil
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := p.signal(os.Kill); err != nil {
		return err
	}
	if !p.gone(ctx, killTime) {
		return fmt.Errorf("process %d was killed, and does not end", p.PID)
	}
	return nil
}

// killTime is how long the system may take to end a process that was killed.
const killTime = 10 * time.Second
