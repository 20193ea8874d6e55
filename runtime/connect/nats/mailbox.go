package nats

import (
	"sync"

	"github.com/nats-io/nats.go"
)

// A mailbox has the messages that a subscription was given, until they are read: what
// is in it stays where the connection that brought it is lost. Core NATS does not wait,
// so what comes when it is full is lost.
type mailbox struct {
	came chan struct{} // has one where a message may be there

	mu       sync.Mutex
	messages []*nats.Msg
	taken    int // of them, at the begin
	size     int // of the others, in bytes
	most     int // bytes
	dropped  int // messages for which there was no room, as far as not told
}

func newMailbox(most int) *mailbox { return &mailbox{came: make(chan struct{}, 1), most: most} }

// put takes a message, where there is room.
func (b *mailbox) put(m *nats.Msg) {
	b.mu.Lock()
	if size := m.Size(); b.size+size > b.most {
		b.dropped++
	} else {
		b.makeRoom()
		b.messages, b.size = append(b.messages, m), b.size+size
	}
	b.mu.Unlock()
	select {
	case b.came <- struct{}{}:
	default: // who waits was told already
	}
}

// makeRoom uses the room of messages that were taken again, before more is asked for.
func (b *mailbox) makeRoom() {
	if len(b.messages) < cap(b.messages) || 2*b.taken < len(b.messages) {
		return
	}
	n := copy(b.messages, b.messages[b.taken:])
	clear(b.messages[n:])
	b.messages, b.taken = b.messages[:n], 0
}

// take gives the oldest message; nil where there is none.
func (b *mailbox) take() *nats.Msg {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.taken == len(b.messages) {
		return nil
	}
	m := b.messages[b.taken]
	b.messages[b.taken] = nil
	b.taken, b.size = b.taken+1, b.size-m.Size()
	return m
}

// count is how many messages there are.
func (b *mailbox) count() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.messages) - b.taken
}

// lost is how many messages found no room since it was last asked.
func (b *mailbox) lost() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	n := b.dropped
	b.dropped = 0
	return n
}
