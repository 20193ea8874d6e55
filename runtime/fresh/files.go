// Package fresh keeps what stands in files that others change while the program
// runs: passwords, tokens, certificates.
//
// Whoever needs such a value asks for it each time, at each login or request, and
// gets the present one. A value that works is never given up for one that does not:
// a file that is gone, empty, half written or wrong leaves the last good value, and
// the log says so once. Nothing here prints what a file holds.
package fresh

import (
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// pause is how long a value is taken for the present one without a look at its
	// files: they may be asked for with each record.
	pause = 500 * time.Millisecond
	// settle is how long ago a file must have been written before it is read: who
	// writes it in place may not be done yet, and the begin of a token is another one.
	settle = 200 * time.Millisecond
)

// Files is a value that stands in some files together, as a certificate and its key
// do. It may be asked by several goroutines.
type Files[T any] struct {
	paths []string
	parse func(contents [][]byte) (T, error)
	now   func() time.Time

	value atomic.Pointer[T]
	next  atomic.Int64 // when to look again, in nanoseconds since 1970

	mu sync.Mutex
	// taken is what the files were when they were read last, seen what they were
	// at the last look, and since when.
	taken, seen []fs.FileInfo
	since       time.Time
	told        string // the last complaint; "" when all is well
}

// Open reads the files for the first time. parse makes the value of their contents,
// which come in the order of the paths; its errors must not repeat them. The error
// is that of a file, or parse's.
func Open[T any](parse func(contents [][]byte) (T, error), paths ...string) (*Files[T], error) {
	f := &Files[T]{paths: paths, parse: parse, now: time.Now}
	infos, err := f.stat()
	if err != nil {
		return nil, err
	}
	contents, err := f.read()
	if err != nil {
		return nil, err
	}
	value, err := parse(contents)
	if err != nil {
		return nil, err
	}
	f.value.Store(&value)
	f.taken = infos
	return f, nil
}

// Get is the present value.
func (f *Files[T]) Get() T {
	if now := f.now(); now.UnixNano() >= f.next.Load() && f.mu.TryLock() {
		f.look(now)
		f.mu.Unlock()
	}
	return *f.value.Load()
}

// look reads the files again where they have changed.
func (f *Files[T]) look(now time.Time) {
	f.next.Store(now.Add(pause).UnixNano())
	infos, err := f.stat()
	if err != nil {
		f.complain("can't be read", err)
		return
	}
	if same(infos, f.taken) {
		f.seen, f.told = nil, ""
		return
	}
	if !same(infos, f.seen) {
		f.seen, f.since = infos, now
	}
	if !f.settled(now) {
		f.next.Store(now.Add(settle).UnixNano())
		return
	}
	contents, err := f.read()
	if err != nil {
		f.complain("can't be read", err)
		return
	}
	if again, err := f.stat(); err != nil || !same(again, infos) {
		f.next.Store(now.Add(settle).UnixNano())
		return // it changed as it was read
	}
	f.taken, f.seen = infos, nil
	value, err := f.parse(contents)
	if err != nil {
		f.complain("can't be used", err)
		return
	}
	f.value.Store(&value)
	f.told = ""
	slog.Info("read again, as it has changed", "file", f.name())
}

// settled tells whether nobody writes the files that were seen: they are older than a
// moment, by their own clock or since they were first seen so.
func (f *Files[T]) settled(now time.Time) bool {
	if now.Sub(f.since) >= settle {
		return true
	}
	for _, i := range f.seen {
		if now.Sub(i.ModTime()) < settle {
			return false
		}
	}
	return true
}

// complain says once what is wrong.
func (f *Files[T]) complain(what string, err error) {
	if text := what + ": " + err.Error(); text != f.told {
		f.told = text
		slog.Warn("a file "+what+": what it held before stays in use", "file", f.name(), "error", reason(err))
	}
}

func (f *Files[T]) name() string { return strings.Join(f.paths, ", ") }

func (f *Files[T]) stat() ([]fs.FileInfo, error) {
	infos := make([]fs.FileInfo, len(f.paths))
	for i, path := range f.paths {
		var err error
		if infos[i], err = os.Stat(path); err != nil {
			return nil, err
		}
	}
	return infos, nil
}

func (f *Files[T]) read() ([][]byte, error) {
	contents := make([][]byte, len(f.paths))
	for i, path := range f.paths {
		var err error
		if contents[i], err = os.ReadFile(path); err != nil {
			return nil, err
		}
	}
	return contents, nil
}

// same tells whether files are what they were: behind a link that was turned to
// another file there is another one, be it as old and as long.
func same(a, b []fs.FileInfo) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if !os.SameFile(a[i], b[i]) || a[i].Size() != b[i].Size() || !a[i].ModTime().Equal(b[i].ModTime()) {
			return false
		}
	}
	return true
}

// reason takes the path off a file error: it stands beside it.
func reason(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	return err
}
