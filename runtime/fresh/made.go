package fresh

import (
	"log/slog"
	"sync"
	"sync/atomic"
)

// Or is fresh, or where that is nil what gives config for ever.
func Or[C any](config *C, fresh func() *C) func() *C {
	if fresh != nil {
		return fresh
	}
	return func() *C { return config }
}

// Made is what somebody makes of a configuration, made anew when that is another
// one. It may be asked by several goroutines.
type Made[C, T any] struct {
	fresh func() *C
	make  func(*C) (T, error)

	mu   sync.Mutex // of who makes
	last atomic.Pointer[made[C, T]]
}

type made[C, T any] struct {
	of    *C
	value T
}

// Make makes the first value. fresh gives the present configuration: the same
// pointer as long as it is the same. The error is that of make, which must not
// repeat secrets: a later one is logged, and what was made before stays in use.
func Make[C, T any](fresh func() *C, make func(*C) (T, error)) (*Made[C, T], error) {
	m := &Made[C, T]{fresh: fresh, make: make}
	c := fresh()
	value, err := make(c)
	if err != nil {
		return nil, err
	}
	m.last.Store(&made[C, T]{c, value})
	return m, nil
}

// Get is what is made of the present configuration.
func (m *Made[C, T]) Get() T {
	c, last := m.fresh(), m.last.Load()
	if last.of == c {
		return last.value
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if last = m.last.Load(); last.of == c {
		return last.value
	}
	value, err := m.make(c)
	if err != nil {
		slog.Warn("a file has changed, and what is in it can't be used: what it held before stays in use", "error", err)
		value = last.value
	}
	m.last.Store(&made[C, T]{c, value})
	return value
}
