package nats

import (
	"context"
	"errors"
	"sync"
	"time"
)

// ackTimeout is how long the server may take to have acknowledgements.
const ackTimeout = 5 * time.Second

// errLostMeanwhile is a connection that was lost and is back, so that nobody knows what
// the server was told.
var errLostMeanwhile = errors.New("the connection was lost meanwhile")

// acks are the acknowledgements that a durable consumer waits for. They are sent to
// where a message said, by whatever connection there is: so one that was lost with a
// connection is sent again by the next. They may be used by several goroutines.
type acks struct {
	sending sync.Mutex // held by who sends, and by who has nobody do so

	mu sync.Mutex
	// open are the batches whose messages are not acknowledged, in their order; those
	// up to number reached are safe.
	open    []unacknowledged
	reached uint64
	failed  bool // to acknowledge what is safe
}

// An unacknowledged batch knows where to acknowledge its messages.
type unacknowledged struct {
	number uint64
	to     []string
}

// add notes a batch that is handed on.
func (a *acks) add(number uint64, to []string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.open = append(a.open, unacknowledged{number, to})
}

// safe notes that the batches up to a number may be acknowledged.
func (a *acks) safe(number uint64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.reached = max(a.reached, number)
}

// forget drops all of them: their messages come again.
func (a *acks) forget() {
	a.sending.Lock()
	defer a.sending.Unlock()
	a.mu.Lock()
	defer a.mu.Unlock()
	a.open, a.failed = nil, false
}

// owed tells whether acknowledgements could not be sent.
func (a *acks) owed() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.failed
}

// send acknowledges what is safe. Where it fails, that remains to be done.
func (a *acks) send(ctx context.Context, l *link) error {
	a.sending.Lock()
	defer a.sending.Unlock()
	a.mu.Lock()
	n := 0
	for n < len(a.open) && a.open[n].number <= a.reached {
		n++
	}
	ready := a.open[:n:n]
	a.mu.Unlock()
	err := acknowledge(ctx, l, ready)
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.failed = err != nil; a.failed {
		return l.Gone(err)
	}
	a.open = a.open[n:]
	return nil
}

// acknowledge sends acknowledgements, and waits until the server has them.
func acknowledge(ctx context.Context, l *link, ready []unacknowledged) error {
	conn := l.present()
	before := conn.Stats().Reconnects
	for _, batch := range ready {
		for _, reply := range batch.to {
			if err := conn.Publish(reply, []byte("+ACK")); err != nil {
				return err
			}
		}
	}
	ctx, cancel := context.WithTimeout(ctx, ackTimeout)
	defer cancel()
	if err := conn.FlushWithContext(ctx); err != nil {
		return err
	}
	if conn.Stats().Reconnects != before {
		return errLostMeanwhile // with what was under way
	}
	return nil
}
