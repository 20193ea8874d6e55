package foreign

import (
	"context"

	"github.com/flowc-dev/flowc/runtime/flow"
	"github.com/flowc-dev/flowc/runtime/supervise"
)

// mostTries is how often an event is given to a process that dies at it.
const mostTries = 3

// A Peer is a processor that events can be given to, and that may die of it.
type Peer interface {
	// Begin sees to it that there is one.
	Begin(ctx context.Context) error
	// Exchange gives it the events at some places, and returns what it made of them; done is
	// how many of them, from the first on, it is done with.
	Exchange(ctx context.Context, events []Event, places []int) (made []Event, done int, err error)
	// Abandon leaves one alone that does not answer any more, and waits for its end. It is
	// nil where it is none of this program's processes.
	Abandon() *supervise.Process
	// Progress says that it has done something.
	Progress()
}

// Give gives events to a processor, in order. Where that dies it is begun again by its policy,
// and is given what it was not done with; an event at which it dies again and again has
// failed, and the others go on. failed are events that are not given at all.
func Give(ctx context.Context, peer Peer, events []Event, failed map[int]error) ([]Event, error) {
	var out []Event
	todo := make([]int, 0, len(events))
	for i := range events {
		if failed[i] == nil {
			todo = append(todo, i)
		}
	}
	tries := 0
	for len(todo) > 0 {
		if err := peer.Begin(ctx); err != nil {
			return nil, err
		}
		part := todo
		if tries > 0 { // which event it is, one alone tells
			part = todo[:1]
		}
		made, done, err := peer.Exchange(ctx, events, part)
		out = append(out, made...)
		if done > 0 {
			todo, tries = todo[done:], 0
			peer.Progress()
		}
		if err == nil {
			continue
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if flow.ClassOf(err) == flow.Fatal {
			return nil, err
		}
		process := peer.Abandon()
		if process == nil {
			return nil, err
		}
		if tries++; tries >= mostTries {
			killer := &KillerError{Times: tries, State: process.State(), Last: process.Last()}
			if !process.Failed() { // it was asked to end, because of what it did
				killer.Cause = err
			}
			failed[todo[0]] = killer
			todo, tries = todo[1:], 0
			peer.Progress() // it is the event's fault
		}
	}
	if len(failed) > 0 {
		return out, &Undone{Errors: failed}
	}
	return out, nil
}
