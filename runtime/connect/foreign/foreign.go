// Package foreign is what components in processes of their own have in common, however they
// are talked to: events with their envelope, and what is left of a batch when one of its
// events failed.
package foreign

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/flowc-dev/flowc/runtime/connect/messages"
	"github.com/flowc-dev/flowc/runtime/flow"
)

// Meta is `meta` of a record from a component: the envelope of its event.
type Meta struct {
	// ID is the event's id, as the component gave it.
	ID string `json:"id"`
	// Type is the event's type, such as stellar.ledger.v1.
	Type string `json:"type"`
	// ContentType is what the payload is, such as application/json.
	ContentType string `json:"content_type"`
	// Component is the component that made the event.
	Component string `json:"component"`
	// Timestamp is when it was made.
	Timestamp time.Time `json:"timestamp"`
	// Ledger is the ledger that the event is of, 0 for none.
	Ledger uint64 `json:"ledger"`
	// Index is the event's place in that ledger.
	Index int `json:"index"`
	// Metadata is what the component says besides.
	Metadata map[string]string `json:"metadata"`
}

// At makes m the meta of a record.
func (m *Meta) At(b *flow.Batch, r flow.Record) {
	if n := messages.Note[Meta](b, r); n != nil {
		*m = *n
	} else {
		*m = Meta{}
	}
}

// Pack writes the envelope as one text, which goes with a record through a packet.
func (m *Meta) Pack() string {
	text, err := json.Marshal(m)
	if err != nil { // a time beyond the year 9999
		bare := *m
		bare.Timestamp = time.Time{}
		text, _ = json.Marshal(&bare)
	}
	return string(text)
}

// Unpack reads what Pack wrote.
func Unpack(text string) (m Meta, err error) {
	if text == "" {
		return m, nil
	}
	err = json.Unmarshal([]byte(text), &m)
	return m, err
}

// An Event is a payload with its envelope.
type Event struct {
	Meta
	Payload []byte
	// Of is the place, among the events that a processor was given, of the one that this one
	// comes of.
	Of int
}

// An Undone is the error of some events of a batch: the others are done.
type Undone struct {
	// Errors are by the place of the event in the batch.
	Errors map[int]error
}

func (e *Undone) Error() string {
	for _, err := range e.Errors {
		return fmt.Sprintf("%d events failed, one of them: %s", len(e.Errors), err)
	}
	return "no event failed"
}

// Failed tells the engine which events failed.
func (e *Undone) Failed() map[int]error { return e.Errors }

// Permanent tells the engine that giving them again does not help, because that has been done,
// unless the component says of one that it may.
func (e *Undone) Permanent() bool { return !e.Temporary() }

// Temporary tells that it may help.
func (e *Undone) Temporary() bool {
	for _, err := range e.Errors {
		var mark interface{ Temporary() bool }
		if errors.As(err, &mark) && mark.Temporary() {
			return true
		}
	}
	return false
}

// A KillerError is an event at which a component died again and again.
type KillerError struct {
	// Times is how often, State how it ended, Last what it wrote last.
	Times       int
	State, Last string
	// Cause is what was wrong before it ended, nil where that it ended is all.
	Cause error
}

func (e *KillerError) Error() string {
	text := fmt.Sprintf("the component %s at this event, %d times", e.State, e.Times)
	if e.Cause != nil {
		text = fmt.Sprintf("the component failed at this event, %d times: %s (it %s)", e.Times, e.Cause, e.State)
	}
	if e.Last != "" {
		text += "; it wrote last:\n" + e.Last
	}
	return text
}

// Permanent tells the engine that giving it again does not help.
func (e *KillerError) Permanent() bool { return true }

// Code is what reports and dead letters call it.
func (e *KillerError) Code() string { return "component" }
