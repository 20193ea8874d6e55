package program

import "syscall"

// becomeStreams makes the file standard output and error of the process.
func (l *runLog) becomeStreams() error {
	for _, stream := range []int{1, 2} {
		if err := syscall.Dup3(int(l.file.Fd()), stream, 0); err != nil {
			return err
		}
	}
	return nil
}
