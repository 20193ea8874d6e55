package messages

import (
	"context"
	"sync"
)

// A Link is what is known of a connection that comes back by itself. The
// client's callbacks say what becomes of it; reads and writes ask.
type Link struct {
	// Server is where the broker is, as it may be shown: without secrets.
	Server string

	mu   sync.Mutex
	down error // why there is no connection, nil where there is one
	// told that it was told and nobody has learned yet that it is over.
	told    bool
	changed chan struct{} // closed when down changes
}

// NewLink returns the link to a server, which is up until something else is said.
func NewLink(server string) *Link { return &Link{Server: server, changed: make(chan struct{})} }

// Down says that the connection is lost. What is lost already stays so.
func (l *Link) Down(reason error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.down == nil {
		l.set(reason)
	}
}

// Up says that the connection is there.
func (l *Link) Up() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.down != nil {
		l.set(nil)
	}
}

func (l *Link) set(down error) {
	l.down = down
	close(l.changed)
	l.changed = make(chan struct{})
}

// Gone makes an error of a server that is away.
func (l *Link) Gone(err error) error { return &GoneError{Server: l.Server, Err: err} }

// Err is why the connection is down; nil where it is up.
func (l *Link) Err() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.down == nil {
		return nil
	}
	return l.Gone(l.down)
}

// Ready returns at once where the connection is up, with what is closed when that
// changes. Where it is down it says so to the first who asks, by a *GoneError;
// who asks again waits until it is up, and learns that it has been away.
func (l *Link) Ready(ctx context.Context) (changed <-chan struct{}, back bool, err error) {
	for {
		l.mu.Lock()
		down, told, changed := l.down, l.told, l.changed
		l.told = down != nil
		l.mu.Unlock()
		switch {
		case down == nil:
			return changed, told, nil
		case !told:
			return nil, false, l.Gone(down)
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return nil, false, ctx.Err()
		}
	}
}
