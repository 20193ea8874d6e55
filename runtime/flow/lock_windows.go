package flow

import (
	"errors"
	"os"
	"syscall"
	"unsafe"
)

var lockFileEx = syscall.NewLazyDLL("kernel32.dll").NewProc("LockFileEx")

const (
	lockExclusiveNow = 0x1 | 0x2 // LOCKFILE_FAIL_IMMEDIATELY, LOCKFILE_EXCLUSIVE_LOCK
	lockViolation    = syscall.Errno(33)
	// lockOffset is behind the note in the file, so that others can read it.
	lockOffset = 1 << 30
)

func lockExclusive(f *os.File) error {
	at := syscall.Overlapped{Offset: lockOffset}
	ok, _, err := lockFileEx.Call(f.Fd(), lockExclusiveNow, 0, 1, 0, uintptr(unsafe.Pointer(&at)))
	switch {
	case ok != 0:
		return nil
	case errors.Is(err, lockViolation):
		return errHeld
	}
	return err
}

// syncDir has nothing to do: Windows keeps renames in its journal.
func syncDir(string) error { return nil }
