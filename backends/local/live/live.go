// Package live runs programs as children of this process and looks after them, as
// systemd does with the units of package local: they say when they are ready and that
// they are alive, they are started again when they die, and they end in order.
package live

import (
	"context"
	"fmt"
	"io"
	"os"
	"sync"
	"time"
)

// A Process is one program of a group.
type Process struct {
	// Name stands before its lines.
	Name string
	// Binary is the program's file, Args its arguments, Dir the folder that it runs in.
	Binary string
	Args   []string
	Dir    string
	// Env is its environment as os.Environ has it.
	Env []string
	// Grace is how long an ordered stop may take before it is killed.
	Grace time.Duration
}

// A Group is processes that run together. They are in the order of the data: those
// that read first. They are started from the last to the first, so that somebody takes
// what is sent, and stopped from the first to the last, so that nothing is left on the
// way.
type Group struct {
	Processes []Process
	// Stdout gets the output of the processes line by line as it is, Stderr their log,
	// each line with its name before it, and what the group itself has to say.
	Stdout, Stderr io.Writer
	// Backoff is the first pause before a process is started again, and Longest the
	// longest: each pause is twice the one before. A process that ran for Steady since
	// its last start is taken for well, and begins with the first pause again. Zeros
	// are 1s, 30s and 1m.
	Backoff, Longest, Steady time.Duration
	// Watchdog is how long a process that was ready may be silent before it is taken
	// for stuck and killed; 0 is 1m.
	Watchdog time.Duration
	// Patient groups do not give up: a process that was never ready is started again
	// too, and one that ended for good does not end the others. An end by SIGTERM (143)
	// was somebody's will, and is for good.
	Patient bool
	// Line, where it is set, gets the lines of all processes, output and log alike, and
	// what the group says of them, in the place of Stdout and Stderr; Changed hears how each
	// process does. Both are called by several goroutines, and keep nothing of a line.
	Line    func(process string, text []byte)
	Changed func(Status)
}

// A Status is how one process of a group does.
type Status struct {
	// Name is that of the process.
	Name string
	// PID is its id, 0 where it does not run.
	PID   int
	Phase Phase
	// Restarts counts how often it was started again.
	Restarts int
	// Code is how it ended last, 0 where it did not.
	Code int
	// Says is why it is not ready, or could not be started.
	Says string
	// Since is when it was started, or ended.
	Since time.Time
}

// A Phase is a part of the life of a process.
type Phase string

// The phases.
const (
	Starting Phase = "starting" // it runs, and has not said that it is ready
	Ready    Phase = "ready"
	Stopping Phase = "stopping" // it was told to end
	Pausing  Phase = "pausing"  // it died, and is started again
	Over     Phase = "over"     // it has ended for good
)

// An Ended is a process that ended for good, and with it the group.
type Ended struct {
	Name string
	// Code is its exit code, 128 and the signal's number where one killed it.
	Code int
	// Err is why it could not be started or watched, nil where it ran.
	Err error
}

// Run runs the group until ctx ends, which stops it in order, or until all processes
// have ended by themselves. A process that dies is started again, unless it was never
// ready or ended for a reason that no new start mends (exit code 2): then the others are
// stopped. Closing kill, which may be nil, ends them at once. It returns how the processes ended, in
// their order.
func (g Group) Run(ctx context.Context, kill <-chan struct{}) []Ended {
	g = g.withDefaults()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	out, log := &lines{to: g.Stdout}, &lines{to: g.Stderr}
	ended := make([]Ended, len(g.Processes))
	children := make([]*child, len(g.Processes))
	var all sync.WaitGroup
	for i := len(g.Processes) - 1; i >= 0; i-- {
		c := &child{Process: g.Processes[i], group: &g, out: out, log: log, stop: make(chan struct{}), kill: kill, over: make(chan struct{})}
		c.status.Name = c.Name
		children[i] = c
		all.Go(func() {
			defer close(c.over)
			code, err := c.run()
			ended[i] = Ended{c.Name, code, err}
			if (code != 0 || err != nil) && !g.Patient {
				cancel() // the others are of no use without it
			}
		})
	}
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		select {
		case <-ctx.Done():
		case <-allOver(children):
		}
		for _, c := range children {
			close(c.stop)
			<-c.over
		}
	}()
	all.Wait()
	cancel()
	<-stopped
	return ended
}

// allOver is closed when all children have ended.
func allOver(children []*child) <-chan struct{} {
	done := make(chan struct{})
	go func() {
		defer close(done)
		for _, c := range children {
			<-c.over
		}
	}()
	return done
}

func (g Group) withDefaults() Group {
	for _, one := range []struct {
		at    *time.Duration
		value time.Duration
	}{{&g.Backoff, time.Second}, {&g.Longest, 30 * time.Second}, {&g.Steady, time.Minute}, {&g.Watchdog, time.Minute}} {
		if *one.at == 0 {
			*one.at = one.value
		}
	}
	if g.Stdout == nil {
		g.Stdout = os.Stdout
	}
	if g.Stderr == nil {
		g.Stderr = os.Stderr
	}
	return g
}

// Code is the exit code of a group: that of the first process, in their order, that did
// not end well.
func Code(ended []Ended) int {
	for _, e := range ended {
		if e.Code != 0 {
			return e.Code
		}
	}
	return 0
}

// Err says which processes could not be run, nil for none.
func Err(ended []Ended) error {
	for _, e := range ended {
		if e.Err != nil {
			return fmt.Errorf("%s: %w", e.Name, e.Err)
		}
	}
	return nil
}
