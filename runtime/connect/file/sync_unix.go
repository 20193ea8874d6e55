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

// syncDir makes a rename in a folder durable.
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
