package program

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"sync"
	"syscall"
	"time"
)

// A copy that a host has started speaks with it over its standard input and output: the
// host asks for a page or tells it to end, and a host that says nothing is gone.

// hostedVariable tells a process that a host has started it.
const hostedVariable = "FLOWC_HOSTED"

// What a host says, before the number of the question.
const (
	askReady   = "ready"
	askMetrics = "metrics"
	tellStop   = "stop"
)

// hostSilence is how long a host may say nothing. It asks every second: one that is
// frozen has long lost its parts to others.
const hostSilence = 15 * time.Second

// A hosted process is one that a host has started.
type hosted struct {
	in  io.Reader
	out io.Writer
	// stop ends the process in order, die at once.
	stop func()
	die  func()
}

// isHosted tells whether a host has started this process. Those that it starts itself
// are not told.
func isHosted() bool {
	is := os.Getenv(hostedVariable) != ""
	_ = os.Unsetenv(hostedVariable)
	return is
}

// newHosted takes standard input and output for the host: what components print goes to
// the log.
func newHosted(signals chan<- os.Signal) *hosted {
	out := os.Stdout
	os.Stdout = os.Stderr
	// Once: a second signal would end it at once.
	stop := sync.OnceFunc(func() {
		select {
		case signals <- syscall.SIGTERM:
		default: // it ends already
		}
	})
	return &hosted{in: os.Stdin, out: out, stop: stop, die: func() { os.Exit(exitTerminated) }}
}

// throughAnswer answers what nobody has asked: all input of the process is handled. That
// it ended well says less, for it does so too when somebody else tells it to end.
const throughAnswer = "0 200 0\n"

// through tells the host that there is no more to do.
func (h *hosted) through() {
	if h != nil {
		_, _ = io.WriteString(h.out, throughAnswer)
	}
}

// follow answers the host until it is gone.
func (h *hosted) follow(p pages, log *slog.Logger) {
	said := make(chan string)
	go func() {
		lines := bufio.NewScanner(h.in)
		for lines.Scan() {
			if strings.HasPrefix(lines.Text(), tellStop) { // behind no answer that takes its time
				h.stop()
				continue
			}
			said <- lines.Text()
		}
		h.die()
	}()
	for {
		select {
		case line := <-said:
			h.answer(p, line)
		case <-time.After(hostSilence):
			log.Warn("the host says nothing any more: others have its parts, so this copy ends")
			h.stop()
		}
	}
}

// answer answers one line: the number of the question, the status, the length, the page.
func (h *hosted) answer(p pages, line string) {
	what, number, _ := strings.Cut(line, " ")
	ctx, cancel := context.WithTimeout(context.Background(), telemetryTimeout)
	defer cancel()
	path := "/metrics"
	if what == askReady {
		path = "/readyz"
	}
	status, _, body := p.page(ctx, path)
	_, _ = fmt.Fprintf(h.out, "%s %d %d\n%s", number, status, len(body), body)
}
