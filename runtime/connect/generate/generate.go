// Package generate is the source that makes records: so many, so fast, and the
// same ones for the same seed.
//
// Beside the keys below, `fields` has Go for fields of the record: an expression
// over `i`, the record's number from 0, and `r`, a *rand.Rand of math/rand/v2 that
// is the record's own. All other fields get plausible values by type and name.
//
//	sources:
//	  orders:
//	    use: generate
//	    config: {count: 1000, seed: 7, fields: {amount: "r.Float64() * 100"}}
//	    out: Order
//
// With `range` it makes the records of these numbers: `range: {from: 500, to: 1000}`
// is the second half of the above.
package generate

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"time"

	"github.com/flowc-dev/flowc/runtime/connect"
	"github.com/flowc-dev/flowc/runtime/flow"
)

// SourceConfig is the source's config.
type SourceConfig struct {
	// Count is how many records are made; 0 never ends.
	Count int64 `json:"count" flowc:"natural"`
	// Rate is how many records are made a second; 0 is as many as are taken.
	Rate float64 `json:"rate" flowc:"natural"`
	// Seed decides which records: the same seed gives the same ones.
	Seed uint64 `json:"seed"`
}

const (
	// batchSize is the number of records of a batch.
	batchSize = 1024
	// longestBurst is how far the source makes up for time in which nobody took
	// its records.
	longestBurst = time.Second
)

// A Source hands out ranges of record numbers. The records are made by the loop
// that uses them, in code that the compiler wrote with the functions of this
// package, so that they cost no more than a call.
type Source struct {
	config SourceConfig
	next   int64
	begun  time.Time
	first  int64 // the number at which begun was
}

// NewSource returns the source.
func NewSource(c SourceConfig, in connect.Input) (flow.Source, error) {
	switch {
	case c.Count < 0:
		return nil, errors.New("count must not be negative")
	case c.Rate < 0 || math.IsNaN(c.Rate) || math.IsInf(c.Rate, 0):
		return nil, errors.New("rate must be a number of records a second")
	case in.Range != nil:
		return newRange(c, *in.Range)
	}
	return &Source{config: c}, nil
}

// A position is the number of the next record.
type position struct {
	Next int64 `json:"next"`
}

// Seek goes on where an earlier run was.
func (s *Source) Seek(_ context.Context, positions map[string]json.RawMessage) error {
	raw, ok := positions[""]
	if !ok {
		return nil
	}
	var p position
	if err := json.Unmarshal(raw, &p); err != nil {
		return fmt.Errorf("the position of an earlier run: %w", err)
	}
	s.next = p.Next
	return nil
}

// Endless tells that no count was given.
func (s *Source) Endless() bool { return s.config.Count <= 0 }

// Open starts the clock of the rate.
func (s *Source) Open(context.Context) error {
	s.begun, s.first = time.Now(), s.next
	return nil
}

// Read hands out the next range: what is due, up to a batch.
func (s *Source) Read(ctx context.Context, b *flow.Batch) error {
	if s.config.Count > 0 && s.next >= s.config.Count {
		return io.EOF
	}
	n := int64(batchSize)
	if s.config.Count > 0 {
		n = min(n, s.config.Count-s.next)
	}
	if b.Limit > 0 {
		n = min(n, int64(b.Limit))
	}
	if s.config.Rate > 0 {
		due, err := s.wait(ctx)
		if err != nil {
			return err
		}
		n = min(n, due)
	}
	b.Base, b.Count = s.next, int(n)
	s.next += n
	b.Position = position{s.next}
	return nil
}

// wait waits until at least one record is due and returns how many are.
func (s *Source) wait(ctx context.Context) (int64, error) {
	for {
		due := int64(time.Since(s.begun).Seconds()*s.config.Rate) - (s.next - s.first)
		if most := max(1, int64(s.config.Rate*longestBurst.Seconds())); due > most {
			// Whoever takes the records was held up: what it missed in that time
			// is not made up for.
			s.begun, s.first, due = time.Now(), s.next+most, most
		}
		if due > 0 {
			return due, nil
		}
		at := time.Duration(float64(s.next-s.first+1) / s.config.Rate * float64(time.Second))
		t := time.NewTimer(time.Until(s.begun.Add(at)))
		select {
		case <-ctx.Done():
			t.Stop()
			return 0, ctx.Err()
		case <-t.C:
		}
	}
}

// Close does nothing.
func (s *Source) Close(context.Context) error { return nil }

// Random is the generator of one lane.
type Random struct {
	pcg  rand.PCG
	rand *rand.Rand
}

// At returns the generator of record i. Each record's is seeded for it alone, so
// that a record is the same whatever was made before it and in whichever lane.
func (r *Random) At(seed uint64, i int64) *rand.Rand {
	if r.rand == nil {
		r.rand = rand.New(&r.pcg)
	}
	r.pcg.Seed(seed, uint64(i))
	return r.rand
}
