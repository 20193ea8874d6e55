package main

import (
	"fmt"
	"os"
	"runtime"
	"strings"
)

// thisMachine says on what something was measured.
func thisMachine() string {
	processor := runtime.GOARCH
	if text, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		for line := range strings.Lines(string(text)) {
			if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
				processor = strings.TrimSpace(value)
				break
			}
		}
	}
	return fmt.Sprintf("%s, %s, %s %s", processor, plural(runtime.NumCPU(), "core"), runtime.GOOS, runtime.Version())
}

// loadNow is how many processes worked on the machine in the last minute, on average.
func loadNow() string {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "not known"
	}
	first, _, _ := strings.Cut(string(text), " ")
	return first
}
