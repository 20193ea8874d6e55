//go:build unix && !aix && !solaris

package file

import (
	"errors"
	"os"
	"syscall"
)

// lock makes sure that nobody else writes to a file: two writers would overwrite
// each other. It is let go when the file is closed. Systems that can't lock have
// none.
func lock(f *os.File) error {
	err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return errWritten
	}
	return nil
}
