//go:build unix

package runs

import (
	"os"
	"syscall"
)

// supported tells whether runs are listed on this system.
const supported = true

// hold keeps others from claiming at the same time, until the file is closed.
func hold(folder string) (*os.File, error) {
	f, err := os.Open(folder)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX); err != nil {
		_ = f.Close()
		return nil, err
	}
	return f, nil
}
