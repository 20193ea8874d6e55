package flow

import (
	"context"
	"log/slog"
	"time"
)

// A closing is something that was opened and must be closed.
type closing struct {
	node  int
	close func(ctx context.Context, done bool) error
}

// closeAll closes what was opened, sources first. All are closed; the first
// error counts. Who does not come to an end in time is left alone.
func (p *Program) closeAll(ctx context.Context, done bool) error {
	ctx, cancel := context.WithTimeout(ctx, p.drainTime())
	defer cancel()
	opened := p.opened
	p.opened = nil
	result := make(chan error, 1)
	go func() {
		var first error
		for i := len(opened) - 1; i >= 0; i-- {
			c := opened[i]
			err := p.guard(c.node, func() error { return c.close(ctx, done) })
			if err == nil {
				continue
			}
			err = p.nodeError(c.node, "close", err)
			p.log.Error("closing failed", slog.Any("error", err))
			if first == nil {
				first = err
			}
		}
		result <- first
	}()
	select {
	case err := <-result:
		return err
	case <-ctx.Done():
	}
	// Those that heard of it get a moment to say so.
	grace := time.NewTimer(p.drainTime() / 4)
	defer grace.Stop()
	select {
	case err := <-result:
		return err
	case <-grace.C:
		return ErrDrain
	}
}
