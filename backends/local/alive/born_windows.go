package alive

import (
	"strconv"
	"syscall"
)

// born tells one process from another of its number: the time at which it began. "" where
// there is none, or one that has ended.
func born(pid int) string {
	const queryLimited, stillActive = 0x1000, 259
	h, err := syscall.OpenProcess(queryLimited, false, uint32(pid))
	if err != nil {
		return ""
	}
	defer func() { _ = syscall.CloseHandle(h) }()
	var code uint32
	var created, exited, kernel, user syscall.Filetime
	if syscall.GetExitCodeProcess(h, &code) != nil || code != stillActive || syscall.GetProcessTimes(h, &created, &exited, &kernel, &user) != nil {
		return ""
	}
	return strconv.FormatInt(created.Nanoseconds(), 10)
}

// environ is nil: what a process was started with is not told here.
func environ(int) []string { return nil }
