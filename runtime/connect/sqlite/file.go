package sqlite

import (
	"path/filepath"
	"slices"
	"sync"
)

// A file is a database that sinks of this program write to. SQLite takes one
// transaction at a time: a sink that wants its turn does not wait for the others,
// it commits what they have open. (It could not wait: the end of their transaction
// may stand in a queue behind what it has not written yet.)
type file struct {
	mu     sync.Mutex
	holder *Sink // whose transaction is open; nil for none
	sinks  []*Sink
}

var (
	filesMu sync.Mutex
	files   = map[string]*file{}
)

// fileAt is the file at a path, the same one for all sinks.
func fileAt(path string) *file {
	if abs, err := filepath.Abs(path); err == nil {
		path = abs
	}
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real
	}
	filesMu.Lock()
	defer filesMu.Unlock()
	f := files[path]
	if f == nil {
		f = &file{}
		files[path] = f
	}
	return f
}

// enter adds a sink. One that keeps the checkpoint is alone: its transaction lasts
// until all others have committed theirs.
func (f *file) enter(s *Sink) error {
	for _, o := range f.sinks {
		if o.keeps() || s.keeps() {
			return errShared(s.config.Path)
		}
	}
	f.sinks = append(f.sinks, s)
	return nil
}

func (f *file) leave(s *Sink) {
	f.sinks = slices.DeleteFunc(f.sinks, func(o *Sink) bool { return o == s })
}

// take gives the turn to s. What the one who had it can't commit it has kept, and
// will write again.
func (f *file) take(s *Sink) {
	if f.holder != nil && f.holder != s {
		_ = f.holder.commit()
	}
}
