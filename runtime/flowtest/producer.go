package flowtest

import (
	"context"
	"errors"
	"sync"
	"time"
)

// A Producer sends records and notes in the ledger what became of them. What nobody
// accepts it sends again, so that all are accepted in the end.
type Producer struct {
	Ledger *Ledger
	// Lanes send beside each other. A key belongs to one lane, or its order would
	// be nobody's.
	Lanes int
	// Next gives the records that a lane sends next; none at its end.
	Next func(lane int) []Record
	// Send sends records; without an error they are accepted, all of them.
	Send func(ctx context.Context, records []Record) error
	// Pause is how long a lane waits before it sends again what was not accepted.
	Pause time.Duration
}

// Run sends all records. It returns when they are accepted, or with its context.
func (p *Producer) Run(ctx context.Context) error {
	var lanes sync.WaitGroup
	errs := make([]error, p.Lanes)
	for lane := range p.Lanes {
		lanes.Go(func() { errs[lane] = p.lane(ctx, lane) })
	}
	lanes.Wait()
	return errors.Join(errs...)
}

func (p *Producer) lane(ctx context.Context, lane int) error {
	for records := p.Next(lane); len(records) > 0; records = p.Next(lane) {
		for {
			for _, r := range records {
				if err := p.Ledger.Send(r); err != nil {
					return err
				}
			}
			if err := p.Send(ctx, records); err == nil {
				break
			}
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-time.After(p.Pause):
			}
		}
		for _, r := range records {
			if err := p.Ledger.Accept(r.ID); err != nil {
				return err
			}
		}
	}
	return nil
}
