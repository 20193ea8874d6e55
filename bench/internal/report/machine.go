package report

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
)

// Machine says on what the figures were measured, in one line.
func Machine() string {
	facts := Facts()
	if load := loadAverage(); load != "" {
		facts += ", load before " + load
	}
	return facts
}

// Facts are the machine without its load.
func Facts() string {
	return strings.Join([]string{processor(), fmt.Sprintf("%d cores", runtime.NumCPU()), system(), runtime.Version() + " " + runtime.GOARCH}, ", ")
}

// Load is how many processes want a core of the machine, as text; "not known" where the
// system does not tell.
func Load() string {
	if load := loadAverage(); load != "" {
		return load
	}
	return "not known"
}

func processor() string {
	text, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return "processor unknown"
	}
	for line := range strings.Lines(string(text)) {
		if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return "processor unknown"
}

func system() string {
	out, err := exec.Command("uname", "-sr").Output()
	if err != nil {
		return runtime.GOOS
	}
	return strings.TrimSpace(string(out))
}

// loadAverage tells whether the machine was quiet: figures of a busy one are worth
// little, even as ratios.
func loadAverage() string {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return ""
	}
	load, _, _ := strings.Cut(string(text), " ")
	return load
}
