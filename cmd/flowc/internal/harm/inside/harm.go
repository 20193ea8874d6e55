//go:build unix

// Package inside is what a built program has in the place of package os and of the
// clock, when a test is to harm it at a named point and not at a random moment.
//
// Its source is copied beside the runtime of an emitted program (see package harm):
// the packages that write files then import it as os, each comment
// `//flowc:point NAME` in the runtime becomes a call of [Point], and time.Now becomes
// [Now]. What is built for users has neither the copy nor the calls.
//
// A point is such a comment, or a call of the system: `flow.replaceFile rename`. The
// program is told by variables of its environment what to do there ([Plan] and
// [Trace]).
package inside

import (
	"encoding/json"
	"fmt"
	"os"
	"path"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"time"
)

// The variables: Plan has a JSON array of Harm, Trace the path of a file to which
// the name of each point is added as the program comes to it, Jumps has the seed of
// jumps of the clock.
const (
	Plan  = "FLOWC_HARM"
	Trace = "FLOWC_HARM_TRACE"
	Jumps = "FLOWC_HARM_JUMPS"
)

// A Harm is what happens when a program comes to a point for the Hit-th time, from 1;
// 0 is each time.
type Harm struct {
	Point string `json:"point"`
	Hit   int    `json:"hit"`
	Do    Deed   `json:"do"`
}

// A Deed is what is done.
type Deed string

// The deeds. Those from Short on are for calls of the system alone.
const (
	// Kill ends the process, as kill -9 does, before what is at the point.
	Kill Deed = "kill"
	// Term sends it SIGTERM there, and it goes on.
	Term Deed = "sigterm"
	// Pause holds the program up for a moment, so that more happens meanwhile.
	Pause Deed = "pause"
	// Power is the loss of power: what was not synced is gone, and so are names in
	// folders that were not synced.
	Power Deed = "power"
	// KillAfter ends the process when the call is done.
	KillAfter Deed = "kill after"
	// Torn writes half, and ends the process.
	Torn Deed = "torn"
	// Short writes half, and returns ENOSPC.
	Short Deed = "short"
	// Full returns ENOSPC, Broken EIO, and the call is not made. What a sync did not
	// sync is never synced any more, as the kernel has it.
	Full   Deed = "ENOSPC"
	Broken Deed = "EIO"
)

var state = func() *struct {
	sync.Mutex
	plan  []Harm
	hits  map[string]int
	trace *os.File
} {
	s := &struct {
		sync.Mutex
		plan  []Harm
		hits  map[string]int
		trace *os.File
	}{hits: map[string]int{}}
	if text := os.Getenv(Plan); text != "" {
		if err := json.Unmarshal([]byte(text), &s.plan); err != nil {
			panic(fmt.Sprintf("%s: %v", Plan, err))
		}
	}
	if name := os.Getenv(Trace); name != "" {
		var err error
		if s.trace, err = os.OpenFile(name, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644); err != nil {
			panic(err)
		}
	}
	return s
}()

// Point is a point that has a name.
func Point(name string) { reach(name) }

// reach is called at each point; it gives what is left to be done there.
func reach(name string) Deed {
	s := state
	s.Lock()
	s.hits[name]++
	hit := s.hits[name]
	if s.trace != nil {
		_, _ = s.trace.WriteString(name + "\n")
	}
	var do Deed
	for _, h := range s.plan {
		if h.Point == name && (h.Hit == hit || h.Hit == 0) {
			do = h.Do
		}
	}
	s.Unlock()
	switch do {
	case Kill:
		die()
	case Term:
		_ = syscall.Kill(os.Getpid(), syscall.SIGTERM)
		return ""
	case Pause:
		time.Sleep(3 * time.Millisecond)
		return ""
	case Power:
		disk.loseAll()
		die()
	}
	return do
}

// die is kill -9.
func die() {
	_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
	select {}
}

// call reaches the point of a call of the system, which is named by the function
// that makes it.
func call(op string) Deed { return callFrom(4, op) }

func callFrom(skip int, op string) Deed {
	pc := make([]uintptr, 1)
	runtime.Callers(skip, pc)
	frame, _ := runtime.CallersFrames(pc).Next()
	name := path.Base(frame.Function)
	return reach(strings.NewReplacer("(*", "", ")", "").Replace(name) + " " + op)
}

// refused is the error of a call that is not made; nil for one that is.
func refused(do Deed, op, name string) error {
	switch do {
	case Full:
		return &os.PathError{Op: op, Path: name, Err: syscall.ENOSPC}
	case Broken:
		return &os.PathError{Op: op, Path: name, Err: syscall.EIO}
	}
	return nil
}

// after is what is done when the call has been made.
func after(do Deed) {
	if do == KillAfter {
		die()
	}
}
