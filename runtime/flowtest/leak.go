package flowtest

import (
	"bytes"
	"runtime"
	"strings"
)

// goroutines are those that run, by number, with their stacks.
func goroutines() map[string]string {
	buf := make([]byte, 1<<20)
	for {
		n := runtime.Stack(buf, true)
		if n < len(buf) {
			buf = buf[:n]
			break
		}
		buf = make([]byte, 2*len(buf))
	}
	all := map[string]string{}
	for _, g := range bytes.Split(buf, []byte("\n\n")) {
		head, stack, _ := strings.Cut(string(g), "\n")
		number, _, _ := strings.Cut(strings.TrimPrefix(head, "goroutine "), " ")
		all[number] = stack
	}
	return all
}

// noNewOnes waits until all goroutines that were not there before have ended, but
// for those that are not the connector's.
func (c *trial) noNewOnes(before map[string]string, notIts func(stack string) bool) {
	left := ""
	defer func() {
		if left != "" {
			c.errorf("a goroutine is left:\n%s", left)
		}
	}()
	c.eventually("the connector's goroutines end", func() bool {
		left = ""
		for number, stack := range goroutines() {
			if _, known := before[number]; !known && (notIts == nil || !notIts(stack)) {
				left = stack
				return false
			}
		}
		return true
	})
}
