package flow

import (
	"context"
	"fmt"
	"time"
)

// await waits for the end. When ctx ends, or an error stops the program, the
// sources are not read any more, and the rest has its time: three quarters of it
// to drain in order, then everything that waits is told to give up, and at the
// end of the last quarter nobody waits any longer.
func (p *Program) await(ctx context.Context, finished <-chan struct{}) (cut, inTime bool) {
	select {
	case <-finished:
		return false, true
	case <-ctx.Done():
		cut = true
		p.log.Info("draining", "deadline", p.drainTime())
	case <-p.reading.Done():
	}
	//flowc:point a program drains
	p.state.Store(stateDraining)
	p.stopReading()
	drain := p.drainTime()
	if within(finished, drain-drain/4) {
		return cut, true
	}
	p.stop(p.late())
	p.taint()
	p.stopHard()
	for _, t := range p.queues {
		t.queue.close()
	}
	for _, s := range p.sinks {
		s.target.queue.close()
	}
	return cut, within(finished, drain/4)
}

// late is the error of a drain that takes too long, with what is known to be away.
func (p *Program) late() error {
	if away := p.health.err(); away != nil {
		return fmt.Errorf("%w: %w", ErrDrain, away)
	}
	return ErrDrain
}

func within(finished <-chan struct{}, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-finished:
		return true
	case <-timer.C:
		return false
	}
}
