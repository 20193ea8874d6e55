//go:build unix && !linux

package alive

import (
	"os/exec"
	"strconv"
	"strings"
)

// born tells one process from another of its number: the time at which it began. "" where
// there is none, or one that has ended.
func born(pid int) string {
	out, err := exec.Command("ps", "-o", "stat=,lstart=", "-p", strconv.Itoa(pid)).Output()
	if err != nil {
		return ""
	}
	fields := strings.Fields(string(out))
	if len(fields) < 2 || strings.HasPrefix(fields[0], "Z") {
		return ""
	}
	return strings.Join(fields[1:], " ")
}

// environ is nil: what a process was started with is not told here.
func environ(int) []string { return nil }
