package program

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/flowc-dev/flowc/runtime/flow"
)

// How a process that ends by itself is started again. One that can't get through a bad
// record needs some deaths to find out which it is.
const steadyTime = time.Minute

// Variables, so that tests need not wait.
var (
	mostDeaths = 12
	// childSilence is how long a process may answer nothing before it is killed: its
	// engine hangs, and does not come back from that.
	childSilence = time.Minute
)

// A share is a part that a host holds, as long as it works on it.
type share struct {
	host   *host
	number int
	// stop is closed when it is to end in order, kill when at once; over is closed when
	// it has ended for good.
	stop, kill, over chan struct{}
	once             sync.Once

	// These are read when it is over.
	done, forgot bool
	failed       *shareError

	mu       sync.Mutex
	child    *child // nil between two
	notReady error
	restarts int
}

// A shareError is the end of a host whose process can't be kept alive.
type shareError struct {
	number, code int
	what         string
	lines        []string
}

// Error says which process it was, and what it said last.
func (e *shareError) Error() string {
	text := fmt.Sprintf("copy %d %s", e.number, e.what)
	if len(e.lines) > 0 {
		text += "; it said last:\n  " + strings.Join(e.lines, "\n  ")
	}
	return text
}

var errStarting = errors.New("it starts")

func newShare(h *host, number int) *share {
	return &share{host: h, number: number, stop: make(chan struct{}), kill: make(chan struct{}), over: make(chan struct{}), notReady: errStarting}
}

// end has it end in order.
func (s *share) end() { s.once.Do(func() { close(s.stop) }) }

// stopping tells that it was told to end.
func (s *share) stopping() bool { return isClosed(s.stop) || isClosed(s.kill) }

func isClosed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// run keeps a process alive until it is done or told to end.
func (s *share) run() {
	defer close(s.over)
	pause, deaths := firstPause, 0
	for !s.stopping() {
		began := time.Now()
		code, through, lines, err := s.process()
		if s.stopping() {
			s.host.ended(s.number, code, err)
			return
		}
		if time.Since(began) > steadyTime {
			pause, deaths = firstPause, 0
		}
		deaths++
		switch {
		case err == nil && code == exitOK && through:
			s.done = true
			return
		case err == nil && code == exitUsage:
			s.failed = &shareError{s.number, code, "can't be started as it is", lines}
			return
		case deaths > mostDeaths:
			what := fmt.Sprintf("ended with code %d, %d times in a row", code, deaths)
			if err != nil {
				code, what = exitEnvironment, fmt.Sprintf("can't be started: %v", err)
			}
			s.failed = &shareError{s.number, code, what, lines}
			return
		}
		s.host.log.Warn("a copy ended and is started again", "copy", s.number, "code", code, "error", err, "pause", pause)
		select {
		case <-time.After(pause):
		case <-s.stop:
		case <-s.kill:
		}
		pause = min(2*pause, lastPause)
		s.mu.Lock()
		s.restarts++
		s.mu.Unlock()
	}
}

// process runs one process to its end.
func (s *share) process() (code int, through bool, lines []string, err error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	h := s.host
	c, err := startChild(childArgs(h.part, s.number, h.o), childEnvironment(), &h.stderr)
	if err != nil {
		return 0, false, nil, err
	}
	s.set(c, errStarting)
	ended := make(chan struct{})
	var work sync.WaitGroup
	work.Go(func() { s.watch(c, ended) })
	work.Go(func() { s.obey(c, ended) })
	code = c.wait()
	close(ended)
	work.Wait()
	s.set(nil, errStarting)
	return code, c.through.Load(), c.log.lines(), nil
}

func (s *share) set(c *child, notReady error) {
	s.mu.Lock()
	s.child, s.notReady = c, notReady
	s.mu.Unlock()
}

// watch asks whether the process is ready, which also tells it that its host lives.
func (s *share) watch(c *child, ended <-chan struct{}) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go func() {
		select {
		case <-ended:
			cancel()
		case <-ctx.Done():
		}
	}()
	last := time.Now()
	for every := notifyEvery; ctx.Err() == nil; {
		one, cancel := context.WithTimeout(ctx, telemetryTimeout)
		status, body, err := c.ask(one, askReady)
		cancel()
		if err == nil {
			last = time.Now()
		}
		if time.Since(last) > childSilence && ctx.Err() == nil {
			s.host.log.Warn("a copy answers nothing any more and is killed", "copy", s.number, "after", childSilence)
			c.kill()
			return
		}
		if err == nil && status != 200 {
			err = errors.New(strings.TrimSpace(string(body)))
		}
		s.set(c, err)
		if err == nil {
			every = time.Second
		}
		wait(ctx, every)
	}
}

// obey ends the process when it is to end: in order, and at once where it takes longer
// than it may.
func (s *share) obey(c *child, ended <-chan struct{}) {
	select {
	case <-s.stop:
		c.stop()
	case <-s.kill:
		c.kill()
		return
	case <-ended:
		return
	}
	select {
	case <-time.After(s.host.grace):
		s.host.log.Warn("a copy does not end and is killed", "copy", s.number, "after", s.host.grace)
		c.kill()
	case <-s.kill:
		c.kill()
	case <-ended:
	}
}

// ready is why the process is not ready; nil where it is.
func (s *share) ready() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.notReady
}

// metrics is the page of the process; nil for none.
func (s *share) metrics(ctx context.Context) []byte {
	s.mu.Lock()
	c := s.child
	s.mu.Unlock()
	if c == nil {
		return nil
	}
	status, body, err := c.ask(ctx, askMetrics)
	if err != nil || status != 200 {
		return nil
	}
	return body
}

// forget has the part begin anew, in place of run.
func (s *share) forget() {
	defer close(s.over)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go func() {
		select {
		case <-s.stop:
		case <-s.kill:
		case <-s.over:
		}
		cancel()
	}()
	for pause := firstPause; ctx.Err() == nil; pause = min(2*pause, lastPause) {
		err := s.host.forget(ctx, s.number)
		if err == nil {
			s.forgot = true
			return
		}
		s.host.log.Warn("the checkpoint can't be forgotten yet", "copy", s.number, "error", err, "pause", pause)
		s.set(nil, err)
		wait(ctx, pause)
	}
}

// forget removes the checkpoint of a copy.
func (h *host) forget(ctx context.Context, number int) error {
	spec, err := h.part.copy(fmt.Sprint(number), true)
	if err == nil {
		err = resolve(spec, h.p.env, h.set)
	}
	if err != nil {
		return err
	}
	program, err := spec.New()
	if err != nil {
		return err
	}
	base, _ := h.p.env.lookup(stateVariable)
	s, err := program.OpenState(ctx, flow.RunOptions{StateDir: base, Logger: h.log}, true)
	if err != nil {
		return err
	}
	return errors.Join(s.Forget(ctx), s.Close(context.WithoutCancel(ctx)))
}
