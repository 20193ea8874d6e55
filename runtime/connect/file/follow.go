package file

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"slices"
	"time"

	"github.com/flowc-dev/flowc/runtime/flow"
)

// pollEvery is how often followed files are looked at: files tell nobody that
// they grew, on any system and over any network, but by being asked.
var pollEvery = 100 * time.Millisecond

const (
	// listEvery is how many looks come between two at what a pattern matches.
	listEvery = 10
	// quietLooks is how many looks a file that was renamed or removed must have
	// been at its end for until it is closed: who wrote it may still do so.
	quietLooks = 3
)

// A following reads files that grow: one, or all that match a pattern, also
// those that come later. A file that is renamed is read to its end before the
// one that took its name.
type following struct {
	source *Source
	tails  []*tail
	turn   int // of tails: who is read next
	looks  int
	missed bool // it was said that there is no file
}

// look opens the files that are new.
func (f *following) look(ctx context.Context) error {
	s := f.source
	files, err := s.list()
	if err != nil {
		return err
	}
	for _, path := range files {
		if slices.ContainsFunc(f.tails, func(t *tail) bool { return t.path == path }) {
			continue
		}
		if compression(s.config.Compression, path) != plain {
			return fmt.Errorf("%s is compressed, and follow reads plain files only: choose a pattern that leaves it out", path)
		}
		at := s.resume[path]
		delete(s.resume, path)
		r, err := open(ctx, path, at, s.config, s.input)
		if errors.Is(err, errOther) { // it was rotated while nobody read it
			slog.Warn("a followed file was replaced while it was not being read; what it had grown by is lost", "path", path, "offset", at.Offset)
			r, err = open(ctx, path, position{}, s.config, s.input)
		}
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		r.blocks.Final = false
		f.tails = append(f.tails, &tail{reading: r, until: r.size})
	}
	if len(f.tails) == 0 && !f.missed {
		f.missed = true
		slog.Info("there is no file to follow yet", "path", s.config.Path)
	}
	return nil
}

// read fills b from one of the files, and waits until one has something.
func (f *following) read(ctx context.Context, b *flow.Batch) error {
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for {
		if ok, err := f.round(ctx, b); ok || err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
		if f.looks++; f.looks%listEvery == 0 || len(f.tails) == 0 || !isPattern(f.source.config.Path) {
			if err := f.look(ctx); err != nil {
				return err
			}
		}
		if err := f.check(); err != nil {
			return err
		}
	}
}

// round asks each file once, beginning with the one whose turn it is.
func (f *following) round(ctx context.Context, b *flow.Batch) (bool, error) {
	for range len(f.tails) {
		if f.turn >= len(f.tails) {
			f.turn = 0
		}
		t := f.tails[f.turn]
		ok, err := t.read(ctx, b)
		if !ok && err == nil || t.blocks.Read() >= t.until {
			f.turn++
		}
		if ok || err != nil {
			return ok, err
		}
	}
	return false, nil
}

// check looks which files have grown, and which are not any more what they were.
func (f *following) check() error {
	for i := 0; i < len(f.tails); i++ {
		t := f.tails[i]
		if t.last { // and its last record has been read
			if err := t.close(); err != nil {
				return err
			}
			f.tails = slices.Delete(f.tails, i, i+1)
			i--
			continue
		}
		if err := t.check(); err != nil {
			return fmt.Errorf("%s: %w", t.path, err)
		}
	}
	return nil
}

// close closes all files.
func (f *following) close() error {
	var first error
	for _, t := range f.tails {
		if err := t.close(); err != nil && first == nil {
			first = err
		}
	}
	f.tails = nil
	return first
}
