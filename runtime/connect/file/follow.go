package file

import (
	"context"
	"os"
	"time"
)

// pollEvery is how often a followed file is looked at: files tell nobody that
// they grew, on any system and over any network, but by being asked.
const pollEvery = 100 * time.Millisecond

// wait waits until the followed file has more bytes, or another file took its
// name, or it was cut short; then there is something to read.
func (s *Source) wait(ctx context.Context) error {
	path := s.files[s.current]
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for {
		open, err := s.stream.file.Stat()
		if err != nil {
			return err
		}
		read := s.offset + int64(len(s.rest))
		switch now, err := os.Stat(path); {
		case open.Size() > read:
			s.ended = false
			return nil
		case err == nil && !os.SameFile(open, now), open.Size() < read:
			// Rotated: what the old file had has been read, the new one begins.
			s.resume[path] = position{}
			return s.next(s.current)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}
