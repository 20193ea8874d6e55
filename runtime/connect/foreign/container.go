package foreign

import (
	"github.com/flowc-dev/flowc/runtime/connect"
	"github.com/flowc-dev/flowc/runtime/supervise"
)

// In is the container of a component, nil for a process of this machine.
func In(c connect.Container) *supervise.Container {
	if c.Image == "" {
		return nil
	}
	return &supervise.Container{Image: c.Image, Entrypoint: c.Entrypoint, Mounts: c.Mounts, Memory: c.Memory, CPUs: c.CPUs}
}
