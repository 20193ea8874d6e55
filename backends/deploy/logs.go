package deploy

import (
	"context"
	"sync"
	"time"
)

// lookAgain is how often somebody who follows logs looks for new ones, and for more of
// one that has ended.
const lookAgain = time.Second

// Gather reads the logs of a release that find names, one at a time; who follows gets
// all of them at once, and those that come later too, whole. find is told whether it is
// asked for the first time, and says there that there is none. read reads one log, until
// it ends or ctx does; of one that is followed an error is the end of that log alone.
// Lines are handed on one at a time.
func Gather[L comparable](ctx context.Context, o LogOptions, line func(Line), find func(first bool) ([]L, error), read func(L, LogOptions, func(Line)) error) error {
	var mu sync.Mutex
	var reading sync.WaitGroup
	defer reading.Wait()
	locked := func(l Line) {
		mu.Lock()
		defer mu.Unlock()
		line(l)
	}
	known := map[L]bool{}
	for first := true; ; first = false {
		all, err := find(first)
		if err != nil {
			return err
		}
		for _, l := range all {
			if known[l] {
				continue
			}
			known[l] = true
			mine := o
			if !first {
				mine.Tail, mine.Since = -1, time.Time{}
			}
			if !o.Follow {
				if err := read(l, mine, locked); err != nil {
					return err
				}
				continue
			}
			reading.Go(func() { _ = read(l, mine, locked) })
		}
		if !o.Follow {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(lookAgain):
		}
	}
}

// Resume reads a log that ends whenever what writes it does, and goes on behind its last
// line when that is started again; lines have times. It returns the error that over takes
// for the end of the log, or that of ctx.
func Resume(ctx context.Context, o LogOptions, line func(Line), read func(LogOptions, func(Line)) error, over func(error) bool) error {
	last := o.Since
	for {
		err := read(o, func(l Line) {
			if !l.Time.After(last) {
				return
			}
			last = l.Time
			line(l)
		})
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil && over(err):
			return err
		}
		if !last.IsZero() {
			o.Tail, o.Since = -1, last
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(lookAgain):
		}
	}
}
