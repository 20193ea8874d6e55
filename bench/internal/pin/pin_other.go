//go:build !linux

// Package pin keeps programs on cores.
package pin

// Thread does nothing where cores cannot be chosen: GOMAXPROCS is what is left.
func Thread(string) error { return nil }
