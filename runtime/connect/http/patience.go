package http

import (
	"sync/atomic"
	"time"
)

// patience tells handlers when they have waited long enough. All that begin to
// wait in the same period share one channel, so that a request costs no timer of
// its own.
type patience struct {
	now  atomic.Pointer[chan struct{}]
	stop chan struct{}
}

// periods is how many periods the time to wait is cut into: a request waits at
// most that much longer than it should.
const periods = 10

// begin starts to measure; over is how long a request waits.
func (p *patience) begin(over time.Duration) {
	first := make(chan struct{})
	p.now.Store(&first)
	p.stop = make(chan struct{})
	go func() {
		tick := time.NewTicker(max(over/periods, time.Millisecond))
		defer tick.Stop()
		waiting := []chan struct{}{first}
		for {
			select {
			case <-p.stop:
				for _, c := range waiting {
					close(c)
				}
				return
			case <-tick.C:
			}
			next := make(chan struct{})
			p.now.Store(&next)
			if waiting = append(waiting, next); len(waiting) > periods+1 {
				close(waiting[0])
				waiting = waiting[1:]
			}
		}
	}()
}

// over is closed when somebody who begins to wait now has waited long enough.
func (p *patience) over() <-chan struct{} { return *p.now.Load() }

// end lets go of all who wait.
func (p *patience) end() { close(p.stop) }
