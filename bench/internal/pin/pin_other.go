//go:build !linux

package main

import "os/exec"

// pin does nothing where cores cannot be chosen: GOMAXPROCS is what is left.
func pin(string) error { return nil }

func dieWithParent(*exec.Cmd) {}
