package flowtest

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"testing"
	"time"

	"github.com/flowc-dev/flowc/runtime/flow"
)

// patience is how long something that must come to pass is waited for before it
// counts as never coming. It decides nothing where all is well.
const patience = 30 * time.Second

// A check is a promise of a connector, and how it is tried. W is the world that the
// connector is in.
type check[W any] struct {
	name string
	// promise is what must hold, in words.
	promise string
	// needs tells whether a world's connector makes the promise; nil: all do.
	needs func(w W) bool
	try   func(c *trial, w W)
}

// A trial is one run of a check.
type trial struct {
	context.Context
	t        testing.TB
	patience time.Duration
	problems []string
	ends     []func()
	// hangs tells that a call of the connector has not returned: it is left alone.
	hangs bool
}

// errGivenUp ends a trial.
var errGivenUp = errors.New("the trial is over")

// try runs a check in a new world and returns what it found; ok is false where the
// connector does not promise it.
func try[W any](t testing.TB, k check[W], makeWorld func(testing.TB) W, wait time.Duration) (problems []string, ok bool) {
	w := makeWorld(t)
	if k.needs != nil && !k.needs(w) {
		return nil, false
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	c := &trial{Context: ctx, t: t, patience: wait}
	c.guarded(func() { k.try(c, w) })
	for i := len(c.ends) - 1; i >= 0; i-- {
		c.guarded(c.ends[i])
	}
	return c.problems, true
}

// suite runs all checks as tests of their own.
func suite[W any](t *testing.T, checks []check[W], makeWorld func(testing.TB) W) {
	for _, k := range checks {
		t.Run(k.name, func(t *testing.T) {
			problems, ok := try(t, k, makeWorld, patience)
			if !ok {
				t.Skip("it does not promise this")
			}
			for _, p := range problems {
				t.Errorf("%s: %s", k.promise, p)
			}
		})
	}
}

// errorf notes a problem.
func (c *trial) errorf(format string, args ...any) {
	if len(c.problems) < 10 {
		c.problems = append(c.problems, fmt.Sprintf(format, args...))
	}
}

// fatalf notes a problem and ends the trial.
func (c *trial) fatalf(format string, args ...any) {
	c.errorf(format, args...)
	panic(errGivenUp)
}

// guarded runs a part of the trial; a panic of the connector is a problem.
func (c *trial) guarded(f func()) {
	defer func() {
		switch v := recover(); v {
		case nil, errGivenUp:
		default:
			c.errorf("panic: %v\n%s", v, debug.Stack())
		}
	}()
	f()
}

// must ends the trial where a call failed that has to succeed.
func (c *trial) must(what string, err error) {
	if err != nil {
		c.fatalf("%s: %v", what, err)
	}
}

// finally has something run at the end of the trial.
func (c *trial) finally(f func()) { c.ends = append(c.ends, f) }

// call runs what may never return. A panic in it is one of the trial.
func (c *trial) call(what string, f func() error) error {
	result := c.start(f)
	timer := time.NewTimer(c.patience)
	defer timer.Stop()
	select {
	case err := <-result:
		return c.thrown(err)
	case <-timer.C:
		c.hangs = true
		c.fatalf("%s does not return", what)
		return nil
	}
}

// A thrownError carries a panic to the goroutine of the trial.
type thrownError struct {
	value any
	stack []byte
}

func (e *thrownError) Error() string { return fmt.Sprintf("panic: %v\n%s", e.value, e.stack) }

// start runs f beside the trial.
func (c *trial) start(f func() error) <-chan error {
	result := make(chan error, 1)
	go func() {
		defer func() {
			if v := recover(); v != nil {
				result <- &thrownError{v, debug.Stack()}
			}
		}()
		result <- f()
	}()
	return result
}

func (c *trial) thrown(err error) error {
	var thrown *thrownError
	if errors.As(err, &thrown) {
		c.fatalf("%v", thrown)
	}
	return err
}

// eventually waits until something is so.
func (c *trial) eventually(what string, is func() bool) {
	for end := time.Now().Add(c.patience); ; time.Sleep(10 * time.Millisecond) {
		if is() {
			return
		}
		if time.Now().After(end) {
			c.fatalf("%s: never", what)
		}
	}
}

// goAway has the server go away until back is called, at the end of the trial at the
// latest.
func (c *trial) goAway(stop, start func()) (back func()) {
	stop()
	back = sync.OnceFunc(start)
	c.finally(back)
	return back
}

// isAway tells whether an error says that the other side is gone, so that the
// engine waits for it and loses nothing.
func isAway(err error) bool {
	var gone interface{ Unavailable() bool }
	return errors.As(err, &gone) && gone.Unavailable()
}

// mustBeAway notes an error that should say so and does not.
func (c *trial) mustBeAway(what string, err error) {
	switch {
	case err == nil:
		c.fatalf("%s succeeds while the server is away", what)
	case !isAway(err):
		c.fatalf("%s, while the server is away, gives an error without Unavailable() bool (class %v): %v", what, flow.ClassOf(err), err)
	}
}
