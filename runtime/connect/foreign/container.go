package foreign

import "github.com/flowc-dev/flowc/runtime/supervise"

// A Container is what the containers of components, which the program starts, have in
// common.
type Container struct {
	// Image is the reference of the image of a container that it runs in; Command is then what
	// stands behind its entrypoint.
	Image string `json:"image" flowc:"fixed"`
	// Entrypoint is the program that runs in it in the place of the image's own.
	Entrypoint string `json:"entrypoint" flowc:"fixed"`
	// Mounts are what the container sees of the host, HOST:CONTAINER each, with :ro behind
	// what can't be written.
	Mounts []string `json:"mounts" flowc:"fixed"`
	// Memory is the most that the container may hold, in the engine's words.
	Memory string `json:"memory" flowc:"fixed"`
	// CPUs is how many cores it may use.
	CPUs string `json:"cpus" flowc:"fixed"`
}

// In is the container of a component, nil for a process of this machine.
func In(c Container) *supervise.Container {
	if c.Image == "" {
		return nil
	}
	return &supervise.Container{Image: c.Image, Entrypoint: c.Entrypoint, Mounts: c.Mounts, Memory: c.Memory, CPUs: c.CPUs}
}
