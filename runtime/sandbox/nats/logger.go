package nats

import (
	"fmt"
	"sync"

	"github.com/flowc-dev/flowc/runtime/sandbox"
)

// A logger hands on what goes wrong, and keeps the last of it.
type logger struct {
	host *sandbox.Host

	mu   sync.Mutex
	last string
}

func (l *logger) say(format string, args []any) {
	l.host.Log(format, args...)
	l.mu.Lock()
	l.last = fmt.Sprintf(format, args...)
	l.mu.Unlock()
}

func (l *logger) said() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.last
}

// Noticef implements [server.Logger].
func (*logger) Noticef(string, ...any) {}

// Warnf implements [server.Logger].
func (l *logger) Warnf(format string, args ...any) { l.host.Log(format, args...) }

// Fatalf implements [server.Logger].
func (l *logger) Fatalf(format string, args ...any) { l.say(format, args) }

// Errorf implements [server.Logger].
func (l *logger) Errorf(format string, args ...any) { l.say(format, args) }

// Debugf implements [server.Logger].
func (*logger) Debugf(string, ...any) {}

// Tracef implements [server.Logger].
func (*logger) Tracef(string, ...any) {}
