// Package parts knows the processes that a program has beside itself, so that whoever asks
// the program how it does hears of them too. Those who start one add it; the program that
// shows them knows nothing of what they are.
package parts

import (
	"io"
	"os"
	"slices"
	"strings"
	"sync"
	"time"
)

// A Part is one process beside the program.
type Part struct {
	// Name is the node of the pipeline that it belongs to.
	Name string `json:"name"`
	// PID is its number, 0 where it does not run.
	PID int `json:"pid,omitempty"`
	// State is how it is in a word or two: "runs", "ended with exit status 1".
	State string `json:"state"`
	// Restarts counts how often it was started again.
	Restarts int `json:"restarts"`
	// Since is when it was started last.
	Since time.Time `json:"since,omitzero"`
}

var known struct {
	sync.Mutex
	next int
	all  map[int]func() Part
	log  io.Writer // nil is standard error
}

// Add has a part be shown, as now says it is, until remove is called.
func Add(now func() Part) (remove func()) {
	known.Lock()
	defer known.Unlock()
	if known.all == nil {
		known.all = map[int]func() Part{}
	}
	known.next++
	id := known.next
	known.all[id] = now
	return func() {
		known.Lock()
		defer known.Unlock()
		delete(known.all, id)
	}
}

// All are the parts, by name.
func All() []Part {
	known.Lock()
	asked := make([]func() Part, 0, len(known.all))
	for _, now := range known.all {
		asked = append(asked, now)
	}
	known.Unlock()
	all := make([]Part, 0, len(asked))
	for _, now := range asked { // none of them waits, and none is asked under the lock
		all = append(all, now())
	}
	slices.SortFunc(all, func(a, b Part) int { return strings.Compare(a.Name, b.Name) })
	return all
}

// SetLog has what parts say go to w, and not to standard error.
func SetLog(w io.Writer) {
	known.Lock()
	defer known.Unlock()
	known.log = w
}

// Log is where what parts say belongs.
func Log() io.Writer {
	known.Lock()
	defer known.Unlock()
	if known.log == nil {
		return os.Stderr
	}
	return known.log
}
