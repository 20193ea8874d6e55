// Package supervise runs the processes of components: it starts them, keeps what they
// say, starts them again by policy, and sees to it that none is left behind.
//
// A [Keeper] is one component. Whoever talks to it asks for a running process ([Keeper.Start]);
// when that has died it asks again, and gets another one after a pause, or an error with the
// last lines of what the component wrote, where the policy says no or where it dies again
// and again without having done anything ([Keeper.Progress]).
//
// A process is the head of a group of its own. It dies with the program, also where that is
// killed (on Linux, and by a guard where there is a shell), and with it all that it started.
package supervise

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/flowc-dev/flowc/runtime/parts"
)

// Policies of a restart; "" is OnFailure.
const (
	No            = "no"
	Always        = "always"
	OnFailure     = "on-failure"
	UnlessStopped = "unless-stopped"
)

// Grace is how long a process may take to end after it was asked to.
const Grace = 10 * time.Second

// The pauses before a component is started again, and how often it may die without having
// done anything.
const (
	firstPause = 100 * time.Millisecond
	lastPause  = 10 * time.Second
	mostDeaths = 5
)

// A Spec says what is started.
type Spec struct {
	// Name is the node of the pipeline, which stands before each line of the log.
	Name string
	// Command is the program and its arguments, Env its variables (NAME=value) over those of
	// this program.
	Command []string
	Env     []string
	// Dir is the folder that it runs in, "" for that of this program.
	Dir string
	// User runs it as another user, where the system knows that; nil as this one.
	User *User
	// Container is what it runs in, nil for a process of this machine.
	Container *Container
	// Attended is the address of an attendant, which has the command and starts it where it is
	// ([Attend]); Container and what is said of a process mean nothing then.
	Attended string
	// Restart is the policy.
	Restart string
	// Piped tells that standard input and output carry records; without it what the
	// component prints is its log.
	Piped bool
	// ByLine asks programs of the C library (where there is stdbuf) and Python to write each
	// line at once, and not to wait until there is much of it.
	ByLine bool
	// Log takes the lines of the component; nil is where those of all parts go.
	Log io.Writer

	// stderr takes what it writes to standard error as it is, in the place of Log.
	stderr io.Writer
}

// A User is a user of the system, by its numbers.
type User struct{ UID, GID uint32 }

// A Keeper starts one component, and starts it again. One goroutine calls Start.
type Keeper struct {
	spec Spec

	mu       sync.Mutex
	now      *Process
	starts   int
	since    time.Time
	unlist   func() // takes it out of the parts of the program
	deaths   int    // since the component last did anything
	stopping bool
}

// New returns the keeper of a component that is not started yet.
func New(spec Spec) *Keeper { return &Keeper{spec: spec} }

// An ExitError is a component that is not started again.
type ExitError struct {
	// Name is the node, State how it ended, Last the last lines that it wrote.
	Name, State, Last string
	// Why says why it is not started again.
	Why string
	// Well tells that it ended with the status 0.
	Well bool
}

func (e *ExitError) Error() string {
	text := fmt.Sprintf("the component %s: %s", e.State, e.Why)
	if e.Last != "" {
		text += "; it wrote last:\n" + e.Last
	}
	return text
}

// Fatal tells the engine that no other try helps.
func (e *ExitError) Fatal() bool { return true }

// Code is what reports call it.
func (e *ExitError) Code() string { return "component" }

// Progress says that the component has done something, so that a later death is a first one.
func (k *Keeper) Progress() {
	k.mu.Lock()
	k.deaths = 0
	k.mu.Unlock()
}

// Start returns the running process. Where there is none it starts one, after a pause where
// the last one died.
func (k *Keeper) Start(ctx context.Context) (*Process, error) {
	k.mu.Lock()
	p := k.now
	stopping := k.stopping
	k.mu.Unlock()
	switch {
	case stopping:
		return nil, context.Canceled
	case p != nil && !p.ended():
		return p, nil
	case p != nil:
		if err := k.died(ctx, p); err != nil {
			return nil, err
		}
	}
	p, err := start(ctx, k.spec)
	if err != nil && k.spec.Attended != "" {
		return nil, err
	}
	if err != nil {
		return nil, &StartError{Program: k.spec.program(), Err: err}
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.now, k.since = p, time.Now()
	if k.starts++; k.starts == 1 {
		k.unlist = parts.Add(k.part)
	}
	if k.stopping {
		p.kill()
		return nil, context.Canceled
	}
	return p, nil
}

// died decides what becomes of a component whose process has ended, and waits before it is
// started again.
func (k *Keeper) died(ctx context.Context, p *Process) error {
	k.mu.Lock()
	k.deaths++
	deaths := k.deaths
	k.mu.Unlock()
	gone := func(why string) error {
		return &ExitError{Name: k.spec.Name, State: p.State(), Last: p.Last(), Why: why, Well: p.Well()}
	}
	switch {
	case k.spec.Restart == No:
		return gone("`restart: no` leaves it so")
	case p.Well() && !p.asked.Load() && (k.spec.Restart == OnFailure || k.spec.Restart == ""):
		return gone("`restart: on-failure` leaves a component that ended well; `restart: always` starts it again")
	case deaths >= mostDeaths:
		return gone(fmt.Sprintf("that was %d times without having done anything", deaths))
	}
	pause := min(firstPause<<(deaths-1), lastPause)
	k.logf("%s; it is started again in %s", p.State(), pause)
	select {
	case <-time.After(pause):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Now is the process that runs, or ran last; nil before the first start.
func (k *Keeper) Now() *Process {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.now
}

// Stop ends the component: its group is asked to, and killed after the grace.
func (k *Keeper) Stop(grace time.Duration) {
	k.mu.Lock()
	k.stopping = true
	p, unlist := k.now, k.unlist
	k.mu.Unlock()
	if p != nil {
		p.Stop(grace)
	}
	if unlist != nil {
		unlist()
	}
}

// part is how the component does, for whoever looks at the program.
func (k *Keeper) part() parts.Part {
	k.mu.Lock()
	defer k.mu.Unlock()
	is := parts.Part{Name: k.spec.Name, State: k.now.State(), Restarts: k.starts - 1, Since: k.since}
	if !k.now.ended() {
		is.PID = k.now.Pid()
	}
	return is
}

// Log writes a line about the component to where its own go.
func (k *Keeper) Log(format string, args ...any) { k.logf(format, args...) }

func (k *Keeper) logf(format string, args ...any) { k.spec.logf(format, args...) }

func (s Spec) logf(format string, args ...any) {
	fmt.Fprintf(s.log(), "[%s] flowc: %s\n", s.Name, fmt.Sprintf(format, args...))
}

// program is what messages call that which is started.
func (s Spec) program() string {
	if s.Container != nil {
		return s.Container.Image
	}
	return s.Command[0]
}

func (s Spec) log() io.Writer {
	if s.Log != nil {
		return s.Log
	}
	return parts.Log()
}

// A StartError is a program that can't be started.
type StartError struct {
	Program string
	Err     error
}

func (e *StartError) Error() string {
	reason := e.Err.Error()
	if strings.Contains(reason, "executable file not found") || os.IsNotExist(e.Err) {
		return fmt.Sprintf("there is no program `%s`: paths are from the folder that the pipeline runs in, other names are looked for in PATH", e.Program)
	}
	return fmt.Sprintf("`%s` can't be started: %s", e.Program, reason)
}

// Unwrap returns the reason.
func (e *StartError) Unwrap() error { return e.Err }

// Fatal tells the engine that no other try helps.
func (e *StartError) Fatal() bool { return true }
