package program

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// keptLines is how much of what a process said last is told where it ended its host.
const keptLines = 20

// A child is a process that works on one part.
type child struct {
	cmd *exec.Cmd
	in  io.WriteCloser
	out *os.File
	log *lineWriter
	// through is what it says of itself at its end; heard is closed when it says no more.
	through atomic.Bool
	heard   chan struct{}

	mu      sync.Mutex // of what is asked
	asked   int
	answers chan answer
}

// An answer is a page of a child's.
type answer struct {
	number, status int
	body           []byte
}

// longestPage is how much a child may say at once.
const longestPage = 16 << 20

// startChild starts a process of this program. The thread must stay until it has ended:
// where the system ends children, it does so with the thread that started them.
func startChild(args, env []string, log io.Writer) (*child, error) {
	path, err := os.Executable()
	if err != nil {
		return nil, err
	}
	c := &child{cmd: exec.Command(path, args...), log: &lineWriter{w: log}, answers: make(chan answer, 1), heard: make(chan struct{})}
	if runtime.GOOS == "linux" { // the same one, also where the file was replaced
		c.cmd.Path, c.cmd.Err = "/proc/self/exe", nil
	}
	c.cmd.Env, c.cmd.SysProcAttr, c.cmd.Stderr = env, childAttributes(), c.log
	c.cmd.WaitDelay = time.Second // what it started itself may have its log open
	if c.in, err = c.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, theirs, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	c.out, c.cmd.Stdout = out, theirs
	err = c.cmd.Start()
	_ = theirs.Close()
	if err != nil {
		_ = out.Close()
		return nil, err
	}
	go c.hear(bufio.NewReader(out))
	return c, nil
}

// hear takes the child's answers apart.
func (c *child) hear(r *bufio.Reader) {
	defer close(c.heard)
	defer close(c.answers)
	for {
		head, err := r.ReadString('\n')
		if err != nil {
			return
		}
		var a answer
		var n int
		if _, err := fmt.Sscanf(head, "%d %d %d\n", &a.number, &a.status, &n); err != nil || n < 0 || n > longestPage {
			return // it is not a child of ours that speaks
		}
		a.body = make([]byte, n)
		if _, err := io.ReadFull(r, a.body); err != nil {
			return
		}
		if a.number == 0 {
			c.through.Store(true)
			continue
		}
		select {
		case <-c.answers: // nobody has waited for the last one
		default:
		}
		c.answers <- a
	}
}

var errNoAnswer = errors.New("it does not answer")

// ask asks for a page.
func (c *child) ask(ctx context.Context, what string) (status int, body []byte, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.asked++
	if _, err := fmt.Fprintf(c.in, "%s %d\n", what, c.asked); err != nil {
		return 0, nil, errNoAnswer
	}
	for {
		select {
		case a, ok := <-c.answers:
			switch {
			case !ok:
				return 0, nil, errNoAnswer
			case a.number == c.asked:
				return a.status, a.body, nil
			}
		case <-ctx.Done():
			return 0, nil, errNoAnswer
		}
	}
}

// stop has it end in order. It does not wait for an answer that is under way.
func (c *child) stop() { _, _ = io.WriteString(c.in, tellStop+" 0\n") }

// kill ends it at once, with all that it has started.
func (c *child) kill() { killGroup(c.cmd.Process) }

// wait waits for its end. A process that can't be waited for has ended as badly as one
// that was killed.
func (c *child) wait() (code int) {
	_ = c.cmd.Wait()
	select {
	case <-c.heard:
	case <-time.After(time.Second): // what it started itself has its output open
	}
	_ = c.out.Close()
	c.log.flush()
	code = c.cmd.ProcessState.ExitCode()
	if code < 0 {
		return exitDied
	}
	return code
}

// childArgs are the arguments of a copy: what the host was told, but for what is its own
// matter. It waits for the copy before it, whose claim may not be free yet.
func childArgs(part *Process, number int, o *options) []string {
	args := []string{"--process", part.Name, "--replica", strconv.Itoa(number), "run", "--wait"}
	for _, s := range o.set {
		args = append(args, "--set", s)
	}
	for _, s := range o.setFiles {
		args = append(args, "--set-file", s)
	}
	if o.logFormat != "" {
		args = append(args, "--log-format", o.logFormat)
	}
	if o.logLevel != "" {
		args = append(args, "--log-level", o.logLevel)
	}
	return args
}

// childEnvironment is the environment of a copy: it speaks with its host, and not with
// the supervisor of that.
func childEnvironment() []string {
	var env []string
	for _, v := range os.Environ() {
		switch name, _, _ := strings.Cut(v, "="); name {
		case "NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID", processVariable, replicaVariable:
		default:
			env = append(env, v)
		}
	}
	return append(env, hostedVariable+"=1")
}

// A lineWriter hands on whole lines, so that several processes can write one log, and
// keeps the last ones.
type lineWriter struct {
	w io.Writer

	mu   sync.Mutex
	rest []byte
	last []string
}

// longestLine is how much of a line is kept until its end comes.
const longestLine = 64 << 10

// Write takes what a process said.
func (l *lineWriter) Write(data []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.rest = append(l.rest, data...)
	for {
		end := strings.IndexByte(string(l.rest), '\n')
		if end < 0 && len(l.rest) > longestLine {
			l.rest = append(l.rest, '\n')
			continue
		}
		if end < 0 {
			return len(data), nil
		}
		l.line(l.rest[:end+1])
		l.rest = l.rest[end+1:]
	}
}

func (l *lineWriter) line(line []byte) {
	_, _ = l.w.Write(line)
	if l.last = append(l.last, strings.TrimRight(string(line), "\r\n")); len(l.last) > keptLines {
		l.last = l.last[1:]
	}
}

// flush hands on what has no end of a line.
func (l *lineWriter) flush() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.rest) > 0 {
		l.line(append(l.rest, '\n'))
		l.rest = nil
	}
}

// lines are the last ones.
func (l *lineWriter) lines() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]string(nil), l.last...)
}

// A sharedWriter is written to by several processes, a line at a time.
type sharedWriter struct {
	mu sync.Mutex
	w  io.Writer
}

// Write writes a line.
func (s *sharedWriter) Write(line []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.w.Write(line)
}
