package flow

import (
	"context"
	"errors"
	"io"
	"os"
	"strings"
	"time"
)

// A lockFile keeps a second copy of a program out of its state folder. The
// system lets go of it when the process ends, however that happens; what stands
// in the file only tells others who holds it.
type lockFile struct{ f *os.File }

var errHeld = errors.New("held by another process")

// waitForLock is how often a waiting program looks.
const waitForLock = 100 * time.Millisecond

func takeLock(ctx context.Context, path string, wait bool) (*lockFile, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, &StateError{Path: path, Reason: "the lock can't be opened", Err: err}
	}
	for {
		err := lockExclusive(f)
		if err == nil {
			break
		}
		if !errors.Is(err, errHeld) {
			f.Close()
			return nil, &StateError{Path: path, Reason: "the lock can't be taken", Err: err}
		}
		if !wait || !sleep(ctx, waitForLock) {
			holder, _ := io.ReadAll(io.LimitReader(f, 1000))
			f.Close()
			return nil, &LockedError{Path: path, Holder: strings.TrimSpace(string(holder))}
		}
	}
	if err := f.Truncate(0); err == nil {
		// The note is for people: a folder that can't take it still locks.
		_, _ = f.WriteAt([]byte(WhoAmI()+"\n"), 0)
	}
	return &lockFile{f}, nil
}

// Lock keeps others out of a file until release is called, or the process ends. Where wait is
// not set a file that another process holds is a [LockedError].
func Lock(ctx context.Context, path string, wait bool) (release func(), err error) {
	l, err := takeLock(ctx, path, wait)
	if err != nil {
		return nil, err
	}
	return l.release, nil
}

// release lets others in. The file stays: removing it would let two others lock
// two different files.
func (l *lockFile) release() {
	_ = l.f.Truncate(0)
	_ = l.f.Close()
}
