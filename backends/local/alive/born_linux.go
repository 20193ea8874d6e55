package alive

import (
	"bytes"
	"os"
	"strconv"
	"strings"
)

// born tells one process from another of its number: the boot of the machine and the
// tick of its clock at which it began. "" where there is none, or one that has ended.
func born(pid int) string {
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return ""
	}
	// The name stands in parentheses, and may have any sign in it.
	fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
	const state, threads, starttime = 0, 17, 19 // fields 3, 20 and 22 of proc(5)
	if len(fields) <= starttime {
		return ""
	}
	// The first thread of a process counts as ended while another one replaces the program;
	// the process has not.
	if more, err := strconv.Atoi(fields[threads]); (fields[state] == "Z" || fields[state] == "X") && (err != nil || more <= 1) {
		return ""
	}
	boot, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(boot)) + " " + fields[starttime]
}

// environ is the environment with which a process was started, nil where nobody may see
// it.
func environ(pid int) []string {
	text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/environ")
	if err != nil {
		return nil
	}
	return strings.Split(strings.TrimSuffix(string(text), "\x00"), "\x00")
}
