package kafka

import (
	"sync"

	"github.com/flowc-dev/flowc/runtime/flow"
)

var (
	_ flow.Lagging = (*Source)(nil)
	_ flow.Lagging = (*GroupSource)(nil)
)

// A lag is how far the partitions of a source are behind: where each ended when the brokers
// last sent something of it, and what is read next.
type lag struct {
	mu sync.Mutex
	of map[partition]behind
}

type behind struct{ end, next int64 }

// came notes the end of a partition, with messages of it from first on.
func (l *lag) came(p partition, end, first int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.of == nil {
		l.of = map[partition]behind{}
	}
	at, known := l.of[p]
	if !known {
		at.next = first
	}
	at.end = end
	l.of[p] = at
}

// read notes that what is before an offset was handed on.
func (l *lag) read(p partition, next int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if at, known := l.of[p]; known {
		at.next = next
		l.of[p] = at
	}
}

// forget leaves out partitions that are another's.
func (l *lag) forget(gone func(partition) bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for p := range l.of {
		if gone(p) {
			delete(l.of, p)
		}
	}
}

// messages are those that wait in all partitions of which something came. The marks that
// end transactions count among them: they have offsets as messages have.
func (l *lag) messages() (n int64, known bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, at := range l.of {
		n += max(0, at.end-at.next)
	}
	return n, len(l.of) > 0
}

// Lag is how many messages were behind the last one that was read, when the brokers last
// sent some.
func (s *Source) Lag() (messages int64, known bool) { return s.queue.lag.messages() }

// Lag is that of the partitions that are this member's.
func (s *GroupSource) Lag() (messages int64, known bool) { return s.queue.lag.messages() }
