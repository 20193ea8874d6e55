package flow

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"
)

const (
	defaultRetry      = 5
	defaultBackoff    = 100 * time.Millisecond
	defaultMaxBackoff = 30 * time.Second
)

// withDefaults fills what a policy leaves open.
func (p Policy) withDefaults() Policy {
	if !p.Written && p.Retry == 0 {
		p.Retry = defaultRetry
	}
	if p.Backoff <= 0 {
		p.Backoff = defaultBackoff
	}
	if p.MaxBackoff <= 0 {
		p.MaxBackoff = defaultMaxBackoff
	}
	return p
}

// covers tells whether errors of a class are tried again at all.
func (p *Policy) covers(c Class) bool {
	return c == Transient || c == Unclassed && p.Written
}

// pause waits before attempt (1 is the first after the failure): full jitter
// below a bound that doubles, and at least as long as the error asks for by a
// method RetryAfter() time.Duration. It returns false when ctx ended before.
func (p *Policy) pause(ctx context.Context, attempt int, err error) bool {
	delay := p.delay(attempt)
	var asks interface{ RetryAfter() time.Duration }
	if errors.As(err, &asks) {
		delay = max(delay, asks.RetryAfter())
	}
	return sleep(ctx, delay)
}

func (p *Policy) delay(attempt int) time.Duration { return p.jitter(attempt, rand.Int64N) }

// jitter is a pause before attempt, by a source of numbers from 0 to below n.
func (p *Policy) jitter(attempt int, random func(n int64) int64) time.Duration {
	return time.Duration(random(int64(p.bound(attempt)) + 1))
}

// bound is the longest pause before attempt: it doubles, to MaxBackoff.
func (p *Policy) bound(attempt int) time.Duration {
	if shift := max(attempt-1, 0); shift < 30 {
		if d := p.Backoff << shift; d > 0 && d < p.MaxBackoff {
			return d
		}
	}
	return p.MaxBackoff
}

func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return ctx.Err() == nil
	case <-ctx.Done():
		return false
	}
}
