//go:build unix && !linux

package program

import "syscall"

// becomeStreams makes the file standard output and error of the process.
func (l *runLog) becomeStreams() error {
	for _, stream := range []int{1, 2} {
		if err := syscall.Dup2(int(l.file.Fd()), stream); err != nil {
			return err
		}
	}
	return nil
}
