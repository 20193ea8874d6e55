package nats

import (
	"sync/atomic"

	"github.com/flowc-dev/flowc/runtime/flow"
)

var _ flow.Lagging = (*Source)(nil)

// A lag is what the server last said that waits for a source.
type lag struct {
	messages atomic.Uint64
	known    atomic.Bool
}

func (l *lag) is(messages uint64) {
	l.messages.Store(messages)
	l.known.Store(true)
}

// Lag is how many messages of the stream were behind the last one that was read, when the
// server sent that.
func (s *Source) Lag() (messages int64, known bool) {
	return int64(s.waits.messages.Load()), s.waits.known.Load()
}
