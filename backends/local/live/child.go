package live

import (
	"fmt"
	"io"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"time"
)

// A child is one process and all that it is started again as.
type child struct {
	Process
	group    *Group
	out, log *lines
	// stop is closed when it is to end in order, kill when at once; over is closed when
	// it has ended for good.
	stop chan struct{}
	kill <-chan struct{}
	over chan struct{}
	// ready tells that it was ready at some time.
	ready  bool
	status Status
}

// longestLog is how much of a line of the log is kept until its end comes.
const longestLog = 64 << 10

// The exit codes of a program that a new start does not mend: an argument or a setting
// is wrong, or it was to end before all was done.
const (
	exitUsage      = 2
	exitTerminated = 143
)

// run runs the process until it has ended for good.
func (c *child) run() (code int, err error) {
	pause := c.group.Backoff
	for {
		began := time.Now()
		code, err := c.once()
		if isClosed(c.stop) || isClosed(c.kill) || c.forGood(code, err) {
			c.changed(Over, code, err)
			return code, err
		}
		if time.Since(began) >= c.group.Steady {
			pause = c.group.Backoff
		}
		if err != nil {
			c.say("can't be started: %v; it is tried again in %s", err, pause)
		} else {
			c.say("ended with code %d; it starts again in %s", code, pause)
		}
		c.changed(Pausing, code, err)
		select {
		case <-time.After(pause):
		case <-c.stop:
			c.changed(Over, code, err)
			return code, err
		case <-c.kill:
			c.changed(Over, code, err)
			return code, err
		}
		c.status.Restarts++
		pause = min(2*pause, c.group.Longest)
	}
}

// forGood tells whether an end is the last one.
func (c *child) forGood(code int, err error) bool {
	if c.group.Patient {
		return err == nil && (code == 0 || code == exitUsage || code == exitTerminated)
	}
	return err != nil || code == 0 || code == exitUsage || !c.ready
}

// changed tells of an end.
func (c *child) changed(phase Phase, code int, err error) {
	c.status.Phase, c.status.Code, c.status.PID, c.status.Since, c.status.Says = phase, code, 0, time.Now(), ""
	if err != nil {
		c.status.Says = err.Error()
	}
	c.tell()
}

// tell tells how the process does.
func (c *child) tell() {
	if c.group.Changed != nil {
		c.group.Changed(c.status)
	}
}

// isClosed tells whether a channel that nothing is sent on is closed.
func isClosed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

func (c *child) say(format string, args ...any) {
	if c.group.Line != nil {
		c.group.Line(c.Name, fmt.Appendf(nil, format, args...))
		return
	}
	c.log.printf(c.Name+" | "+format, args...)
}

// A flusher gets what a process says, and at its end writes what has no end of a line.
type flusher interface {
	io.Writer
	flush()
}

// writers get its output and its log.
func (c *child) writers() (stdout, stderr flusher) {
	if c.group.Line != nil {
		return &lineCaller{name: c.Name, line: c.group.Line, longest: longestLog}, &lineCaller{name: c.Name, line: c.group.Line, longest: longestLog}
	}
	return c.out.writer("", 0), c.log.writer(c.Name+" | ", longestLog)
}

// once starts the process, and looks after it until it has ended.
func (c *child) once() (code int, err error) {
	// Where the system ends children with the thread that started them, it stays.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	told, err := listen(c.group.Watchdog)
	if err != nil {
		return 0, err
	}
	defer told.close()
	cmd := exec.Command(c.Binary, c.Args...)
	cmd.Dir, cmd.Env, cmd.SysProcAttr = c.Dir, append(c.Env, told.env()...), attributes()
	stdout, stderr := c.writers()
	cmd.Stdout, cmd.Stderr = stdout, stderr
	if len(c.group.Processes) == 1 && c.group.Line == nil { // nobody writes between its lines
		cmd.Stdout = c.group.Stdout
	}
	if err := cmd.Start(); err != nil {
		return 0, err
	}
	c.ready = c.ready || told.deaf()
	c.status.Phase, c.status.PID, c.status.Since, c.status.Says = Starting, cmd.Process.Pid, time.Now(), ""
	if told.deaf() {
		c.status.Phase = Ready
	}
	c.tell()
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = cmd.Wait() // the state says how it ended
	}()
	c.watch(cmd, told, done)
	stdout.flush()
	stderr.flush()
	return exitCode(cmd), nil
}

// watch hears what the process says of itself, and ends it where it is to end.
func (c *child) watch(cmd *exec.Cmd, told *mailbox, done <-chan struct{}) {
	var stop, kill <-chan struct{} = c.stop, c.kill
	status := ""
	var silent, late <-chan time.Time
	for {
		select {
		case <-done:
			if told.deaf() {
				return
			}
			done, stop, silent, late, kill = nil, nil, nil, nil, nil
			go told.end()
		case <-stop:
			stop, silent = nil, nil
			c.status.Phase = Stopping
			c.tell()
			_ = cmd.Process.Signal(syscall.SIGTERM)
			late = time.After(c.Grace)
		case <-late:
			c.say("has not ended within %s, and is killed", c.Grace)
			_ = cmd.Process.Kill()
		case <-kill:
			kill = nil
			_ = cmd.Process.Kill()
		case <-silent:
			c.say("has been silent for %s, and is killed", c.group.Watchdog)
			_ = cmd.Process.Kill()
		case m := <-told.messages:
			if m[ended] != "" {
				return
			}
			if text := m["STATUS"]; text != "" && text != status && m["READY"] == "" {
				status = text
				c.say("not ready: %s", text)
				c.status.Says = text
				c.tell()
			}
			if m["READY"] == "1" {
				c.ready = true
				c.say("ready")
				if stop != nil {
					c.status.Phase, c.status.Says = Ready, ""
					c.tell()
				}
			}
			if c.ready && stop != nil && !told.deaf() {
				silent = time.After(c.group.Watchdog)
			}
		}
	}
}

// exitCode is how a process ended: its code, or 128 and the number of the signal.
func exitCode(cmd *exec.Cmd) int {
	if s, ok := cmd.ProcessState.Sys().(syscall.WaitStatus); ok && s.Signaled() {
		return 128 + int(s.Signal())
	}
	return cmd.ProcessState.ExitCode()
}

// assignments reads lines of NAME=VALUE.
func assignments(text string) map[string]string {
	m := map[string]string{}
	for line := range strings.Lines(text) {
		name, value, _ := strings.Cut(strings.TrimRight(line, "\n"), "=")
		m[name] = value
	}
	return m
}
