//go:build !unix

package file

import (
	"errors"
	"os"
	"syscall"
)

// isNoSync: a file here can always be made durable.
func isNoSync(error) bool { return false }

// The numbers of Windows for a full disk and for too many open files.
const (
	errHandleDiskFull   = syscall.Errno(39)
	errDiskFull         = syscall.Errno(112)
	errTooManyOpenFiles = syscall.Errno(4)
)

// isFull tells that there is no room left, which may change.
func isFull(err error) bool {
	return errors.Is(err, errDiskFull) || errors.Is(err, errHandleDiskFull)
}

// isBusy tells that the process has as many open files as it may.
func isBusy(err error) bool { return errors.Is(err, errTooManyOpenFiles) }

// syncDir does nothing: the system makes renames durable itself.
func syncDir(string) error { return nil }

// isRemoved: an open file can't be removed here.
func isRemoved(os.FileInfo) bool { return false }
