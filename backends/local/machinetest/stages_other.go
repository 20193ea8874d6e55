//go:build !linux

package machinetest

// Stages are none where no machine can be booted.
func Stages() map[string]func() { return nil }
