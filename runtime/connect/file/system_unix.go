//go:build unix

package file

import (
	"errors"
	"os"
	"syscall"
)

// isNoSync tells an error that says that there is nothing to make durable: a
// pipe, a terminal, some network file systems.
func isNoSync(err error) bool {
	return errors.Is(err, syscall.EINVAL) || errors.Is(err, syscall.ENOTSUP)
}

// isFull tells that there is no room left, which may change.
func isFull(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT)
}

// isBusy tells that the process has as many open files as it may.
func isBusy(err error) bool {
	return errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE)
}

// syncDir makes what was made or renamed in a folder durable.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	if err := d.Sync(); err != nil && !isNoSync(err) {
		return err
	}
	return nil
}

// isRemoved tells that an open file has no name any more.
func isRemoved(info os.FileInfo) bool {
	s, ok := info.Sys().(*syscall.Stat_t)
	return ok && s.Nlink == 0
}
