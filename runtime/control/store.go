package control

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/flowc-dev/flowc/runtime/proto"
)

// A Record is what a registration is made of. Nothing behind its pointers changes.
type Record struct {
	// ID is the service's, Name the component's.
	ID, Name string
	Info     *proto.ComponentInfo
	// Status and Metrics are of its last heartbeat.
	Status            proto.HealthStatus
	Metrics           map[string]string
	Registered, Heard time.Time
	// Ended is when a run had ended, whose record is kept; the zero time is of all that is
	// there.
	Ended time.Time
}

// called tells whether a name is that of the component: the one that it registered under, or
// what it calls itself.
func (r *Record) called(name string) bool { return r.Name == name || r.Info.GetId() == name }

// A Store keeps records for longer than a process lives.
type Store interface {
	// Load returns all of them, in any order.
	Load() ([]Record, error)
	// Save keeps records by their ids, and forgets others, all of it or nothing. What was
	// saved survives the end of the machine.
	Save(kept []Record, forgotten []string) error
}

// A journal has a Store keep changes, as many at once as came while it kept the last ones.
type journal struct {
	store Store

	mu      sync.Mutex
	changes map[string]*Record // nil for those to be forgotten
	round   *round
	wake    chan struct{}
	closed  bool
	done    chan struct{}
}

// A round is a save that some wait for.
type round struct {
	over chan struct{}
	err  error
}

func newJournal(s Store) *journal {
	j := &journal{store: s, changes: map[string]*Record{}, round: newRound(), wake: make(chan struct{}, 1), done: make(chan struct{})}
	go j.run()
	return j
}

var errClosed = errors.New("the control plane ends")

func newRound() *round { return &round{over: make(chan struct{})} }

// note takes a change, and returns the round that keeps it.
func (j *journal) note(id string, r *Record) *round {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.closed {
		over := newRound()
		over.err = errClosed
		close(over.over)
		return over
	}
	j.changes[id] = r
	select {
	case j.wake <- struct{}{}:
	default:
	}
	return j.round
}

func (j *journal) run() {
	defer close(j.done)
	for range j.wake {
		j.save()
	}
	j.save() // what came last
}

func (j *journal) save() {
	j.mu.Lock()
	changes, round := j.changes, j.round
	j.changes, j.round = map[string]*Record{}, newRound()
	j.mu.Unlock()
	var kept []Record
	var forgotten []string
	for id, r := range changes {
		if r == nil {
			forgotten = append(forgotten, id)
		} else {
			kept = append(kept, *r)
		}
	}
	if len(changes) > 0 {
		round.err = j.store.Save(kept, forgotten)
	}
	if round.err != nil { // the registry knows of the changes: the next round tries again
		j.mu.Lock()
		for id, r := range changes {
			if _, newer := j.changes[id]; !newer {
				j.changes[id] = r
			}
		}
		j.mu.Unlock()
	}
	close(round.over)
}

// close keeps what is left, and ends the journal.
func (j *journal) close() {
	j.mu.Lock()
	if !j.closed {
		j.closed = true
		close(j.wake)
	}
	j.mu.Unlock()
	<-j.done
}

// wait waits until a round is over; nil is of a registry that keeps nothing.
func (r *round) wait(ctx context.Context) error {
	if r == nil {
		return nil
	}
	select {
	case <-r.over:
		return r.err
	case <-ctx.Done():
		return ctx.Err()
	}
}
