package machinetest

import (
	"fmt"
	"syscall"
	"unsafe"
)

// readOnly has a mount, and all below it, be read alone.
func readOnly(at string) error {
	path, err := syscall.BytePtrFromString(at)
	if err != nil {
		return err
	}
	attributes := struct{ set, clear, propagation, users uint64 }{set: attrReadOnly}
	here := -100 // AT_FDCWD
	_, _, number := syscall.Syscall6(mountSetattr, uintptr(here), uintptr(unsafe.Pointer(path)), atRecursive,
		uintptr(unsafe.Pointer(&attributes)), unsafe.Sizeof(attributes), 0)
	if number != 0 {
		return fmt.Errorf("having %s be read alone (Linux 5.12 can): %w", at, number)
	}
	return nil
}
