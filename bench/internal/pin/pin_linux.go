// Package pin keeps programs on cores.
package pin

import (
	"fmt"
	"strconv"
	"strings"
	"syscall"
	"unsafe"
)

// Thread keeps this thread, and what it starts, on the cores of a list such as 0,1.
func Thread(cpus string) error {
	if cpus == "" {
		return nil
	}
	var mask [16]uint64
	for field := range strings.SplitSeq(cpus, ",") {
		n, err := strconv.Atoi(field)
		if err != nil || n < 0 || n >= 64*len(mask) {
			return fmt.Errorf("%q is no core", field)
		}
		mask[n/64] |= 1 << (n % 64)
	}
	if _, _, errno := syscall.RawSyscall(syscall.SYS_SCHED_SETAFFINITY, 0, unsafe.Sizeof(mask), uintptr(unsafe.Pointer(&mask))); errno != 0 {
		return fmt.Errorf("cores %s: %w", cpus, errno)
	}
	return nil
}
